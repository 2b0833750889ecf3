//! A batch comes back: with a response, or because its connection ended.

use std::time::{Duration, Instant};

use milena_codec::ErrorCode;
use milena_codec::compression::Compression;

use super::entry::{Attempt, Bytes, Entry, OpenResponse, State};
use super::giving_up::Cause;
use super::loss::Loss;
use super::verdict::{Appended, Case, Verdict, verdict};
use super::verdict::{BatchResponse, words};
use super::{Completer, InFlightBatch, PartitionSender, PartitionSenderConfig};
use crate::batch::{Batch, ZSTD_SINCE_PRODUCE};
use crate::compression::CompressionJob;
use crate::outcome::{ErrorKind, Failure, Persisted};

/// Successive rejections of the producer id of a batch in doubt, after which its records fail: the next leader may know the id.
const UNRECOGNISED_MAX: u32 = 5;

/// The consequences for the broker sender.
#[derive(Debug, Default)]
pub struct Effects {
    /// Another broker leads the partition, or none.
    pub stale: bool,
    /// The producer id is worth nothing any more.
    pub producer_id_exhausted: bool,
    /// The batch has to be opened.
    pub job: Option<CompressionJob>,
    /// The leader lost records that were acknowledged.
    pub loss: Option<Loss>,
}

impl PartitionSender {
    /// Takes a batch back. `backoff` computes how long to wait after so many failures.
    pub fn on_response(
        &mut self,
        now: Instant,
        in_flight_batch: InFlightBatch,
        response: &BatchResponse,
        config: &PartitionSenderConfig,
        backoff: &mut dyn FnMut(u32) -> Duration,
        completer: &mut Completer,
    ) -> Effects {
        self.in_flight -= 1;
        if matches!(response, BatchResponse::Lost { .. }) {
            // The leader that is reached next may be another, or may have started anew.
            self.run.leader_changed();
            self.forget_rejection();
        }
        let Some(index) = self.entries.iter().position(|entry| entry.number == in_flight_batch.entry) else {
            completer.release(in_flight_batch.batch);
            return Effects::default();
        };
        if self.entries[index].state == State::Written {
            completer.release(in_flight_batch.batch);
            self.entries.remove(index);
            return Effects::default();
        }
        let records = in_flight_batch.batch.records;
        let has_record_errors = matches!(response, BatchResponse::FromBroker { record_errors, .. }
            if record_errors.last().is_some_and(|last| last.place < records));
        let corrupted = self.entries[index].corrupted;
        let case = Case { records, idempotent: config.idempotent, has_record_errors, corrupted };
        let (verdict, trace) = judge(response, case);
        self.note_rejection(now, response, verdict);
        if verdict != Verdict::Written {
            self.note(index, response, verdict, trace);
        }
        let mut effects = Effects::default();
        match verdict {
            Verdict::Written => effects.loss = self.written(index, in_flight_batch, now, response, completer),
            Verdict::Fail(kind) => self.failed(index, in_flight_batch.batch, kind, response, completer),
            Verdict::Split => effects.job = self.split(index, in_flight_batch.batch, response, completer),
            Verdict::DropRejected(kind) => {
                effects.job = self.drop_rejected(index, in_flight_batch.batch, kind, response, completer);
            }
            Verdict::BumpEpoch | Verdict::ResetProducerId => {
                effects.producer_id_exhausted =
                    verdict == Verdict::ResetProducerId && self.run.exhaust_producer_id();
                if self.waits_for_another(index) {
                    self.wait_again(index, in_flight_batch.batch);
                } else {
                    effects.loss = self.loss_behind(index, response);
                    self.run.has_gap = true;
                    self.retry(index, in_flight_batch.batch, (now, response), config, backoff, completer);
                }
            }
            Verdict::RetryAtLeader => {
                // The topic may have been created anew under its name, or the leader that is reached next is another.
                self.run.leader_changed();
                effects.stale = true;
                self.retry(index, in_flight_batch.batch, (now, response), config, backoff, completer);
            }
            Verdict::Retry => {
                self.retry(index, in_flight_batch.batch, (now, response), config, backoff, completer)
            }
        }
        self.drop_settled(completer);
        if !self.has_waiting() {
            self.not_before = None;
        }
        effects
    }

