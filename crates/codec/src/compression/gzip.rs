//! gzip (RFC 1952), as `GZIPOutputStream` writes it and `GZIPInputStream` reads it.
//!
//! ```text
//!  0  1F 8B 08       magic, and deflate
//!  3  flags          of the fields that follow the head: CRC-16 (1) · extra (2) · name (3) · comment (4)
//!  4  time           u32, 0
//!  8  hints          0, and FF: made on no known system
//! 10  deflate (RFC 1951)
//!     CRC-32         u32 of the content
//!     size           u32, of the content, modulo 2³²
//! ```
//!
//! All numbers are little-endian. Members may follow each other; anything else behind the last one is an error, while
//! Java ignores it.

use flate2::{Compress, Compression as Level, Crc, Decompress, FlushCompress, FlushDecompress, Status};

use super::codec::{Decode, Encode};
use super::frame::FrameReader;
use super::input::Input;
use super::output::{Halt, Output, Room};
use super::{Compression, DecompressError, DecompressProblem};

/// Compresses into one member.
pub(super) struct Encoder {
    level: Level,
    codec: Compress,
    /// Whether the member before came to its end. Bytes of it that did not leave the codec would take room from the next
    /// one, even after a reset, and zlib-rs panics for want of it.
    ended: bool,
}

impl Encoder {
    /// At 1 to 9, or what zlib does by default.
    pub(super) fn new(level: i32) -> Self {
        let level = u32::try_from(level).map_or_else(|_| Level::default(), Level::new);
        Self { level, codec: Compress::new(level, false), ended: true }
    }
}

impl Encode for Encoder {
    fn encode(&mut self, input: &mut Input<'_, '_>, output: &mut Output<'_>) -> Result<(), Halt> {
        if self.ended {
            self.codec.reset();
        } else {
            self.codec = Compress::new(self.level, false);
        }
        self.ended = false;
        output.put(&HEADER)?;
        let mut sum = Crc::new();
        loop {
            let part = input.part();
            sum.update(part);
            self.deflate(part, output)?;
            if part.is_empty() {
                break;
            }
        }
        self.ended = true;
        output.put(&sum.sum().to_le_bytes())?;
        output.put(&sum.amount().to_le_bytes())
    }
}

impl Encoder {
    /// Compresses a part; an empty one is the end.
    fn deflate(&mut self, mut part: &[u8], output: &mut Output<'_>) -> Result<(), Halt> {
        let flush = if part.is_empty() { FlushCompress::Finish } else { FlushCompress::None };
        loop {
            let before = self.codec.total_in();
            let status = self.codec.compress_vec(part, output.spare(), flush);
            let status = status.map_err(|error| Halt::Refused(error.to_string()))?;
            output.check()?;
            let read = usize::try_from(self.codec.total_in() - before).unwrap_or(usize::MAX);
            part = part.get(read..).unwrap_or_default();
            let done =
                if flush == FlushCompress::Finish { status == Status::StreamEnd } else { part.is_empty() };
            if done {
                return Ok(());
            }
        }
    }
}

/// Reads members one after another.
pub(super) struct Decoder(Decompress);

impl Default for Decoder {
    fn default() -> Self {
        Self(Decompress::new(false))
    }
}

impl Decode for Decoder {
    fn decode(&mut self, input: &[u8], room: &mut Room<'_>) -> Result<(), DecompressError> {
        let mut frame = FrameReader::new(Compression::Gzip, input, 0);
        loop {
            read_header(&mut frame)?;
            let start = room.made();
            self.inflate(&mut frame, room)?;
            let sum = sum_of(room.all().get(start..).unwrap_or_default());
            frame.expect(4, "the checksum of the content", sum.sum().into())?;
            frame.expect(4, "the size of the content", sum.amount().into())?;
            let left = frame.left();
            if left == 0 {
                return Ok(());
            }
            if !frame.rest().starts_with(&HEADER[..MAGIC_BYTES]) {
                return Err(frame.wrong(DecompressProblem::Trailing { left }));
            }
        }
    }
}

impl Decoder {
    /// Decompresses to the end of the deflated bytes.
    fn inflate(&mut self, frame: &mut FrameReader<'_>, room: &mut Room<'_>) -> Result<(), DecompressError> {
        self.0.reset(false);
        loop {
            let (made, before) = (room.made(), self.0.total_in());
            let status = self.0.decompress_vec(frame.rest(), room.spare(), FlushDecompress::None);
            frame.advance(usize::try_from(self.0.total_in() - before).unwrap_or(usize::MAX));
            let status = status
                .map_err(|error| frame.wrong(DecompressProblem::Malformed { why: error.to_string() }))?;
            room.check().map_err(|problem| frame.wrong(problem))?;
            if status == Status::StreamEnd {
                return Ok(());
            }
            if frame.left() == 0 && room.made() == made {
                let what = "the rest of what was deflated";
                return Err(frame.wrong(DecompressProblem::Truncated { what }));
            }
        }
    }
}

fn read_header(frame: &mut FrameReader<'_>) -> Result<(), DecompressError> {
    let start = frame.position();
    let head = frame.rest();
    if !head.is_empty() && !head.starts_with(&HEADER[..head.len().min(MAGIC_BYTES)]) {
        return Err(frame.wrong(DecompressProblem::WrongMagic));
    }
    frame.take(MAGIC_BYTES, "the magic")?;
    if frame.number(1, "the method")? != u64::from(HEADER[MAGIC_BYTES]) {
        let problem = DecompressProblem::Unsupported { what: "a method other than deflate" };
        return Err(frame.wrong_at(start + MAGIC_BYTES, problem));
    }
    let flags = frame.number(1, "the flags")?;
    frame.take(6, "the rest of the header")?;
    if flags & EXTRA != 0 {
        let bytes = frame.number(2, "the length of the extra field")?;
        frame.take(usize::try_from(bytes).unwrap_or(usize::MAX), "the extra field")?;
    }
    for (flag, what) in [(NAME, "the end of the name"), (COMMENT, "the end of the comment")] {
        if flags & flag != 0 {
            let text = frame.rest().iter().position(|byte| *byte == 0).unwrap_or(usize::MAX - 1);
            frame.take(text + 1, what)?;
        }
    }
    if flags & HEADER_SUM != 0 {
        let sum = sum_of(frame.since(start)).sum() & 0xffff;
        frame.expect(2, "the checksum of the header", sum.into())?;
    }
    Ok(())
}

fn sum_of(bytes: &[u8]) -> Crc {
    let mut sum = Crc::new();
    sum.update(bytes);
    sum
}

const HEADER: [u8; 10] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];
const MAGIC_BYTES: usize = 2;
const HEADER_SUM: u64 = 2;
const EXTRA: u64 = 4;
const NAME: u64 = 8;
const COMMENT: u64 = 16;
