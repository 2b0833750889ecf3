//! Compares the records sent to a topic of one partition with those of both consumers and with the segments on disk.

use std::ops::Range;

use milena_tests::kafka::judge::{Place, check_batches};
use milena_tests::kafka::{Batch, Kafka, Logged};

use super::rows::Row;

/// All records of a topic, in the order in which they were sent.
#[derive(Debug, Default)]
pub(super) struct Written {
    log: Vec<Logged>,
    /// Bytes of each record.
    bytes: Vec<usize>,
    cases: Vec<(Case, Range<i64>)>,
}

/// A batch on the disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    /// The bytes of its records before compression, by what was sent.
    pub(super) plain_bytes: usize,
    pub(super) batch: Batch,
}

/// What is expected of the batches of some records.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: String,
    /// The codec, by its name.
    pub(super) codec: &'static str,
    pub(super) batches: Batches,
    /// One batch at least holds so many bytes before compression.
    pub(super) longest_bytes_min: usize,
}

/// How batches lie on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Batches {
    /// Each by the codec of the case.
    Compressed,
    /// None by a codec: no codec makes these records smaller.
    Plain,
    /// By the codec where that makes them smaller.
    Either,
}

impl Case {
    /// Batches that the codec makes smaller.
    pub(super) fn compressed(name: impl Into<String>, codec: &'static str) -> Self {
        Self { name: name.into(), codec, batches: Batches::Compressed, longest_bytes_min: 0 }
    }

    pub(super) fn batches(self, batches: Batches) -> Self {
        Self { batches, ..self }
    }

    pub(super) fn longest_bytes_min(self, longest_bytes_min: usize) -> Self {
        Self { longest_bytes_min, ..self }
    }

    fn check(&self, stored: &[&Stored]) {
        let plain_bytes: Vec<_> = stored.iter().map(|stored| stored.plain_bytes).collect();
        let (plain, longest) = (plain_bytes.iter().sum::<usize>(), plain_bytes.iter().max().copied());
        let wire: usize = stored.iter().map(|stored| stored.batch.bytes).sum();
        println!(
            "{}: {} batches, {plain} bytes became {wire}, {longest:?} in the longest",
            self.name,
            stored.len()
        );
        assert!(longest >= Some(self.longest_bytes_min), "{}: {plain_bytes:?}", self.name);
        for Stored { batch, .. } in stored {
            let codec = batch.codec.name();
            let is_expected = match self.batches {
                Batches::Compressed => codec == self.codec,
                Batches::Plain => codec == "none",
                Batches::Either => codec == self.codec || codec == "none",
            };
            assert!(is_expected, "{self:?}: {batch:?}");
        }
    }
}

impl Written {
    /// Adds what was sent and where the records are by their reports: behind those before them, in their order.
    #[track_caller]
    pub(super) fn add(&mut self, case: Case, rows: &[Row], places: &[Place]) {
        let [first, end] =
            [self.log.len(), self.log.len() + rows.len()].map(|offset| i64::try_from(offset).unwrap());
        let expected = (first..end).map(|offset| Place { partition: 0, offset });
        assert!(expected.eq(places.iter().copied()), "{}: {places:?}", case.name);
        self.log.extend(rows.iter().zip(places).map(|(row, place)| row.logged(*place)));
        self.bytes.extend(rows.iter().map(Row::bytes));
        self.cases.push((case, first..end));
    }

    /// Compares everything. Returns the batches.
    #[track_caller]
    pub(super) fn check(&self, kafka: &Kafka, topic: &str) -> Vec<Stored> {
        assert_same("Java", &kafka.read_escaped(topic), &self.log);
        assert_same("librdkafka", &kafka.read_escaped_by_librdkafka(topic), &self.log);
        let replica = kafka.dump(topic).remove(0);
        check_batches(&replica.batches).unwrap();
        let stored: Vec<_> = replica.batches.into_iter().map(|batch| self.stored(batch)).collect();
        for (case, offsets) in &self.cases {
            let batches: Vec<_> =
                stored.iter().filter(|stored| offsets.contains(&stored.batch.base_offset)).collect();
            case.check(&batches);
        }
        stored
    }

    fn stored(&self, batch: Batch) -> Stored {
        let [first, last] =
            [batch.base_offset, batch.last_offset].map(|offset| usize::try_from(offset).unwrap());
        Stored { plain_bytes: self.bytes[first..=last].iter().sum(), batch }
    }
}

/// Names the first record that is not as it was sent: the whole would be megabytes.
#[track_caller]
fn assert_same(reader: &str, read: &[Logged], sent: &[Logged]) {
    let short = |record: &Logged| format!("{record:?}").chars().take(300).collect::<String>();
    for (read, sent) in read.iter().zip(sent) {
        assert!(read == sent, "{reader} reads {} where {} was sent", short(read), short(sent));
    }
    assert_eq!(read.len(), sent.len(), "records that {reader} reads");
}
