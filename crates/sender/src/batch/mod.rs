//! A batch that takes no more records: a value with one owner, on its way to the broker and back.

mod compressed;
mod parts;

use std::time::Instant;

use bytes::Bytes;
use milena_codec::compression::Compression;
use milena_codec::record::{Attributes, BatchHeader, Stamp};

pub(crate) use compressed::ZSTD_SINCE_PRODUCE;

use crate::sync::{Account, Arc, Charge, Completion, Generation};

/// The records of one partition that go out together.
///
/// Its bytes and what they take of the budget are released once, after the last reader is done.
#[derive(Debug)]
pub struct Batch {
    /// The bytes in order; the first chunk begins with room for the header.
    pub(crate) chunks: Vec<Vec<u8>>,
    /// A large value that lies where its caller put it: it belongs between the first chunk and the second.
    pub(crate) lent: Option<Bytes>,
    /// How many records.
    pub records: u32,
    pub(crate) base_timestamp_ms: i64,
    pub(crate) max_timestamp_ms: i64,
    /// The account of its partition.
    pub(crate) account: Arc<Account>,
    /// The bytes that are charged to the account.
    pub(crate) charged: usize,
    /// When its first record came.
    pub opened: Instant,
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
}

impl Batch {
    /// Length of the whole batch on the wire.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pieces().map(<[u8]>::len).sum()
    }

    /// The bytes, piece by piece.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let (first, rest) = self.chunks.split_at(self.chunks.len().min(1));
        pieces_of(first, self.lent.as_ref(), rest)
    }

    /// One of the pieces.
    #[must_use]
    pub fn piece(&self, index: usize) -> &[u8] {
        match (&self.lent, index) {
            (Some(lent), 1) => lent,
            (Some(_), 2..) => self.chunks.get(index - 1).map_or(&[], Vec::as_slice),
            (None, _) | (Some(_), 0) => self.chunks.get(index).map_or(&[], Vec::as_slice),
        }
    }

    /// How many pieces there are.
    #[must_use]
    pub fn piece_count(&self) -> usize {
        self.chunks.len() + usize::from(self.lent.is_some())
    }

    /// Writes the header over the room left for it, and takes the CRC: one pass.
    pub fn seal(&mut self, stamp: Stamp) {
        let header = BatchHeader {
            attributes: Attributes::NONE.with_compression(self.codec),
            ..BatchHeader::of_producer(self.records, self.base_timestamp_ms, self.max_timestamp_ms, stamp)
        };
        if let Some((head, rest)) = self.chunks.split_first_mut() {
            header.seal(head, pieces_of(&[], self.lent.as_ref(), rest));
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
        }
    }

    /// Releases the bytes: the chunks are appended to `chunks`. Returns what they were charged.
    pub fn dismantle(mut self, chunks: &mut Vec<Vec<u8>>) -> Charge {
        chunks.append(&mut self.chunks);
        Charge { account: self.account, bytes: self.charged }
    }
}

fn pieces_of<'a>(
    first: &'a [Vec<u8>],
    lent: Option<&'a Bytes>,
    rest: &'a [Vec<u8>],
) -> impl Iterator<Item = &'a [u8]> + Clone {
    let chunks = |chunks: &'a [Vec<u8>]| chunks.iter().map(Vec::as_slice);
    chunks(first).chain(lent.map(Bytes::as_ref)).chain(chunks(rest))
}
