//! A batch that takes no more records: a value with one owner, on its way to the broker and back.

use std::time::Instant;

use bytes::Bytes;
use milena_codec::record::{BatchHeader, HEADER_BYTES, Stamp, renumber};
use milena_codec::wire::DecodeError;

use crate::sync::{Arc, Completion, Generation};

/// The records of one partition that go out together.
///
/// Its bytes, and the budget that they hold, are given back once, when nobody can read them any more.
#[derive(Debug)]
pub struct Batch {
    /// The bytes in order; the first chunk begins with room for the header.
    pub(super) chunks: Vec<Vec<u8>>,
    /// A large value that lies where its caller put it: it belongs between the first chunk and the second.
    pub(super) lent: Option<Bytes>,
    /// How many records.
    pub records: u32,
    pub(super) base_timestamp_ms: i64,
    pub(super) max_timestamp_ms: i64,
    /// What the bytes cost of the budget.
    pub(super) charged: usize,
    /// When its first record came.
    pub opened: Instant,
    pub(super) generation: Generation,
    pub(super) completion: Arc<Completion>,
    /// Its first record's place among those of the completion, and how many these are: all, unless it was split.
    pub(super) seats: (u32, u32),
}

/// The right to say, once, what became of a batch's records: apart from its bytes, which may have to stay longer.
#[derive(Debug)]
pub struct Claim {
    /// Who waits.
    pub completion: Arc<Completion>,
    /// Which flush waits.
    pub generation: Generation,
    /// The first record's place among those of the completion.
    pub first: u32,
    /// How many records.
    pub records: u32,
    /// How many the completion has.
    pub seats: u32,
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
        let header =
            BatchHeader::of_producer(self.records, self.base_timestamp_ms, self.max_timestamp_ms, stamp);
        if let Some((head, rest)) = self.chunks.split_first_mut() {
            header.seal(head, pieces_of(&[], self.lent.as_ref(), rest));
        }
    }

    /// The right to settle its records, for whoever takes the batch out of its queue.
    #[must_use]
    pub fn claim(&self) -> Claim {
        Claim {
            completion: Arc::clone(&self.completion),
            generation: self.generation,
            first: self.seats.0,
            records: self.records,
            seats: self.seats.1,
        }
    }

    /// Cuts the batch in parts of at most `bytes_max`, or of one record, which take over what it costs of the budget.
    ///
    /// # Errors
    /// [`DecodeError`] when the batch does not hold records; it was encoded here, so that says of a fault here.
    pub fn split(&mut self, bytes_max: usize) -> Result<Vec<Self>, DecodeError> {
        let mut parts: Vec<Self> = Vec::new();
        for (place, chunk) in self.chunks.iter().enumerate() {
            let mut rest = &chunk[if place == 0 { HEADER_BYTES } else { 0 }..];
            while !rest.is_empty() {
                if parts.last().is_none_or(|part| part.bytes() >= bytes_max) {
                    parts.push(self.part_after(&parts));
                }
                let Some(part) = parts.last_mut() else { break };
                let taken = part.take_from(rest, bytes_max)?;
                rest = &rest[taken..];
                if taken == 0 {
                    parts.push(self.part_after(&parts));
                }
            }
        }
        if let Some(first) = parts.first_mut() {
            first.charged = std::mem::take(&mut self.charged);
        }
        Ok(parts)
    }

    /// An empty part whose records follow those of `parts`.
    fn part_after(&self, parts: &[Self]) -> Self {
        let first = self.seats.0 + parts.iter().map(|part| part.records).sum::<u32>();
        Self {
            chunks: vec![vec![0; HEADER_BYTES]],
            lent: None,
            records: 0,
            base_timestamp_ms: self.base_timestamp_ms,
            max_timestamp_ms: i64::MIN,
            charged: 0,
            opened: self.opened,
            generation: self.generation,
            completion: Arc::clone(&self.completion),
            seats: (first, self.seats.1),
        }
    }

    /// Takes records from the start of `source` while they fit, and says how many bytes of it they were.
    fn take_from(&mut self, source: &[u8], bytes_max: usize) -> Result<usize, DecodeError> {
        let part = renumber(source, &mut self.chunks[0], self.records, u32::MAX, bytes_max)?;
        self.records += part.records;
        if part.records > 0 {
            let newest = self.base_timestamp_ms.saturating_add(part.timestamp_delta_max);
            self.max_timestamp_ms = self.max_timestamp_ms.max(newest);
        }
        Ok(part.source_bytes)
    }

    /// Lets go of the bytes: the chunks are appended to `chunks`, and what they cost is returned.
    pub fn dismantle(mut self, chunks: &mut Vec<Vec<u8>>) -> usize {
        chunks.append(&mut self.chunks);
        self.charged
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
