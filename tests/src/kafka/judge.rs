//! Compares what a producer reported with what the consumer read and with what lies on the disks.
//!
//! Nothing here knows Kafka's tools: each check takes values and gives [`Faults`] or none, so that each is itself checked
//! against logs with one fault.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::dump::{Batch, Replica};
use super::read::Logged;

/// Where a record is in a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The partition.
    pub partition: i32,
    /// The offset there.
    pub offset: i64,
}

/// A record that was sent, and where its report says that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Its place by the report.
    pub place: Place,
}

/// What is wrong; the first of it in words.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Faults {
    first: Vec<String>,
    count: usize,
}

impl Faults {
    /// More than these are only counted.
    const SHOWN_MAX: usize = 10;

    fn add(&mut self, what: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < Self::SHOWN_MAX {
            self.first.push(what());
        }
    }

    fn none(self) -> Result<(), Self> {
        if self.count == 0 { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} faults: {}", self.count, self.first.join("; "))
    }
}

/// Whether a topic holds what was sent: each record once, at the place of its report, and the records of a key in the order
/// in which they were sent.
#[derive(Debug)]
pub struct ExactlyOnce<'a> {
    /// In the order in which they were sent.
    sent: &'a [Sent],
    at: HashMap<Place, usize>,
    seen: Vec<bool>,
    /// By key, the record that was read last.
    last: HashMap<&'a str, usize>,
    faults: Faults,
}

impl<'a> ExactlyOnce<'a> {
    /// Begins with what was sent, in the order of sending.
    #[must_use]
    pub fn of(sent: &'a [Sent]) -> Self {
        let mut faults = Faults::default();
        let mut at = HashMap::with_capacity(sent.len());
        for (index, record) in sent.iter().enumerate() {
            if let Some(other) = at.insert(record.place, index) {
                faults
                    .add(|| format!("records {other} and {index} were both reported at {:?}", record.place));
            }
        }
        Self { sent, at, seen: vec![false; sent.len()], last: HashMap::new(), faults }
    }

    /// Looks at a record that was read; those of a partition come in order.
    pub fn read(&mut self, record: &Logged) {
        let place = Place { partition: record.partition, offset: record.offset };
        let Some(&index) = self.at.get(&place) else {
            self.faults.add(|| format!("{record:?} was not reported there"));
            return;
        };
        let sent = &self.sent[index];
        if record.key.as_ref() != Some(&sent.key) || record.value.as_ref() != Some(&sent.value) {
            self.faults.add(|| format!("record {index} {sent:?} was reported at the place of {record:?}"));
        }
        if std::mem::replace(&mut self.seen[index], true) {
            self.faults.add(|| format!("record {index} was read twice"));
        }
        if let Some(last) = self.last.insert(&sent.key, index).filter(|last| *last > index) {
            self.faults.add(|| format!("key {}: record {last} is before record {index}", sent.key));
        }
    }

    /// The verdict, when everything was read.
    ///
    /// # Errors
    /// [`Faults`], if there are any.
    pub fn verdict(mut self) -> Result<(), Faults> {
        for (index, _) in self.seen.iter().enumerate().filter(|(_, seen)| !**seen) {
            self.faults.add(|| format!("record {index} {:?} was not read", self.sent[index]));
        }
        self.faults.none()
    }
}

/// Whether each record went where Java sends its key.
///
/// # Errors
/// [`Faults`], if there are any.
pub fn check_partitions(sent: &[Sent], by_java: &BTreeMap<String, i32>) -> Result<(), Faults> {
    let mut faults = Faults::default();
    for record in sent {
        let java = by_java.get(&record.key);
        if java != Some(&record.place.partition) {
            faults.add(|| format!("{record:?}: Java sends this key to {java:?}"));
        }
    }
    faults.none()
}

/// Whether all copies of a topic, one a node, are sound: every checksum right, no offset missing, the sequences of each
/// producer without a gap in its epoch, epochs never going back; and as many records a partition as were sent there.
///
/// # Errors
/// [`Faults`], if there are any.
pub fn check_replicas(replicas: &[Replica], nodes: usize, sent: &[Sent]) -> Result<(), Faults> {
    let mut faults = Faults::default();
    let mut records = BTreeMap::<i32, usize>::new();
    for record in sent {
        *records.entry(record.place.partition).or_default() += 1;
    }
    for partition in records.keys() {
        let copies = replicas.iter().filter(|replica| replica.partition == *partition).count();
        if copies != nodes {
            faults.add(|| format!("partition {partition} is on {copies} of {nodes} nodes"));
        }
    }
    for replica in replicas {
        let expected = records.get(&replica.partition).copied().unwrap_or_default();
        let end = replica.batches.last().map_or(0, |batch| batch.last_offset + 1);
        let said = |what: String| format!("node {}, partition {}: {what}", replica.node, replica.partition);
        if i64::try_from(expected) != Ok(end) {
            faults.add(|| said(format!("it ends at {end} and {expected} records were sent")));
        }
        each_fault(&replica.batches, |what| faults.add(|| said(what)));
    }
    faults.none()
}

