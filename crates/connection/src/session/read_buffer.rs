//! The read buffer: received bytes, cut into frames. The buffer is used again.
//!
//! The buffer trusts no length. It grows by doubling, only when it is full, so that it has at most about twice the received
//! bytes; and it goes back to its first size once a large frame is taken.

use std::ops::Range;

use milena_codec::frame::{FrameError, LENGTH_BYTES, next_frame};

/// The first size. Produce responses have far less.
const BASE_BYTES: usize = 16 << 10;
/// The least room of a read.
const ROOM_BYTES_MIN: usize = 4 << 10;
/// A buffer above this shrinks to the first size once its bytes fit well.
const KEPT_BYTES_MAX: usize = 64 << 10;

/// Received bytes that are not taken yet.
///
/// Invariant: `start <= end <= buffer.len()`; the received bytes that are not taken lie between the two.
#[derive(Default)]
pub(super) struct ReadBuffer {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl ReadBuffer {
    /// The room for the next read. The frames taken before are gone.
    ///
    /// The room is never empty while every whole frame of up to `limit` bytes is taken before the next read.
    pub(super) fn space(&mut self, limit: usize) -> &mut [u8] {
        let pending = self.end - self.start;
        let oversized = self.buffer.len() > KEPT_BYTES_MAX && pending <= BASE_BYTES - ROOM_BYTES_MIN;
        if pending == 0 || oversized || self.room() < ROOM_BYTES_MIN {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, pending);
        }
        if oversized {
            self.buffer.truncate(BASE_BYTES);
            self.buffer.shrink_to_fit();
        }
        if self.room() < ROOM_BYTES_MIN {
            let most = limit.saturating_add(LENGTH_BYTES + BASE_BYTES);
            let doubled = self.buffer.len().saturating_mul(2).clamp(BASE_BYTES, most);
            self.buffer.resize(doubled.max(self.buffer.len()), 0);
        }
        &mut self.buffer[self.end..]
    }

    /// Notes that `bytes` were read into the room.
    pub(super) fn received(&mut self, bytes: usize) {
        debug_assert!(bytes <= self.room(), "more was read than there was room");
        self.end = self.buffer.len().min(self.end + bytes);
    }

    /// Takes the next whole frame: the place of its content until the next [`space`](Self::space).
    pub(super) fn take_frame(&mut self, limit: usize) -> Result<Option<Range<usize>>, FrameError> {
        let Some(content) = next_frame(&self.buffer[self.start..self.end], limit)? else { return Ok(None) };
        let begin = self.start + LENGTH_BYTES;
        self.start = begin + content;
        Ok(Some(begin..self.start))
    }

    /// The bytes of a frame, or of a part of it.
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }

    /// The number of bytes that are not taken yet.
    pub(super) const fn pending(&self) -> usize {
        self.end - self.start
    }

    const fn room(&self) -> usize {
        self.buffer.len() - self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 100_000_000;

    fn receive(read_buffer: &mut ReadBuffer, bytes: &[u8]) {
        for chunk in bytes.chunks(ROOM_BYTES_MIN) {
            read_buffer.space(LIMIT)[..chunk.len()].copy_from_slice(chunk);
            read_buffer.received(chunk.len());
        }
    }

    fn frame(content: usize) -> Vec<u8> {
        let mut frame = u32::try_from(content).unwrap().to_be_bytes().to_vec();
        frame.extend((0..content).map(|index| u8::try_from(index % 251).unwrap()));
        frame
    }

    #[test]
    fn a_promise_allocates_nothing() {
        let mut read_buffer = ReadBuffer::default();
        let mut bytes = 100_000_000_u32.to_be_bytes().to_vec();
        bytes.extend([7; 10]);
        receive(&mut read_buffer, &bytes);
        assert_eq!(read_buffer.take_frame(LIMIT), Ok(None));
        read_buffer.space(LIMIT);
        assert_eq!(read_buffer.buffer.capacity(), BASE_BYTES);
    }

    #[test]
    fn the_buffer_has_at_most_about_twice_what_arrived() {
        let mut read_buffer = ReadBuffer::default();
        let bytes = frame(3_000_000);
        for (index, chunk) in bytes.chunks(ROOM_BYTES_MIN).enumerate() {
            assert_eq!(read_buffer.take_frame(LIMIT), Ok(None));
            receive(&mut read_buffer, chunk);
            let arrived = (index + 1) * ROOM_BYTES_MIN;
            assert!(read_buffer.buffer.capacity() <= BASE_BYTES.max(2 * arrived), "{arrived} bytes arrived");
        }
        let content = read_buffer.take_frame(LIMIT).unwrap().unwrap();
        assert_eq!(read_buffer.bytes(content), &bytes[LENGTH_BYTES..]);
    }

    #[test]
    fn a_large_frame_does_not_keep_its_buffer_even_when_another_follows() {
        for tail in [0, 1, 5000] {
            let mut read_buffer = ReadBuffer::default();
            let mut bytes = frame(1_000_000);
            bytes.extend(&frame(9000)[..tail]);
            receive(&mut read_buffer, &bytes);
            assert!(read_buffer.take_frame(LIMIT).unwrap().is_some());
            read_buffer.space(LIMIT);
            assert_eq!(read_buffer.buffer.capacity(), BASE_BYTES, "{tail} bytes of the next one");
            receive(&mut read_buffer, &frame(9000)[tail..]);
            let content = read_buffer.take_frame(LIMIT).unwrap().unwrap();
            assert_eq!(read_buffer.bytes(content), &frame(9000)[LENGTH_BYTES..]);
        }
    }

    #[test]
    fn the_buffer_is_bounded_even_when_no_frame_is_taken() {
        let mut read_buffer = ReadBuffer::default();
        for _ in 0..1000 {
            let room = read_buffer.space(50_000).len();
            read_buffer.received(room);
        }
        assert_eq!(read_buffer.buffer.len(), 50_000 + LENGTH_BYTES + BASE_BYTES);
        assert!(read_buffer.space(50_000).is_empty());
    }
}
