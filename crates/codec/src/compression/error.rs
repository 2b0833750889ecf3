//! What can be wrong with compressed bytes.

use std::fmt;

use super::Compression;
use super::level::write_not_built;

/// Compressed bytes that are not what they should be, or more than the caller wants: what was wrong, and where.
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
    /// What they should be compressed with.
    pub compression: Compression,
    /// How far the compressed bytes made sense: the offset of the offending bytes, or of the block that holds them.
    pub at: usize,
    /// What was wrong there.
    pub problem: DecompressProblem,
}

/// What was wrong with the compressed bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecompressProblem {
    /// The crate was built without the codec's feature, which has its name.
    NotBuilt,
    /// They are more, decompressed, than the caller allows.
    TooLarge {
        /// The most bytes that it allows.
        limit: usize,
    },
    /// They end too early.
    Truncated {
        /// What should have come.
        what: &'static str,
    },
    /// They go on where they should end.
    Trailing {
        /// How many.
        left: usize,
    },
    /// They do not begin as this format does.
    WrongMagic,
    /// A checksum, size or version is another than it should be.
    Mismatch {
        /// Which.
        what: &'static str,
        /// What it should be.
        expected: u64,
        /// What it is.
        found: u64,
    },
    /// The checksum of the content is wrong; the codec does not say by how much.
    Checksum,
    /// Something that the format has, and that no Kafka client writes.
    Unsupported {
        /// What.
        what: &'static str,
    },
    /// They need a window to look back that is larger than any that a client may ask for.
    WindowTooLarge {
        /// The most bytes that are allowed.
        limit: u64,
    },
    /// The codec cannot read them.
    Malformed {
        /// Why, in the codec's words.
        why: String,
    },
    /// The codec panicked, and was caught.
    Panicked,
}

impl DecompressProblem {
    /// The problem, with its place.
    pub(super) const fn at(self, compression: Compression, at: usize) -> DecompressError {
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

impl fmt::Display for DecompressProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBuilt => f.write_str("the codec is not in this build"),
            Self::TooLarge { limit } => write!(f, "decompresses to more than {limit} bytes"),
            Self::Truncated { what } => write!(f, "ends where {what} should come"),
            Self::Trailing { left } => write!(f, "{left} bytes after the end"),
            Self::WrongMagic => f.write_str("does not begin as this format does"),
            Self::Mismatch { what, expected, found } => {
                write!(f, "{what} should be {expected}, is {found}")
            }
            Self::Checksum => f.write_str("the checksum of the content is wrong"),
            Self::Unsupported { what } => write!(f, "{what} is not supported"),
            Self::WindowTooLarge { limit } => {
                write!(f, "wants to look back further than {limit} bytes")
            }
            Self::Malformed { why } => write!(f, "cannot be read: {why}"),
            Self::Panicked => f.write_str("makes the codec panic"),
        }
    }
}
