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
use super::input::Input;
use super::output::{Halt, Output, Room};
use super::{Compression, DecompressError, DecompressProblem};

/// Compresses into one member.
pub(super) struct Encoder {
    level: Level,
    codec: Compress,
    /// Whether the member before came to its end. What of it did not leave the codec would take room from the next
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
        let mut member = Member { input, at: 0 };
        loop {
            member.header()?;
            let start = room.made();
            self.inflate(&mut member, room)?;
            let content = room.all().get(start..).unwrap_or_default();
            member.trailer(content)?;
            let left = input.len() - member.at;
            if left == 0 {
                return Ok(());
            }
            if !input[member.at..].starts_with(&HEADER[..MAGIC_BYTES]) {
                return Err(member.wrong(DecompressProblem::Trailing { left }));
            }
        }
    }
}

impl Decoder {
    /// Decompresses to the end of the deflated bytes.
    fn inflate(&mut self, member: &mut Member<'_>, room: &mut Room<'_>) -> Result<(), DecompressError> {
        self.0.reset(false);
        let start = member.at;
        loop {
            let rest = member.input.get(member.at..).unwrap_or_default();
            let made = room.made();
            let status = self.0.decompress_vec(rest, room.spare(), FlushDecompress::None);
            let read = usize::try_from(self.0.total_in()).unwrap_or(usize::MAX);
            member.at = start.saturating_add(read).min(member.input.len());
            let status = status
                .map_err(|error| member.wrong(DecompressProblem::Malformed { why: error.to_string() }))?;
            room.check().map_err(|problem| member.wrong(problem))?;
            if status == Status::StreamEnd {
                return Ok(());
            }
            if member.at == member.input.len() && room.made() == made {
                let what = "the rest of what was deflated";
                return Err(member.wrong(DecompressProblem::Truncated { what }));
            }
        }
    }
}

/// A reader of what surrounds the deflated bytes.
struct Member<'i> {
    input: &'i [u8],
    at: usize,
}

impl Member<'_> {
    fn header(&mut self) -> Result<(), DecompressError> {
        let start = self.at;
        let head = self.input.get(start..).unwrap_or_default();
        if !head.is_empty() && !head.starts_with(&HEADER[..head.len().min(2)]) {
            return Err(self.wrong(DecompressProblem::WrongMagic));
        }
        self.number(2, "the magic")?;
        if self.number(1, "the method")? != u32::from(HEADER[2]) {
            self.at -= 1;
            return Err(self.wrong(DecompressProblem::Unsupported { what: "a method other than deflate" }));
        }
        let flags = self.number(1, "the flags")?;
        self.skip(6, "the rest of the header")?;
        if flags & EXTRA != 0 {
            let bytes = self.number(2, "the length of the extra field")? as usize;
            self.skip(bytes, "the extra field")?;
        }
        if flags & NAME != 0 {
            self.skip_text("the end of the name")?;
        }
        if flags & COMMENT != 0 {
            self.skip_text("the end of the comment")?;
        }
        if flags & HEADER_SUM != 0 {
            let mut sum = Crc::new();
            sum.update(self.input.get(start..self.at).unwrap_or_default());
            self.check(2, "the checksum of the header", sum.sum() & 0xffff)?;
        }
        Ok(())
    }

    fn trailer(&mut self, content: &[u8]) -> Result<(), DecompressError> {
        let mut sum = Crc::new();
        sum.update(content);
        self.check(4, "the checksum of the content", sum.sum())?;
        self.check(4, "the size of the content", sum.amount())
    }

    fn check(&mut self, bytes: usize, what: &'static str, expected: u32) -> Result<(), DecompressError> {
        let found = self.number(bytes, what)?;
        if found == expected {
            return Ok(());
        }
        self.at -= bytes;
        let (expected, found) = (expected.into(), found.into());
        Err(self.wrong(DecompressProblem::Mismatch { what, expected, found }))
    }

    fn number(&mut self, bytes: usize, what: &'static str) -> Result<u32, DecompressError> {
        let start = self.at;
        self.skip(bytes, what)?;
        let taken = self.input.get(start..self.at).unwrap_or_default();
        Ok(taken.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    fn skip(&mut self, bytes: usize, what: &'static str) -> Result<(), DecompressError> {
        let end = self.at.checked_add(bytes).filter(|end| *end <= self.input.len());
        self.at = end.ok_or_else(|| self.wrong(DecompressProblem::Truncated { what }))?;
        Ok(())
    }

    /// Behind the next zero.
    fn skip_text(&mut self, what: &'static str) -> Result<(), DecompressError> {
        let rest = self.input.get(self.at..).unwrap_or_default();
        let text = rest.iter().position(|byte| *byte == 0);
        let text = text.ok_or_else(|| self.wrong(DecompressProblem::Truncated { what }))?;
        self.skip(text + 1, what)
    }

    const fn wrong(&self, problem: DecompressProblem) -> DecompressError {
        problem.at(Compression::Gzip, self.at)
    }
}

const HEADER: [u8; 10] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];
const MAGIC_BYTES: usize = 2;
const HEADER_SUM: u32 = 2;
const EXTRA: u32 = 4;
const NAME: u32 = 8;
const COMMENT: u32 = 16;
