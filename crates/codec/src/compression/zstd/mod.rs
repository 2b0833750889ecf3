//! zstd (RFC 8878), by a codec in Rust or, with the feature `zstd-c`, by the C library.
//!
//! A batch becomes one frame with its content size and without a checksum: the record batch has one. It is read as
//! Java's consumer reads it: frames may follow each other, with skippable ones between, windows reach back up to
//! 128 MiB, dictionaries are unknown. [`frame`] walks through the blocks before the codec sees them, so that the room
//! for their content follows from the blocks, and not from the header.

#[cfg(feature = "zstd-c")]
mod c;
mod frame;
#[cfg(all(test, feature = "zstd", feature = "zstd-c"))]
mod interop;
#[cfg(all(feature = "zstd", any(test, not(feature = "zstd-c"))))]
mod pure;

use super::codec::{Decode, Encode};
use super::input::Input;
use super::output::{Halt, Output, Room};
use super::{Compression, DecompressError, DecompressProblem};
use frame::Frame;

#[cfg(feature = "zstd-c")]
use c as codec;
#[cfg(not(feature = "zstd-c"))]
use pure as codec;

/// Compresses into one frame.
pub(super) struct Encoder {
    codec: codec::Encoder,
    whole: Vec<u8>,
    compressed: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(level: i32) -> Self {
        Self { codec: codec::Encoder::new(level), whole: Vec::new(), compressed: Vec::new() }
    }
}

impl Encode for Encoder {
    fn encode(&mut self, input: &mut Input<'_, '_>, output: &mut Output<'_>) -> Result<(), Halt> {
        let whole = input.block(usize::MAX, &mut self.whole);
        // The codec stops at the end of its scratch, so that a limit bounds the scratch as well.
        let room = output.left().saturating_add(SPARE_BYTES);
        output.put(self.codec.encode(whole, room, &mut self.compressed)?)
    }
}

/// Room beyond the limit of the output. The codec wants more than it fills, and gives up without it.
const SPARE_BYTES: usize = 512;

/// Reads frames one after another.
#[derive(Default)]
pub(super) struct Decoder(codec::Decoder);

impl Decode for Decoder {
    fn decode(&mut self, input: &[u8], room: &mut Room<'_>) -> Result<(), DecompressError> {
        let mut at = 0;
        loop {
            let frame = Frame::at(input, at)?;
            if let Some(content_bytes_max) = frame.content_bytes_max {
                let bytes = input.get(at..frame.end).unwrap_or_default();
                self.frame(bytes, content_bytes_max, room)
                    .map_err(|problem| problem.at(Compression::Zstd, at))?;
            }
            at = frame.end;
            if at == input.len() {
                return Ok(());
            }
        }
    }
}

impl Decoder {
    fn frame(
        &mut self,
        frame: &[u8],
        content_bytes_max: usize,
        room: &mut Room<'_>,
    ) -> Result<(), DecompressProblem> {
        let made = room.made();
        let (too_large, fits) = (room.too_large(), content_bytes_max <= room.left());
        let (_, into) = room.open(made, content_bytes_max);
        let bytes = self.0.decode(frame, into).map_err(|refusal| match refusal {
            Refusal::NoRoom if !fits => too_large,
            Refusal::NoRoom => {
                DecompressProblem::Malformed { why: "more content than its blocks can hold".into() }
            }
            Refusal::Checksum => DecompressProblem::Checksum,
            Refusal::Other(why) => DecompressProblem::Malformed { why },
        })?;
        room.keep(made + bytes);
        Ok(())
    }
}

/// The reason for which a codec does not decode a frame.
enum Refusal {
    /// There is more content than room for it.
    NoRoom,
    /// The checksum of the content is wrong.
    Checksum,
    /// The codec's own text.
    Other(String),
}
