//! The write queue: requests in order; the first one may be written in part.
//!
//! Nothing is copied or allocated: the stream gets the pieces where they lie.

use std::collections::VecDeque;
use std::io::IoSlice;

use super::payload::{Payload, ResponseExpected};

/// A request whose last byte is not written yet.
pub(super) struct QueuedRequest<P> {
    pub(super) correlation_id: i32,
    pub(super) awaits: ResponseExpected,
    pub(super) payload: P,
}

/// Requests to write, and how far the first one is.
pub(super) struct WriteQueue<P> {
    requests: VecDeque<QueuedRequest<P>>,
    /// The piece of the first request that the next byte comes from.
    piece: usize,
    /// The bytes of that piece that are written.
    offset: usize,
}

impl<P: Payload> WriteQueue<P> {
    pub(super) fn with_capacity(requests: usize) -> Self {
        Self { requests: VecDeque::with_capacity(requests), piece: 0, offset: 0 }
    }

    pub(super) fn push(&mut self, request: QueuedRequest<P>) {
        self.requests.push_back(request);
    }

    /// Notes that `bytes` were written. Every request that is completely written goes to `whole`.
    pub(super) fn wrote(&mut self, mut bytes: usize, mut whole: impl FnMut(QueuedRequest<P>)) {
        while let Some(request) = self.requests.front() {
            while self.piece < request.payload.pieces() {
                let left = request.payload.piece(self.piece).len().saturating_sub(self.offset);
                if bytes < left {
                    self.offset += bytes;
                    return;
                }
                bytes -= left;
                self.piece += 1;
                self.offset = 0;
            }
            self.piece = 0;
            self.requests.pop_front().into_iter().for_each(&mut whole);
        }
        debug_assert_eq!(bytes, 0, "more was written than there was");
    }

    /// Fills `slices` with the next bytes to write. Returns the number of filled slices.
    pub(super) fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        let (mut piece, mut offset) = (self.piece, self.offset);
        for request in &self.requests {
            for index in piece..request.payload.pieces() {
                let bytes = request.payload.piece(index).get(offset..).unwrap_or_default();
                offset = 0;
                if bytes.is_empty() {
                    continue;
                }
                let Some(slice) = slices.get_mut(filled) else { return filled };
                *slice = IoSlice::new(bytes);
                filled += 1;
            }
            (piece, offset) = (0, 0);
        }
        filled
    }

    /// Fills `slices` with the rest of the first request, if it is written in part. Returns the number of filled slices, and
    /// whether they hold all of the rest.
    pub(super) fn fill_begun<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> (usize, bool) {
        let mut filled = 0;
        let Some(request) = self.requests.front().filter(|_| self.begun() > 0) else { return (0, true) };
        let mut offset = self.offset;
        for index in self.piece..request.payload.pieces() {
            let bytes = request.payload.piece(index).get(offset..).unwrap_or_default();
            offset = 0;
            if bytes.is_empty() {
                continue;
            }
            let Some(slice) = slices.get_mut(filled) else { return (filled, false) };
            *slice = IoSlice::new(bytes);
            filled += 1;
        }
        (filled, true)
    }

    /// The number of bytes that are left of the first request, if it is written in part; else 0.
    pub(super) fn left_of_begun(&self) -> usize {
        let Some(request) = self.requests.front() else { return 0 };
        match self.begun() {
            0 => 0,
            begun => bytes_before(&request.payload, request.payload.pieces()).saturating_sub(begun),
        }
    }

    /// The number of written bytes of the first request.
    fn begun(&self) -> usize {
        let before = self.requests.front().map(|request| bytes_before(&request.payload, self.piece));
        before.unwrap_or_default() + self.offset
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    pub(super) fn front(&self) -> Option<&QueuedRequest<P>> {
        self.requests.front()
    }

    /// The requests, in order.
    pub(super) fn into_payloads(self) -> impl Iterator<Item = P> {
        self.requests.into_iter().map(|request| request.payload)
    }
}

fn bytes_before(payload: &impl Payload, piece: usize) -> usize {
    (0..piece).map(|index| payload.piece(index).len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pieces(Vec<Vec<u8>>);

    impl Payload for Pieces {
        fn pieces(&self) -> usize {
            self.0.len()
        }

        fn piece(&self, index: usize) -> &[u8] {
            &self.0[index]
        }
    }

    /// Requests with empty pieces at every place where one can be.
    fn queue() -> (WriteQueue<Pieces>, Vec<u8>) {
        let mut queue = WriteQueue::with_capacity(0);
        let requests: [&[&[u8]]; 3] = [&[b"ab", b"", b"cde"], &[b"", b"f"], &[b"gh", b"i", b""]];
        for (correlation_id, pieces) in (0..).zip(requests) {
            let payload = Pieces(pieces.iter().map(|piece| piece.to_vec()).collect());
            queue.push(QueuedRequest { correlation_id, awaits: ResponseExpected::Yes, payload });
        }
        (queue, b"abcdefghi".to_vec())
    }

    fn first_bytes(queue: &WriteQueue<Pieces>, slices: usize) -> Vec<u8> {
        let mut slots = vec![IoSlice::new(&[]); slices];
        let filled = queue.fill(&mut slots);
        slots[..filled].iter().flat_map(|slice| slice.to_vec()).collect()
    }

    #[test]
    fn writes_of_every_size_give_every_byte_once_and_in_order() {
        for step in 1..=9 {
            for slices in 1..=8 {
                let (mut queue, all) = queue();
                let (mut written, mut whole) = (Vec::new(), Vec::new());
                while !queue.is_empty() {
                    let mut bytes = first_bytes(&queue, slices);
                    bytes.truncate(step);
                    queue.wrote(bytes.len(), |request| whole.push(request.correlation_id));
                    written.append(&mut bytes);
                    assert!(!queue.is_empty() || written.len() == all.len());
                }
                assert_eq!((written, whole), (all, vec![0, 1, 2]), "steps of {step}, {slices} slices");
            }
        }
    }

    #[test]
    fn a_request_is_whole_with_its_last_byte_and_not_before() {
        for bytes in 0..=9 {
            let (mut queue, _) = queue();
            let mut whole = 0;
            queue.wrote(bytes, |_| whole += 1);
            assert_eq!(whole, [5, 6, 9].iter().filter(|end| bytes >= **end).count(), "{bytes} bytes");
        }
    }
}
