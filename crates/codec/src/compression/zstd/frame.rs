//! The frames of zstd, by their headers alone: no block is decoded (RFC 8878, section 3.1).
//!
//! ```text
//! magic 28 B5 2F FD · descriptor · [window] · [dictionary id] · [content size]
//! blocks: 3 bytes, little-endian: last (bit 0) · kind (1–2): raw, one byte repeated, compressed · size (3–23)
//! [checksum]        4 bytes
//!
//! magic 5? 2A 4D 18 · length (u32) · bytes to be skipped
//! ```

use super::super::frame::FrameReader;
use super::super::{Compression, DecompressError, DecompressProblem};

/// A frame whose blocks are all there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The offset behind it.
    pub(super) end: usize,
    /// The most that its blocks can hold, or less if the header has a content size; none for a skippable frame.
    pub(super) content_bytes_max: Option<usize>,
}

impl Frame {
    /// The frame that begins at `at`.
    pub(super) fn at(input: &[u8], at: usize) -> Result<Self, DecompressError> {
        let mut frame = FrameReader::new(Compression::Zstd, input, at);
        let left = frame.left();
        let magic = frame.number(4, "the magic of a frame")?;
        if magic & 0xFFFF_FFF0 == SKIPPABLE {
            let bytes = frame.number(4, "the length of a skippable frame")?;
            skip(&mut frame, bytes, "the rest of a skippable frame")?;
            return Ok(Self { end: frame.position(), content_bytes_max: None });
        }
        if magic != MAGIC {
            let behind = DecompressProblem::Trailing { left };
            return Err(frame.wrong_at(at, if at == 0 { DecompressProblem::WrongMagic } else { behind }));
        }
        let header = Header::read(&mut frame)?;
        let mut most = 0_u64;
        while header.pass_block(&mut frame, &mut most)? {}
        if header.checksum {
            frame.take(4, "the checksum of the content")?;
        }
        let said = header.content_bytes.unwrap_or(most);
        if said > most {
            let what = "the content size, at most,";
            return Err(frame.wrong_at(at, DecompressProblem::Mismatch { what, expected: most, found: said }));
        }
        let content_bytes_max = Some(usize::try_from(said).unwrap_or(usize::MAX));
        Ok(Self { end: frame.position(), content_bytes_max })
    }
}

/// The fields of a frame's header.
struct Header {
    content_bytes: Option<u64>,
    checksum: bool,
    block_bytes_max: u64,
}

impl Header {
    fn read(frame: &mut FrameReader<'_>) -> Result<Self, DecompressError> {
        let start = frame.position();
        let descriptor = frame.number(1, "the descriptor of a frame")?;
        let single = descriptor & 0x20 != 0;
        if descriptor & 8 != 0 {
            return Err(frame.wrong_at(start, DecompressProblem::Unsupported { what: "the reserved bit" }));
        }
        let window =
            if single { None } else { Some(window_bytes(frame.number(1, "the size of the window")?)) };
        let dictionary_bytes = match descriptor & 3 {
            0 => 0,
            1 => 1,
            2 => 2,
            _ => 4,
        };
        if frame.number(dictionary_bytes, "the id of the dictionary")? != 0 {
            return Err(frame.wrong_at(start, DecompressProblem::Unsupported { what: "a dictionary" }));
        }
        let content_bytes = match descriptor >> 6 {
            0 if single => Some(frame.number(1, "the content size")?),
            0 => None,
            1 => Some(frame.number(2, "the content size")? + 256),
            2 => Some(frame.number(4, "the content size")?),
            _ => Some(frame.number(8, "the content size")?),
        };
        let window = window.or(content_bytes).unwrap_or(0);
        if window > WINDOW_BYTES_MAX && !single {
            let problem = DecompressProblem::WindowTooLarge { limit: WINDOW_BYTES_MAX };
            return Err(frame.wrong_at(start, problem));
        }
        let block_bytes_max = window.min(BLOCK_BYTES_MAX);
        Ok(Self { content_bytes, checksum: descriptor & 4 != 0, block_bytes_max })
    }

    /// Passes over a block, and adds the most that it can hold. Returns whether another block follows.
    fn pass_block(&self, frame: &mut FrameReader<'_>, most: &mut u64) -> Result<bool, DecompressError> {
        let start = frame.position();
        let word = frame.number(3, "the header of a block")?;
        let (last, kind, size) = (word & 1 == 1, word >> 1 & 3, word >> 3);
        let (length, content) = match kind {
            0 => (size, size),
            1 => (1, size),
            2 => (size, self.block_bytes_max),
            _ => {
                let problem = DecompressProblem::Unsupported { what: "the kind of block" };
                return Err(frame.wrong_at(start, problem));
            }
        };
        if size > self.block_bytes_max {
            let (what, expected, found) = ("the size of a block, at most,", self.block_bytes_max, size);
            return Err(frame.wrong_at(start, DecompressProblem::Mismatch { what, expected, found }));
        }
        skip(frame, length, "the rest of a block")?;
        *most += content;
        Ok(!last)
    }
}

fn skip(frame: &mut FrameReader<'_>, bytes: u64, what: &'static str) -> Result<(), DecompressError> {
    frame.take(usize::try_from(bytes).unwrap_or(usize::MAX), what).map(drop)
}

/// A power of two from 1 KiB on, and some eighths of it.
const fn window_bytes(descriptor: u64) -> u64 {
    let base = 1 << (10 + (descriptor >> 3));
    base + (base >> 3) * (descriptor & 7)
}

const MAGIC: u64 = 0xFD2F_B528;
const SKIPPABLE: u64 = 0x184D_2A50;
const BLOCK_BYTES_MAX: u64 = 128 << 10;
/// The default limit of zstd's decoders, and the window of level 22 in Java's producer.
const WINDOW_BYTES_MAX: u64 = 128 << 20;
