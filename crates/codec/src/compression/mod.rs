//! Compression and decompression of the records of a batch.
//!
//! ```text
//!  parts of a batch ──▶ Compressor ──▶ Compressed: appended, and smaller than what it was made of
//!                      one codec  ╰──▶ NotSmaller, TooLarge, Failed: nothing appended, the batch goes as it is, or in parts
//!
//!  compressed bytes ──▶ Decompressor ──▶ appended, at most as many bytes as the caller allows
//!                       all codecs   ╰──▶ DecompressError: the problem and its offset; nothing appended
//! ```
//!
//! | codec | on the wire | levels (KIP-390) | feature |
//! |---|---|---|---|
//! | gzip | RFC 1952, header as `GZIPOutputStream` writes it; several members in a row are read | 1 to 9, or -1 for 6 | `gzip` |
//! | snappy | blocks of 32 KiB in the framing of `snappy-java`; read as well: several such streams in a row, or one raw block | none | `snappy` |
//! | lz4 | one frame of independent blocks of 64 KiB, without checksums of the content (KIP-57); read as well: other sizes, checksums, dependent blocks | 1 to 17, all alike | `lz4` |
//! | zstd | RFC 8878, with content size, without checksum; several frames in a row are read | -131072 to 22 | `zstd`, or `zstd-c` for the C library |
//!
//! Without its feature a codec is [an error with its name](SetupError::NotBuilt). None but `zstd-c` compiles C.
//!
//! **Nothing is trusted.** A decoder allocates as it reads, never by sizes that the bytes claim, and stops at the
//! caller's limit. A codec that panics is caught, where panics unwind (`panic = "unwind"`, Rust's default), and costs
//! its batch the compression. Its message still reaches the process's panic hook.
//!
//! **Memory.** Contexts and scratch are kept from batch to batch; see [`Compressor`] and [`Decompressor`].
//!
//! ```
//! use milena_codec::compression::{Compression, Compressor, Decompressor, Outcome};
//!
//! let batch = [b"a line that comes again. ".repeat(10), b"a line that comes again. ".repeat(20)];
//! let mut compressor = Compressor::new(Compression::Lz4, None)?;
//! let mut compressed = Vec::new();
//! let outcome = compressor.compress(batch.iter().map(Vec::as_slice), &mut compressed);
//! assert_eq!(outcome, Outcome::Compressed { bytes: compressed.len() });
//!
//! let mut records = Vec::new();
//! Decompressor::new().decompress(Compression::Lz4, &compressed, 1 << 20, &mut records)?;
//! assert_eq!(records, batch.concat());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    not(all(feature = "gzip", feature = "snappy", feature = "lz4", feature = "zstd")),
    allow(dead_code, reason = "each codec uses some of what they share")
)]

mod codec;
mod compressor;
mod decompressor;
mod error;
#[cfg(feature = "faults")]
pub mod faults;
mod frame;
#[cfg(feature = "gzip")]
mod gzip;
mod input;
mod kind;
mod level;
#[cfg(feature = "lz4")]
mod lz4;
mod output;
#[cfg(feature = "snappy")]
mod snappy;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "zstd", feature = "zstd-c"))]
mod zstd;

pub use compressor::{Compressor, Failure, Outcome};
pub use decompressor::Decompressor;
pub use error::{DecompressError, DecompressProblem};
pub use kind::{Compression, UnknownCompression};
pub use level::SetupError;
