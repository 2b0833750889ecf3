//! Delivery compared with the logs: each record exactly once, in the order of its sender within a partition, at the offset
//! that its acknowledgement reported.
//!
//! The check knows of records only their [`RecordId`]; the caller reads it from the value. It takes one bit a record, and
//! the place of each record that is expected at one.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use milena_codec::ids::PartitionId;

use crate::cluster::Cluster;
use crate::core::LoggedRecord;

/// A record's sender, and its number in the order in which the sender's records were accepted.
///
/// ```
/// use milena_fake::RecordId;
/// assert_eq!(RecordId { sender: 0, number: 7 }.to_string(), "record 7");
/// assert_eq!(RecordId { sender: 2, number: 7 }.to_string(), "record 7 of sender 2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    /// The sender; 0 if there is one alone.
    pub sender: u32,
    /// The number, from 0.
    pub number: u64,
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { sender: 0, number } => write!(f, "record {number}"),
            Self { sender, number } => write!(f, "record {number} of sender {sender}"),
        }
    }
}

/// The faults that a [`LogCheck`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFaults {
    /// How many there are.
    pub count: u64,
    /// The first ten, as text.
    pub first: Vec<String>,
}

impl LogFaults {
    /// Faults that are kept as text.
    const FIRST_MAX: usize = 10;

    fn add(&mut self, fault: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < Self::FIRST_MAX {
            self.first.push(fault());
        }
    }
}

/// Compares the logs of a topic with the reported outcomes of its records.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use milena_fake::{Cluster, LogCheck, RecordId};
/// let cluster = Cluster::builder().topic("t", 3).in_memory().start().await?;
/// // … a producer sends records whose values are their numbers, and then:
/// let mut check = LogCheck::default();
/// check.expect_at(RecordId { sender: 0, number: 0 }, 2, 0);
/// check.read(&cluster, "t", |record| {
///     let number = std::str::from_utf8(record.value.as_deref()?).ok()?.parse().ok()?;
///     Some((RecordId { sender: 0, number }, true))
/// });
/// assert_eq!(check.finish().first[0], "record 0 is missing");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct LogCheck {
    expected: RecordSet,
    /// Records of the logs, by partition and offset of the acknowledgements.
    places: HashMap<(PartitionId, i64), RecordId>,
    allows_others: bool,
    seen: RecordSet,
    faults: LogFaults,
}

impl LogCheck {
    /// Allows records in the logs that no call to `expect` or `expect_at` names. Without it they are faults.
    pub const fn allow_others(&mut self) {
        self.allows_others = true;
    }

    /// Expects a record anywhere in the logs.
    pub fn expect(&mut self, record: RecordId) {
        self.expected.insert(record);
    }

    /// Expects a record at an offset of a partition.
    pub fn expect_at(&mut self, record: RecordId, partition: impl Into<PartitionId>, offset: i64) {
        self.expect(record);
        let partition = partition.into();
        if let Some(other) = self.places.insert((partition, offset), record) {
            self.faults.add(|| {
                format!(
                    "{other} and {record} were both acknowledged in partition {partition} at offset {offset}"
                )
            });
        }
    }

    /// Reads the logs of a topic, batch by batch. `identify` returns the id of a record and whether the record is what was
    /// sent; none for a record that was not sent.
    pub fn read(
        &mut self,
        cluster: &Cluster,
        topic: &str,
        mut identify: impl FnMut(&LoggedRecord) -> Option<(RecordId, bool)>,
    ) {
        let partitions = cluster.partition_count(topic).unwrap_or_default();
        for partition in (0..).map(PartitionId).take(partitions) {
            let mut reading = self.partition(partition);
            for record in cluster.log_batches(topic, partition).iter().flat_map(crate::LoggedBatch::records) {
                reading.record(record.offset, identify(&record));
            }
        }
    }

    /// Adds a fault that the caller found.
    pub fn add_fault(&mut self, fault: String) {
        self.faults.add(|| fault);
    }

    /// Whether the logs that were read have a record.
    #[must_use]
    pub fn has_read(&self, record: RecordId) -> bool {
        self.seen.contains(record)
    }