    /// Notes the knowledge that a response gives of the batch.
    fn note(&mut self, index: usize, response: &BatchResponse, verdict: Verdict, trace: Appended) {
        let is_about_sequence = verdict == Verdict::BumpEpoch;
        self.run.has_rejections |= matches!(verdict, Verdict::BumpEpoch | Verdict::ResetProducerId);
        let entry = &mut self.entries[index];
        let Bytes::InFlight(Attempt { term, at_knowing_leader, .. }) = entry.bytes else { return };
        let open = OpenResponse { term, is_about_sequence };
        entry.corrupted += u32::from(response.code() == Some(ErrorCode::CORRUPT_MESSAGE));
        match (response, trace) {
            (BatchResponse::FromBroker { code, .. }, _) if verdict == Verdict::ResetProducerId => {
                entry.note_code(*code);
                entry.note_unrecognised(term, UNRECOGNISED_MAX);
            }
            (BatchResponse::FromBroker { code, .. }, Appended::Maybe) => {
                entry.note_code(*code);
                entry.note_doubt(at_knowing_leader, Some(*code), Some(open));
            }
            (BatchResponse::FromBroker { code, .. }, Appended::NotThisAttempt) => {
                entry.note_code(*code);
                entry.note_refused(Some(open));
            }
            (_, Appended::Maybe) => entry.note_doubt(at_knowing_leader, None, None),
            (_, Appended::NotThisAttempt) => entry.note_refused(None),
        }
    }

    /// Whether a batch whose sequence was refused only waits for what becomes of others: it is in doubt, and a later one
    /// may show its outcome; or the run has a gap already; or a batch before it is sent first.
    fn waits_for_another(&self, index: usize) -> bool {
        let entry = &self.entries[index];
        if entry.is_in_doubt() {
            return entry.sequence_was_rejected(self.run.term);
        }
        let goes_first = |before: &Entry| !before.sequence_was_rejected(self.run.term);
        self.run.has_gap && self.run.identity.is_some() || self.entries.iter().take(index).any(goes_first)
    }

