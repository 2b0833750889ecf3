//! What is known of the cluster: its brokers, and who leads the partitions of the topics in use.
//!
//! ```text
//!   want, refresh, age          ask: candidates, request
//!  ───────────────────▶ due ──────────────────────────────▶ (the driver asks one candidate after another)
//!                        ▲                                      │ answered           │ failed
//!                        └────── later: backoff, or age ────────┴── changes ──▶      │
//!                        └────── later: backoff ────────────────────────────────────┘
//! ```
//!
//! [`Metadata`] decides when to ask, whom, and what to believe; it does no I/O and has no clock. Nothing that a broker
//! says makes it grow beyond the topics that were wanted and a bounded number of brokers.

mod brokers;
mod change;
mod config;
mod hint;
mod history;
mod cluster_id;
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
pub use config::{Backoff, MetadataConfig};
pub use hint::{Hint, Hinted};
pub use cluster_id::{ClusterId, ForeignCluster};
pub use topic::{Leaderless, PartitionMetadata, TopicMetadata};

use brokers::Brokers;
use history::{TopicHistory, TopicMatch};
use schedule::{Reason, Schedule, Worth};

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
/// let (candidates, request) = metadata.ask(now);
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
    /// Invariant: how many of `topics` are `counted`.
    lacking: usize,
    cluster: ClusterId,
    /// Since when no attempt has succeeded; none while they do.
    failing_since: Option<Instant>,
}

/// A topic in use.
#[derive(Debug, Default)]
struct Topic {
    known: Option<TopicMetadata>,
    /// Whether the last answer described it, and was believed.
    described: bool,
    /// Counted in `lacking`: the last answer did not describe it, or it lacked a leader or a partition then.
    counted: bool,
    history: TopicHistory,
    /// How many partitions callers wait for; it lacks some while it has fewer.
    expected: usize,
    /// A broker did not know it after it was described last, and it has no id: it may have been created anew since.
    was_unknown: bool,
}

impl Metadata {
    /// Knows nothing yet; the first question is due at once.
    #[must_use]
    pub fn new(bootstrap: Vec<Endpoint>, config: MetadataConfig, now: Instant) -> Self {
        Self {
            schedule: Schedule::new(now),
            brokers: Brokers::new(bootstrap, config.rebootstrap_after.is_some()),
            config,
            topics: BTreeMap::new(),
            lacking: 0,
            cluster: ClusterId::default(),
            failing_since: None,
        }
    }

    /// Takes a topic into use. A new one is asked for at once, or with the next attempt if the last one failed.
    pub fn want(&mut self, topic: &str, now: Instant) {
        if !self.topics.contains_key(topic) {
            self.topics.insert(topic.into(), Topic::default());
            self.schedule.call_for(Reason::News, now);
        }
    }

    /// Callers wait until a topic in use has so many partitions: while it has fewer, it is asked for again, with a
    /// backoff (KAFKA-6833). None wait any more with 0.
    pub fn expect(&mut self, topic: &str, partitions: u32, now: Instant) {
        let Some(topic) = self.topics.get_mut(topic) else { return };
        topic.expected = usize::try_from(partitions).unwrap_or(usize::MAX);
        if topic.known.is_some() && topic.lacks_partitions() {
            self.schedule.call_for(Reason::Need, now);
        }
    }

    /// Takes a topic out of use, and forgets it: its ids, the leader epochs, and what was doubted. When it comes into use
    /// again, the first answer is believed, as for a topic that was never in use; nothing has to be kept for that:
    ///
    /// * A leader of the past rejects the first batch (NOT_LEADER_OR_FOLLOWER) and names its successor: one more try.
    /// * The id of a deleted topic is rejected by its leader (UNKNOWN_TOPIC_ID), and the next answer is believed, because
    ///   it tells an id that was never seen, or because the leader does not know the one that was (see `history.rs`).
    /// * What was stamped under either cannot be confused: a partition that was forgotten begins under a higher producer
    ///   epoch, one that was kept goes on in its run, and [`Change::Topic`] has it count nothing that the log before knew.
    ///
    /// The caches of brokers lag by seconds; a topic is out of use after minutes without a record. No question is asked on its
    /// account any more.
    pub fn forget(&mut self, topic: &str) {
        let Some(topic) = self.topics.remove(topic) else { return };
        self.lacking -= usize::from(topic.counted);
        if topic.counted && self.lacking == 0 {
            self.schedule.lacks_nothing();
        }
    }

