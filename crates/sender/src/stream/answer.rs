//! A batch comes back: with an answer, or because its connection ended.

use std::time::{Duration, Instant};

use milena_codec::ErrorCode;
use milena_codec::compression::Compression;
use milena_codec::record::Stamp;

use super::verdict::{Case, Trace, Verdict, verdict};
use super::{Entry, Flight, Settler, Stream, StreamConfig};
use crate::batch::{Batch, ZSTD_SINCE_PRODUCE};
use crate::compression::CompressionJob;
use crate::outcome::{Failure, FailureKind, Persisted};

/// How often in a row brokers do not know the identity of a batch that may stand in the log, until it is given up: the
/// next one may.
const UNRECOGNISED_MAX: u32 = 5;

/// The outcome with which a batch comes back.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The broker's answer.
    Said {
        /// Its code.
        code: ErrorCode,
        /// Where the batch stands, after a success.
        base_offset: i64,
        /// When it was appended, if the topic keeps that time; -1 otherwise.
        append_time_ms: i64,
        /// The broker's message.
        message: Option<String>,
        /// The records that are to blame for a refusal (KIP-467). Invariant: in their order, each once.
        culprits: Vec<Culprit>,
    },
    /// There is no response (`acks=0`): it was written to the connection.
    Written,
    /// It was not sent: the broker's newest version of Produce does not carry its codec.
    CodecTooNew {
        /// The version of the connection.
        produce: i16,
    },
    /// The connection ended first. A broker that had the whole request may have appended the batch.
    Lost {
        /// Whether it had all of it.
        whole: bool,
    },
}

/// A record that the broker does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Culprit {
    /// Its place in the batch.
    pub place: u32,
    /// The trouble with it, in words.
    pub message: Option<String>,
}

/// The consequences for the lane.
#[derive(Debug, Default)]
pub struct Aftermath {
    /// Another broker leads the partition, or none.
    pub stale: bool,
    /// The producer id is worth nothing any more.
    pub identity_spent: bool,
    /// The batch has to be opened.
    pub job: Option<CompressionJob>,
}

impl Stream {
    /// Takes a batch back. `backoff` computes how long to wait after so many failures.
    pub fn landed(
        &mut self,
        now: Instant,
        flight: Flight,
        answer: &Answer,
        config: &StreamConfig,
        backoff: &mut dyn FnMut(u32) -> Duration,
        settler: &mut Settler,
    ) -> Aftermath {
        self.in_flight -= 1;
        let Some(index) = self.entries.iter().position(|entry| entry.number == flight.entry) else {
            settler.release(flight.batch);
            return Aftermath::default();
        };
        let records = flight.batch.records;
        let blames = matches!(answer, Answer::Said { culprits, .. }
            if culprits.last().is_some_and(|last| last.place < records));
        let in_part = self.entries[index].whole.is_some();
        let case = Case { records, idempotent: config.idempotent, first: index == 0, blames, in_part };
        let (verdict, trace) = judge(answer, case);
        self.entries[index].note(answer, verdict, trace);
        let mut aftermath = Aftermath::default();
        match verdict {
            Verdict::Written => self.written(index, flight.batch, now, answer, settler),
            Verdict::Fail(kind) => self.failed(index, flight.batch, kind, answer, settler),
            Verdict::Split => aftermath.job = self.split(index, flight.batch, answer, settler),
            Verdict::Cull(kind) => {
                aftermath.job = self.cull(index, flight.batch, kind, answer, settler);
            }
            Verdict::Behind => self.wait_again(index, flight.batch),
            // The batch that broke the run has been counted; those behind it only wait for the new numbers. One that
            // may be in the log goes again under its old one first, and not without a pause.
            Verdict::Renumber if self.broken && !self.entries[index].is_doubtful() => {
                self.wait_again(index, flight.batch);
            }
            Verdict::Renumber => {
                self.broken = true;
                self.retry(index, flight.batch, now, config, backoff, settler);
            }
            Verdict::NewIdentity => {
                self.broken = true;
                if let Some(spent) = self.identity.take() {
                    self.spent = Some(spent.producer_id);
                    aftermath.identity_spent = true;
                }
                if self.entries[index].stays_in_doubt() {
                    self.failed(index, flight.batch, FailureKind::Refused, answer, settler);
                } else {
                    self.retry(index, flight.batch, now, config, backoff, settler);
                }
            }
            Verdict::Retry | Verdict::RetryAtLeader => {
                aftermath.stale = verdict == Verdict::RetryAtLeader;
                self.retry(index, flight.batch, now, config, backoff, settler);
            }
        }
        self.drop_settled(settler);
        if !self.has_waiting() {
            self.not_before = None;
        }
        aftermath
    }

