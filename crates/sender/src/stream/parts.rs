//! A batch that does not go as it is: its records go in several, or without some of them.

use milena_codec::ErrorCode;
use milena_codec::ids::Sequence;
use milena_codec::record::Stamp;

use super::answer::{Answer, Culprit, words};
use super::{Entry, Settler, Stream};
use crate::accumulator::{Batch, Claim};
use crate::outcome::{Failure, FailureKind, Persisted};

impl Stream {
    /// The broker finds the batch too large: its records go in smaller batches, under the sequences that they have. By
    /// these it refuses them if it has taken the whole before.
    pub(super) fn split(&mut self, index: usize, mut batch: Batch, answer: &Answer, settler: &mut Settler) {
        let bytes = batch.bytes();
        self.partition.limit().rejected(bytes);
        // An earlier try may have been appended as a whole. Without sequences parts would be written beside it.
        let unsafe_in_parts = self.entries[index].doubt && self.entries[index].stamp == Stamp::NONE;
        if unsafe_in_parts || self.entries[index].claim.is_none() {
            return self.failed(index, batch, FailureKind::MessageTooLarge, answer, settler);
        }
        let part_bytes_max = self.partition.limit().wire_bytes_max().min(bytes - 1);
        let Ok(parts) = batch.split(part_bytes_max) else {
            return self.failed(index, batch, FailureKind::InvalidRecord, answer, settler);
        };
        settler.release(batch);
        let Some(whole) = self.entries.remove(index) else { return };
        if let Some(claim) = &whole.claim {
            self.partition.shared().outstanding.split(claim.generation, parts.len() as u64 - 1);
        }
        self.insert(index, parts, &whole);
    }

    /// The broker names records that it does not take (KIP-467), and has taken none of the batch: they fail, and the
    /// others go again, under new sequences, because theirs have gaps now.
    pub(super) fn cull(
        &mut self,
        index: usize,
        mut batch: Batch,
        kind: FailureKind,
        answer: &Answer,
        settler: &mut Settler,
    ) {
        let Answer::Said { code, culprits, .. } = answer else { return self.wait_again(index, batch) };
        // An earlier try may have been appended as a whole; the others would be written beside it.
        if self.entries[index].is_doubtful() || self.entries[index].claim.is_none() {
            return self.failed(index, batch, kind, answer, settler);
        }
        let places: Vec<u32> = culprits.iter().map(|culprit| culprit.place).collect();
        let Ok(parts) = batch.without(&places) else {
            return self.failed(index, batch, kind, answer, settler);
        };
        let said = words(answer).1;
        settler.release(batch);
        let Some(mut whole) = self.entries.remove(index) else { return };
        self.broken |= whole.stamp != Stamp::NONE;
        if let Some(claim) = whole.claim.take() {
            let more = parts.len() + culprits.len() - 1;
            self.partition.shared().outstanding.split(claim.generation, more as u64);
            for culprit in culprits {
                let failure = failure_of(kind, *code, culprit, &said);
                settler.failed(claim.of_one(culprit.place), failure, &self.partition, &mut self.spares);
            }
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
                overtaken: whole.overtaken,
                code: whole.code,
                whole: whole.whole.or_else(|| whole.doubt.then_some(whole.number)),
                ..Entry::new(self.next_entry, part, stamp)
            };
            self.entries.insert(index + place, entry);
        }
    }
}

impl Claim {
    /// The right to settle the record at `place` alone.
    fn of_one(&self, place: u32) -> Self {
        Self { first: self.first + place, records: 1, completion: self.completion.clone(), ..*self }
    }
}

fn failure_of(kind: FailureKind, code: ErrorCode, culprit: &Culprit, said: &str) -> Failure {
    let message = match &culprit.message {
        Some(message) => format!("the broker answered {code}: {message}"),
        None => said.to_owned(),
    };
    Failure { kind, persisted: Persisted::No, retriable: false, code: Some(code), message: message.into() }
}
