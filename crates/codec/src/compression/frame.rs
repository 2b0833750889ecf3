//! Reading what surrounds compressed blocks: headers, lengths and checksums. Nothing is read past the end of the input,
//! and an error names the field that is missing or wrong, and its offset.

use super::{Compression, DecompressError, DecompressProblem};

/// A reader of one codec's format.
pub(super) struct FrameReader<'i> {
    compression: Compression,
    input: &'i [u8],
    /// Offset of the next byte; at most the length of the input.
    at: usize,
}

impl<'i> FrameReader<'i> {
    /// Reads from byte `at` on.
    pub(super) const fn new(compression: Compression, input: &'i [u8], at: usize) -> Self {
        Self { compression, input, at }
    }

    /// Takes the next `bytes` bytes, which hold `what`.
    pub(super) fn take(&mut self, bytes: usize, what: &'static str) -> Result<&'i [u8], DecompressError> {
        let taken =
            self.rest().get(..bytes).ok_or_else(|| self.wrong(DecompressProblem::Truncated { what }))?;
        self.at += bytes;
        Ok(taken)
    }

    /// Passes over `bytes` bytes that were read by a codec, or all that are left.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.at += bytes.min(self.left());
    }

    /// Reads a little-endian number of at most eight bytes.
    pub(super) fn number(&mut self, bytes: usize, what: &'static str) -> Result<u64, DecompressError> {
        let bytes = self.take(bytes, what)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// Reads a little-endian number that follows from other bytes.
    pub(super) fn expect(
        &mut self,
        bytes: usize,
        what: &'static str,
        expected: u64,
    ) -> Result<(), DecompressError> {
        let start = self.at;
        match self.number(bytes, what)? {
            found if found == expected => Ok(()),
            found => Err(self.wrong_at(start, DecompressProblem::Mismatch { what, expected, found })),
        }
    }

    /// Offset of the next byte.
    pub(super) const fn position(&self) -> usize {
        self.at
    }

    /// Bytes not read yet.
    pub(super) const fn left(&self) -> usize {
        self.input.len() - self.at
    }

    /// The bytes not read yet.
    pub(super) fn rest(&self) -> &'i [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    /// The bytes that were read from `start` on.
    pub(super) fn since(&self, start: usize) -> &'i [u8] {
        self.input.get(start..self.at).unwrap_or_default()
    }

    /// An error about the next byte.
    pub(super) const fn wrong(&self, problem: DecompressProblem) -> DecompressError {
        self.wrong_at(self.at, problem)
    }

    /// An error about byte `at`.
    pub(super) const fn wrong_at(&self, at: usize, problem: DecompressProblem) -> DecompressError {
        problem.at(self.compression, at)
    }
}
