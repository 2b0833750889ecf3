//! zstd in Rust.

use zstd_pure_rs::common::error::{ERR_getErrorCode, ERR_getErrorName, ERR_isError, ErrorCode};
use zstd_pure_rs::common::xxhash::XXH64_state_t;
use zstd_pure_rs::decompress::zstd_decompress_block::ZSTD_decoder_entropy_rep;
use zstd_pure_rs::prelude::{
    ZSTD_CCtx, ZSTD_DCtx, ZSTD_compressBound, ZSTD_compressCCtx, ZSTD_createCCtx, ZSTD_createDCtx,
    ZSTD_decompressDCtx,
};

use super::Refusal;

/// A context for compressing.
pub(super) struct Encoder {
    context: Option<Box<ZSTD_CCtx>>,
    level: i32,
}

impl Encoder {
    pub(super) fn new(level: i32) -> Self {
        Self { context: ZSTD_createCCtx(), level }
    }

    /// Puts one frame in the place of what `out` holds.
    pub(super) fn encode(&mut self, content: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let Some(context) = &mut self.context else { return Err("no context".to_owned()) };
        let bound = ZSTD_compressBound(content.len());
        if out.len() < bound {
            out.resize(bound, 0);
        }
        let length = ZSTD_compressCCtx(context, out, content, self.level);
        if ERR_isError(length) {
            return Err(ERR_getErrorName(length).to_owned());
        }
        out.truncate(length);
        Ok(())
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
    /// Decodes one frame, and says how many bytes of `into` it filled.
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
