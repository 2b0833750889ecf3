//! Whether what was sent is what is in the logs: each record exactly once, whole, in order within its partition, and
//! where its delivery said.
//!
//! It holds a bit a record, however long the logs are.

use std::collections::HashMap;

use super::values::{Values, number_of};

/// Faults that are told one by one; all are counted.
const TOLD_MAX: usize = 10;

/// The check, to be given each partition's log once.
#[derive(Debug)]
pub(super) struct Check {
    records: u64,
    values: Values,
    seen: Vec<u64>,
    /// Where deliveries said that some records are: by partition and offset.
    told: HashMap<(i32, i64), u64>,
    faults: Faults,
}

/// A record of a log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) offset: i64,
    pub(super) value: Option<&'a [u8]>,
}

/// Where a delivery said that its record is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) number: u64,
    pub(super) partition: i32,
    pub(super) offset: i64,
}

/// What is wrong.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) count: u64,
    /// The first of them, in words.
    pub(super) first: Vec<String>,
}

impl Faults {
    fn add(&mut self, fault: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < TOLD_MAX {
            self.first.push(fault());
        }
    }
}

impl Check {
    /// Of records 0 to `records`, whose values are `values`, of which some were told to be at `places`.
    pub(super) fn new(records: u64, values: Values, places: &[Place]) -> Self {
        let words = usize::try_from(records.div_ceil(64)).unwrap_or_default();
        let mut check =
            Self { records, values, seen: vec![0; words], told: HashMap::new(), faults: Faults::default() };
        for Place { number, partition, offset } in places.iter().copied() {
            if let Some(other) = check.told.insert((partition, offset), number) {
                check.faults.add(|| {
                    format!("records {other} and {number} are both said to be in partition {partition} at offset {offset}")
                });
            }
        }
        check
    }

    /// Begins with a partition.
    pub(super) fn partition(&mut self, partition: i32) -> Reading<'_> {
        Reading { check: self, partition, offset: 0, last: None }
    }

    /// A break of the protocol, of which the brokers told.
    pub(super) fn violation(&mut self, what: &str) {
        self.faults.add(|| format!("a broker saw a break of the protocol: {what}"));
    }

    /// What is wrong, when every partition was read.
    pub(super) fn finish(mut self) -> Faults {
        for number in 0..self.records {
            if !self.has_seen(number) {
                self.faults.add(|| format!("record {number} is missing"));
            }
        }
        let mut told: Vec<_> = self.told.into_iter().collect();
        told.sort_unstable();
        for ((partition, offset), number) in told {
            self.faults.add(|| {
                format!("record {number} is not in partition {partition} at offset {offset}, as was said")
            });
        }
        self.faults
    }

    fn has_seen(&self, number: u64) -> bool {
        self.seen[word(number)] & bit(number) != 0
    }
}

/// The check of one partition.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    check: &'a mut Check,
    partition: i32,
    /// The next record's.
    offset: i64,
    /// The number of the record before.
    last: Option<u64>,
}

impl Reading<'_> {
    /// The next record of the log.
    pub(super) fn record(&mut self, found: Found<'_>) {
        let (partition, expected) = (self.partition, self.offset);
        self.offset = found.offset + 1;
        let Check { records, values, seen, told, faults } = &mut *self.check;
        if found.offset != expected {
            faults.add(|| format!("partition {partition}: behind offset {expected} comes {}", found.offset));
        }
        let Some(number) = found.value.and_then(number_of).filter(|number| number < records) else {
            faults
                .add(|| format!("partition {partition}, offset {}: a record that nobody sent", found.offset));
            return;
        };
        if found.value != Some(values.of(number)) {
            faults.add(|| format!("record {number} is not what was sent"));
        }
        if seen[word(number)] & bit(number) != 0 {
            faults.add(|| format!("record {number} is there once more, in partition {partition}"));
        } else if self.last.is_some_and(|last| last > number) {
            faults.add(|| format!("record {number} is out of order, in partition {partition}"));
        }
        seen[word(number)] |= bit(number);
        self.last = Some(number);
        if told.get(&(partition, found.offset)) == Some(&number) {
            told.remove(&(partition, found.offset));
        }
    }
}

