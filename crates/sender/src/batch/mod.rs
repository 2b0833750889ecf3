//! A batch that takes no more records: a value with one owner, on its way to the broker and back.

mod compressed;
mod parts;

use std::sync::{Arc as StdArc, Weak};
use std::time::{Duration, Instant};

use milena_codec::compression::Compression;
use milena_codec::record::{Attributes, BatchHeader, Stamp};

pub(crate) use compressed::ZSTD_SINCE_PRODUCE;

use crate::sync::{
    Account, Arc, BatchData, Charge, ChargeHold, Completion, FailedBatch, FailedRoom, Generation, Memory,
    RecordLayout, pieces_of,
};
use crate::timing::{BatchTimes, BatchTiming};

/// The records of one partition that go out together.
///
/// Its bytes and what they take of the budget are released once, after the last reader is done.
#[derive(Debug)]
pub struct Batch {
    /// Its bytes.
    pub(crate) data: StdArc<BatchData>,
    /// How many records.
    pub records: u32,
    pub(crate) base_timestamp_ms: i64,
    pub(crate) max_timestamp_ms: i64,
    /// The account of its partition.
    pub(crate) account: Arc<Account>,
    /// The bytes that are charged to the account.
    pub(crate) charged: usize,
    pub(crate) times: BatchTimes,
    pub(crate) generation: Generation,
    pub(crate) completion: Arc<Completion>,
    /// Its first record's place among those of the completion, and how many these are: all, unless it was split.
    pub(crate) record_handles: (u32, u32),
    /// The codec of its records, and their length before compression.
    pub(crate) codec: Compression,
    pub(crate) plain_bytes: usize,
}

/// The length of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// Its bytes on the wire.
    pub wire: usize,
    /// Its bytes if it were not compressed.
    pub plain: usize,
}

/// The right to settle the records of a batch, once. Its bytes may be needed longer.
#[derive(Debug)]
pub struct Claim {
    /// Where the outcome goes.
    pub completion: Arc<Completion>,
    /// Which flush waits.
    pub generation: Generation,
    /// Whose progress it is.
    pub account: Arc<Account>,
    /// The first record's place among those of the completion.
    pub first: u32,
    /// How many records.
    pub records: u32,
    /// How many the completion has.
    pub record_handles: u32,
    /// The bytes, as long as the batch exists.
    data: Weak<BatchData>,
    layout: RecordLayout,
    pub(crate) times: BatchTimes,
}

impl Claim {
    /// The timing of the batch, with its outcome at `now`. `linger_max` is `linger.ms`.
    #[must_use]
    pub fn timing(&self, now: Instant, linger_max: Duration) -> BatchTiming {
        self.times.timing(now, linger_max)
    }
}

impl Batch {
    /// Length of the whole batch on the wire.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pieces().map(<[u8]>::len).sum()
    }

    /// The bytes, piece by piece.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.data.pieces()
    }

    /// The bytes, to be changed.
    pub(crate) fn data_mut(&mut self) -> &mut BatchData {
        StdArc::make_mut(&mut self.data)
    }

    /// One of the pieces.
    #[must_use]
    pub fn piece(&self, index: usize) -> &[u8] {
        let BatchData { chunks, lent, .. } = &*self.data;
        match (lent, index) {
            (Some(lent), 1) => lent,
            (Some(_), 2..) => chunks.get(index - 1).map_or(&[], Vec::as_slice),
            (None, _) | (Some(_), 0) => chunks.get(index).map_or(&[], Vec::as_slice),
        }
    }

    /// How many pieces there are.
    #[must_use]
    pub fn piece_count(&self) -> usize {
        self.data.chunks.len() + usize::from(self.data.lent.is_some())
    }

    /// Writes the header over the room left for it, and takes the CRC: one pass.
    pub fn seal(&mut self, stamp: Stamp) {
        let header = BatchHeader {
            attributes: Attributes::NONE.with_compression(self.codec),
            ..BatchHeader::of_producer(self.records, self.base_timestamp_ms, self.max_timestamp_ms, stamp)
        };
        let BatchData { chunks, lent, .. } = self.data_mut();
        if let Some((head, rest)) = chunks.split_first_mut() {
            header.seal(head, pieces_of(&[], lent.as_ref(), rest));
        }
    }

    /// The right to settle its records, for the sender that takes the batch out of its queue.
    #[must_use]
    pub fn claim(&self) -> Claim {
        Claim {
            completion: Arc::clone(&self.completion),
            generation: self.generation,
            account: Arc::clone(&self.account),
            first: self.record_handles.0,
            records: self.records,
            record_handles: self.record_handles.1,
            data: StdArc::downgrade(&self.data),
            layout: RecordLayout {
                first: self.record_handles.0,
                base_timestamp_ms: self.base_timestamp_ms,
                codec: self.codec,
                plain_bytes: self.plain_bytes,
            },
            times: self.times,
        }
    }

    /// Releases the bytes: the chunks are appended to `chunks`. Returns what they were charged, unless a report holds it.
    pub fn dismantle(self, chunks: &mut Vec<Vec<u8>>) -> Option<Charge> {
        let charge = Charge { account: self.account, bytes: self.charged };
        match StdArc::try_unwrap(self.data) {
            Ok(mut data) => {
                chunks.append(&mut data.chunks);
                Some(charge)
            }
            Err(data) => data.leave(charge),
        }
    }
}

impl Claim {
    /// Its bytes, while the batch exists.
    pub(crate) fn data(&self) -> Option<StdArc<BatchData>> {
        self.data.upgrade()
    }

    /// The same after the batch was sealed again, which may have moved its bytes.
    pub(crate) fn read_from(&mut self, batch: Option<&Batch>) {
        self.data = batch.map_or_else(Weak::new, |batch| StdArc::downgrade(&batch.data));
    }

    /// Holds its charge of the budget, while the batch exists.
    pub(crate) fn hold(&self, memory: &Arc<Memory>) -> Option<ChargeHold> {
        Some(ChargeHold::new(self.data()?, Arc::clone(memory)))
    }

    /// Its records to be read after they failed. None where the bytes are in a job, and where `room` is asked for and there is none.
    pub(crate) fn failed_batch(&self, room: Option<&StdArc<FailedRoom>>) -> Option<StdArc<FailedBatch>> {
        FailedBatch::new(self.data()?, self.layout.clone(), room)
    }
}
