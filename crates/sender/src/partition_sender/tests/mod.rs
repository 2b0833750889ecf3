//! What a partition sender promises: order, stamps, retries, and one outcome for each record.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails its test")]

mod another_topic;
mod compressed;
mod doubt;
mod expired;
mod gaps;
mod loss;
mod order;
mod parts;
mod parts_in_doubt;
mod parts_of_parts;
mod record_errors;
mod restarts;
mod stamps;
mod timing;
mod tries;
mod unknown;

use std::task::{Poll, Waker};
use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::compression::Compression;
use milena_codec::ids::{PartitionId, Sequence};
use milena_codec::record::{RecordBatch, Records};
use milena_partitioner::Partitioner;

use super::*;
use crate::accumulator::{AccumulatorConfig, AppendOptions, RecordRef, SenderMailbox, Shared, Topic};
use crate::compression::{CompressionJob, CompressionResult, TopicCompression, Workspace};
use crate::outcome::{ErrorKind, Persisted};
use crate::sync::RecordHandle;
use crate::tests::{
    At, Log, accumulator, failure, identity, is_pending, offset, partition_senders, plain_records, some_time,
};

const MAX: usize = 1 << 20;
/// How long a test's partition sender waits before it tries again.
const PAUSE: Duration = Duration::from_millis(100);

/// One partition: callers, its partition sender, and its log at the brokers.
struct PartitionHarness {
    now: Instant,
    shared: StdArc<Shared>,
    topic: Topic,
    partition_sender: PartitionSender,
    completer: Completer,
    config: PartitionSenderConfig,
    /// What the producer was given.
    given: Option<ProducerIdAndEpoch>,
    log: Log,
    workspace: Workspace,
    /// Jobs that are not done yet, where a test holds them back.
    jobs: Vec<CompressionJob>,
    holds_jobs: bool,
}

impl PartitionHarness {
    fn new(accumulator: AccumulatorConfig, config: PartitionSenderConfig) -> Self {
        Self::with(accumulator, config, Compression::None)
    }

    fn with(accumulator: AccumulatorConfig, config: PartitionSenderConfig, codec: Compression) -> Self {
        let shared = Shared::new(accumulator, 32 << 20);
        let topic = Topic::new("t".into(), Partitioner::Java, StdArc::clone(&shared), 1)
            .compressed(TopicCompression::new(codec, None));
        let partition = topic.grow(1, &Arc::new(SenderMailbox::default()), &mut 0).remove(0);
        Self {
            now: some_time(),
            partition_sender: PartitionSender::new(partition, TopicId::ZERO),
            completer: Completer::new(StdArc::clone(&shared)),
            given: config.idempotent.then(|| identity(7)),
            log: Log::default(),
            workspace: Workspace::new(),
            jobs: Vec::new(),
            holds_jobs: false,
            shared,
            topic,
            config,
        }
    }

    fn simple() -> Self {
        Self::new(accumulator(), partition_senders())
    }

    fn plain() -> Self {
        Self::new(
            accumulator(),
            PartitionSenderConfig { idempotent: false, window: 1, ..partition_senders() },
        )
    }

    /// A first batch was written: the brokers know the run.
    fn acked() -> Self {
        Self::simple().ack_first()
    }

    /// The same, with batches that are compressed.
    fn compressed(codec: Compression) -> Self {
        Self::with(accumulator(), partition_senders(), codec).ack_first()
    }

    fn ack_first(mut self) -> Self {
        self.send("first");
        self.goes_well();
        self
    }

    fn send(&self, value: &str) -> RecordHandle {
        let record = RecordRef { value: Some(value.as_bytes()), ..RecordRef::default() };
        let place = Some(PartitionId(0));
        self.topic
            .append::<_, true>(place, &record, &At(self.now), AppendOptions::default())
            .unwrap()
            .record_handle
            .unwrap()
    }

    /// The next batch that may go now, as a broker sender would take it.
    fn next(&mut self) -> Option<InFlightBatch> {
        self.exhausted();
        self.partition_sender
            .partition()
            .poll(self.now, self.partition_sender.is_idle(), true, usize::MAX)
            .unwrap();
        if let Claimed::Job(job) = self.partition_sender.claim(self.now) {
            self.begin(job);
        }
        match self.partition_sender.next(self.now, self.given, &self.config, &mut self.completer) {
            Next::InFlightBatch(in_flight_batch) => Some(in_flight_batch),
            Next::Nothing => None,
            Next::Busy => panic!("nobody else is here"),
        }
    }

    /// Sends a batch of this one record.
    fn send_alone(&mut self, value: &str) -> (RecordHandle, InFlightBatch) {
        let record_handle = self.send(value);
        (record_handle, self.next().unwrap())
    }

    /// Whether another identity is needed.
    fn exhausted(&mut self) -> Option<ProducerId> {
        let exhausted = self.partition_sender.bump_epoch(self.given, &mut self.completer);
        self.completer.finish();
        exhausted
    }

