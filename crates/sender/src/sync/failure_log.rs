//! What failed, for those who only ask now and then: a flush tells how many records failed since the last one.

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
        inner.entries.push_back((before, failed));
    }

    /// How many records failed in all.
    pub fn total(&self) -> u64 {
        lock(&self.inner).total
    }

    /// The first entries after `seen`, at most `limit`, and the total now.
    pub fn since(&self, seen: u64, limit: usize) -> (u64, Vec<FailedRecords>) {
        let inner = lock(&self.inner);
        let entries = inner.entries.iter().filter(|(before, _)| *before >= seen).take(limit);
        (inner.total, entries.map(|(_, failed)| failed.clone()).collect())
    }
}