    /// The loss that the rejection of a batch's sequence shows, of acknowledged batches before it.
    fn loss_behind(&mut self, index: usize, response: &BatchResponse) -> Option<Loss> {
        let entry = self.entries.get(index).filter(|entry| !entry.is_in_doubt())?;
        let is_rejected = response.code() == Some(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
        if is_rejected { self.run.loss_behind(entry.stamp) } else { None }
    }

    fn written(
        &mut self,
        index: usize,
        in_flight_batch: InFlightBatch,
        now: Instant,
        response: &BatchResponse,
        completer: &mut Completer,
    ) -> Option<Loss> {
        let InFlightBatch { batch, .. } = in_flight_batch;
        let newest_ms = batch.max_timestamp_ms;
        // Without acknowledgements a rejection is not seen.
        if self.compresses() && matches!(response, BatchResponse::FromBroker { .. }) {
            self.partition.limit().accepted(batch.lengths());
        }
        let Some(mut entry) = self.entries.remove(index) else {
            completer.release(batch);
            return None;
        };
        let (base_offset, append_time_ms) = match response {
            BatchResponse::FromBroker { base_offset, append_time_ms, .. } => (
                Some(*base_offset).filter(|offset| *offset >= 0),
                // For a duplicate of an earlier try a broker returns the largest timestamp of the batch in its log,
                // for every kind of timestamps of the topic (`UnifiedLog.append`, `BatchMetadata.timestamp`): where that is
                // the batch's own, the records kept theirs.
                Some(*append_time_ms)
                    .filter(|time| *time >= 0)
                    .filter(|time| entry.state == State::Untried || *time != newest_ms),
            ),
            _ => (None, None),
        };
        // The leader did not take a part of a batch that it had as a whole.
        if let Some(whole) = entry.whole() {
            self.entries.iter_mut().for_each(|other| other.rule_out_whole(whole));
        }
        let stamp = entry.stamp;
        if let Some(claim) = entry.take_claim() {
            completer.written(claim, base_offset, append_time_ms, &self.partition, &mut self.spares);
        }
        completer.release(batch);
        let Bytes::InFlight(Attempt { term, topic, .. }) = entry.bytes else { return None };
        if topic != self.run.topic {
            return None;
        }
        if term == self.run.term {
            self.run.last_acked_at = Some(now);
        }
        if self.run.has_rejections {
            // A batch whose sequence was rejected because this one was missing before it is sent again.
            self.entries.iter_mut().skip(index).for_each(Entry::forget_response);
        }
        let (before, loss) = self.run.acknowledge(stamp, entry.records, base_offset);
        if index > 0
            && let Some(room) = before.and_then(|before| before.room_until(stamp, base_offset))
        {
            self.complete_before(index, (stamp.identity, term), room, completer);
        }
        loss
    }

    pub(super) fn failed(
        &mut self,
        index: usize,
        batch: Batch,
        kind: ErrorKind,
        response: &BatchResponse,
        completer: &mut Completer,
    ) {
        let (code, mut text) = words(response);
        if kind == ErrorKind::MessageTooLarge {
            text = too_large(batch.bytes());
        }
        if kind == ErrorKind::UnsupportedCompression {
            text = unsupported(batch.codec(), response);
        }
        let entry = self.leave_unwritten(index);
        if let Some(mut entry) = entry
            && let Some(claim) = entry.take_claim()
        {
            let persisted = if entry.is_in_doubt() { Persisted::Maybe } else { Persisted::No };
            let failure =
                Failure { kind, persisted, retriable: false, by_end: false, code, message: text.into() };
            completer.failed(claim, failure, &self.partition, &mut self.spares);
        }
        completer.release(batch);
    }

    /// Sends the same bytes again later, if there is a later.
    fn retry(
        &mut self,
        index: usize,
        batch: Batch,
        (now, response): (Instant, &BatchResponse),
        config: &PartitionSenderConfig,
        backoff: &mut dyn FnMut(u32) -> Duration,
        completer: &mut Completer,
    ) {
        let entry = &mut self.entries[index];
        let failures = entry.failures;
        entry.failures += 1;
        let out_of_attempts = failures >= config.retries;
        let number = entry.number;
        self.wait_again(index, batch);
        if out_of_attempts {
            let which = |entry: &Entry| entry.number == number;
            let cause = Cause::after_attempts(u64::from(failures) + 1, config.retries, response);
            self.fail_entries(which, ErrorKind::RetriesExhausted, &cause, completer);
        }
        let not_before = now + backoff(failures);
        self.not_before = Some(self.not_before.map_or(not_before, |earlier| earlier.max(not_before)));
    }

    pub(super) fn wait_again(&mut self, index: usize, batch: Batch) {
        self.entries[index].bytes = Bytes::Here(batch);
    }
}

fn judge(response: &BatchResponse, case: Case) -> (Verdict, Appended) {
    match response {
        // An offset beside an error: the leader had appended the batch before (`DelayedProduce.scala`).
        BatchResponse::FromBroker { code, base_offset, .. } if *base_offset >= 0 => {
            (verdict(*code, case).0, Appended::Maybe)
        }
        BatchResponse::FromBroker { code, .. } => verdict(*code, case),
        BatchResponse::Written => (Verdict::Written, Appended::Maybe),
        BatchResponse::CodecTooNew { .. } => {
            (Verdict::Fail(ErrorKind::UnsupportedCompression), Appended::NotThisAttempt)
        }
        BatchResponse::Lost { whole: true, .. } => (Verdict::RetryAtLeader, Appended::Maybe),
        BatchResponse::Lost { whole: false, .. } => (Verdict::RetryAtLeader, Appended::NotThisAttempt),
    }
}

/// Of a batch that cannot be split.
fn too_large(bytes: usize) -> String {
    format!(
        "the broker rejects a batch of {bytes} bytes as too large: raise the topic's `max.message.bytes`, or send smaller \
         records"
    )
}

/// Of a codec that the broker does not support.
fn unsupported(codec: Compression, response: &BatchResponse) -> String {
    let others = match codec {
        Compression::Zstd => "lz4, snappy or gzip",
        _ => "another codec or none",
    };
    match response {
        BatchResponse::CodecTooNew { produce } => format!(
            "compression with {codec} needs version {ZSTD_SINCE_PRODUCE} of Produce (Kafka 2.1), and the broker supports \
             {produce}: set `compression.type`, or the topic's entry in `compression.topics`, to {others}"
        ),
        _ => format!(
            "the broker does not support compression with {codec}: set `compression.type`, or the \
             topic's entry in `compression.topics`, to {others}"
        ),
    }
}