/// Whether the batches of one copy of a partition are sound: every checksum right, no offset missing, the sequences of
/// each producer without a gap in its epoch, epochs never going back.
///
/// # Errors
/// [`Faults`], if there are any.
pub fn check_batches(batches: &[Batch]) -> Result<(), Faults> {
    let mut faults = Faults::default();
    each_fault(batches, |what| faults.add(|| what));
    faults.none()
}

fn each_fault(batches: &[Batch], mut fault: impl FnMut(String)) {
    let mut next_offset = 0;
    let mut producers = BTreeMap::<i64, (i16, i32)>::new();
    for batch in batches {
        if !batch.is_valid {
            fault(format!("a broken checksum: {batch:?}"));
        }
        if batch.base_offset != next_offset || batch.last_offset + 1 - batch.base_offset != batch.count {
            fault(format!("offset {next_offset} was next: {batch:?}"));
        }
        next_offset = batch.last_offset + 1;
        if batch.producer_id < 0 {
            continue;
        }
        let (epoch, sequence) =
            producers.get(&batch.producer_id).copied().unwrap_or((batch.producer_epoch, 0));
        let expected = if batch.producer_epoch > epoch { 0 } else { sequence };
        if batch.producer_epoch < epoch || batch.base_sequence != expected {
            fault(format!("epoch {epoch}, sequence {expected} was next: {batch:?}"));
        }
        if i64::from(batch.last_sequence - batch.base_sequence) + 1 != batch.count {
            fault(format!("not as many sequences as records: {batch:?}"));
        }
        producers.insert(batch.producer_id, (batch.producer_epoch, batch.last_sequence + 1));
    }
}

/// The producers that wrote, each with its epochs.
#[must_use]
pub fn producers(replicas: &[Replica]) -> Vec<(i64, i16)> {
    let batches = replicas.iter().flat_map(|replica| &replica.batches);
    let mut producers: Vec<_> = batches.map(|batch| (batch.producer_id, batch.producer_epoch)).collect();
    producers.sort_unstable();
    producers.dedup();
    producers
}

#[cfg(test)]
mod tests {
    use milena_codec::compression::Compression;

    use super::*;

    /// Twelve records of four keys, in two partitions.
    fn sent() -> Vec<Sent> {
        let place = |number: usize| Place {
            partition: i32::try_from(number % 2).unwrap(),
            offset: i64::try_from(number / 2).unwrap(),
        };
        let record = |number: usize| Sent {
            key: format!("k-{}", number % 4),
            value: number.to_string(),
            place: place(number),
        };
        (0..12).map(record).collect()
    }

    fn logged(sent: &[Sent]) -> Vec<Logged> {
        let read = |record: &Sent| Logged {
            partition: record.place.partition,
            offset: record.place.offset,
            timestamp_ms: 17,
            appended_then: false,
            headers: String::new(),
            key: Some(record.key.clone()),
            value: Some(record.value.clone()),
        };
        sent.iter().map(read).collect()
    }

    /// Both partitions on node 1, in batches of two records.
    fn replicas() -> Vec<Replica> {
        let batch = |number: i32| Batch {
            base_offset: i64::from(number) * 2,
            last_offset: i64::from(number) * 2 + 1,
            count: 2,
            base_sequence: number * 2,
            last_sequence: number * 2 + 1,
            producer_id: 1000,
            producer_epoch: 0,
            bytes: 200,
            codec: Compression::None,
            is_valid: true,
        };
        let replica = |partition| Replica { node: 1, partition, batches: (0..3).map(batch).collect() };
        vec![replica(0), replica(1)]
    }

    #[track_caller]
    fn check_read(sent: &[Sent], log: &[Logged], expected: &str) {
        let mut judge = ExactlyOnce::of(sent);
        log.iter().for_each(|record| judge.read(record));
        check(judge.verdict(), expected);
    }

    #[track_caller]
    fn check(verdict: Result<(), Faults>, expected: &str) {
        let said = verdict.err().map(|faults| faults.to_string()).unwrap_or_default();
        assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{said}");
    }

    #[track_caller]
    fn check_batch(change: impl Fn(&mut Batch), expected: &str) {
        let mut replicas = replicas();
        change(&mut replicas[1].batches[1]);
        check(check_replicas(&replicas, 1, &sent()), expected);
        check(check_batches(&replicas[1].batches), expected);
    }

