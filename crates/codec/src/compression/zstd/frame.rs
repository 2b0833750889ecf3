//! The frames of zstd, as far as their headers tell without decoding anything (RFC 8878, section 3.1).
//!
//! ```text
//! magic 28 B5 2F FD · descriptor · [window] · [dictionary id] · [content size]
//! blocks: 3 bytes, little-endian: last (bit 0) · kind (1–2): raw, one byte repeated, compressed · size (3–23)
//! [checksum]        4 bytes
//!
//! magic 5? 2A 4D 18 · length (u32) · bytes to be skipped
//! ```

use super::super::{Compression, DecompressError, DecompressProblem};

/// A frame whose blocks are all there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The offset behind it.
    pub(super) end: usize,
    /// The most that its blocks can hold, no less than what it says of its content; none for a skippable frame.
    pub(super) content_bytes_max: Option<usize>,
}

impl Frame {
    /// The frame that begins at `at`.
    pub(super) fn at(input: &[u8], at: usize) -> Result<Self, DecompressError> {
        let mut walk = Walk { input, at };
        let magic = walk.number(4, "the magic of a frame")?;
        if magic & 0xFFFF_FFF0 == SKIPPABLE {
            let bytes = walk.number(4, "the length of a skippable frame")?;
            walk.skip(bytes, "the rest of a skippable frame")?;
            return Ok(Self { end: walk.at, content_bytes_max: None });
        }
        if magic != MAGIC {
            walk.at = at;
            let left = input.len() - at;
            let problem = DecompressProblem::Trailing { left };
            return Err(walk.wrong(if at == 0 { DecompressProblem::WrongMagic } else { problem }));
        }
        let header = walk.header()?;
        let mut most = 0_u64;
        while walk.block(&header, &mut most)? {}
        if header.checksum {
            walk.skip(4, "the checksum of the content")?;
        }
        let said = header.content_bytes.unwrap_or(most);
        if said > most {
            walk.at = at;
            let what = "the content size, at most,";
            return Err(walk.wrong(DecompressProblem::Mismatch { what, expected: most, found: said }));
        }
        Ok(Self { end: walk.at, content_bytes_max: Some(usize::try_from(said).unwrap_or(usize::MAX)) })
    }
}

/// What the header of a frame says.
struct Header {
    content_bytes: Option<u64>,
    checksum: bool,
    block_bytes_max: u64,
}

/// A walk through a frame.
struct Walk<'i> {
    input: &'i [u8],
    at: usize,
}

impl Walk<'_> {
    fn header(&mut self) -> Result<Header, DecompressError> {
        let start = self.at;
        let descriptor = self.number(1, "the descriptor of a frame")?;
        let single = descriptor & 0x20 != 0;
        if descriptor & 8 != 0 {
            self.at = start;
            return Err(self.wrong(DecompressProblem::Unsupported { what: "the reserved bit" }));
        }
        let window =
            if single { None } else { Some(window_bytes(self.number(1, "the size of the window")?)) };
        let dictionary_bytes = match descriptor & 3 {
            3 => 4,
            bytes => bytes,
        };
        if self.number(dictionary_bytes, "the id of the dictionary")? != 0 {
            self.at = start;
            return Err(self.wrong(DecompressProblem::Unsupported { what: "a dictionary" }));
        }
        let content_bytes = match descriptor >> 6 {
            0 if single => Some(self.number(1, "the content size")?),
            0 => None,
            1 => Some(self.number(2, "the content size")? + 256),
            2 => Some(self.number(4, "the content size")?),
            _ => Some(self.number(8, "the content size")?),
        };
        let window = window.or(content_bytes).unwrap_or(0);
        if window > WINDOW_BYTES_MAX && !single {
            self.at = start;
            return Err(self.wrong(DecompressProblem::WindowTooLarge { limit: WINDOW_BYTES_MAX }));
        }
        Ok(Header {
            content_bytes,
            checksum: descriptor & 4 != 0,
            block_bytes_max: window.min(BLOCK_BYTES_MAX),
        })
    }

    /// Walks over a block, adds the most that it can hold, and says whether another one follows.
    fn block(&mut self, header: &Header, most: &mut u64) -> Result<bool, DecompressError> {
        let start = self.at;
        let word = self.number(3, "the header of a block")?;
        let (last, kind, size) = (word & 1 == 1, word >> 1 & 3, word >> 3);
        let (length, content) = match kind {
            0 => (size, size),
            1 => (1, size),
            2 => (size, header.block_bytes_max),
            _ => {
                self.at = start;
                return Err(self.wrong(DecompressProblem::Unsupported { what: "the kind of block" }));
            }
        };
        if size > header.block_bytes_max {
            self.at = start;
            let (expected, found) = (header.block_bytes_max, size);
            let what = "the size of a block, at most,";
            return Err(self.wrong(DecompressProblem::Mismatch { what, expected, found }));
        }
        self.skip(length, "the rest of a block")?;
        *most += content;
        Ok(!last)
    }

    fn number(&mut self, bytes: u64, what: &'static str) -> Result<u64, DecompressError> {
        let start = self.at;
        self.skip(bytes, what)?;
        let taken = self.input.get(start..self.at).unwrap_or_default();
        Ok(taken.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn skip(&mut self, bytes: u64, what: &'static str) -> Result<(), DecompressError> {
        let end = usize::try_from(bytes).ok().and_then(|bytes| self.at.checked_add(bytes));
        let end = end.filter(|end| *end <= self.input.len());
        self.at = end.ok_or_else(|| self.wrong(DecompressProblem::Truncated { what }))?;
        Ok(())
    }

    const fn wrong(&self, problem: DecompressProblem) -> DecompressError {
        problem.at(Compression::Zstd, self.at)
    }
}

/// A power of two from 1 KiB on, and some eighths of it.
const fn window_bytes(descriptor: u64) -> u64 {
    let base = 1 << (10 + (descriptor >> 3));
    base + (base >> 3) * (descriptor & 7)
}

const MAGIC: u64 = 0xFD2F_B528;
const SKIPPABLE: u64 = 0x184D_2A50;
const BLOCK_BYTES_MAX: u64 = 128 << 10;
/// What zstd's decoders allow by default, and what level 22 of Java's producer asks for.
const WINDOW_BYTES_MAX: u64 = 128 << 20;
