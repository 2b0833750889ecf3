//! A partition on its brokers: the records that they took, and the rules of sequences (`ProducerAppendInfo.java`).

use std::collections::{BTreeMap, VecDeque};

use milena_codec::ErrorCode;
use milena_codec::compression::{Compression, Decompressor};
use milena_codec::ids::Sequence;
use milena_codec::record::{RecordBatch, Records, Stamp};

/// How many batches of a producer a broker remembers.
const REMEMBERED: usize = 5;

/// What the brokers have of one partition.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) values: Vec<Vec<u8>>,
    producers: BTreeMap<i64, Producer>,
}

/// What they know of a producer.
#[derive(Debug)]
struct Producer {
    epoch: i16,
    next: Sequence,
    /// (epoch, first sequence, count, offset) of its last batches.
    recent: VecDeque<(i16, Sequence, i32, i64)>,
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
        if batch.header.stamp != Stamp::NONE
            && let Some(known) = self.check(&batch, offset)
        {
            return known;
        }
        let plain = plain_records(&batch);
        let before = self.values.len();
        for record in Records::new(&plain) {
            self.values.push(record.unwrap().value.unwrap_or_default().to_vec());
        }
        assert_eq!(i32::try_from(self.values.len() - before), Ok(batch.header.records));
        (ErrorCode::NONE, offset)
    }

    /// All producers are forgotten, as after their expiration.
    pub(crate) fn forget_producers(&mut self) {
        self.producers.clear();
    }

    /// The values as text.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.values.iter().map(|value| String::from_utf8_lossy(value).trim_end().to_owned()).collect()
    }

    /// The answer that the sequence of a batch asks for, unless it is to be appended.
    fn check(&mut self, batch: &RecordBatch<'_>, offset: i64) -> Option<(ErrorCode, i64)> {
        let Stamp { identity, base_sequence } = batch.header.stamp;
        let (epoch, count) = (identity.epoch.0, batch.header.records);
        // Of whom a broker knows nothing it takes any first sequence.
        let unknown = || Producer { epoch, next: base_sequence, recent: VecDeque::new() };
        let producer = self.producers.entry(identity.producer_id.0).or_insert_with(unknown);
        let same =
            |known: &&(i16, Sequence, i32, i64)| (known.0, known.1, known.2) == (epoch, base_sequence, count);
        if let Some((.., offset)) = producer.recent.iter().find(same) {
            return Some((ErrorCode::NONE, *offset));
        }
        if epoch < producer.epoch {
            return Some((ErrorCode::INVALID_PRODUCER_EPOCH, -1));
        }
        let expected = if epoch > producer.epoch { Sequence(0) } else { producer.next };
        if base_sequence != expected {
            return Some((ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1));
        }
        producer.epoch = epoch;
        producer.next = base_sequence.after(count.unsigned_abs());
        producer.recent.push_back((epoch, base_sequence, count, offset));
        if producer.recent.len() > REMEMBERED {
            producer.recent.pop_front();
        }
        None
    }
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
