//! The cluster's metadata: its brokers, and the leaders of the partitions of the topics in use.
//!
//! ```text
//!   want, refresh, age        next_request: candidates, request
//!  ───────────────────▶ due ────────────────────────────────────▶ (the driver tries one candidate after another)
//!                        ▲                                      │ on_response        │ on_failure
//!                        └────── later: backoff, or age ────────┴── changes ──▶      │
//!                        └────── later: backoff ────────────────────────────────────┘
//! ```
//!
//! [`Metadata`] decides when a Metadata request is due, which endpoints are candidates for it, and which parts of a
//! response apply. It does no I/O and reads no clock. Its size is bounded by the topics in use and a maximum number of
//! brokers, whatever a broker returns.

mod brokers;
mod change;
mod cluster_id;
mod config;
mod hint;
mod history;
mod schedule;
#[cfg(test)]
mod tests;
mod topic;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use milena_codec::ErrorCode;
use milena_codec::ids::BrokerId;
use milena_codec::message::{MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseTopic};

pub use change::Change;
pub use cluster_id::{ClusterId, ForeignCluster};
pub use config::{Backoff, MetadataConfig};
pub use hint::{Hint, Hinted};
pub use topic::{Leaderless, PartitionMetadata, TopicMetadata};

use brokers::Brokers;
use history::{TopicHistory, TopicMatch};
use schedule::{Reason, ResponseSummary, Schedule};

use crate::endpoint::Endpoint;

/// The state machine of the cluster's metadata.
///
/// ```
/// use std::time::Duration;
/// use milena_connection::Endpoint;
/// use milena_connection::metadata::{Metadata, MetadataConfig};
///
/// # #[expect(clippy::disallowed_methods, reason = "an example")]
/// let now = std::time::Instant::now();
/// let config = MetadataConfig {
///     max_age: Duration::from_secs(300),
///     refresh_backoff: Box::new(|attempt| Duration::from_millis(100 << attempt.min(3))),
///     allow_auto_topic_creation: true,
///     rebootstrap_after: Some(Duration::from_secs(300)),
/// };
/// let mut metadata = Metadata::new(Endpoint::list("localhost:9092")?, config, now);
/// metadata.want("orders", now);
/// assert_eq!(metadata.due(), Some(now));
/// let (candidates, request) = metadata.next_request();
/// assert_eq!(candidates[0].to_string(), "localhost:9092");
/// assert_eq!(request.topics.map(|topics| topics.len()), Some(1));
/// # Ok::<(), milena_connection::EndpointError>(())
/// ```
#[derive(Debug)]
pub struct Metadata {
    config: MetadataConfig,
    schedule: Schedule,
    brokers: Brokers,
    /// The topics in use, by name.
    topics: BTreeMap<Arc<str>, Topic>,
    /// Invariant: the number of `topics` that are `counted`.
    incomplete: usize,
    cluster_id: ClusterId,
    /// The time of the first failed attempt since the last usable response.
    failing_since: Option<Instant>,
}

/// A topic in use.
#[derive(Debug, Default)]
struct Topic {
    known: Option<TopicMetadata>,
    /// Whether the last response described the topic and was applied in full.
    described: bool,
    /// Whether the topic is counted in `incomplete`: it was so after the last response.
    counted: bool,
    history: TopicHistory,
    /// The partition count that callers wait for; the topic is incomplete while it has fewer.
    expected: usize,
    /// Whether a broker did not know the topic since it was described last, and the topic has no id: it may have been
    /// recreated.
    was_unknown: bool,
}

impl Metadata {
    /// Metadata without brokers and topics; the first request is due at once.
    #[must_use]
    pub fn new(bootstrap: Vec<Endpoint>, config: MetadataConfig, now: Instant) -> Self {
        Self {
            schedule: Schedule::new(now),
            brokers: Brokers::new(bootstrap, config.rebootstrap_after.is_some()),
            config,
            topics: BTreeMap::new(),
            incomplete: 0,
            cluster_id: ClusterId::default(),
            failing_since: None,
        }
    }

    /// Takes a topic into use. A new topic is requested at once, or with the next attempt if the last one failed.
    pub fn want(&mut self, topic: &str, now: Instant) {
        if !self.topics.contains_key(topic) {
            self.topics.insert(topic.into(), Topic::default());
            self.schedule.call_for(Reason::NewTopic, now);
        }
    }

    /// Sets the partition count that callers of a topic in use wait for: while the topic has fewer, it is requested again,
    /// with a backoff (KAFKA-6833). 0 ends the wait.
    pub fn expect(&mut self, topic: &str, partitions: u32, now: Instant) {
        let Some(topic) = self.topics.get_mut(topic) else { return };
        topic.expected = usize::try_from(partitions).unwrap_or(usize::MAX);
        if topic.known.is_some() && topic.lacks_partitions() {
            self.schedule.call_for(Reason::Refresh, now);
        }
    }

