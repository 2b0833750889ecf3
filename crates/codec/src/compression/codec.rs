//! The traits of a codec, for the compressor and the decompressor.

use super::DecompressError;
use super::input::Input;
use super::output::{Halt, Output, Room};

/// One codec's way from bytes to fewer bytes. Kept from batch to batch, unless it panicked or refused.
pub(super) trait Encode: Send {
    /// Appends to `output`.
    fn encode(&mut self, input: &mut Input<'_, '_>, output: &mut Output<'_>) -> Result<(), Halt>;
}

/// One codec's way back. Kept from batch to batch, unless it failed.
pub(super) trait Decode: Send {
    /// Appends what all of `input` holds to `room`.
    fn decode(&mut self, input: &[u8], room: &mut Room<'_>) -> Result<(), DecompressError>;
}
