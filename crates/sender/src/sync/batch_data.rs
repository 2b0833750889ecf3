//! The bytes of a batch: owned by the batch, and kept for those that read its records after it failed.

use std::sync::Arc as StdArc;

use bytes::Bytes;
use milena_codec::record::HEADER_BYTES;

use super::{Arc, Charge, Memory, Mutex, lock, wake_all};

/// The bytes of a batch. The batch changes them in place, unless a report of its failure reads them: then it goes on with a copy.
#[derive(Debug, Default)]
pub(crate) struct BatchData {
    /// The bytes in order; the first chunk begins with room for the header.
    pub(crate) chunks: Vec<Vec<u8>>,
    /// A large value that lies where its caller put it: it belongs between the first chunk and the second.
    pub(crate) lent: Option<Bytes>,
    held: Mutex<Held>,
}

/// The charge of a batch while reports hold it.
#[derive(Debug, Default)]
struct Held {
    /// How many reports hold it.
    holds: usize,
    /// The charge, once the batch itself is done with the bytes.
    charge: Option<Charge>,
}

impl BatchData {
    pub(crate) fn new(chunks: Vec<Vec<u8>>, lent: Option<Bytes>) -> StdArc<Self> {
        StdArc::new(Self { chunks, lent, held: Mutex::default() })
    }

    /// The bytes, piece by piece.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let (first, rest) = self.chunks.split_at(self.chunks.len().min(1));
        pieces_of(first, self.lent.as_ref(), rest)
    }

    /// The records, compressed or not, without the header. Each piece of plain records holds whole ones, but where a
    /// large value lies apart.
    pub(crate) fn record_pieces(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let mut pieces = self.pieces();
        let head = pieces.next().map(|head| head.get(HEADER_BYTES..).unwrap_or_default());
        head.into_iter().chain(pieces)
    }

    /// The batch is done with the bytes. Returns its charge, unless reports hold it.
    pub(crate) fn leave(&self, charge: Charge) -> Option<Charge> {
        let mut held = lock(&self.held);
        if held.holds == 0 {
            return Some(charge);
        }
        held.charge = Some(charge);
        None
    }
}

/// The copy is held by no report.
impl Clone for BatchData {
    fn clone(&self) -> Self {
        Self { chunks: self.chunks.clone(), lent: self.lent.clone(), held: Mutex::default() }
    }
}

/// Holds the charge of a batch, so that its partition has room for so much less until this is dropped.
#[derive(Debug)]
pub(crate) struct ChargeHold {
    data: StdArc<BatchData>,
    memory: Arc<Memory>,
}

impl ChargeHold {
    pub(crate) fn new(data: StdArc<BatchData>, memory: Arc<Memory>) -> Self {
        lock(&data.held).holds += 1;
        Self { data, memory }
    }
}

impl Drop for ChargeHold {
    fn drop(&mut self) {
        let mut held = lock(&self.data.held);
        held.holds -= 1;
        let charge = if held.holds == 0 { held.charge.take() } else { None };
        drop(held);
        if let Some(charge) = charge {
            let mut wakers = Vec::new();
            self.memory.give_back(&mut Vec::new(), [charge.release(false)], None, &mut wakers);
            wake_all(&mut wakers);
        }
    }
}

/// The pieces of a batch in order: a lent value stands between the first chunk and the second.
pub(crate) fn pieces_of<'a>(
    first: &'a [Vec<u8>],
    lent: Option<&'a Bytes>,
    rest: &'a [Vec<u8>],
) -> impl Iterator<Item = &'a [u8]> + Clone {
    let chunks = |chunks: &'a [Vec<u8>]| chunks.iter().map(Vec::as_slice);
    chunks(first).chain(lent.map(Bytes::as_ref)).chain(chunks(rest))
}
