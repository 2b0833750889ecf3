//! What a partition promises to those who append, and to the broker sender that takes.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod bounds;
mod budget;
mod growth;
mod threads;

use std::sync::Arc as StdArc;
use std::task::Waker;
use std::time::{Duration, Instant};

use milena_codec::ids::PartitionId;
use milena_codec::record::{HEADER_BYTES, RecordBatch, Records, Stamp};

use super::*;
use crate::accumulator::{AccumulatorConfig, ReadyPartitions};
use crate::tests::{At, KIB, accumulator, some_time};

const SERIAL: u32 = 7;

/// Callers and a broker sender around one partition, at a time of their own.
struct PartitionHarness {
    now: Instant,
    shared: StdArc<Shared>,
    mailbox: Arc<SenderMailbox>,
    partition: StdArc<Partition>,
}

impl PartitionHarness {
    fn new(config: AccumulatorConfig, budget: usize) -> Self {
        Self::compressed(config, budget, None)
    }

    fn compressed(
        config: AccumulatorConfig,
        budget: usize,
        compression: Option<StdArc<TopicCompression>>,
    ) -> Self {
        let shared = Shared::new(config, budget);
        let mailbox = Arc::new(SenderMailbox::default());
        let limit = StdArc::new(TopicLimit::new(shared.config.batch_bytes_max()));
        let partition = Partition::new(
            "t".into(),
            PartitionId(3),
            SERIAL,
            StdArc::clone(&shared),
            OfTopic { limit, compression, totals: StdArc::default() },
            Arc::clone(&mailbox),
        );
        Self { now: some_time(), shared, mailbox, partition }
    }

    fn simple() -> Self {
        Self::new(accumulator(), 32 << 20)
    }

    fn send(&self, value: &[u8]) -> Result<AcceptedRecord, Refusal> {
        self.send_as(value, AppendOptions::default())
    }

    fn send_as(&self, value: &[u8], waiting: AppendOptions<'_>) -> Result<AcceptedRecord, Refusal> {
        let record = RecordRef { value: Some(value), ..RecordRef::default() };
        self.partition.append::<_, true>(&record, &At(self.now), waiting)
    }

    /// Sends values of `bytes`, each beginning with its number, until `count` are in.
    fn send_many(&self, count: usize, bytes: usize) {
        for number in 0..count {
            self.send(value(number, bytes).as_bytes()).unwrap();
        }
    }

    /// What stands in the broker sender's mailbox: how many entries, and whether all shall go.
    fn mail(&self) -> (usize, bool) {
        let mut ready_partitions = ReadyPartitions::default();
        self.mailbox.read(&mut ready_partitions);
        assert!(ready_partitions.partitions.iter().all(|serial| *serial == SERIAL));
        (ready_partitions.partitions.len(), ready_partitions.flush_requested)
    }

    fn poll(&self, flush_requested: bool) -> PartitionStatus {
        self.partition.poll(self.now, true, flush_requested, usize::MAX).unwrap()
    }

    fn take(&self) -> Option<Batch> {
        self.partition.take(self.now, true, &mut Vec::new()).unwrap()
    }

    /// Takes what there is, whatever its age.
    fn take_all(&self) -> Vec<Batch> {
        self.poll(true);
        std::iter::from_fn(|| self.take()).collect()
    }

    /// The batch was written: its bytes go back.
    fn give_back(&self, batch: Batch) {
        let mut wakers = Vec::new();
        self.shared.outstanding.settle(batch.claim().generation, &mut wakers);
        let mut chunks = Vec::new();
        let released = batch.dismantle(&mut chunks).unwrap().release(true);
        self.shared.memory.give_back(&mut chunks, [released], Some(self.now), &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn used(&self) -> usize {
        self.shared.memory.budget() - self.shared.memory.free()
    }
}

/// A value of `bytes`, or a little more, that begins with its number.
fn value(number: usize, bytes: usize) -> String {
    let number = number.to_string();
    let rest = " ".repeat(bytes.saturating_sub(number.len()));
    number + &rest
}

/// The values of a batch, as a broker reads them.
fn values(batch: &mut Batch) -> Vec<String> {
    batch.seal(Stamp::NONE);
    let bytes = batch.pieces().collect::<Vec<_>>().concat();
    let read = RecordBatch::parse(&bytes).unwrap();
    let records: Vec<_> = Records::new(&bytes[HEADER_BYTES..]).map(Result::unwrap).collect();
    assert_eq!(read.header.records.unsigned_abs(), batch.records);
    assert!((0..).zip(&records).all(|(place, record)| record.offset_delta == place));
    records
        .iter()
        .map(|record| String::from_utf8_lossy(record.value.unwrap_or_default()).into_owned())
        .collect()
}
