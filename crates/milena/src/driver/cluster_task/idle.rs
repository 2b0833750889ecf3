//! Topics without a record for `metadata.max.idle.ms` (KIP-526): metadata requests leave them out, and their memory is given back.
//!
//! A topic whose partitions are known is in one of three states:
//!
//! * **active**: metadata requests name it.
//! * **dormant**: no metadata request names it, until a broker sender finds something to send there.
//! * **forgotten**: its slot, partitions, accounts and partition senders are gone. The next record looks it up like the first one.
//!
//! One pass over all known topics, as far apart as `metadata.max.idle.ms`, compares how often each was used: batches that were
//! opened, and records that were rejected because the brokers do not know the topic (`unknown.rs`). No record and no batch pays for
//! it, and no topic has a timer. A topic that was not used between two passes, and that no caller waits for, is **idle**, after once
//! to twice that time: it becomes dormant.
//!
//! Unless a caller holds a handle of it, the broker senders of a dormant topic report which partitions are at rest. A partition is **at rest** when
//! nothing of it is queued, in flight or in doubt. Once all of them are, the topic is forgotten. No record can be in it then: under
//! the lock of the registry no caller holds it, and it was not used since before that request to its broker senders.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use milena_sender::accumulator::Topic;
use milena_sender::ids::PartitionSerial;

use super::ClusterTask;
use crate::clock;

/// How many own the topic, while the pass looks at it, if no caller does: the registry and the pass.
const OWNERS: usize = 2;

/// When the next pass is, and what came of the last one.
#[derive(Debug)]
pub(super) struct Idleness {
    next: Instant,
    /// A topic is active, or could not be forgotten yet: the cluster task wakes for the next pass.
    is_armed: bool,
    /// The dormant topics whose partitions are to be reported.
    asked: BTreeMap<Arc<str>, Asked>,
}

/// A dormant topic whose partitions are to be reported.
#[derive(Debug)]
struct Asked {
    /// How often it was used until then.
    uses: u64,
    /// The serials of its partitions that are not known to be at rest.
    partitions: BTreeSet<PartitionSerial>,
}

impl Idleness {
    pub(super) fn new(now: Instant, max_idle: Duration) -> Self {
        Self { next: now + max_idle, is_armed: false, asked: BTreeMap::new() }
    }

    /// When the cluster task has to wake for the next pass.
    pub(super) fn due(&self) -> Option<Instant> {
        (self.is_armed || !self.asked.is_empty()).then_some(self.next)
    }

    /// A topic is active: the cluster task wakes for the next pass.
    pub(super) const fn arm(&mut self) {
        self.is_armed = true;
    }
}

impl ClusterTask {
    /// Looks for idle topics, when it is time for that.
    pub(super) fn find_idle_topics(&mut self) {
        let now = clock::now();
        if now < self.idleness.next || self.closing.is_some() {
            return;
        }
        let core = Arc::clone(&self.settings.core);
        self.idleness = Idleness::new(now, core.config.metadata_max_idle);
        for topic in core.registry.all_known() {
            let is_done = topic.look_whether_idle().is_some_and(|uses| self.make_dormant(&topic, uses));
            if !is_done {
                self.idleness.arm();
            }
        }
    }

    /// An idle topic becomes dormant, and its broker senders are to report which of its partitions are at rest. False when the next pass has more to
    /// do: callers wait for the topic, it was used meanwhile, or a partition is between broker senders. A topic that is held is looked at again
    /// when the cluster task wakes for something else.
    fn make_dormant(&mut self, topic: &Arc<Topic>, uses: u64) -> bool {
        let name = topic.name();
        if self.settings.core.registry.has_waiters(name) {
            return false;
        }
        if !topic.make_dormant(uses) {
            // It may have been dormant since an earlier pass, and its broker sender may not have seen that it was.
            self.make_active(name, clock::now());
            return false;
        }
        self.metadata.forget(name);
        self.suspend_rejection(name);
        if Arc::strong_count(topic) > OWNERS {
            return true;
        }
        let is_asked = self.assignment.request_rest_reports(topic);
        if is_asked {
            let partitions = topic.partitions().iter().map(|partition| partition.serial()).collect();
            self.idleness.asked.insert(Arc::clone(name), Asked { uses, partitions });
        }
        is_asked
    }

    /// Broker senders reported these partitions, by topic and serial, as at rest.
    pub(super) fn note_at_rest(&mut self, partitions: &[(Arc<str>, PartitionSerial)]) {
        let forgotten =
            partitions.iter().filter(|(topic, serial)| self.note_partition_at_rest(topic, *serial)).count();
        if forgotten > 0 {
            tracing::debug!(
                forgotten,
                "metadata: topics without a record for metadata.max.idle.ms are forgotten"
            );
            self.settings.core.shared.memory.clear_holders();
        }
    }

    /// A partition of a topic is at rest. Returns whether it was the last one, and the topic is forgotten.
    fn note_partition_at_rest(&mut self, name: &Arc<str>, serial: PartitionSerial) -> bool {
        let Some(asked) = self.idleness.asked.get_mut(name) else { return false };
        asked.partitions.remove(&serial);
        if !asked.partitions.is_empty() {
            return false;
        }
        let uses = asked.uses;
        self.idleness.asked.remove(name);
        let Some(topic) = self.settings.core.registry.forget(name, uses) else {
            self.idleness.arm();
            return false;
        };
        self.metadata.forget(name);
        self.forget_unknown(name);
        self.assignment.forget(&topic);
        true
    }

    /// A broker sender has something to send to a topic, or a leader rejected it: the topic is active, or becomes so.
    pub(super) fn make_active(&mut self, name: &Arc<str>, now: Instant) {
        if let Some(topic) = self.settings.core.registry.topic(name) {
            topic.make_active();
            self.metadata.want(name, now);
            self.idleness.arm();
        }
    }
}