    /// Asks again soon: a broker does not lead what it should, is lost, or a leader is missing.
    pub fn refresh(&mut self, now: Instant) {
        self.schedule.call_for(Reason::Need, now);
    }

    /// The leader of a partition of a topic rejected a request with this code.
    pub fn rejected(&mut self, topic: &str, code: ErrorCode) {
        if let Some(topic) = self.topics.get_mut(topic) {
            topic.history.rejected(code);
        }
    }

    /// The question to ask now, and whom, in the order to try. Answer with [`answered`](Self::answered) or, when all
    /// of them failed, [`failed`](Self::failed).
    ///
    /// The known brokers come first, another one each time; then the bootstrap servers, so that a client whose brokers
    /// are all gone finds the cluster again (KIP-899), unless that is not wanted.
    pub fn ask(&mut self, _now: Instant) -> (Vec<Endpoint>, MetadataRequest) {
        self.schedule.ask();
        let topics = self.topics.keys().map(|name| MetadataRequestTopic::named(name)).collect();
        let request = MetadataRequest {
            topics: Some(topics),
            allow_auto_topic_creation: self.config.allow_auto_topic_creation,
            ..MetadataRequest::default()
        };
        (self.brokers.candidates(), request)
    }

    /// Whom to ask anything else: as in [`ask`](Self::ask), without a question about the cluster being out.
    pub fn candidates(&mut self) -> Vec<Endpoint> {
        self.brokers.candidates()
    }

    /// Takes an answer, and tells what it changed: brokers first, then topics.
    ///
    /// An answer without a single broker that could be reached says nothing, one of another cluster is not believed, and
    /// either counts as a failed attempt.
    pub fn answered(&mut self, response: MetadataResponse, now: Instant) -> Vec<Change> {
        let mut changes = Vec::new();
        let told = response.cluster_id.as_deref();
        if self.cluster.check(told).is_err() {
            return self.failed(now);
        }
        if response.error_code == ErrorCode::REBOOTSTRAP_REQUIRED && self.config.rebootstrap_after.is_some() {
            self.rebootstrap(&mut changes);
        }
        if !response.error_code.is_ok() || !self.brokers.replace(&response.brokers, &mut changes) {
            changes.extend(self.failed(now));
            return changes;
        }
        self.cluster.learn(told);
        self.failing_since = None;
        self.topics.values_mut().for_each(|topic| topic.described = false);
        for topic in &response.topics {
            self.hear_topic(topic, &mut changes);
        }
        let changed = changes.iter().any(|change| !matches!(change, Change::TopicFailed { .. }));
        self.topics.values_mut().for_each(|topic| topic.counted = topic.lacks());
        self.lacking = self.topics.values().filter(|topic| topic.counted).count();
        let worth = Worth { changed, lacking: self.lacking > 0 };
        self.schedule.answered(worth, now, self.config.max_age, &mut self.config.refresh_backoff);
        changes
    }

    /// No candidate answered: all of them are tried again after a backoff. Tells what is given up for it: everything
    /// that is known of the brokers, after so long a time without an answer that it may be wrong (KIP-1102).
    pub fn failed(&mut self, now: Instant) -> Vec<Change> {
        self.schedule.failed(now, &mut self.config.refresh_backoff);
        let mut changes = Vec::new();
        let since = *self.failing_since.get_or_insert(now);
        let long = |after| now.saturating_duration_since(since) >= after;
        if self.config.rebootstrap_after.is_some_and(long) {
            self.failing_since = None;
            self.rebootstrap(&mut changes);
        }
        changes
    }