    fn respond(&mut self, in_flight_batch: InFlightBatch, response: &BatchResponse) -> Effects {
        self.completer.at(self.now);
        let mut backoff = |failures: u32| PAUSE * (1 << failures.min(4));
        let mut effects = self.partition_sender.on_response(
            self.now,
            in_flight_batch,
            response,
            &self.config,
            &mut backoff,
            &mut self.completer,
        );
        if let Some(job) = effects.job.take() {
            self.begin(job);
        }
        self.completer.finish();
        effects
    }

    /// A job is done at once, or held back.
    fn begin(&mut self, job: CompressionJob) {
        self.jobs.push(job);
        if !self.holds_jobs {
            self.end_jobs();
        }
    }

    /// The jobs that were held back are done.
    fn end_jobs(&mut self) {
        for job in std::mem::take(&mut self.jobs) {
            let result = job.run(&mut self.workspace);
            self.partition_sender.compressed(result, &mut self.completer);
        }
        self.completer.finish();
    }

    /// The broker has the batch and answers as it is.
    fn served(&mut self, in_flight_batch: InFlightBatch) -> Effects {
        let response = self.applied(&in_flight_batch, MAX);
        self.respond(in_flight_batch, &response)
    }

    /// What the broker says to the batch; `max` is its `max.message.bytes`.
    fn applied(&mut self, in_flight_batch: &InFlightBatch, max: usize) -> BatchResponse {
        let (code, base_offset) = self.log.append(&bytes(in_flight_batch), max);
        BatchResponse::FromBroker {
            code,
            base_offset,
            append_time_ms: -1,
            message: None,
            record_errors: Vec::new(),
        }
    }

    fn refused(&mut self, in_flight_batch: InFlightBatch, code: ErrorCode) -> Effects {
        self.respond(in_flight_batch, &coded(code))
    }

    /// Nobody hears what became of the batch.
    fn lost(&mut self, in_flight_batch: InFlightBatch) {
        assert!(self.respond(in_flight_batch, &BatchResponse::Lost { whole: true, timed_out: false }).stale);
    }

    fn expire(&mut self) {
        self.completer.at(self.now);
        self.partition_sender
            .expire(self.now, &self.config, Some(&"too late".into()), true, &mut self.completer)
            .unwrap();
        self.completer.finish();
    }

    /// Two minutes later.
    fn deadline(&mut self) {
        self.now += self.config.delivery_timeout;
        // As a broker sender does: it looks first, which closes what is too old.
        self.partition_sender
            .partition()
            .poll(self.now, self.partition_sender.is_idle(), false, usize::MAX)
            .unwrap();
        self.expire();
    }

    fn pause(&mut self) {
        self.now += Duration::from_secs(2);
    }

    /// Everything that waits goes, and the brokers take it.
    fn goes_well(&mut self) {
        for _ in 0..100 {
            self.pause();
            while let Some(in_flight_batch) = self.next() {
                self.served(in_flight_batch);
            }
        }
    }

    /// All goes well from here: everything is settled once, nothing is held.
    fn ends(mut self) {
        self.goes_well();
        assert!(self.partition_sender.is_idle() && self.partition_sender.entries.is_empty());
        let memory = &self.shared.memory;
        assert_eq!(memory.free(), memory.budget(), "budget was not given back");
        assert!(self.shared.outstanding.is_settled(self.shared.outstanding.end_generation()));
    }

    fn used(&self) -> usize {
        self.shared.memory.budget() - self.shared.memory.free()
    }
}

fn coded(code: ErrorCode) -> BatchResponse {
    at(code, -1)
}

/// A broker's answer with an offset.
fn at(code: ErrorCode, base_offset: i64) -> BatchResponse {
    BatchResponse::FromBroker {
        code,
        base_offset,
        append_time_ms: -1,
        message: None,
        record_errors: Vec::new(),
    }
}

/// Epoch and first sequence of a batch under producer id 7; the id, too, for another.
fn stamp(in_flight_batch: &InFlightBatch) -> (i16, i32) {
    let stamp = full_stamp(in_flight_batch);
    assert_eq!(stamp.identity.producer_id, ProducerId(7));
    (stamp.identity.epoch.0, stamp.base_sequence.0)
}

fn full_stamp(in_flight_batch: &InFlightBatch) -> Stamp {
    RecordBatch::parse(&bytes(in_flight_batch)).unwrap().header.stamp
}

fn bytes(in_flight_batch: &InFlightBatch) -> Vec<u8> {
    in_flight_batch.batch.pieces().collect::<Vec<_>>().concat()
}

fn values(in_flight_batch: &InFlightBatch) -> Vec<String> {
    let bytes = bytes(in_flight_batch);
    let batch = RecordBatch::parse(&bytes).unwrap();
    let plain = plain_records(&batch);
    Records::new(&plain)
        .map(Result::unwrap)
        .map(|record| String::from_utf8_lossy(record.value.unwrap()).trim_end().to_owned())
        .collect()
}

fn message(record_handle: &mut RecordHandle) -> String {
    match record_handle.poll(Waker::noop()) {
        Poll::Ready(Err(failure)) => failure.message.to_string(),
        other => panic!("{other:?}"),
    }
}
