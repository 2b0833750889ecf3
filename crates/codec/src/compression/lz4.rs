//! The LZ4 frame format, as Java's client writes it and reads it (KIP-57, `Lz4BlockOutputStream.java`).
//!
//! ```text
//!  0  04 22 4D 18   magic
//!  4  FLG           version 01 (bits 6–7) · independent blocks (5) · block checksums (4) · content size (3)
//!                   · content checksum (2) · dictionary (0)
//!  5  BD            largest block (bits 4–6): 4 = 64 KiB, 5 = 256 KiB, 6 = 1 MiB, 7 = 4 MiB
//!  6  content size  u64, if bit 3 is set
//!     HC            second byte of the xxHash-32 of FLG … content size
//!  7  blocks: length (u32, highest bit: not compressed) · bytes · xxHash-32 of them, if bit 4 is set
//!     0  (u32)      the end · xxHash-32 of the content, if bit 2 is set
//! ```
//!
//! All numbers are little-endian. Java refuses blocks that refer back into the block before, so none is written; they
//! are read, as other clients may write them.

use lz4_flex::block::{
    CompressTable, compress_into_with_table, decompress_into_with_dict, get_maximum_output_size,
};
use twox_hash::XxHash32;

use super::codec::{Decode, Encode};
use super::frame::FrameReader;
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
            let word = u32::try_from(bytes.len() as u64 | flag).unwrap_or(u32::MAX);
            output.put(&word.to_le_bytes())?;
            output.put(bytes)?;
        }
    }
}

/// Reads one frame.
pub(super) struct Decoder;

impl Decode for Decoder {
    fn decode(&mut self, input: &[u8], room: &mut Room<'_>) -> Result<(), DecompressError> {
        let mut frame = FrameReader::new(Compression::Lz4, input, 0);
        let header = Header::read(&mut frame)?;
        loop {
            match frame.number(4, "the length of a block, or the end")? {
                0 => break,
                word => header.decode_block(word, &mut frame, room)?,
            }
        }
        let made = room.made() as u64;
        if let Some(size) = header.content_bytes.filter(|size| *size != made) {
            return Err(frame.wrong(mismatch("the content size", made, size)));
        }
        if header.content_checksum {
            frame.expect(4, "the checksum of the content", hash(room.all()))?;
        }
        match frame.left() {
            0 => Ok(()),
            left => Err(frame.wrong(DecompressProblem::Trailing { left })),
        }
    }
}

/// The fields of a frame's header.
struct Header {
    dependent: bool,
    block_checksums: bool,
    content_checksum: bool,
    content_bytes: Option<u64>,
    block_bytes_max: usize,
}

impl Header {
    fn read(frame: &mut FrameReader<'_>) -> Result<Self, DecompressError> {
        if !frame.rest().starts_with(&HEADER[..MAGIC_BYTES]) {
            return Err(frame.wrong(DecompressProblem::WrongMagic));
        }
        frame.advance(MAGIC_BYTES);
        let flags = frame.number(1, "the flags")?;
        if flags >> 6 != 1 {
            return Err(frame.wrong(mismatch("the version", 1, flags >> 6)));
        }
        if flags & 0b11 != 0 {
            let what = "a dictionary, or what is reserved,";
            return Err(frame.wrong(DecompressProblem::Unsupported { what }));
        }
        let size = frame.number(1, "the size of blocks")?;
        let block_bytes_max = match size {
            0x40 => 64 << 10,
            0x50 => 256 << 10,
            0x60 => 1 << 20,
            0x70 => 4 << 20,
            _ => return Err(frame.wrong(DecompressProblem::Unsupported { what: "the size of blocks" })),
        };
        let content_bytes = (flags & 8 != 0).then(|| frame.number(8, "the content size")).transpose()?;
        let expected = hash(frame.since(MAGIC_BYTES)) >> 8 & 0xff;
        let found = frame.number(1, "the checksum of the header")?;
        if found != expected {
            return Err(frame.wrong(mismatch("the checksum of the header", expected, found)));
        }
        Ok(Self {
            dependent: flags & 0x20 == 0,
            block_checksums: flags & 0x10 != 0,
            content_checksum: flags & 4 != 0,
            content_bytes,
            block_bytes_max,
        })
    }

    /// Decompresses the block behind the length `word`.
    fn decode_block(
        &self,
        word: u64,
        frame: &mut FrameReader<'_>,
        room: &mut Room<'_>,
    ) -> Result<(), DecompressError> {
        let length = word & !NOT_COMPRESSED;
        if length > self.block_bytes_max as u64 {
            let expected = self.block_bytes_max as u64;
            return Err(frame.wrong(mismatch("the length of a block, at most,", expected, length)));
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let start = frame.position();
        let block = frame.take(length, "the rest of a block")?;
        if self.block_checksums {
            frame.expect(4, "the checksum of a block", hash(block))?;
        }
        if word & NOT_COMPRESSED != 0 {
            return room.put(block).map_err(|problem| frame.wrong_at(start, problem));
        }
        let made = room.made();
        let history = if self.dependent { made.saturating_sub(WINDOW_BYTES) } else { made };
        let most = self.block_bytes_max.min(length.saturating_mul(EXPANSION_MAX));
        let (too_large, fits) = (room.too_large(), most <= room.left());
        let (dictionary, into) = room.open(history, most);
        let decoded = decompress_into_with_dict(block, into, dictionary).map_err(|error| match error {
            lz4_flex::block::DecompressError::OutputTooSmall { .. } if !fits => too_large,
            error => DecompressProblem::Malformed { why: error.to_string() },
        });
        room.keep(made + decoded.map_err(|problem| frame.wrong_at(start, problem))?);
        Ok(())
    }
}

const fn mismatch(what: &'static str, expected: u64, found: u64) -> DecompressProblem {
    DecompressProblem::Mismatch { what, expected, found }
}

fn hash(bytes: &[u8]) -> u64 {
    XxHash32::oneshot(0, bytes).into()
}

/// Independent blocks of 64 KiB, no sizes, no checksums but the header's own.
const HEADER: [u8; 7] = [0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82];
const MAGIC_BYTES: usize = 4;
const END: [u8; 4] = [0; 4];
const NOT_COMPRESSED: u64 = 1 << 31;
const BLOCK_BYTES: usize = 64 << 10;
/// How far a dependent block may look back.
const WINDOW_BYTES: usize = 64 << 10;
/// A byte of length adds at most 255 bytes to a match.
const EXPANSION_MAX: usize = 255;