    /// The faults, once the logs were read.
    #[must_use]
    pub fn finish(mut self) -> LogFaults {
        for record in self.expected.iter().filter(|record| !self.seen.contains(*record)) {
            self.faults.add(|| format!("{record} is missing"));
        }
        let mut places: Vec<_> = self.places.into_iter().collect();
        places.sort_unstable();
        for ((partition, offset), record) in places {
            self.faults.add(|| {
                format!("{record} is not in partition {partition} at offset {offset}, as its acknowledgement reported")
            });
        }
        self.faults
    }

    const fn partition(&mut self, partition: PartitionId) -> Reading<'_> {
        Reading { check: self, partition, end: 0, last: BTreeMap::new() }
    }
}

/// The check of one partition.
struct Reading<'a> {
    check: &'a mut LogCheck,
    partition: PartitionId,
    /// The offset behind the last record.
    end: i64,
    /// By sender, the number of the last record.
    last: BTreeMap<u32, u64>,
}

impl Reading<'_> {
    fn record(&mut self, offset: i64, identified: Option<(RecordId, bool)>) {
        let (partition, expected) = (self.partition, self.end);
        self.end = offset + 1;
        let LogCheck { expected: sent, places, allows_others, seen, faults } = &mut *self.check;
        if offset != expected {
            faults.add(|| format!("partition {partition}: offset {offset} follows offset {}", expected - 1));
        }
        let is_known = |record: RecordId| *allows_others || sent.contains(record);
        let Some((record, is_whole)) = identified.filter(|(record, _)| is_known(*record)) else {
            faults.add(|| format!("partition {partition}, offset {offset}: the record was not sent"));
            return;
        };
        if !is_whole {
            faults.add(|| format!("{record} is not what was sent"));
        }
        let last = self.last.insert(record.sender, record.number);
        if !seen.insert(record) {
            faults.add(|| format!("{record} is in the logs once more, in partition {partition}"));
        } else if last.is_some_and(|last| last > record.number) {
            faults.add(|| format!("{record} is out of order, in partition {partition}"));
        }
        if places.get(&(partition, offset)) == Some(&record) {
            places.remove(&(partition, offset));
        }
    }
}

/// Records, a bit each.
#[derive(Debug, Default)]
struct RecordSet(BTreeMap<u32, Vec<u64>>);

impl RecordSet {
    /// Adds a record; false if it was there.
    fn insert(&mut self, record: RecordId) -> bool {
        let (word, bit) = Self::place(record);
        let words = self.0.entry(record.sender).or_default();
        if words.len() <= word {
            words.resize(word + 1, 0);
        }
        let is_new = words[word] & bit == 0;
        words[word] |= bit;
        is_new
    }

    fn contains(&self, record: RecordId) -> bool {
        let (word, bit) = Self::place(record);
        self.0.get(&record.sender).and_then(|words| words.get(word)).is_some_and(|word| word & bit != 0)
    }

    fn iter(&self) -> impl Iterator<Item = RecordId> {
        let numbers = self.0.iter().flat_map(|(sender, words)| {
            (0..words.len() as u64 * 64).map(|number| RecordId { sender: *sender, number })
        });
        numbers.filter(|record| self.contains(*record))
    }

