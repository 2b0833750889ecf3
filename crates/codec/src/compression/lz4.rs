//! The LZ4 frame format, as Java's client writes it and reads it (KIP-57, `Lz4BlockOutputStream.java`).
//!
//! ```text
//!  0  04 22 4D 18   magic
//!  4  FLG           version 01 (bits 6–7) · independent blocks (5) · block checksums (4) · content size (3)
//!                   · content checksum (2) · dictionary (0)
//!  5  BD            largest block (bits 4–6): 4 = 64 KiB, 5 = 256 KiB, 6 = 1 MiB, 7 = 4 MiB
//!  6  content size  u64, if FLG says so
//!     HC            second byte of the xxHash-32 of FLG … content size
//!  7  blocks: length (u32, highest bit: not compressed) · bytes · xxHash-32 of them, if FLG says so
//!     0  (u32)      the end · xxHash-32 of the content, if FLG says so
//! ```
//!
//! All numbers are little-endian. Java refuses blocks that look back into the one before, so none is written; they are
//! read, as other clients may write them.

use lz4_flex::block::{
    CompressTable, compress_into_with_table, decompress_into_with_dict, get_maximum_output_size,
};
use twox_hash::XxHash32;

use super::codec::{Decode, Encode};
use super::input::Input;
use super::output::{Halt, Output, Room};
use super::{Compression, DecompressError, DecompressProblem};

/// Compresses in independent blocks of [`BLOCK_BYTES`].
pub(super) struct Encoder {
    table: CompressTable,
    block: Vec<u8>,
    compressed: Vec<u8>,
}

impl Default for Encoder {
    fn default() -> Self {
        let compressed = vec![0; get_maximum_output_size(BLOCK_BYTES)];
        Self { table: CompressTable::large(), block: Vec::new(), compressed }
    }
}

impl Encode for Encoder {
    fn encode(&mut self, input: &mut Input<'_, '_>, output: &mut Output<'_>) -> Result<(), Halt> {
        output.put(&HEADER)?;
        loop {
            let block = input.block(BLOCK_BYTES, &mut self.block);
            if block.is_empty() {
                return output.put(&END);
            }
            let length = compress_into_with_table(block, &mut self.compressed, &mut self.table);
            let length = length.map_err(|error| Halt::Refused(error.to_string()))?;
            let compressed =
                self.compressed.get(..length).filter(|compressed| compressed.len() < block.len());
            let (bytes, flag) = compressed.map_or((block, NOT_COMPRESSED), |compressed| (compressed, 0));
            output.put(&(u32::try_from(bytes.len()).unwrap_or(u32::MAX) | flag).to_le_bytes())?;
            output.put(bytes)?;
        }
    }
}

/// Reads one frame.
pub(super) struct Decoder;

impl Decode for Decoder {
    fn decode(&mut self, input: &[u8], room: &mut Room<'_>) -> Result<(), DecompressError> {
        let mut frame = Frame { input, at: 0 };
        let header = frame.header()?;
        loop {
            let word = frame.number("the length of a block, or the end")?;
            if word == 0 {
                break;
            }
            frame.block(word, &header, room)?;
        }
        let made = room.made() as u64;
        if let Some(size) = header.content_bytes.filter(|size| *size != made) {
            return Err(frame.wrong(mismatch("the content size", made, size)));
        }
        if header.content_checksum {
            frame.check(room.all(), "the checksum of the content")?;
        }
        let left = input.len() - frame.at;
        if left > 0 { Err(frame.wrong(DecompressProblem::Trailing { left })) } else { Ok(()) }
    }
}

/// What the head of a frame says.
struct Header {
    dependent: bool,
    block_checksums: bool,
    content_checksum: bool,
    content_bytes: Option<u64>,
    block_bytes_max: usize,
}

/// A reader of the frame.
struct Frame<'i> {
    input: &'i [u8],
    at: usize,
}

