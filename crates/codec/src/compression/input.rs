//! The input of an encoder: the chunks of a batch, given out as blocks of the size that a codec works in.

/// The parts of a batch, in order. A block that lies within one part is not copied.
pub(super) struct Input<'p, 'a> {
    parts: &'p mut dyn Iterator<Item = &'a [u8]>,
    rest: &'a [u8],
}

impl<'p, 'a> Input<'p, 'a> {
    pub(super) fn new(parts: &'p mut dyn Iterator<Item = &'a [u8]>) -> Self {
        Self { parts, rest: &[] }
    }

    /// The next part, or the rest of one, of any length; empty at the end only.
    pub(super) fn part(&mut self) -> &'a [u8] {
        while self.rest.is_empty() {
            let Some(next) = self.parts.next() else { break };
            self.rest = next;
        }
        std::mem::take(&mut self.rest)
    }

    /// The next `bytes` bytes; fewer at the end only, and none after it. `scratch` holds what lies in several parts.
    pub(super) fn block<'s>(&mut self, bytes: usize, scratch: &'s mut Vec<u8>) -> &'s [u8]
    where
        'a: 's,
    {
        let first = self.part();
        if let Some((block, rest)) = first.split_at_checked(bytes) {
            self.rest = rest;
            return block;
        }
        let mut next = self.part();
        if next.is_empty() {
            return first;
        }
        scratch.clear();
        scratch.extend_from_slice(first);
        while scratch.len() < bytes && !next.is_empty() {
            let (taken, rest) = next.split_at(next.len().min(bytes - scratch.len()));
            scratch.extend_from_slice(taken);
            self.rest = rest;
            next = if rest.is_empty() && scratch.len() < bytes { self.part() } else { &[] };
        }
        scratch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(parts: &[&[u8]], bytes: usize) -> Vec<Vec<u8>> {
        let mut parts = parts.iter().copied();
        let mut input = Input::new(&mut parts);
        let mut scratch = Vec::new();
        let next = || Some(input.block(bytes, &mut scratch).to_vec()).filter(|block| !block.is_empty());
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn blocks_have_the_requested_size_for_parts_of_any_size() {
        assert_eq!(blocks(&[], 4), [[0u8; 0]; 0]);
        assert_eq!(blocks(&[b"", b""], 4), [[0u8; 0]; 0]);
        assert_eq!(blocks(&[b"abcdefgh"], 4), [b"abcd", b"efgh"]);
        assert_eq!(blocks(&[b"abcdefgh"], 100), [b"abcdefgh"]);
        assert_eq!(blocks(&[b"", b"a", b"", b"bcdefgh", b"i"], 4), [&b"abcd"[..], b"efgh", b"i"]);
        assert_eq!(blocks(&[b"abc", b"def", b"ghi"], 4), [&b"abcd"[..], b"efgh", b"i"]);
        assert_eq!(blocks(&[b"abc", b"def", b"ghi"], 3), [b"abc", b"def", b"ghi"]);
    }

    #[test]
    fn a_block_within_one_part_is_not_copied() {
        let part = b"abcdefgh";
        let mut parts = [&part[..]].into_iter();
        let mut scratch = Vec::new();
        let block = Input::new(&mut parts).block(4, &mut scratch).as_ptr();
        assert_eq!((block, scratch.capacity()), (part.as_ptr(), 0));
    }
}