    /// Takes a topic out of use, and forgets its ids, leader epochs and unconfirmed responses. No Metadata request is made
    /// for the topic any more. When the topic comes into use again, the first response is applied, as for a new topic.
    /// That is safe without any memory of the old state:
    ///
    /// * A former leader rejects the first batch (NOT_LEADER_OR_FOLLOWER) and returns its successor: one more attempt.
    /// * The id of a deleted topic is rejected by its leader (UNKNOWN_TOPIC_ID), and the next response is applied, because
    ///   its topic id is new, or because the leader does not know the present one (see `history.rs`).
    /// * Batches of both topics cannot be confused: a forgotten partition restarts under a higher producer epoch, a kept one
    ///   continues its sequence, and [`Change::Topic`] resets the offsets that were learned of the old log.
    ///
    /// The metadata caches of brokers lag by seconds; a topic goes out of use after minutes without a record.
    pub fn forget(&mut self, topic: &str) {
        let Some(topic) = self.topics.remove(topic) else { return };
        self.incomplete -= usize::from(topic.counted);
        if topic.counted && self.incomplete == 0 {
            self.schedule.on_complete();
        }
    }

    /// Schedules a request: a broker is lost or does not lead a partition, or a leader is missing.
    pub fn refresh(&mut self, now: Instant) {
        self.schedule.call_for(Reason::Refresh, now);
    }

    /// Stores the error code of a request that the leader of a partition of the topic rejected.
    pub fn rejected(&mut self, topic: &str, code: ErrorCode) {
        if let Some(topic) = self.topics.get_mut(topic) {
            topic.history.rejected(code);
        }
    }

    /// The request to send, and the endpoints to try, in order. [`on_response`](Self::on_response) takes the response;
    /// [`on_failure`](Self::on_failure) follows if all endpoints failed.
    ///
    /// The known brokers come first, another one each time; then the bootstrap servers, so that a client whose brokers
    /// are all gone finds the cluster again (KIP-899), unless `rebootstrap_after` is none.
    pub fn next_request(&mut self) -> (Vec<Endpoint>, MetadataRequest) {
        self.schedule.on_request();
        let topics = self.topics.keys().map(|name| MetadataRequestTopic::named(name)).collect();
        let request = MetadataRequest {
            topics: Some(topics),
            allow_auto_topic_creation: self.config.allow_auto_topic_creation,
            ..MetadataRequest::default()
        };
        (self.brokers.candidates(), request)
    }

    /// The endpoints to try for another request, as in [`next_request`](Self::next_request).
    pub fn candidates(&mut self) -> Vec<Endpoint> {
        self.brokers.candidates()
    }

    /// Applies a response, and returns the changes: brokers first, then topics.
    ///
    /// A response without a usable broker, and a response of another cluster, count as failed attempts.
    pub fn on_response(&mut self, response: MetadataResponse, now: Instant) -> Vec<Change> {
        let mut changes = Vec::new();
        let cluster_id = response.cluster_id.as_deref();
        if self.cluster_id.check(cluster_id).is_err() {
            return self.on_failure(now);
        }
        if response.error_code == ErrorCode::REBOOTSTRAP_REQUIRED && self.config.rebootstrap_after.is_some() {
            self.rebootstrap(&mut changes);
        }
        if !response.error_code.is_ok() || !self.brokers.replace(&response.brokers, &mut changes) {
            changes.extend(self.on_failure(now));
            return changes;
        }
        self.cluster_id.learn(cluster_id);
        self.failing_since = None;
        self.topics.values_mut().for_each(|topic| topic.described = false);
        for topic in &response.topics {
            self.apply_topic(topic, &mut changes);
        }
        let changed = changes.iter().any(|change| !matches!(change, Change::TopicFailed { .. }));
        self.topics.values_mut().for_each(|topic| topic.counted = topic.is_incomplete());
        self.incomplete = self.topics.values().filter(|topic| topic.counted).count();
        let summary = ResponseSummary { changed, incomplete: self.incomplete > 0 };
        self.schedule.on_response(summary, now, self.config.max_age, &mut self.config.refresh_backoff);
        changes
    }

    /// All candidates failed: they are tried again after a backoff. Rebootstraps after
    /// [`rebootstrap_after`](MetadataConfig::rebootstrap_after) without a usable response (KIP-1102).
    pub fn on_failure(&mut self, now: Instant) -> Vec<Change> {
        self.schedule.on_failure(now, &mut self.config.refresh_backoff);
        let mut changes = Vec::new();
        let since = *self.failing_since.get_or_insert(now);
        let is_due = |after| now.saturating_duration_since(since) >= after;
        if self.config.rebootstrap_after.is_some_and(is_due) {
            self.failing_since = None;
            self.rebootstrap(&mut changes);
        }
        changes
    }

