//! Errors of decompression.

use std::fmt;

use super::Compression;
use super::level::write_not_built;
use crate::errors::error_enum;

/// Compressed bytes that are malformed, or longer than the caller's limit: the problem, and its offset.
///
/// ```
/// use milena_codec::compression::{Compression, DecompressProblem, Decompressor};
/// let error = Decompressor::new()
///     .decompress(Compression::None, b"abc", 2, &mut Vec::new())
///     .unwrap_err();
/// assert_eq!(error.problem, DecompressProblem::TooLarge { limit: 2 });
/// assert_eq!(error.to_string(), "none at byte 0: decompresses to more than 2 bytes");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecompressError {
    /// The codec.
    pub compression: Compression,
    /// The offset of the malformed bytes, or of the block that holds them.
    pub at: usize,
    /// The problem there.
    pub problem: DecompressProblem,
}

error_enum! {
    /// A problem of compressed bytes.
    ///
    /// ```
    /// use milena_codec::compression::{Compression, DecompressProblem, Decompressor};
    /// # if !Compression::Lz4.is_built() { return }
    /// let error = Decompressor::new().decompress(Compression::Lz4, b"no frame", 100, &mut Vec::new()).unwrap_err();
    /// assert_eq!(error.problem, DecompressProblem::WrongMagic);
    /// ```
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum DecompressProblem {
        /// The crate was built without the codec's feature, which has its name.
        NotBuilt => "the codec is not in this build";
        /// They decompress to more bytes than the caller allows.
        TooLarge {
            /// The most bytes that it allows.
            limit: usize,
        } => "decompresses to more than {limit} bytes";
        /// They end too early.
        Truncated {
            /// The field that is missing.
            what: &'static str,
        } => "{what} is missing";
        /// They go on where they should end.
        Trailing {
            /// How many.
            left: usize,
        } => "{left} bytes after the end";
        /// The magic bytes of the format are missing.
        WrongMagic => "wrong magic bytes";
        /// A checksum, size or version is another than it should be.
        Mismatch {
            /// The field.
            what: &'static str,
            /// The expected value.
            expected: u64,
            /// The value in the bytes.
            found: u64,
        } => "{what} is {found}, expected {expected}";
        /// The checksum of the content is wrong; the codec does not report the values.
        Checksum => "the checksum of the content is wrong";
        /// A feature of the format that no Kafka client uses.
        Unsupported {
            /// The feature.
            what: &'static str,
        } => "{what} is not supported";
        /// They need a larger window than any that a client may set.
        WindowTooLarge {
            /// The most bytes that are allowed.
            limit: u64,
        } => "window is larger than {limit} bytes";
        /// The codec cannot read them.
        Malformed {
            /// The codec's own text.
            why: String,
        } => "malformed: {why}";
        /// The codec panicked, and was caught.
        Panicked => "the codec panicked";
    }
}

impl DecompressProblem {
    /// The problem, with its place.
    pub(crate) const fn at(self, compression: Compression, at: usize) -> DecompressError {
        DecompressError { compression, at, problem: self }
    }
}

impl fmt::Display for DecompressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.problem == DecompressProblem::NotBuilt {
            return write_not_built(f, self.compression);
        }
        write!(f, "{} at byte {}: {}", self.compression, self.at, self.problem)
    }
}

impl std::error::Error for DecompressError {}