fn word(number: u64) -> usize {
    usize::try_from(number / 64).unwrap_or(usize::MAX)
}

const fn bit(number: u64) -> u64 {
    1 << (number % 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u32 = 20;

    /// What the check says of two partitions that hold these records, of five that were sent.
    fn check(partitions: [&[u64]; 2]) -> Vec<String> {
        check_told(partitions, &[])
    }

    fn check_told(partitions: [&[u64]; 2], places: &[Place]) -> Vec<String> {
        let mut values = Values::new(SIZE);
        let mut check = Check::new(5, Values::new(SIZE), places);
        for (partition, numbers) in (0..).zip(partitions) {
            let mut reading = check.partition(partition);
            for (offset, number) in (0..).zip(numbers) {
                reading.record(Found { offset, value: Some(values.of(*number)) });
            }
        }
        check.finish().first
    }

    #[test]
    fn what_was_sent_passes_however_it_is_spread() {
        assert_eq!(check([&[0, 1, 4], &[2, 3]]), Vec::<String>::new());
        assert_eq!(check([&[], &[0, 1, 2, 3, 4]]), Vec::<String>::new());
    }

    #[test]
    fn a_record_that_is_missing_is_told() {
        assert_eq!(check([&[0, 1], &[2, 3]]), ["record 4 is missing"]);
    }

    #[test]
    fn a_record_that_is_there_twice_is_told() {
        assert_eq!(check([&[0, 1, 1, 4], &[2, 3]]), ["record 1 is there once more, in partition 0"]);
        assert_eq!(check([&[0, 1, 4], &[1, 2, 3]]), ["record 1 is there once more, in partition 1"]);
    }

    #[test]
    fn records_that_changed_places_are_told() {
        assert_eq!(check([&[0, 4, 1], &[2, 3]]), ["record 1 is out of order, in partition 0"]);
    }

    #[test]
    fn a_record_that_nobody_sent_is_told() {
        assert_eq!(check([&[0, 1, 4, 7], &[2, 3]]), ["partition 0, offset 3: a record that nobody sent"]);
    }

    #[test]
    fn a_value_that_changed_is_told() {
        let mut check = Check::new(1, Values::new(SIZE), &[]);
        let mut value = Values::new(SIZE).of(0).to_vec();
        value[15] ^= 1;
        check.partition(0).record(Found { offset: 0, value: Some(&value) });
        assert_eq!(check.finish().first, ["record 0 is not what was sent"]);

        let mut check = Check::new(1, Values::new(SIZE), &[]);
        check.partition(0).record(Found { offset: 0, value: None });
        assert_eq!(check.finish().count, 2, "a null, and the record is missing");
    }

    #[test]
    fn a_hole_in_the_offsets_is_told() {
        let mut check = Check::new(1, Values::new(SIZE), &[]);
        check.partition(0).record(Found { offset: 3, value: Some(Values::new(SIZE).of(0)) });
        assert_eq!(check.finish().first, ["partition 0: behind offset 0 comes 3"]);
    }

    #[test]
    fn a_delivery_that_told_another_place_is_told() {
        let right = Place { number: 4, partition: 0, offset: 2 };
        assert_eq!(check_told([&[0, 1, 4], &[2, 3]], &[right]), Vec::<String>::new());
        let wrong = Place { number: 4, partition: 0, offset: 1 };
        let said = check_told([&[0, 1, 4], &[2, 3]], &[wrong]);
        assert_eq!(said, ["record 4 is not in partition 0 at offset 1, as was said"]);
    }

    #[test]
    fn two_records_at_one_place_are_told() {
        let places = [4, 1].map(|number| Place { number, partition: 0, offset: 1 });
        let said = check_told([&[0, 1, 4], &[2, 3]], &places);
        assert_eq!(said, ["records 4 and 1 are both said to be in partition 0 at offset 1"]);
    }

    #[test]
    fn many_faults_are_counted_and_the_first_are_told() {
        let faults = Check::new(1_000, Values::new(SIZE), &[]).finish();
        assert_eq!((faults.count, faults.first.len()), (1_000, TOLD_MAX));
    }
}