    /// Applies the leader hints of rejected Produce requests (KIP-951). All hints of a topic are applied together, because
    /// a [`Change::Topic`] has all partitions.
    ///
    /// A hint is applied if the partition is known, the hint's epoch is newer than the known one, and the leader's address
    /// is known or part of the hint.
    pub fn hints(&mut self, topic: &str, hints: impl IntoIterator<Item = Hint>) -> Hinted {
        let mut hinted = Hinted::default();
        let Some(known) = self.topics.get_mut(topic).and_then(|topic| topic.known.as_mut()) else {
            return Hinted { ignored: hints.into_iter().count(), ..hinted };
        };
        let mut applied = false;
        for hint in hints {
            match hint.apply(known, &mut self.brokers) {
                Some(moved) => (applied, _) = (true, hinted.changes.extend(moved)),
                None => hinted.ignored += 1,
            }
        }
        hinted.changes.extend(applied.then(|| Change::Topic { topic: known.clone(), is_new: false }));
        hinted
    }

    /// The time at which the next request is due; none while one is in flight.
    #[must_use]
    pub const fn due(&self) -> Option<Instant> {
        self.schedule.due()
    }

    /// How many brokers are known.
    #[must_use]
    pub fn broker_count(&self) -> usize {
        self.brokers.count()
    }

    /// The address of a broker.
    #[must_use]
    pub fn broker(&self, id: BrokerId) -> Option<&Endpoint> {
        self.brokers.get(id)
    }

    /// The known metadata of a topic in use.
    #[must_use]
    pub fn topic(&self, name: &str) -> Option<&TopicMetadata> {
        self.topics.get(name)?.known.as_ref()
    }

    /// Whether the last response described a topic in use.
    #[must_use]
    pub fn is_described(&self, name: &str) -> bool {
        self.topics.get(name).is_some_and(|topic| topic.described)
    }

    /// The cluster id.
    #[must_use]
    pub const fn cluster_id(&self) -> &ClusterId {
        &self.cluster_id
    }

    /// Restarts with the bootstrap servers. The metadata of topics and the cluster id stay.
    fn rebootstrap(&mut self, changes: &mut Vec<Change>) {
        changes.push(Change::Rebootstrap);
        self.brokers.forget(changes);
    }

    fn apply_topic(&mut self, response: &MetadataResponseTopic, changes: &mut Vec<Change>) {
        let Some(name) = response.name.as_deref().and_then(|name| self.topics.get_key_value(name)) else {
            return;
        };
        let name = Arc::clone(name.0);
        let brokers = &self.brokers;
        let Some(topic) = self.topics.get_mut(&name) else { return };
        if !response.error_code.is_ok() {
            // A broker that just started does not know all topics yet: the known metadata stays. Without an id a recreated
            // topic looks the same, and its leader epochs restart.
            if response.error_code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
                && let Some(known) = topic.known.as_mut().filter(|known| known.id.is_zero())
            {
                known.forget_epochs();
                topic.was_unknown = true;
            }
            changes.push(Change::TopicFailed { name, error: response.error_code });
            return;
        }
        let matched = match &topic.known {
            Some(known) => topic.history.compare(known, response),
            None => TopicMatch::Same,
        };
        topic.described = matches!(matched, TopicMatch::Same | TopicMatch::Recreated);
        let known = match matched {
            TopicMatch::Deleted => return,
            TopicMatch::Same | TopicMatch::Suspect => topic.known.as_ref(),
            TopicMatch::Recreated => None,
        };
        let was_unknown = topic.described && std::mem::take(&mut topic.was_unknown);
        let is_new = was_unknown || known.is_none_or(|known| known.partitions.is_empty());
        let merged = TopicMetadata::merged(&name, known, response, |id| brokers.get(id).is_some());
        if was_unknown || topic.known.as_ref() != Some(&merged) {
            topic.known = Some(merged.clone());
            changes.push(Change::Topic { topic: merged, is_new });
        }
    }
}

impl Topic {
    /// Whether the topic was not described, has a partition without a leader, or too few partitions.
    fn is_incomplete(&self) -> bool {
        let lacks_leaders = self.known.as_ref().is_none_or(TopicMetadata::lacks_leaders);
        !self.described || lacks_leaders || self.lacks_partitions()
    }

    /// A topic that is being created may have no partition for a moment.
    fn lacks_partitions(&self) -> bool {
        let count = self.known.as_ref().map_or(0, |known| known.partitions.len());
        count < self.expected.max(1)
    }
}
