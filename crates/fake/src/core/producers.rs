//! The idempotent producers of a partition: enough to distinguish a repeated batch from a new one.
//!
//! The rules are those of `ProducerStateManager` and `ProducerAppendInfo`: the last five batches of a producer's
//! epoch, and no gap between them. A producer that the partition does not know may begin anywhere.
//!
//! All replicas append the same batches. One that started anew remembers less of those before its snapshot: the last batch
//! of each producer alone (`ProducerStateManager.writeSnapshot`), after a crash as after an orderly stop, because recovery
//! ends with a snapshot of its own (`LogLoader.recoverSegment`).

use std::collections::{BTreeMap, VecDeque};

use milena_codec::ErrorCode;
use milena_codec::ids::{ProducerEpoch, ProducerId, Sequence};
use milena_codec::record::BatchHeader;

/// `ProducerStateEntry.NUM_BATCHES_TO_RETAIN`.
const BATCHES_KEPT: usize = 5;
/// Most producers that a partition remembers; the lowest id is forgotten first.
const PRODUCERS_MAX: usize = 10_000;

/// Append, duplicate or rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Append,
    /// It is there already.
    Duplicate {
        base_offset: i64,
        timestamp_ms: i64,
    },
    Reject(ErrorCode),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Producers(BTreeMap<ProducerId, Producer>);

#[derive(Clone, Debug)]
struct Producer {
    epoch: ProducerEpoch,
    /// Invariant: never empty, at most [`BATCHES_KEPT`], sequences without a gap.
    batches: VecDeque<BatchMetadata>,
}

#[derive(Clone, Copy, Debug)]
struct BatchMetadata {
    first: Sequence,
    last: Sequence,
    base_offset: i64,
    timestamp_ms: i64,
}

impl Producers {
    /// The log lost what was behind `log_end`: producers whose last batch was there are read from the batches that are
    /// left (`UnifiedLog.rebuildProducerState`).
    pub(crate) fn rebuild<'a>(&mut self, log_end: i64, batches: impl Iterator<Item = &'a BatchHeader>) {
        let mut read = Self::default();
        for header in batches {
            read.update(header, header.base_offset, header.max_timestamp_ms);
        }
        self.0.retain(|_, producer| producer.batches.back().is_some_and(|last| last.base_offset < log_end));
        read.0.append(&mut self.0);
        *self = read;
    }

    /// Judges a batch before it is appended, by a leader whose snapshot ends at this offset: 0 for none.
    pub(crate) fn check(&self, header: &BatchHeader, snapshot_end: i64) -> Verdict {
        let identity = header.stamp.identity;
        let Some(producer) = self.0.get(&identity.producer_id) else { return Verdict::Append };
        let first = header.stamp.base_sequence;
        if identity.epoch < producer.epoch {
            return Verdict::Reject(ErrorCode::INVALID_PRODUCER_EPOCH);
        }
        if identity.epoch > producer.epoch {
            return match first.0 {
                0 => Verdict::Append,
                _ => Verdict::Reject(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER),
            };
        }
        let same =
            |written: &&BatchMetadata| written.first == first && written.last == header.last_sequence();
        if let Some(written) = producer.known_since(snapshot_end).find(same) {
            let BatchMetadata { base_offset, timestamp_ms, .. } = *written;
            return Verdict::Duplicate { base_offset, timestamp_ms };
        }
        match producer.batches.back().is_none_or(|written| written.last.after(1) == first) {
            true => Verdict::Append,
            false => Verdict::Reject(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER),
        }
    }

    /// Remembers a batch that was appended.
    pub(crate) fn update(&mut self, header: &BatchHeader, base_offset: i64, timestamp_ms: i64) {
        let identity = header.stamp.identity;
        if identity.producer_id.0 < 0 {
            return;
        }
        let fresh = || Producer { epoch: identity.epoch, batches: VecDeque::new() };
        let producer = self.0.entry(identity.producer_id).or_insert_with(fresh);
        if producer.epoch != identity.epoch {
            *producer = fresh();
        }
        if producer.batches.len() == BATCHES_KEPT {
            producer.batches.pop_front();
        }
        let (first, last) = (header.stamp.base_sequence, header.last_sequence());
        producer.batches.push_back(BatchMetadata { first, last, base_offset, timestamp_ms });
        if self.0.len() > PRODUCERS_MAX {
            self.0.pop_first();
        }
    }
}

