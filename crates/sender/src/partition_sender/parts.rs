//! A batch that does not go as it is: its records go in several, or without some of them.

use milena_codec::compression::Compression;
use milena_codec::ids::Sequence;
use milena_codec::record::Stamp;

use super::entry::{Callers, Entry};
use super::opening::{Opening, Rejection};
use super::verdict::{BatchResponse, RecordError, returned, words};
use super::{Completer, PartitionSender};
use crate::batch::Batch;
use crate::compression::CompressionJob;
use crate::outcome::{ErrorKind, Failure, Persisted};

impl PartitionSender {
    /// The broker finds the batch too large: its records go in smaller batches, under the sequences that they have. By
    /// these it refuses them if it has taken the whole before.
    pub(super) fn split(
        &mut self,
        index: usize,
        mut batch: Batch,
        response: &BatchResponse,
        completer: &mut Completer,
    ) -> Option<CompressionJob> {
        let bytes = batch.bytes();
        self.partition.limit().rejected(batch.lengths());
        // An earlier try may have been appended as a whole. Without sequences parts would be written beside it.
        let entry = &self.entries[index];
        let is_unsafe_in_parts = entry.is_in_doubt() && entry.stamp == Stamp::NONE;
        if is_unsafe_in_parts || !entry.has_callers() {
            self.failed(index, batch, ErrorKind::MessageTooLarge, response, completer);
            return None;
        }
        completer.counters.splits += 1;
        if batch.codec() != Compression::None {
            return self.open(index, batch, Opening::Cut);
        }
        match batch.split(self.partition.limit().wire_bytes_max().min(bytes - 1)) {
            Ok(parts) => {
                completer.release(batch);
                self.insert_cut(index, parts);
            }
            Err(_) => self.failed(index, batch, ErrorKind::InvalidRecord, response, completer),
        }
        None
    }

    /// The broker names records that it does not take (KIP-467), and has taken none of the batch: they fail, and the
    /// others go again, under new sequences, because theirs have gaps now.
    pub(super) fn drop_rejected(
        &mut self,
        index: usize,
        mut batch: Batch,
        kind: ErrorKind,
        response: &BatchResponse,
        completer: &mut Completer,
    ) -> Option<CompressionJob> {
        let BatchResponse::FromBroker { code, record_errors, .. } = response else {
            self.wait_again(index, batch);
            return None;
        };
        // An earlier try may have been appended as a whole; the others would be written beside it.
        if self.entries[index].is_in_doubt() || !self.entries[index].has_callers() {
            self.failed(index, batch, kind, response, completer);
            return None;
        }
        let (records, message) = (record_errors.clone(), words(response).1);
        let rejection = Rejection { kind, code: *code, records, message };
        if batch.codec() != Compression::None {
            return self.open(index, batch, Opening::Drop(rejection));
        }
        let indexes: Vec<u32> = record_errors.iter().map(|record_error| record_error.place).collect();
        match batch.without(&indexes) {
            Ok(parts) => {
                self.insert_others(index, parts, &rejection, completer);
                completer.release(batch);
            }
            Err(_) => self.failed(index, batch, kind, response, completer),
        }
        None
    }

    /// The parts of a batch that was too large take its place.
    pub(super) fn insert_cut(&mut self, index: usize, parts: Vec<Batch>) {
        let Some(whole) = self.entries.remove(index) else { return };
        if let Callers::Wait(claim) = &whole.callers {
            let more = parts.len().saturating_sub(1) as u64;
            self.partition.shared().outstanding.split(claim.generation, more);
        }
        self.insert(index, parts, &whole);
    }

    /// The records that a broker named fail, and the parts with the others take the place of their batch.
    pub(super) fn insert_others(
        &mut self,
        index: usize,
        parts: Vec<Batch>,
        rejection: &Rejection,
        completer: &mut Completer,
    ) {
        let Some(mut whole) = self.leave_unwritten(index) else { return };
        if let Some(claim) = whole.take_claim() {
            // The parts settle beside the records that the broker named.
            self.partition.shared().outstanding.split(claim.generation, parts.len() as u64);
            let ranges = ranges_of(&rejection.records);
            let failed = ranges.map(|(record_error, records)| {
                (record_error.place, records, failure_of(rejection, record_error))
            });
            completer.failed_ranges(claim, failed, &self.partition, &mut self.spares);
        }
        self.insert(index, parts, &whole);
    }

    /// The parts of a batch take its place.
    fn insert(&mut self, index: usize, parts: Vec<Batch>, whole: &Entry) {
        let mut sequence = whole.stamp.base_sequence;
        for (place, mut part) in parts.into_iter().enumerate() {
            let stamp = match whole.stamp {
                Stamp::NONE => Stamp::NONE,
                Stamp { identity, .. } => Stamp { identity, base_sequence: sequence },
            };
            sequence = if stamp == Stamp::NONE { Sequence::NONE } else { sequence.after(part.records) };
            part.seal(stamp);
            self.next_entry += 1;
            let entry = Entry {
                failures: whole.failures,
                code: whole.code,
                is_code_earlier: whole.is_code_earlier,
                opened: whole.opened,
                state: whole.state_of_parts(),
                ..Entry::new(self.next_entry, part, stamp)
            };
            self.entries.insert(index + place, entry);
        }
    }
}

/// The records that stand together and have the same message, each range by its first record and how many they are.
fn ranges_of(record_errors: &[RecordError]) -> impl Iterator<Item = (&RecordError, u32)> {
    let is_one_range = |before: &RecordError, next: &RecordError| {
        before.place.checked_add(1) == Some(next.place) && before.message == next.message
    };
    let ranges = record_errors.chunk_by(is_one_range);
    ranges.filter_map(|range| Some((range.first()?, u32::try_from(range.len()).ok()?)))
}

fn failure_of(rejection: &Rejection, record_error: &RecordError) -> Failure {
    let Rejection { kind, code, message, .. } = rejection;
    let message = match &record_error.message {
        Some(words) => returned(*code, Some(words)).into(),
        None => message.as_str().into(),
    };
    Failure {
        kind: *kind,
        persisted: Persisted::No,
        retriable: false,
        by_end: false,
        code: Some(*code),
        message,
    }
}
