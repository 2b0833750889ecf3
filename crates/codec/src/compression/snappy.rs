//! Snappy, in the framing that `snappy-java` gives it.
//!
//! ```text
//!  0  82 53 4E 41 50 50 59 00    magic: 0x82 SNAPPY 0
//!  8  version                i32  1
//! 12  lowest that can read   i32  1
//! 16  blocks: length (i32) · one raw snappy block of 32 KiB, decompressed
//! ```
//!
//! All numbers are big-endian (`SnappyOutputStream.java`, `SnappyCodec.java`). What is read is what
//! `SnappyInputStream.java` reads: the magic may come again between blocks, and bytes without any framing are one raw
//! block, as clients write it that do not know of the framing. The versions alone are seen otherwise: Java takes
//! any, this crate none that says that version 1 cannot read it.

use snap::raw::max_compress_len;

use super::codec::{Decode, Encode};
use super::input::Input;
use super::output::{Halt, Output, Room};
use super::{Compression, DecompressError, DecompressProblem};

/// Compresses in blocks of [`BLOCK_BYTES`].
pub(super) struct Encoder {
    codec: snap::raw::Encoder,
    block: Vec<u8>,
    compressed: Vec<u8>,
}

impl Default for Encoder {
    fn default() -> Self {
        let compressed = vec![0; max_compress_len(BLOCK_BYTES)];
        Self { codec: snap::raw::Encoder::new(), block: Vec::new(), compressed }
    }
}

impl Encode for Encoder {
    fn encode(&mut self, input: &mut Input<'_, '_>, output: &mut Output<'_>) -> Result<(), Halt> {
        output.put(&MAGIC)?;
        output.put(&VERSION.to_be_bytes())?;
        output.put(&VERSION.to_be_bytes())?;
        loop {
            let block = input.block(BLOCK_BYTES, &mut self.block);
            if block.is_empty() {
                return Ok(());
            }
            let length = self.codec.compress(block, &mut self.compressed);
            let length = length.map_err(|error| Halt::Refused(error.to_string()))?;
            let compressed = self.compressed.get(..length).unwrap_or_default();
            output.put(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes())?;
            output.put(compressed)?;
        }
    }
}

/// Reads both forms.
pub(super) struct Decoder;

impl Decode for Decoder {
    fn decode(&mut self, input: &[u8], room: &mut Room<'_>) -> Result<(), DecompressError> {
        let mut frame = Frame { input, at: 0 };
        if !input.starts_with(&MAGIC) {
            let what = "a block";
            return if input.is_empty() {
                Err(frame.wrong(DecompressProblem::Truncated { what }))
            } else {
                frame.block(input, room)
            };
        }
        while frame.at < input.len() {
            if input[frame.at..].starts_with(&MAGIC) {
                frame.header()?;
                continue;
            }
            let length = frame.number("the length of a block")?;
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let block = frame.take(length, "the rest of a block")?;
            frame.block(block, room)?;
        }
        Ok(())
    }
}

/// A reader of the framing.
struct Frame<'i> {
    input: &'i [u8],
    at: usize,
}

impl<'i> Frame<'i> {
    fn header(&mut self) -> Result<(), DecompressError> {
        self.at += MAGIC.len();
        self.number("the version")?;
        let lowest = self.number("the lowest version that can read it")?;
        if lowest > VERSION {
            self.at -= 4;
            let (expected, found) = (VERSION.into(), lowest.into());
            return Err(self.wrong(DecompressProblem::Mismatch { what: "the version", expected, found }));
        }
        Ok(())
    }

    fn number(&mut self, what: &'static str) -> Result<u32, DecompressError> {
        let bytes = self.take(4, what)?;
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    fn take(&mut self, bytes: usize, what: &'static str) -> Result<&'i [u8], DecompressError> {
        let taken = self.at.checked_add(bytes).and_then(|end| self.input.get(self.at..end));
        let taken = taken.ok_or_else(|| self.wrong(DecompressProblem::Truncated { what }))?;
        self.at += bytes;
        Ok(taken)
    }

    /// Decompresses a block that was taken, or all of the input.
    fn block(&self, block: &[u8], room: &mut Room<'_>) -> Result<(), DecompressError> {
        let start = self.at.saturating_sub(block.len());
        let wrong = |problem: DecompressProblem| problem.at(Compression::Snappy, start);
        let malformed = |error: snap::Error| wrong(DecompressProblem::Malformed { why: error.to_string() });
        let bytes = snap::raw::decompress_len(block).map_err(malformed)?;
        let most = block.len().saturating_mul(EXPANSION_MAX);
        if bytes > most {
            let (what, expected, found) = ("the size that a block says", most as u64, bytes as u64);
            return Err(wrong(DecompressProblem::Mismatch { what, expected, found }));
        }
        if bytes > room.left() {
            return Err(wrong(room.too_large()));
        }
        let made = room.made();
        let (_, into) = room.open(made, bytes);
        snap::raw::Decoder::new().decompress(block, into).map_err(malformed)?;
        room.keep(made + bytes);
        Ok(())
    }

    const fn wrong(&self, problem: DecompressProblem) -> DecompressError {
        problem.at(Compression::Snappy, self.at)
    }
}

/// What `SnappyOutputStream` writes by default.
const BLOCK_BYTES: usize = 32 << 10;
const MAGIC: [u8; 8] = *b"\x82SNAPPY\0";
const VERSION: u32 = 1;
/// The densest element copies 64 bytes and takes 3; a block says its size in one byte at least.
const EXPANSION_MAX: usize = 22;