impl Producer {
    /// The batches that a replica remembers whose snapshot ends at this offset: the last one before it, and all after it.
    fn known_since(&self, snapshot_end: i64) -> impl Iterator<Item = &BatchMetadata> {
        let later = self.batches.iter().skip(1).map(move |next| next.base_offset >= snapshot_end);
        self.batches
            .iter()
            .zip(later.chain([true]))
            .filter_map(|(written, is_known)| is_known.then_some(written))
    }
}

#[cfg(test)]
mod tests {
    use milena_codec::ids::ProducerIdAndEpoch;
    use milena_codec::record::Stamp;

    use super::*;

    #[test]
    fn last_five_batches_are_duplicates_and_the_sixth_is_out_of_order() {
        let mut producers = Producers::default();
        for turn in 0..6 {
            append(&mut producers, turn * 2, 2, turn.into());
        }
        assert_eq!(producers.check(&batch(0, 0, 2), 0), refused(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER));
        assert_eq!(
            producers.check(&batch(0, 2, 2), 0),
            Verdict::Duplicate { base_offset: 1, timestamp_ms: 7 }
        );
        assert_eq!(producers.check(&batch(0, 12, 1), 0), Verdict::Append);
    }

    #[test]
    fn overlapping_batch_is_no_duplicate() {
        let mut producers = Producers::default();
        append(&mut producers, 0, 4, 0);
        for (first, count) in [(0, 3), (1, 3), (2, 4), (5, 1)] {
            let verdict = producers.check(&batch(0, first, count), 0);
            assert_eq!(verdict, refused(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER), "{first} {count}");
        }
    }

    #[test]
    fn sequences_wrap_inside_a_batch_and_between_two() {
        let mut producers = Producers::default();
        append(&mut producers, i32::MAX - 1, 3, 0);
        assert_eq!(producers.check(&batch(0, 1, 1), 0), Verdict::Append);
        assert_eq!(producers.check(&batch(0, 0, 1), 0), refused(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER));
    }

    #[test]
    fn old_epoch_is_fenced_and_new_epoch_starts_at_0() {
        let mut producers = Producers::default();
        let mut header = batch(3, 0, 1);
        producers.update(&header, 0, 7);
        header.stamp.identity.epoch = ProducerEpoch(2);
        assert_eq!(producers.check(&header, 0), refused(ErrorCode::INVALID_PRODUCER_EPOCH));
        assert_eq!(producers.check(&batch(4, 1, 1), 0), refused(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER));
        assert_eq!(producers.check(&batch(4, 0, 1), 0), Verdict::Append);
    }

    #[test]
    fn snapshot_has_the_last_batch_before_it_and_later_batches_are_known() {
        let mut producers = Producers::default();
        for turn in 0..5 {
            append(&mut producers, turn, 1, turn.into());
        }
        for (snapshot_end, known) in [(0, 0..5), (2, 1..5), (5, 4..5), (9, 4..5)] {
            let duplicate = |turn: &i32| producers.check(&batch(0, *turn, 1), snapshot_end) != OUT_OF_ORDER;
            assert_eq!(
                (0..5).filter(duplicate).collect::<Vec<_>>(),
                known.collect::<Vec<_>>(),
                "{snapshot_end}"
            );
        }
        assert_eq!(producers.check(&batch(0, 5, 1), 5), Verdict::Append);
    }

    const OUT_OF_ORDER: Verdict = refused(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);

    fn append(producers: &mut Producers, first: i32, count: u32, base_offset: i64) {
        let header = batch(0, first, count);
        assert_eq!(producers.check(&header, 0), Verdict::Append);
        producers.update(&header, base_offset, 7);
    }

    fn batch(epoch: i16, first: i32, count: u32) -> BatchHeader {
        let identity = ProducerIdAndEpoch { producer_id: ProducerId(1), epoch: ProducerEpoch(epoch) };
        BatchHeader::of_producer(count, 7, 7, Stamp { identity, base_sequence: Sequence(first) })
    }

    const fn refused(code: ErrorCode) -> Verdict {
        Verdict::Reject(code)
    }
}
