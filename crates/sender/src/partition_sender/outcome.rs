//! The outcome of batches in doubt: shown by a later batch, ruled out by a gap, or given up; and the new stamps of the others.

use milena_codec::ErrorCode;
use milena_codec::ids::{ProducerId, ProducerIdAndEpoch};
use milena_codec::record::Stamp;

use super::entry::{Bytes, Doubt, Entry, State};
use super::run::Room;
use super::{Completer, PartitionSender};
use crate::outcome::{ErrorKind, Failure, Persisted};

impl PartitionSender {
    /// Whether only batches in doubt are sent: the run has a gap, or the leader rejected the sequence of one in doubt. The
    /// batches behind it may show its outcome.
    pub(super) fn resolves(&self) -> bool {
        let is_rejected = |entry: &Entry| entry.sequence_was_rejected(self.run.term);
        self.run.has_gap || self.run.has_rejections && self.entries.iter().any(is_rejected)
    }

    /// Whether its outcome may be learned from the present leader.
    pub(super) fn is_unresolved(&self, entry: &Entry) -> bool {
        entry.is_in_doubt() && !entry.sequence_was_rejected(self.run.term)
    }

    /// Ends a run in which a batch is missing, or in which the leader rejected the sequence of each batch in doubt: those fail
    /// as possibly written, and the others get new stamps under the next epoch (KIP-360). Returns a producer id whose epochs
    /// are used up, once: the run waits for another.
    pub fn bump_epoch(
        &mut self,
        given: Option<ProducerIdAndEpoch>,
        completer: &mut Completer,
    ) -> Option<ProducerId> {
        if self.entries.is_empty() && !self.run.has_gap {
            return None;
        }
        if self.in_flight > 0 || !self.resolves() {
            return None;
        }
        self.walk(self.entries.len());
        if self.entries.iter().any(Entry::is_in_job) {
            return None;
        }
        if self.run.has_gap {
            self.rule_out_behind_gap();
        }
        if self.entries.iter().any(|entry| self.is_unresolved(entry)) {
            return None;
        }
        self.fail_in_doubt(completer);
        self.restamp(given)
    }

    /// The batches behind one that will never be written under this stamp are not written either, where only leaders that
    /// know the run were sent them.
    fn rule_out_behind_gap(&mut self) {
        let mut is_behind_unsent = false;
        for entry in &mut self.entries {
            if is_behind_unsent || self.run.has_gap_before(entry.stamp) {
                entry.rule_out_behind_gap();
            }
            is_behind_unsent |= !entry.is_in_doubt();
        }
    }

    /// Fails the batches in doubt as possibly written: the leader rejected the sequences of all of them, and no later batch can
    /// show their outcome.
    fn fail_in_doubt(&mut self, completer: &mut Completer) {
        let mut index = 0;
        while let Some(entry) = self.entries.get(index) {
            if !entry.is_in_doubt() {
                index += 1;
                continue;
            }
            let Some(mut entry) = self.entries.remove(index) else { return };
            self.run.has_gap = true;
            if let Some(claim) = entry.take_claim() {
                let failure = Failure {
                    kind: ErrorKind::OutcomeUnknown,
                    persisted: Persisted::Maybe,
                    retriable: true,
                    by_end: false,
                    code: entry.code,
                    message: reason_of_doubt(&entry).into(),
                };
                completer.failed(claim, failure, &self.partition, &mut self.spares);
            }
            if let Bytes::Here(batch) = entry.bytes {
                completer.release(batch);
            }
        }
    }

    /// All batches get new stamps, from sequence 0 on: the first of them raises the epoch at the brokers, which fences
    /// late copies of earlier batches.
    fn restamp(&mut self, given: Option<ProducerIdAndEpoch>) -> Option<ProducerId> {
        let before = self.run.exhausted;
        if self.run.bump_epoch(given).is_none() {
            return self.run.exhausted.filter(|exhausted| Some(*exhausted) != before);
        }
        for entry in &mut self.entries {
            let Some(stamp) = self.run.stamp(entry.records, given) else { continue };
            entry.restamp(stamp);
        }
        None
    }

    /// A later batch was acknowledged with room for those before it: they are in the log. One that was refused on every
    /// try is not, even if it is in flight again: that attempt stands behind the later batch. `sent` is the term in which the
    /// later batch was sent, and the others got their responses: it may be over when the acknowledgement comes.
    pub(super) fn complete_before(
        &mut self,
        index: usize,
        (identity, sent): (ProducerIdAndEpoch, u32),
        room: Room,
        completer: &mut Completer,
    ) {
        for entry in self.entries.iter_mut().take(index) {
            let is_of_run = entry.stamp.identity == identity && room.holds(entry.stamp.base_sequence);
            let is_sent_before = entry.is_in_flight() && entry.state != State::Refused;
            if is_of_run && (entry.has_response(sent) || is_sent_before) {
                let offset = room.offset_of(entry.stamp.base_sequence);
                if let Some(claim) = entry.mark_written() {
                    completer.written(claim, offset, None, &self.partition, &mut self.spares);
                }
            }
        }
        for index in (0..index).rev() {
            if let Some(batch) = self.entries.get_mut(index).and_then(Entry::take_written) {
                completer.release(batch);
                self.entries.remove(index);
            }
        }
    }

    /// An entry leaves without having been written. One that was refused on every attempt leaves a gap in the run.
    pub(super) fn leave_unwritten(&mut self, index: usize) -> Option<Entry> {
        let entry = self.entries.remove(index)?;
        if entry.stamp != Stamp::NONE {
            self.run.leave_out(entry.stamp, !entry.is_in_doubt());
        }
        Some(entry)
    }
}

/// Why the outcome of a batch stays unknown: the first attempt that left it open, and the rejection of the last one.
fn reason_of_doubt(entry: &Entry) -> String {
    let State::InDoubt(Doubt { open_code, unrecognised, .. }) = entry.state else { return String::new() };
    let first = match open_code {
        Some(code) => {
            format!(
                "a broker returned {code} for an attempt, which leaves open whether the batch was appended"
            )
        }
        None => "an attempt got no response".to_owned(),
    };
    let last = match unrecognised {
        0 if entry.code == Some(ErrorCode::UNKNOWN_PRODUCER_ID) => {
            "the leader did not know the producer id of the last attempt".to_owned()
        }
        0 => "the leader rejected the sequence of the last attempt".to_owned(),
        attempts => format!("brokers rejected the producer id or epoch of the last {attempts} attempts"),
    };
    let code = entry.code.map(|code| format!(" ({code})")).unwrap_or_default();
    format!(
        "{first}, and {last}{code}: the batch may have been written by an earlier attempt, and no later batch shows whether it was"
    )
}
