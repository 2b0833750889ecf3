//! The failures of a producer, for callers that read them now and then: a flush returns how many records failed since the last one.

use std::collections::VecDeque;
use std::sync::Arc;

use milena_codec::ids::PartitionId;

use super::{Mutex, lock};
use crate::outcome::Failure;

/// How many entries are kept; older ones are counted only.
const ENTRIES_MAX: usize = 256;

/// Some records that failed together.
#[derive(Clone, Debug)]
pub struct FailedRecords {
    /// Their topic.
    pub topic: Arc<str>,
    /// Their partition.
    pub partition: PartitionId,
    /// How many they are.
    pub records: u64,
    /// Why.
    pub failure: Arc<Failure>,
}

/// All failures of a producer, in order; each handle remembers how far it has read.
#[derive(Debug, Default)]
pub struct FailureLog {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Records that ever failed.
    total: u64,
    /// Those of them that failed because the producer ended.
    cut_off: u64,
    /// The last of them, each with the total before it.
    entries: VecDeque<(u64, FailedRecords)>,
}

impl FailureLog {
    /// Notes some failed records.
    pub fn note(&self, failed: FailedRecords) {
        let mut inner = lock(&self.inner);
        if inner.entries.len() == ENTRIES_MAX {
            inner.entries.pop_front();
        }
        let before = inner.total;
        inner.total += failed.records;
        if failed.failure.by_end {
            inner.cut_off += failed.records;
        }
        inner.entries.push_back((before, failed));
    }

    /// How many records failed in all.
    pub fn total(&self) -> u64 {
        lock(&self.inner).total
    }

    /// How many accepted records failed because the producer ended before they were settled.
    pub fn cut_off(&self) -> u64 {
        lock(&self.inner).cut_off
    }

    /// The first entries after `seen`, at most `limit`, and the total now.
    pub fn since(&self, seen: u64, limit: usize) -> (u64, Vec<FailedRecords>) {
        let inner = lock(&self.inner);
        let entries = inner.entries.iter().filter(|(before, _)| *before >= seen).take(limit);
        (inner.total, entries.map(|(_, failed)| failed.clone()).collect())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::outcome::{ErrorKind, Persisted};

    fn failed(records: u64) -> FailedRecords {
        let failure = Failure {
            kind: ErrorKind::Refused,
            persisted: Persisted::No,
            retriable: false,
            by_end: false,
            code: None,
            message: "refused".into(),
        };
        FailedRecords { topic: "t".into(), partition: PartitionId(0), records, failure: Arc::new(failure) }
    }

    fn seen(log: &FailureLog, since: u64, limit: usize) -> (u64, Vec<u64>) {
        let (total, entries) = log.since(since, limit);
        (total, entries.iter().map(|entry| entry.records).collect())
    }

    #[test]
    fn failures_since_a_total_are_returned_in_order() {
        let log = FailureLog::default();
        assert_eq!(seen(&log, 0, 10), (0, vec![]));
        log.note(failed(3));
        log.note(failed(5));
        assert_eq!(seen(&log, 0, 10), (8, vec![3, 5]));
        log.note(failed(7));
        assert_eq!(seen(&log, 8, 10), (15, vec![7]));
        assert_eq!(seen(&log, 15, 10), (15, vec![]));
        assert_eq!(seen(&log, 0, 2), (15, vec![3, 5]), "the first of them");
        assert_eq!(log.total(), 15);
    }

    #[test]
    fn old_entries_are_counted_only() {
        let log = FailureLog::default();
        let entries = ENTRIES_MAX as u64 + 10;
        (0..entries).for_each(|_| log.note(failed(1)));
        let (total, kept) = seen(&log, 0, usize::MAX);
        assert_eq!((total, kept.len()), (entries, ENTRIES_MAX));
    }
}
