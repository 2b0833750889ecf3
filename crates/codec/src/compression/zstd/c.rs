//! zstd by the C library, through the safe face of its bindings.

use zstd_safe::{CCtx, CParameter, DCtx, SafeResult, compress_bound, get_error_name};

use super::{Halt, Refusal};

/// A context for compressing.
pub(super) struct Encoder {
    context: CCtx<'static>,
    level: SafeResult,
}

impl Encoder {
    pub(super) fn new(level: i32) -> Self {
        let mut context = CCtx::create();
        let level = context.set_parameter(CParameter::CompressionLevel(level));
        Self { context, level }
    }

    /// Makes one frame of at most about `bytes_max` bytes over the content of `scratch`.
    pub(super) fn encode<'s>(
        &mut self,
        content: &[u8],
        bytes_max: usize,
        scratch: &'s mut Vec<u8>,
    ) -> Result<&'s [u8], Halt> {
        let refused = |code| match get_error_name(code) {
            NO_ROOM => Halt::Full,
            why => Halt::Refused(why.to_owned()),
        };
        self.level.map_err(refused)?;
        scratch.clear();
        scratch.reserve(compress_bound(content.len()).min(bytes_max));
        self.context.compress2(scratch, content).map_err(refused)?;
        Ok(scratch)
    }
}

/// A context for decompressing.
pub(super) struct Decoder(DCtx<'static>);

impl Default for Decoder {
    fn default() -> Self {
        Self(DCtx::create())
    }
}

impl Decoder {
    /// Decodes one frame. Returns how many bytes of `into` it filled.
    pub(super) fn decode(&mut self, frame: &[u8], into: &mut [u8]) -> Result<usize, Refusal> {
        self.0.decompress(into, frame).map_err(|code| match get_error_name(code) {
            NO_ROOM => Refusal::NoRoom,
            WRONG_SUM => Refusal::Checksum,
            why => Refusal::Other(why.to_owned()),
        })
    }
}

/// The texts of the library for a full destination and for a wrong checksum (`error_private.c`).
const NO_ROOM: &str = "Destination buffer is too small";
const WRONG_SUM: &str = "Restored data doesn't match checksum";
