//! A partition on its brokers: the records that they took, and the rules of sequences (`ProducerAppendInfo.java`,
//! `ProducerStateEntry.java`).

use std::collections::{BTreeMap, VecDeque};

use milena_codec::ErrorCode;
use milena_codec::compression::{Compression, Decompressor};
use milena_codec::ids::Sequence;
use milena_codec::record::{RecordBatch, Records, Stamp};

/// The value of other producers' records.
pub(crate) const OTHERS: &[u8] = b"other";
/// How many batches of a producer a broker remembers.
const REMEMBERED: usize = 5;

/// What the brokers have of one partition.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) values: Vec<Vec<u8>>,
    /// The producer id of each value.
    pub(crate) producer_ids: Vec<i64>,
    /// The values that an unclean election lost.
    pub(crate) lost: Vec<Vec<u8>>,
    batches: Vec<AppendedBatch>,
    producers: BTreeMap<i64, Producer>,
}

/// A batch of the log.
#[derive(Clone, Copy, Debug)]
struct AppendedBatch {
    stamp: Stamp,
    records: i32,
    offset: i64,
}

/// What they know of a producer.
#[derive(Debug)]
struct Producer {
    epoch: i16,
    next: Sequence,
    /// Its last batches under this epoch.
    recent: VecDeque<Remembered>,
}

#[derive(Debug)]
struct Remembered {
    base_sequence: Sequence,
    records: i32,
    offset: i64,
}

impl Log {
    /// Appends a batch, or says why not; `max` is `max.message.bytes`.
    ///
    /// The order of the questions is a broker's: what is wrong with the batch itself comes before its sequence.
    pub(crate) fn append(&mut self, bytes: &[u8], max: usize) -> (ErrorCode, i64) {
        let batch = RecordBatch::parse(bytes).expect("a batch that a broker takes");
        if bytes.len() > max {
            return (ErrorCode::MESSAGE_TOO_LARGE, -1);
        }
        let offset = i64::try_from(self.values.len()).unwrap();
        let Stamp { identity, .. } = batch.header.stamp;
        if batch.header.stamp != Stamp::NONE
            && let Some(known) = self.check(&batch)
        {
            return known;
        }
        let before = self.values.len();
        self.values.extend(values_of(&batch));
        assert_eq!(i32::try_from(self.values.len() - before), Ok(batch.header.records));
        self.producer_ids.resize(self.values.len(), identity.producer_id.0);
        self.note(AppendedBatch { stamp: batch.header.stamp, records: batch.header.records, offset });
        (ErrorCode::NONE, offset)
    }

    /// Another producer writes so many records.
    pub(crate) fn append_others(&mut self, records: usize) {
        let offset = i64::try_from(self.values.len()).unwrap();
        self.note(AppendedBatch { stamp: Stamp::NONE, records: i32::try_from(records).unwrap(), offset });
        self.values.resize(self.values.len() + records, OTHERS.to_vec());
        self.producer_ids.resize(self.values.len(), -1);
    }

    /// All producers are forgotten, as after their expiration.
    pub(crate) fn forget_producers(&mut self) {
        self.producers.clear();
    }

    /// The leader starts anew: from its snapshot it knows the last batch of each producer (`ProducerStateManager.java`).
    pub(crate) fn restart(&mut self) {
        for producer in self.producers.values_mut() {
            let before_last = producer.recent.len().saturating_sub(1);
            producer.recent.drain(..before_last);
        }
    }

    /// An unclean election: the next leader does not have the last batches, and remembers what its log tells
    /// (`UnifiedLog.rebuildProducerState`).
    pub(crate) fn lose(&mut self, batches: usize) {
        let kept = self.batches.len().saturating_sub(batches);
        let Some(first_lost) = self.batches.get(kept) else { return };
        let end = usize::try_from(first_lost.offset).unwrap();
        self.lost.extend(self.values.drain(end..));
        self.producer_ids.truncate(end);
        self.producers.clear();
        let mut left = std::mem::take(&mut self.batches);
        left.truncate(kept);
        left.into_iter().for_each(|batch| self.note(batch));
    }

    /// The values as text.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.values.iter().map(|value| String::from_utf8_lossy(value).trim_end().to_owned()).collect()
    }

    /// The answer that the sequence of a batch asks for, unless it is to be appended.
    fn check(&self, batch: &RecordBatch<'_>) -> Option<(ErrorCode, i64)> {
        let Stamp { identity, base_sequence } = batch.header.stamp;
        let (epoch, records) = (identity.epoch.0, batch.header.records);
        // A broker that does not know the producer takes any first sequence.
        let producer = self.producers.get(&identity.producer_id.0)?;
        if epoch < producer.epoch {
            return Some((ErrorCode::INVALID_PRODUCER_EPOCH, -1));
        }
        let is_same = |known: &&Remembered| (known.base_sequence, known.records) == (base_sequence, records);
        // Duplicates are looked for among the batches of the present epoch alone.
        if epoch == producer.epoch
            && let Some(known) = producer.recent.iter().find(is_same)
        {
            return Some((ErrorCode::NONE, known.offset));
        }
        let expected = if epoch > producer.epoch { Sequence(0) } else { producer.next };
        if base_sequence != expected {
            return Some((ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1));
        }
        None
    }

    /// A batch was appended.
    fn note(&mut self, batch: AppendedBatch) {
        self.batches.push(batch);
        let AppendedBatch { stamp: Stamp { identity, base_sequence }, records, offset } = batch;
        if batch.stamp == Stamp::NONE {
            return;
        }
        let epoch = identity.epoch.0;
        let unknown = || Producer { epoch, next: base_sequence, recent: VecDeque::new() };
        let producer = self.producers.entry(identity.producer_id.0).or_insert_with(unknown);
        if epoch > producer.epoch {
            producer.epoch = epoch;
            producer.recent.clear();
        }
        producer.next = base_sequence.after(records.unsigned_abs());
        producer.recent.push_back(Remembered { base_sequence, records, offset });
        if producer.recent.len() > REMEMBERED {
            producer.recent.pop_front();
        }
    }
}

/// The values of the records of a batch.
pub(crate) fn values_of(batch: &RecordBatch<'_>) -> Vec<Vec<u8>> {
    let plain = plain_records(batch);
    Records::new(&plain).map(|record| record.unwrap().value.unwrap_or_default().to_vec()).collect()
}

/// The records of a batch as they were before they were compressed, which made them smaller.
pub(crate) fn plain_records(batch: &RecordBatch<'_>) -> Vec<u8> {
    let codec = batch.header.attributes.compression().unwrap();
    if codec == Compression::None {
        return batch.body().to_vec();
    }
    let mut plain = Vec::new();
    Decompressor::new().decompress(codec, batch.body(), 64 << 20, &mut plain).unwrap();
    assert!(plain.len() > batch.body().len());
    plain
}