impl<'i> Frame<'i> {
    fn header(&mut self) -> Result<Header, DecompressError> {
        if !self.input.starts_with(&HEADER[..MAGIC_BYTES]) {
            return Err(self.wrong(DecompressProblem::WrongMagic));
        }
        self.at = MAGIC_BYTES;
        let flags = self.number_of(1, "the flags")?;
        if flags >> 6 != 1 {
            return Err(self.wrong(mismatch("the version", 1, flags >> 6)));
        }
        if flags & 0b11 != 0 {
            let what = "a dictionary, or what is reserved,";
            return Err(self.wrong(DecompressProblem::Unsupported { what }));
        }
        let size = self.number_of(1, "the size of blocks")?;
        let block_bytes_max = match size {
            0x40 => 64 << 10,
            0x50 => 256 << 10,
            0x60 => 1 << 20,
            0x70 => 4 << 20,
            _ => return Err(self.wrong(DecompressProblem::Unsupported { what: "the size of blocks" })),
        };
        let content_bytes = (flags & 8 != 0).then(|| self.number_of(8, "the content size")).transpose()?;
        let summed = self.input.get(MAGIC_BYTES..self.at).unwrap_or_default();
        let expected = u64::from(hash(summed) >> 8 & 0xff);
        let found = self.number_of(1, "the checksum of the header")?;
        if found != expected {
            return Err(self.wrong(mismatch("the checksum of the header", expected, found)));
        }
        Ok(Header {
            dependent: flags & 0x20 == 0,
            block_checksums: flags & 0x10 != 0,
            content_checksum: flags & 4 != 0,
            content_bytes,
            block_bytes_max,
        })
    }

    /// Decompresses the block whose length was read.
    fn block(&mut self, word: u32, header: &Header, room: &mut Room<'_>) -> Result<(), DecompressError> {
        let length = (word & !NOT_COMPRESSED) as usize;
        if length > header.block_bytes_max {
            let (expected, found) = (header.block_bytes_max as u64, length as u64);
            return Err(self.wrong(mismatch("the length of a block, at most,", expected, found)));
        }
        let block = self.take(length, "the rest of a block")?;
        let start = self.at - length;
        let at = |problem: DecompressProblem| problem.at(Compression::Lz4, start);
        if header.block_checksums {
            self.check(block, "the checksum of a block")?;
        }
        if word & NOT_COMPRESSED != 0 {
            return room.put(block).map_err(at);
        }
        let made = room.made();
        let history = if header.dependent { made.saturating_sub(WINDOW_BYTES) } else { made };
        let most = header.block_bytes_max.min(length.saturating_mul(EXPANSION_MAX));
        let (too_large, fits) = (room.too_large(), most <= room.left());
        let (dictionary, into) = room.open(history, most);
        let bytes = decompress_into_with_dict(block, into, dictionary).map_err(|error| match error {
            lz4_flex::block::DecompressError::OutputTooSmall { .. } if !fits => at(too_large),
            error => at(DecompressProblem::Malformed { why: error.to_string() }),
        })?;
        room.keep(made + bytes);
        Ok(())
    }

    /// Reads a checksum and compares it with that of `bytes`.
    fn check(&mut self, bytes: &[u8], what: &'static str) -> Result<(), DecompressError> {
        let found = self.number(what)?;
        let expected = hash(bytes);
        if found == expected {
            return Ok(());
        }
        self.at -= 4;
        Err(self.wrong(mismatch(what, expected.into(), found.into())))
    }

    fn number(&mut self, what: &'static str) -> Result<u32, DecompressError> {
        let bytes = self.take(4, what)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    fn number_of(&mut self, bytes: usize, what: &'static str) -> Result<u64, DecompressError> {
        let bytes = self.take(bytes, what)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn take(&mut self, bytes: usize, what: &'static str) -> Result<&'i [u8], DecompressError> {
        let taken = self.at.checked_add(bytes).and_then(|end| self.input.get(self.at..end));
        let taken = taken.ok_or_else(|| self.wrong(DecompressProblem::Truncated { what }))?;
        self.at += bytes;
        Ok(taken)
    }

    const fn wrong(&self, problem: DecompressProblem) -> DecompressError {
        problem.at(Compression::Lz4, self.at)
    }
}

const fn mismatch(what: &'static str, expected: u64, found: u64) -> DecompressProblem {
    DecompressProblem::Mismatch { what, expected, found }
}

fn hash(bytes: &[u8]) -> u32 {
    XxHash32::oneshot(0, bytes)
}

/// Independent blocks of 64 KiB, no sizes, no checksums but the header's own.
const HEADER: [u8; 7] = [0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82];
const MAGIC_BYTES: usize = 4;
const END: [u8; 4] = [0; 4];
const NOT_COMPRESSED: u32 = 1 << 31;
const BLOCK_BYTES: usize = 64 << 10;
/// How far a dependent block may look back.
const WINDOW_BYTES: usize = 64 << 10;
/// A byte of length adds at most 255 bytes to a match.
const EXPANSION_MAX: usize = 255;