    #[test]
    fn what_was_sent_once_and_read_once_has_no_fault() {
        check_read(&sent(), &logged(&sent()), "");
        check(check_replicas(&replicas(), 1, &sent()), "");
        assert_eq!(producers(&replicas()), [(1000, 0)]);
    }

    #[test]
    fn a_record_that_is_missing_is_found() {
        let mut log = logged(&sent());
        log.remove(5);
        check_read(&sent(), &log, "record 5 ");
    }

    #[test]
    fn a_record_that_is_there_twice_is_found() {
        let mut log = logged(&sent());
        log.push(Logged { offset: 6, ..log[10].clone() });
        check_read(&sent(), &log, "was not reported there");
        let mut log = logged(&sent());
        log.push(log[10].clone());
        check_read(&sent(), &log, "record 10 was read twice");
    }

    #[test]
    fn a_report_with_another_place_is_found() {
        let log = logged(&sent());
        let mut reported = sent();
        reported[5].place.offset += 1;
        check_read(&reported, &log, "records 5 and 7 were both reported");
        let mut reported = sent();
        reported[11].place.offset += 1;
        check_read(&reported, &log, "record 11 ");
        let mut reported = sent();
        let (fifth, seventh) = (reported[5].place, reported[7].place);
        (reported[5].place, reported[7].place) = (seventh, fifth);
        check_read(&reported, &log, "was reported at the place of");
    }

    #[test]
    fn records_of_a_key_in_another_order_are_found() {
        let mut sent = sent();
        let (early, late) = (sent[0].place, sent[4].place);
        (sent[0].place, sent[4].place) = (late, early);
        let mut log = logged(&sent);
        log.sort_by_key(|record| (record.partition, record.offset));
        check_read(&sent, &log, "key k-0: record 4 is before record 0");
    }

    #[test]
    fn a_null_is_not_an_empty_value() {
        let mut sent = sent();
        sent[3].value.clear();
        let mut log = logged(&sent);
        check_read(&sent, &log, "");
        log[3].value = None;
        check_read(&sent, &log, "record 3 ");
    }

    #[test]
    fn a_key_that_went_elsewhere_than_java_sends_it_is_found() {
        let mut by_java: BTreeMap<_, _> =
            sent().into_iter().map(|record| (record.key, record.place.partition)).collect();
        check(check_partitions(&sent(), &by_java), "");
        by_java.insert("k-2".to_owned(), 1);
        check(check_partitions(&sent(), &by_java), "Java sends this key to Some(1)");
        by_java.remove("k-2");
        check(check_partitions(&sent(), &by_java), "Java sends this key to None");
    }

    #[test]
    fn a_batch_that_is_not_sound_is_found() {
        check_batch(|batch| batch.is_valid = false, "a broken checksum");
        check_batch(|batch| batch.base_offset += 1, "offset 2 was next");
        check_batch(|batch| batch.count = 1, "offset 2 was next");
        check_batch(|batch| batch.base_sequence += 1, "epoch 0, sequence 2 was next");
        check_batch(|batch| batch.last_sequence += 1, "not as many sequences as records");
        check_batch(|batch| batch.producer_epoch = 1, "epoch 0, sequence 0 was next");
        check_batch(|batch| batch.producer_id += 1, "epoch 0, sequence 0 was next");
    }

    #[test]
    fn a_new_epoch_begins_with_sequence_0_and_the_old_one_is_over() {
        let mut replicas = replicas();
        for batch in &mut replicas[0].batches[1..] {
            batch.producer_epoch = 1;
            batch.base_sequence -= 2;
            batch.last_sequence -= 2;
        }
        check(check_replicas(&replicas, 1, &sent()), "");
        replicas[0].batches[2].producer_epoch = 0;
        check(check_replicas(&replicas, 1, &sent()), "epoch 1, sequence 2 was next");
    }

    #[test]
    fn a_replica_that_lacks_records_is_found() {
        let mut replicas = replicas();
        replicas[1].batches.pop();
        check(check_replicas(&replicas, 1, &sent()), "it ends at 4 and 6 records were sent");
    }

    #[test]
    fn a_node_without_its_copy_is_found() {
        let mut replicas = replicas();
        replicas.pop();
        check(check_replicas(&replicas, 1, &sent()), "partition 1 is on 0 of 1 nodes");
    }

    #[test]
    fn many_faults_are_counted_and_the_first_are_told() {
        let mut judge = ExactlyOnce::of(&[]);
        logged(&sent()).iter().for_each(|record| judge.read(record));
        let faults = judge.verdict().unwrap_err();
        assert_eq!((faults.count, faults.first.len()), (12, Faults::SHOWN_MAX));
    }
}