    fn written(&mut self, index: usize, batch: Batch, now: Instant, answer: &Answer, settler: &mut Settler) {
        // Without acknowledgements a rejection is not seen.
        if self.compresses() && matches!(answer, Answer::Said { .. }) {
            self.partition.limit().accepted(batch.lengths());
        }
        settler.release(batch);
        let Some(entry) = self.entries.remove(index) else { return };
        self.proven = Some(now);
        self.entries.iter_mut().take(index).for_each(|before| before.overtaken += 1);
        // A part of a batch would not have been taken beside the whole.
        let others = self.entries.iter_mut().filter(|other| other.whole == entry.whole);
        others.for_each(|other| other.whole = None);
        let Some(claim) = entry.claim else { return };
        let (base_offset, append_time_ms) = match answer {
            Answer::Said { base_offset, append_time_ms, .. } => (
                Some(*base_offset).filter(|offset| *offset >= 0),
                Some(*append_time_ms).filter(|time| *time >= 0),
            ),
            _ => (None, None),
        };
        settler.written(claim, base_offset, append_time_ms, &mut self.spares);
    }

    pub(super) fn failed(
        &mut self,
        index: usize,
        batch: Batch,
        kind: FailureKind,
        answer: &Answer,
        settler: &mut Settler,
    ) {
        let (code, mut said) = words(answer);
        if kind == FailureKind::MessageTooLarge {
            said = too_large(batch.bytes());
        }
        if kind == FailureKind::UnsupportedCompression {
            said = unsupported(batch.codec(), answer);
        }
        settler.release(batch);
        let Some(entry) = self.entries.remove(index) else { return };
        self.broken |= entry.stamp != Stamp::NONE;
        let persisted = if entry.is_doubtful() { Persisted::Maybe } else { Persisted::No };
        let Some(claim) = entry.claim else { return };
        let failure = Failure { kind, persisted, retriable: false, code, message: said.into() };
        settler.failed(claim, failure, &self.partition, &mut self.spares);
    }

    /// Sends the same bytes again later, if there is a later.
    fn retry(
        &mut self,
        index: usize,
        batch: Batch,
        now: Instant,
        config: &StreamConfig,
        backoff: &mut dyn FnMut(u32) -> Duration,
        settler: &mut Settler,
    ) {
        let entry = &mut self.entries[index];
        let failures = entry.failures;
        entry.failures += 1;
        settler.counters.retries += 1;
        let out_of_tries = failures >= config.retries;
        let number = entry.number;
        self.wait_again(index, batch);
        if out_of_tries {
            let which = |entry: &Entry| entry.number == number;
            let cause = format!("given up after {} tries", u64::from(failures) + 1);
            self.fail_entries(which, FailureKind::RetriesExhausted, &cause, settler);
        }
        let not_before = now + backoff(failures);
        self.not_before = Some(self.not_before.map_or(not_before, |earlier| earlier.max(not_before)));
    }

    pub(super) fn wait_again(&mut self, index: usize, batch: Batch) {
        self.entries[index].batch = Some(batch);
    }
}

impl Entry {
    /// Notes whether the batch stands in the log, as far as the response shows it.
    fn note(&mut self, answer: &Answer, verdict: Verdict, trace: Trace) {
        match trace {
            Trace::Maybe => self.doubt = true,
            Trace::Never => self.doubt = false,
            Trace::NotThisTime => {}
        }
        let unrecognised = verdict == Verdict::NewIdentity && self.is_doubtful();
        self.unrecognised = if unrecognised { self.unrecognised + 1 } else { 0 };
        if let Answer::Said { code, .. } = answer {
            self.code = Some(*code);
        }
    }

    /// Whether no response will show its outcome. Under another stamp it could be written twice.
    const fn stays_in_doubt(&self) -> bool {
        self.unrecognised >= UNRECOGNISED_MAX
    }
}

fn judge(answer: &Answer, case: Case) -> (Verdict, Trace) {
    match answer {
        Answer::Said { code, .. } => verdict(*code, case),
        Answer::Written => (Verdict::Written, Trace::Maybe),
        Answer::CodecTooNew { .. } => {
            (Verdict::Fail(FailureKind::UnsupportedCompression), Trace::NotThisTime)
        }
        Answer::Lost { whole: true } => (Verdict::RetryAtLeader, Trace::Maybe),
        Answer::Lost { whole: false } => (Verdict::RetryAtLeader, Trace::NotThisTime),
    }
}

/// The broker's code and message, for an error.
pub(super) fn words(answer: &Answer) -> (Option<ErrorCode>, String) {
    match answer {
        Answer::Said { code, message, .. } => {
            let said = message.as_deref().map(|message| format!(": {message}")).unwrap_or_default();
            (Some(*code), format!("the broker returned {code}{said}"))
        }
        _ => (None, "the connection ended before the broker responded".to_owned()),
    }
}

/// Of a batch that cannot be split.
fn too_large(bytes: usize) -> String {
    format!(
        "the broker does not take {bytes} bytes in one batch: raise the topic's max.message.bytes, or send less"
    )
}

/// Of a codec that the broker does not support.
fn unsupported(codec: Compression, answer: &Answer) -> String {
    let others = match codec {
        Compression::Zstd => "lz4, snappy or gzip",
        _ => "another codec or none",
    };
    match answer {
        Answer::CodecTooNew { produce } => format!(
            "compression with {codec} needs version {ZSTD_SINCE_PRODUCE} of Produce (Kafka 2.1), and the broker supports \
             {produce}: set `compression.type`, or the topic's entry in `compression.topics`, to {others}"
        ),
        _ => format!(
            "the broker does not support compression with {codec}: set `compression.type`, or the \
             topic's entry in `compression.topics`, to {others}"
        ),
    }
}
