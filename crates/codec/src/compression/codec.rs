//! The traits of a codec, for the compressor and the decompressor.

use super::DecompressError;
use super::input::Input;
use super::output::{Halt, Output, Room};

/// An encoder. Kept from batch to batch, unless it panicked or failed.
pub(super) trait Encode: Send {
    /// Appends to `output`.
    fn encode(&mut self, input: &mut Input<'_, '_>, output: &mut Output<'_>) -> Result<(), Halt>;
}

/// A decoder. Kept from batch to batch, unless it failed.
pub(super) trait Decode: Send {
    /// Appends what all of `input` holds to `room`.
    fn decode(&mut self, input: &[u8], room: &mut Room<'_>) -> Result<(), DecompressError>;
}
