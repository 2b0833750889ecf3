//! Topics that were known, and that the brokers do not know any more: after a while they take no new records, because each of
//! these would wait for `delivery.timeout.ms` and hold its part of `buffer.memory` as long.
//!
//! A broker that was just started, or one that lags behind, may not know a topic for a moment. Metadata requests go on, and
//! the first description of the topic lets records in again. A record that is rejected counts as a use of its topic, so brokers
//! get requests for as long as callers offer records.
//!
//! A topic to which no record is offered for long becomes dormant (`idle.rs`): no request names it, and it may have been
//! created meanwhile. Its next record is accepted, and the first response decides: one that does not know the topic either has
//! records rejected again at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use milena_codec::ErrorCode;

use super::ClusterTask;

/// A topic takes no records after the brokers have not known it for so long.
const REFUSED_AFTER: Duration = Duration::from_secs(30);

/// The topics that the brokers do not know, by name. Invariant: each was placed, and is in the registry.
#[derive(Debug, Default)]
pub(super) struct UnknownTopics(BTreeMap<Arc<str>, UnknownTopic>);

#[derive(Clone, Copy, Debug)]
struct UnknownTopic {
    /// When a broker first did not know it.
    since: Instant,
    /// Its records were rejected, and no broker has described it since.
    was_rejected: bool,
}

impl ClusterTask {
    /// A broker returned an error for a topic. Whether the topic was known before is seen by its partitions in the registry: the
    /// metadata has forgotten a topic that was dormant.
    pub(super) fn note_unknown(&mut self, name: &Arc<str>, error: ErrorCode, now: Instant) {
        if error != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION || !self.settings.core.registry.is_placed(name) {
            return;
        }
        let fresh = UnknownTopic { since: now, was_rejected: false };
        let unknown = self.unknown.0.entry(Arc::clone(name)).or_insert(fresh);
        if now.saturating_duration_since(unknown.since) < REFUSED_AFTER {
            return;
        }
        unknown.was_rejected = true;
        if self.set_unknown(name, true) {
            tracing::warn!(
                topic = &**name,
                "metadata: the brokers do not know the topic, its new records are rejected: create the topic, or stop sending to it"
            );
        }
    }

    /// Lets records in again, of topics that the last response describes.
    pub(super) fn note_described(&mut self) {
        let described = |name: &&Arc<str>| self.metadata.is_described(name);
        let known: Vec<_> = self.unknown.0.keys().filter(described).cloned().collect();
        for name in known {
            self.unknown.0.remove(&name);
            if self.set_unknown(&name, false) {
                tracing::info!(
                    topic = &*name,
                    "metadata: the brokers know the topic again, its records are accepted"
                );
            }
        }
    }

    /// A topic becomes dormant: the first response after its next record decides.
    pub(super) fn suspend_rejection(&mut self, name: &Arc<str>) {
        self.set_unknown(name, false);
        if self.unknown.0.get(name).is_some_and(|unknown| !unknown.was_rejected) {
            self.unknown.0.remove(name);
        }
    }

    /// A topic is gone from the registry.
    pub(super) fn forget_unknown(&mut self, name: &Arc<str>) {
        self.unknown.0.remove(name);
    }

    /// Has all partitions of a topic reject records, or take them. Returns whether they did not before.
    fn set_unknown(&self, name: &Arc<str>, unknown: bool) -> bool {
        let Some(topic) = self.settings.core.registry.topic(name) else { return false };
        let partitions = topic.partitions();
        // All of its partitions stand alike.
        let changes = partitions.first().is_some_and(|first| first.is_unknown() != unknown);
        if changes {
            partitions.iter().for_each(|partition| partition.set_unknown(unknown));
        }
        changes
    }
}
