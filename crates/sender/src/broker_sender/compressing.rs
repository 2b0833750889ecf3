//! Jobs for the codecs, and their results.
//!
//! A batch that takes a codec long is claimed as soon as its partition has none claimed, so that another thread works on it
//! while requests are under way. A short one is claimed when a request can take it, and grows until then.

use std::time::Instant;

use super::BrokerSender;
use super::schedule::{PollReason, Scheduled};
use crate::compression::{CompressionJob, CompressionResult};
use crate::ids::PartitionSerial;
use crate::partition_sender::Claimed;

impl BrokerSender {
    /// Takes the result of a job.
    pub(super) fn on_compressed(&mut self, result: CompressionResult) {
        let serial = PartitionSerial(result.id.partition);
        let Some(Scheduled { sender, .. }) = self.partition_senders.get_mut(&serial) else {
            debug_assert!(false, "a partition left while a batch of it was in a job");
            return self.completer.release_output(result.output);
        };
        sender.compressed(result, &mut self.completer);
        self.schedule.changed.push(serial);
        self.release_if_idle(serial);
    }

    /// The next job. If a request can be sent, the batches of all partitions in `ready` are claimed before it is built,
    /// except of those that first send a batch once more.
    pub(super) fn next_job(&mut self, now: Instant, may_send: bool) -> Option<CompressionJob> {
        if self.compresses && self.jobs.is_empty() {
            while let Some(serial) = self.schedule.claiming.pop() {
                self.claim(serial, now);
            }
            for place in 0..if may_send { self.schedule.ready.len() } else { 0 } {
                if let Some(serial) = self.schedule.ready.get(place).copied()
                    && !self
                        .partition_senders
                        .get(&serial)
                        .is_some_and(|scheduled| scheduled.sender.has_waiting())
                {
                    self.claim(serial, now);
                }
            }
        }
        self.jobs.pop_front()
    }

    /// Claims the next batch of a partition, if it has none claimed.
    fn claim(&mut self, serial: PartitionSerial, now: Instant) {
        let Some(Scheduled { sender, .. }) = self.partition_senders.get_mut(&serial) else { return };
        match sender.claim(now) {
            Claimed::Nothing => {}
            Claimed::Busy => self.schedule.poll_later(serial, PollReason::StateChanged),
            Claimed::Job(job) => self.jobs.push_back(job),
            Claimed::Skipped(bytes) => {
                self.completer.count_skipped(bytes, sender.partition());
                self.schedule.changed.push(serial);
            }
        }
    }
}
