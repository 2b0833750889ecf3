//! The output of encoders and decoders: behind the bytes that the caller has, and not beyond a limit.

use super::DecompressProblem;

/// The reason for which an encoder stopped.
#[derive(Debug)]
pub(super) enum Halt {
    /// The output does not fit its limit.
    Full,
    /// The codec refused; its own text.
    Refused(String),
}

/// Output of an encoder, up to a limit.
pub(super) struct Output<'o> {
    out: &'o mut Vec<u8>,
    end: usize,
}

impl<'o> Output<'o> {
    /// Behind what `out` holds, for at most `bytes_max` bytes.
    pub(super) fn within(bytes_max: usize, out: &'o mut Vec<u8>) -> Self {
        let end = out.len().saturating_add(bytes_max);
        Self { out, end }
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), Halt> {
        if bytes.len() > self.left() {
            return Err(Halt::Full);
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Bytes that still may come.
    pub(super) fn left(&self) -> usize {
        self.end.saturating_sub(self.out.len())
    }

    /// The vector itself, with spare capacity for at least one byte, for a codec that fills spare capacity. Bytes
    /// beyond the end are an error of [`Self::check`].
    pub(super) fn spare(&mut self) -> &mut Vec<u8> {
        if self.out.len() == self.out.capacity() {
            self.out.reserve(self.left().clamp(1, STEP_BYTES));
        }
        self.out
    }

    pub(super) fn check(&self) -> Result<(), Halt> {
        if self.out.len() > self.end { Err(Halt::Full) } else { Ok(()) }
    }
}

/// The output of a decoder, up to the caller's limit.
pub(super) struct Room<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    limit: usize,
    /// Bytes at the end that were opened and not kept. Opened again, they are as they were left.
    opened: usize,
}

impl<'o> Room<'o> {
    /// Behind what `out` holds, for at most `limit` bytes.
    pub(super) const fn new(out: &'o mut Vec<u8>, limit: usize) -> Self {
        let start = out.len();
        Self { out, start, limit, opened: 0 }
    }

    /// Bytes that still may come.
    pub(super) fn left(&self) -> usize {
        self.limit.saturating_sub(self.made())
    }

    /// Bytes that have come.
    pub(super) fn made(&self) -> usize {
        self.out.len() - self.start - self.opened
    }

    pub(super) const fn too_large(&self) -> DecompressProblem {
        DecompressProblem::TooLarge { limit: self.limit }
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), DecompressProblem> {
        if bytes.len() > self.left() {
            return Err(self.too_large());
        }
        self.shut();
        self.reserve(bytes.len());
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// The output from byte `from` on, and `bytes` bytes behind it to be written over, of which [`Self::keep`] keeps
    /// those that were written. No byte is cleared a second time: many frames have less content than room.
    pub(super) fn open(&mut self, from: usize, bytes: usize) -> (&[u8], &mut [u8]) {
        let bytes = bytes.min(self.left());
        let end = self.start + self.made();
        if let Some(more) = bytes.checked_sub(self.opened) {
            self.reserve(more);
            self.out.resize(end + bytes, 0);
            self.opened = bytes;
        }
        let (made, room) = self.out.split_at_mut(end);
        (made.get(self.start + from..).unwrap_or_default(), room.get_mut(..bytes).unwrap_or_default())
    }

    /// Keeps `bytes` of what was made in all.
    pub(super) fn keep(&mut self, bytes: usize) {
        self.opened = self.out.len().saturating_sub(self.start + bytes);
    }

    /// Cuts off what was opened and not kept.
    fn shut(&mut self) {
        self.out.truncate(self.start + self.made());
        self.opened = 0;
    }

    /// All that was made.
    pub(super) fn all(&self) -> &[u8] {
        self.out.get(self.start..self.start + self.made()).unwrap_or_default()
    }

    /// The vector itself, with spare capacity for at least one byte, for a codec that fills spare capacity. Bytes
    /// beyond the limit are an error of [`Self::check`]: the capacity may be one byte beyond it.
    pub(super) fn spare(&mut self) -> &mut Vec<u8> {
        self.shut();
        if self.out.len() == self.out.capacity() {
            self.reserve(1);
        }
        self.out
    }

    pub(super) fn check(&self) -> Result<(), DecompressProblem> {
        if self.made() > self.limit { Err(self.too_large()) } else { Ok(()) }
    }

    /// Doubles, from a small step on, up to the limit: nothing is reserved by sizes that the bytes claim.
    fn reserve(&mut self, bytes: usize) {
        if self.out.capacity() - self.out.len() < bytes {
            let step = bytes.max(self.made()).max(STEP_BYTES);
            self.out.reserve_exact(step.min(self.left().saturating_sub(self.opened)).max(bytes));
        }
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.shut();
    }
}

/// The first step of growing.
const STEP_BYTES: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opened_room_is_cleared_once_and_truncated_at_the_end() {
        let mut out = b"before".to_vec();
        let mut room = Room::new(&mut out, 100);
        room.open(0, 50).1.fill(b'a');
        room.keep(10);
        assert_eq!((room.made(), room.left(), room.all()), (10, 90, &[b'a'; 10][..]));
        let (made, opened) = room.open(4, 60);
        assert_eq!((made, &opened[..40], &opened[40..]), (&[b'a'; 6][..], &[b'a'; 40][..], &[0; 20][..]));
        opened.fill(b'b');
        room.keep(12);
        assert_eq!(room.open(12, 3).1, b"bbb");
        room.keep(13);
        room.put(b"c").unwrap();
        assert_eq!((room.made(), room.open(0, 200).1.len()), (14, 86));
        drop(room);
        assert_eq!(out, b"beforeaaaaaaaaaabbbc");
    }
}
