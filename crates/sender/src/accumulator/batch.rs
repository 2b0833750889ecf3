//! A batch that takes no more records: a value with one owner, on its way to the broker and back.

use std::time::Instant;

use bytes::Bytes;
use milena_codec::record::{BatchHeader, HEADER_BYTES, Part, Stamp, renumber};
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
        let mut place = 0;
        for mut rest in self.records_by_chunk() {
            while !rest.is_empty() {
                if parts.last().is_none_or(|part| part.bytes() >= bytes_max) {
                    parts.push(self.part_at(place));
                }
                let Some(part) = parts.last_mut() else { break };
                let taken = part.take_from(rest, u32::MAX, bytes_max)?;
                (place, rest) = (place + taken.records, &rest[taken.source_bytes..]);
                if taken.records == 0 {
                    parts.push(self.part_at(place));
                }
            }
        }
        self.share_charge(&mut parts);
        Ok(parts)
    }

    /// Leaves out the records at `places`, which ascend. The others make up the parts, which take over what the batch
    /// costs of the budget: a part for each run of records that stood together.
    ///
    /// # Errors
    /// [`DecodeError`] when the batch does not hold records; it was encoded here, so that says of a fault here.
    pub fn without(&mut self, places: &[u32]) -> Result<Vec<Self>, DecodeError> {
        let mut parts: Vec<Self> = Vec::new();
        let mut places = places.iter().copied().peekable();
        let (mut place, mut joins) = (0, false);
        for mut rest in self.records_by_chunk() {
            while !rest.is_empty() {
                let next = places.peek().copied().unwrap_or(u32::MAX);
                let taken = if next <= place {
                    (joins, _) = (false, places.next());
                    renumber(rest, &mut Vec::new(), 0, 1, usize::MAX)?
                } else {
                    if !std::mem::replace(&mut joins, true) {
                        parts.push(self.part_at(place));
                    }
                    let Some(part) = parts.last_mut() else { break };
                    part.take_from(rest, next - place, usize::MAX)?
                };
                (place, rest) = (place + taken.records, &rest[taken.source_bytes..]);
            }
        }
        self.share_charge(&mut parts);
        Ok(parts)
    }

    /// The records, without the header.
    fn records_by_chunk(&self) -> impl Iterator<Item = &[u8]> {
        let first = self.chunks.iter().take(1).map(|head| &head[HEADER_BYTES..]);
        first.chain(self.chunks.iter().skip(1).map(Vec::as_slice))
    }

    /// An empty part that begins with the record at `place`.
    fn part_at(&self, place: u32) -> Self {
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
            seats: (self.seats.0 + place, self.seats.1),
        }
    }

    /// Takes records from the start of `source` while they fit.
    fn take_from(&mut self, source: &[u8], records_max: u32, bytes_max: usize) -> Result<Part, DecodeError> {
        let part = renumber(source, &mut self.chunks[0], self.records, records_max, bytes_max)?;
        self.records += part.records;
        if part.records > 0 {
            let newest = self.base_timestamp_ms.saturating_add(part.timestamp_delta_max);
            self.max_timestamp_ms = self.max_timestamp_ms.max(newest);
        }
        Ok(part)
    }

    /// What the batch costs goes over to its parts, each by its size, and what is left to the last.
    fn share_charge(&mut self, parts: &mut [Self]) {
        let Some((last, others)) = parts.split_last_mut() else { return };
        let mut left = std::mem::take(&mut self.charged);
        for part in others {
            part.charged = part.bytes().min(left);
            left -= part.charged;
        }
        last.charged = left;
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
