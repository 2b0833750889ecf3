//! Topics that were known, and that the brokers do not know any more: after a while they take no new records, because each of
//! these would wait for `delivery.timeout.ms` and hold its part of `buffer.memory` as long.
//!
//! A broker that was just started, or one that lags behind, may not know a topic for a moment. The metadata goes on asking, and
//! the first description of the topic lets records in again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use milena_codec::ErrorCode;

use super::Director;

/// A topic takes no records after the brokers have not known it for so long.
const REFUSED_AFTER: Duration = Duration::from_secs(30);

/// By topic, since when the brokers do not know it.
#[derive(Debug, Default)]
pub(super) struct UnknownTopics(BTreeMap<Arc<str>, Instant>);

impl Director {
    /// A broker returned an error for a topic.
    pub(super) fn note_unknown(&mut self, name: &Arc<str>, error: ErrorCode, now: Instant) {
        if error != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION || self.metadata.topic(name).is_none() {
            return;
        }
        let since = *self.unknown.0.entry(Arc::clone(name)).or_insert(now);
        if now.saturating_duration_since(since) >= REFUSED_AFTER {
            self.set_unknown(name, true);
        }
    }

    /// Lets records in again, of topics that the last answer describes.
    pub(super) fn note_described(&mut self) {
        let described = |name: &&Arc<str>| self.metadata.is_described(name);
        let known: Vec<_> = self.unknown.0.keys().filter(described).cloned().collect();
        known.iter().for_each(|name| self.forget_unknown(name));
    }

    /// A topic is described again, or not asked for any more: the next record shows whether it is known.
    pub(super) fn forget_unknown(&mut self, name: &Arc<str>) {
        if self.unknown.0.remove(name).is_some() {
            self.set_unknown(name, false);
        }
    }

    fn set_unknown(&self, name: &Arc<str>, unknown: bool) {
        let Some(topic) = self.settings.core.registry.topic(name) else { return };
        let partitions = topic.partitions();
        // All of its partitions stand alike.
        if partitions.first().is_none_or(|first| first.is_unknown() == unknown) {
            return;
        }
        if unknown {
            tracing::warn!(
                topic = &**name,
                "topic is unknown to the brokers: new records for it are rejected until it is back; create it, or stop sending to it"
            );
        } else {
            tracing::info!(topic = &**name, "topic is known again and takes records");
        }
        partitions.iter().for_each(|partition| partition.set_unknown(unknown));
    }
}
