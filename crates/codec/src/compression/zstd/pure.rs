//! zstd in Rust.

use zstd_pure_rs::common::error::{ERR_getErrorCode, ERR_getErrorName, ERR_isError, ErrorCode};
use zstd_pure_rs::common::xxhash::XXH64_state_t;
use zstd_pure_rs::decompress::zstd_decompress_block::ZSTD_decoder_entropy_rep;
use zstd_pure_rs::prelude::{
    ZSTD_CCtx, ZSTD_DCtx, ZSTD_compressBound, ZSTD_compressCCtx, ZSTD_createCCtx, ZSTD_createDCtx,
    ZSTD_decompressDCtx,
};

use super::{Halt, Refusal};

/// A context for compressing.
pub(super) struct Encoder {
    context: Option<Box<ZSTD_CCtx>>,
    level: i32,
}

impl Encoder {
    pub(super) fn new(level: i32) -> Self {
        Self { context: ZSTD_createCCtx(), level }
    }

    /// Makes one frame of at most about `bytes_max` bytes, at the start of `scratch`. The rest of `scratch`
    /// stays as it was, so that it is cleared only where it grows.
    pub(super) fn encode<'s>(
        &mut self,
        content: &[u8],
        bytes_max: usize,
        scratch: &'s mut Vec<u8>,
    ) -> Result<&'s [u8], Halt> {
        let Some(context) = &mut self.context else { return Err(Halt::Refused("no context".to_owned())) };
        let room = ZSTD_compressBound(content.len()).min(bytes_max);
        if scratch.len() < room {
            scratch.resize(room, 0);
        }
        let into = scratch.get_mut(..room).unwrap_or_default();
        let length = ZSTD_compressCCtx(context, into, content, self.level);
        if !ERR_isError(length) {
            return Ok(scratch.get(..length).unwrap_or_default());
        }
        Err(match ERR_getErrorCode(length) {
            ErrorCode::DstSizeTooSmall => Halt::Full,
            _ => Halt::Refused(ERR_getErrorName(length).to_owned()),
        })
    }
}

/// A context for decompressing.
pub(super) struct Decoder {
    context: Box<ZSTD_DCtx>,
    entropy: ZSTD_decoder_entropy_rep,
    sum: XXH64_state_t,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            context: ZSTD_createDCtx(),
            entropy: ZSTD_decoder_entropy_rep::default(),
            sum: XXH64_state_t::default(),
        }
    }
}

impl Decoder {
    /// Decodes one frame. Returns how many bytes of `into` it filled.
    pub(super) fn decode(&mut self, frame: &[u8], into: &mut [u8]) -> Result<usize, Refusal> {
        let Self { context, entropy, sum } = self;
        let length = ZSTD_decompressDCtx(context, entropy, sum, into, frame);
        if !ERR_isError(length) {
            return Ok(length);
        }
        Err(match ERR_getErrorCode(length) {
            ErrorCode::DstSizeTooSmall => Refusal::NoRoom,
            ErrorCode::ChecksumWrong => Refusal::Checksum,
            _ => Refusal::Other(ERR_getErrorName(length).to_owned()),
        })
    }
}