    /// Takes what brokers told on the side, with refused produce requests (KIP-951): who leads partitions of a topic now, and where
    /// these brokers listen. All hints about a topic are taken together, because a change tells all of its partitions.
    ///
    /// Believed only for a partition that is known, an epoch newer than the known one, and a leader whose address is
    /// known or told along.
    pub fn hints(&mut self, topic: &str, hints: impl IntoIterator<Item = Hint>) -> Hinted {
        let mut hinted = Hinted::default();
        let known = self.topics.get_mut(topic).and_then(|topic| topic.known.as_mut());
        let mut believed = false;
        match known {
            Some(known) => {
                for hint in hints {
                    match hint.believe(known, &mut self.brokers) {
                        Some(moved) => (believed, _) = (true, hinted.changes.extend(moved)),
                        None => hinted.passed_over += 1,
                    }
                }
                hinted
                    .changes
                    .extend(believed.then(|| Change::Topic { topic: known.clone(), is_new: false }));
            }
            None => hinted.passed_over = hints.into_iter().count(),
        }
        hinted
    }

    /// When the next question should go out; none while one is out.
    #[must_use]
    pub const fn due(&self) -> Option<Instant> {
        self.schedule.due()
    }

    /// Where a broker listens.
    #[must_use]
    pub fn broker(&self, id: BrokerId) -> Option<&Endpoint> {
        self.brokers.get(id)
    }

    /// What is known of a topic in use.
    #[must_use]
    pub fn topic(&self, name: &str) -> Option<&TopicMetadata> {
        self.topics.get(name)?.known.as_ref()
    }

    /// Whether the last answer described a topic in use.
    #[must_use]
    pub fn is_described(&self, name: &str) -> bool {
        self.topics.get(name).is_some_and(|topic| topic.described)
    }

    /// The cluster's name for itself, once a broker told it.
    #[must_use]
    pub const fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    /// Begins again with the bootstrap servers. What is known of topics stays, and so does the cluster's name.
    fn rebootstrap(&mut self, changes: &mut Vec<Change>) {
        changes.push(Change::Rebootstrap);
        self.brokers.forget(changes);
    }

    fn hear_topic(&mut self, answer: &MetadataResponseTopic, changes: &mut Vec<Change>) {
        let Some(name) = answer.name.as_deref().and_then(|name| self.topics.get_key_value(name)) else {
            return;
        };
        let name = Arc::clone(name.0);
        let brokers = &self.brokers;
        let Some(topic) = self.topics.get_mut(&name) else { return };
        if !answer.error_code.is_ok() {
            // A broker that just started may not know what it will know in a moment: what was known stays. Without an id
            // a topic that is created anew is not told apart from it, and its leader epochs begin again.
            if answer.error_code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
                && let Some(known) = topic.known.as_mut().filter(|known| known.id.is_zero())
            {
                known.forget_epochs();
                topic.was_unknown = true;
            }
            changes.push(Change::TopicFailed { name, error: answer.error_code });
            return;
        }
        let matched = match &topic.known {
            Some(known) => topic.history.compare(known, answer),
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
        let merged = TopicMetadata::merged(&name, known, answer, |id| brokers.get(id).is_some());
        if was_unknown || topic.known.as_ref() != Some(&merged) {
            topic.known = Some(merged.clone());
            changes.push(Change::Topic { topic: merged, is_new });
        }
    }
}

impl Topic {
    /// Whether it was not described, has a partition without a leader, or too few partitions.
    fn lacks(&self) -> bool {
        let lacks_leaders = self.known.as_ref().is_none_or(TopicMetadata::lacks_leaders);
        !self.described || lacks_leaders || self.lacks_partitions()
    }

    /// A topic that is being made may have none for a moment.
    fn lacks_partitions(&self) -> bool {
        let count = self.known.as_ref().map_or(0, |known| known.partitions.len());
        count < self.expected.max(1)
    }
}
