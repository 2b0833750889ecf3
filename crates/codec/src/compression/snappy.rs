//! Snappy, in the framing that `snappy-java` gives it.
//!
//! ```text
//!  0  82 53 4E 41 50 50 59 00    magic: 0x82 SNAPPY 0
//!  8  version                i32  1
//! 12  lowest that can read   i32  1
//! 16  blocks: length (i32) · one raw snappy block of 32 KiB, decompressed
//! ```
//!
//! All numbers are big-endian (`SnappyOutputStream.java`, `SnappyCodec.java`). The decoder reads the same as
//! `SnappyInputStream.java`: the magic may come again between blocks, and bytes without any framing are one raw
//! block, as clients without the framing write it. One difference: Java ignores the versions, this crate rejects a
//! stream that version 1 cannot read.

use snap::raw::max_compress_len;

use super::codec::{Decode, Encode};
use super::frame::FrameReader;
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
        let mut frame = FrameReader::new(Compression::Snappy, input, 0);
        if input.is_empty() {
            return Err(frame.wrong(DecompressProblem::Truncated { what: "a block" }));
        }
        if !input.starts_with(&MAGIC) {
            return decode_block(input, room).map_err(|problem| frame.wrong(problem));
        }
        while frame.left() > 0 {
            if frame.rest().starts_with(&MAGIC) {
                read_header(&mut frame)?;
                continue;
            }
            let length = number(&mut frame, "the length of a block")?;
            let start = frame.position();
            let block = frame.take(usize::try_from(length).unwrap_or(usize::MAX), "the rest of a block")?;
            decode_block(block, room).map_err(|problem| frame.wrong_at(start, problem))?;
        }
        Ok(())
    }
}

fn read_header(frame: &mut FrameReader<'_>) -> Result<(), DecompressError> {
    frame.advance(MAGIC.len());
    number(frame, "the version")?;
    let start = frame.position();
    let lowest = number(frame, "the lowest version that can read it")?;
    if lowest > VERSION {
        let (what, expected, found) = ("the version", VERSION.into(), lowest.into());
        return Err(frame.wrong_at(start, DecompressProblem::Mismatch { what, expected, found }));
    }
    Ok(())
}

/// Reads a big-endian number.
fn number(frame: &mut FrameReader<'_>, what: &'static str) -> Result<u32, DecompressError> {
    let bytes = frame.take(4, what)?;
    Ok(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

fn decode_block(block: &[u8], room: &mut Room<'_>) -> Result<(), DecompressProblem> {
    let malformed = |error: snap::Error| DecompressProblem::Malformed { why: error.to_string() };
    let bytes = snap::raw::decompress_len(block).map_err(malformed)?;
    let most = block.len().saturating_mul(EXPANSION_MAX);
    if bytes > most {
        let (what, expected, found) = ("the size of a block, at most,", most as u64, bytes as u64);
        return Err(DecompressProblem::Mismatch { what, expected, found });
    }
    if bytes > room.left() {
        return Err(room.too_large());
    }
    let made = room.made();
    let (_, into) = room.open(made, bytes);
    snap::raw::Decoder::new().decompress(block, into).map_err(malformed)?;
    room.keep(made + bytes);
    Ok(())
}

/// The default of `SnappyOutputStream`.
const BLOCK_BYTES: usize = 32 << 10;
const MAGIC: [u8; 8] = *b"\x82SNAPPY\0";
const VERSION: u32 = 1;
/// The densest element copies 64 bytes and takes 3; the size of a block takes one byte at least.
const EXPANSION_MAX: usize = 22;
