//! What a job does to a batch: its records stay, in order, and its charge is accounted for.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails its test")]

mod compressing;
mod cutting;

use std::sync::Arc as StdArc;

use bytes::Bytes;
use milena_codec::compression::Compression;
use milena_codec::ids::PartitionId;
use milena_codec::record::{RecordBatch, Records, Stamp};
use milena_partitioner::Partitioner;

use super::*;
use crate::accumulator::{AppendOptions, RecordRef, SenderMailbox, Shared, Topic};
use crate::batch::Batch;
use crate::sync::{Arc, Charge};
use crate::tests::{At, accumulator, plain_records, some_time};

const CODECS: [Compression; 4] =
    [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];
const ID: JobId = JobId { partition: 1, entry: None };

/// A partition whose batches are taken as they are.
struct Source {
    shared: StdArc<Shared>,
    topic: Topic,
}

impl Source {
    fn new() -> Self {
        let shared = Shared::new(accumulator(), 32 << 20);
        let topic = Topic::new("t".into(), Partitioner::Java, StdArc::clone(&shared), 1);
        topic.grow(1, &Arc::new(SenderMailbox::default()), &mut 0);
        Self { shared, topic }
    }

    /// One batch of these records.
    fn batch(&self, values: &[Vec<u8>]) -> Batch {
        for value in values {
            self.append(&RecordRef { value: Some(value), ..RecordRef::default() });
        }
        self.take()
    }

    /// A batch of one record that its caller shares.
    fn batch_of_shared(&self, value: &Bytes) -> Batch {
        self.append(&RecordRef { value: Some(value), shared_value: Some(value), ..RecordRef::default() });
        self.take()
    }

    fn append(&self, record: &RecordRef<'_>) {
        let (place, clock) = (Some(PartitionId(0)), At(some_time()));
        self.topic.append::<_, false>(place, record, &clock, AppendOptions::default()).unwrap();
    }

    fn take(&self) -> Batch {
        let partition = &self.topic.partitions()[0];
        partition.poll(some_time(), true, true, usize::MAX).unwrap();
        let batch = partition.take(some_time(), true, &mut Vec::new()).unwrap().unwrap();
        assert!(partition.take(some_time(), true, &mut Vec::new()).unwrap().is_none(), "it is one batch");
        batch
    }

    /// Gives back what a batch holds. All must be back in the end.
    fn release(&self, batch: Batch) {
        let mut chunks = Vec::new();
        let released = batch.dismantle(&mut chunks).unwrap().release(true);
        self.shared.memory.give_back(&mut chunks, [released], None, &mut Vec::new());
    }

    /// Gives back what a compressed batch does not need. Returns how much that is.
    fn trim(&self, batch: &mut Batch) -> usize {
        let mut chunks = Vec::new();
        let bytes = batch.trim(&mut chunks);
        let released = Charge { account: Arc::clone(&batch.account), bytes }.release(false);
        self.shared.memory.give_back(&mut chunks, [released], None, &mut Vec::new());
        bytes
    }

    fn used(&self) -> usize {
        self.shared.memory.budget() - self.shared.memory.free()
    }
}

fn job(work: Work, batch: Batch, codec: Compression, bytes_max: usize) -> CompressionJob {
    let compression = TopicCompression::new(codec, None).unwrap();
    CompressionJob { id: ID, work, batch, compression, bytes_max }
}

/// Compresses a batch within `bytes_max`.
fn compress(batch: Batch, codec: Compression, bytes_max: usize) -> CompressionResult {
    job(Work::Compress, batch, codec, bytes_max).run(&mut Workspace::new())
}

/// The one batch that came back.
fn one(result: CompressionResult) -> Batch {
    match result.output {
        Output::Batch(batch) => batch,
        other => panic!("{other:?}"),
    }
}

/// The parts that came back, with the batch that they were cut from.
fn parts(result: CompressionResult) -> (Vec<Batch>, Batch) {
    match result.output {
        Output::Parts { parts, source } => (parts, source),
        other => panic!("{other:?}"),
    }
}

/// The values in a batch as a broker reads them, checked against its header.
fn values(batch: &mut Batch) -> Vec<Vec<u8>> {
    batch.seal(Stamp::NONE);
    let bytes = batch.pieces().collect::<Vec<_>>().concat();
    let parsed = RecordBatch::parse(&bytes).unwrap();
    assert_eq!(parsed.header.attributes.compression(), Some(batch.codec()));
    let plain = plain_records(&parsed);
    assert_eq!(plain.len(), batch.plain_bytes());
    let values: Vec<Vec<u8>> = Records::new(&plain)
        .zip(0..)
        .map(|(record, index)| {
            let record = record.unwrap();
            assert_eq!(record.offset_delta, index);
            record.value.unwrap().to_vec()
        })
        .collect();
    assert_eq!(values.len(), batch.records as usize);
    values
}

/// Events as services write them; all of one length.
fn events(count: usize) -> Vec<Vec<u8>> {
    let mut dice = fastrand::Rng::with_seed(7);
    let event =
        |number| format!(r#"{{"id":{number:08},"user":{:05},"type":"payment","ok":true}}"#, dice.u16(..));
    (0..count).map(event).map(String::into_bytes).collect()
}

/// Values that no codec makes shorter.
fn noise(count: usize, bytes: usize) -> Vec<Vec<u8>> {
    let mut dice = fastrand::Rng::with_seed(8);
    (0..count).map(|_| (0..bytes).map(|_| dice.u8(..)).collect()).collect()
}