    fn place(record: RecordId) -> (usize, u64) {
        (usize::try_from(record.number / 64).unwrap_or(usize::MAX), 1 << (record.number % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sent_records_pass_in_any_partition() {
        assert_eq!(faults([&[0, 1, 4], &[2, 3]]), [""; 0]);
        assert_eq!(faults([&[], &[0, 1, 2, 3, 4]]), [""; 0]);
    }

    #[test]
    fn missing_record_is_a_fault() {
        assert_eq!(faults([&[0, 1], &[2, 3]]), ["record 4 is missing"]);
    }

    #[test]
    fn repeated_record_is_a_fault() {
        assert_eq!(faults([&[0, 1, 1, 4], &[2, 3]]), ["record 1 is in the logs once more, in partition 0"]);
        assert_eq!(faults([&[0, 1, 4], &[1, 2, 3]]), ["record 1 is in the logs once more, in partition 1"]);
    }

    #[test]
    fn wrong_order_is_a_fault() {
        assert_eq!(faults([&[0, 4, 1], &[2, 3]]), ["record 1 is out of order, in partition 0"]);
    }

    #[test]
    fn order_is_that_of_each_sender() {
        let mut check = LogCheck::default();
        check.allow_others();
        let mut reading = check.partition(PartitionId(0));
        for (offset, (sender, number)) in (0..).zip([(1, 0), (2, 5), (1, 1), (2, 4)]) {
            reading.record(offset, Some((RecordId { sender, number }, true)));
        }
        assert_eq!(check.finish().first, ["record 4 of sender 2 is out of order, in partition 0"]);
    }

    #[test]
    fn foreign_record_is_a_fault_unless_others_are_allowed() {
        assert_eq!(faults([&[0, 1, 4, 7], &[2, 3]]), ["partition 0, offset 3: the record was not sent"]);
        let mut check = check();
        check.allow_others();
        assert_eq!(faults_of(check, [&[0, 1, 4, 7], &[2, 3]]), [""; 0]);
        assert_eq!(one(0, None), ["partition 0, offset 0: the record was not sent", "record 0 is missing"]);
    }

    #[test]
    fn changed_record_is_a_fault() {
        assert_eq!(one(0, Some((id(0), false))), ["record 0 is not what was sent"]);
    }

    #[test]
    fn gap_in_the_offsets_is_a_fault() {
        assert_eq!(one(3, Some((id(0), true))), ["partition 0: offset 3 follows offset -1"]);
    }

    #[test]
    fn wrong_offset_in_an_acknowledgement_is_a_fault() {
        let with_place = |offset| {
            let mut check = check();
            check.expect_at(id(4), 0, offset);
            faults_of(check, [&[0, 1, 4], &[2, 3]])
        };
        assert_eq!(with_place(2), [""; 0]);
        let wrong = "record 4 is not in partition 0 at offset 1, as its acknowledgement reported";
        assert_eq!(with_place(1), [wrong]);
    }

    #[test]
    fn same_offset_in_two_acknowledgements_is_a_fault() {
        let mut check = check();
        check.expect_at(id(4), 0, 1);
        check.expect_at(id(1), 0, 1);
        let both = "record 4 and record 1 were both acknowledged in partition 0 at offset 1";
        assert_eq!(faults_of(check, [&[0, 1, 4], &[2, 3]]), [both]);
    }

    #[test]
    fn all_faults_are_counted_and_the_first_are_kept() {
        let mut check = LogCheck::default();
        (0..1_000).for_each(|number| check.expect(id(number)));
        let faults = check.finish();
        assert_eq!((faults.count, faults.first.len()), (1_000, LogFaults::FIRST_MAX));
    }

    const fn id(number: u64) -> RecordId {
        RecordId { sender: 0, number }
    }

    /// A check that expects records 0 to 4.
    fn check() -> LogCheck {
        let mut check = LogCheck::default();
        (0..5).for_each(|number| check.expect(id(number)));
        check
    }

    fn faults(partitions: [&[u64]; 2]) -> Vec<String> {
        faults_of(check(), partitions)
    }

    /// The faults of two partitions that hold these records.
    fn faults_of(mut check: LogCheck, partitions: [&[u64]; 2]) -> Vec<String> {
        for (partition, numbers) in (0..).map(PartitionId).zip(partitions) {
            let mut reading = check.partition(partition);
            for (offset, number) in (0..).zip(numbers) {
                reading.record(offset, Some((id(*number), true)));
            }
        }
        check.finish().first
    }

    /// The faults of a log with one record, where record 0 is expected.
    fn one(offset: i64, identified: Option<(RecordId, bool)>) -> Vec<String> {
        let mut check = LogCheck::default();
        check.expect(id(0));
        check.partition(PartitionId(0)).record(offset, identified);
        check.finish().first
    }
}
