//! Decompression of untrusted bytes: every codec, within a limit.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::codec::Decode;
use super::output::Room;
use super::{Compression, DecompressError, DecompressProblem};

/// Decompresses batches of all codecs. The context of a codec is made when the codec is first needed, and kept.
///
/// | codec | holds |
/// |---|---|
/// | gzip | 48 KiB |
/// | snappy, lz4 | nothing |
/// | zstd | 0.1 MiB; what was decoded is its window |
///
/// ```
/// use milena_codec::compression::{Compression, Decompressor};
/// let mut out = Vec::new();
/// Decompressor::new().decompress(Compression::None, b"records", 100, &mut out)?;
/// assert_eq!(out, b"records");
/// # Ok::<(), milena_codec::compression::DecompressError>(())
/// ```
#[derive(Default)]
pub struct Decompressor {
    /// By id; none where the codec was not met yet, or failed.
    codecs: [Option<Box<dyn Decode>>; Compression::ALL.len()],
}

impl Decompressor {
    /// A decompressor that holds nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Decompresses all of `input`, and appends at most `max_output` bytes to `out`.
    ///
    /// Allocations grow with the bytes that are read, up to `max_output` and the memory that the decompressor
    /// [holds](Self); they do not depend on sizes that the bytes claim. Empty output is allowed, empty input is not: every codec has a header.
    ///
    /// # Errors
    ///
    /// [`DecompressError`] with the problem and its offset; `out` is then unchanged. A codec that panics is caught, where
    /// panics unwind, and is an error too.
    ///
    /// ```
    /// use milena_codec::compression::{Compression, Compressor, Decompressor};
    /// # if !Compression::Gzip.is_built() { return Ok(()) }
    /// let records = b"a line that comes again. ".repeat(10);
    /// let mut compressed = Vec::new();
    /// Compressor::new(Compression::Gzip, None)?.compress_always([&records[..]].into_iter(), &mut compressed)?;
    ///
    /// let (mut decompressor, mut out) = (Decompressor::new(), Vec::new());
    /// decompressor.decompress(Compression::Gzip, &compressed, 1 << 20, &mut out)?;
    /// assert_eq!(out, records);
    /// let error = decompressor.decompress(Compression::Gzip, &compressed, 100, &mut out).unwrap_err();
    /// assert_eq!(error.to_string(), format!("gzip at byte {}: decompresses to more than 100 bytes", error.at));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decompress(
        &mut self,
        compression: Compression,
        input: &[u8],
        max_output: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), DecompressError> {
        let start = out.len();
        let result = self.append(compression, input, &mut Room::new(out, max_output));
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    fn append(
        &mut self,
        compression: Compression,
        input: &[u8],
        room: &mut Room<'_>,
    ) -> Result<(), DecompressError> {
        if compression == Compression::None {
            return room.put(input).map_err(|problem| problem.at(compression, 0));
        }
        let Some(slot) = self.codecs.get_mut(usize::from(compression.id())) else {
            return Err(DecompressProblem::NotBuilt.at(compression, 0));
        };
        let Some(codec) = slot.take().or_else(|| decoder(compression)) else {
            return Err(DecompressProblem::NotBuilt.at(compression, 0));
        };
        let ended = catch_unwind(AssertUnwindSafe(|| decode(codec, input, room)));
        let (codec, result) = ended.map_err(|_| DecompressProblem::Panicked.at(compression, 0))?;
        if result.is_ok() {
            *slot = Some(codec);
        }
        result
    }

    /// One that meets `codec` first where it should meet that of `compression`.
    #[cfg(test)]
    pub(super) fn with_codec(compression: Compression, codec: Box<dyn Decode>) -> Self {
        let mut one = Self::new();
        one.codecs[usize::from(compression.id())] = Some(codec);
        one
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor").finish_non_exhaustive()
    }
}

/// The codec comes back unless it panics: then it is dropped on the way.
fn decode(
    mut codec: Box<dyn Decode>,
    input: &[u8],
    room: &mut Room<'_>,
) -> (Box<dyn Decode>, Result<(), DecompressError>) {
    let result = codec.decode(input, room);
    (codec, result)
}

/// A fresh decoder; none for a codec that is not built.
fn decoder(compression: Compression) -> Option<Box<dyn Decode>> {
    match compression {
        #[cfg(feature = "gzip")]
        Compression::Gzip => Some(Box::new(super::gzip::Decoder::default())),
        #[cfg(feature = "snappy")]
        Compression::Snappy => Some(Box::new(super::snappy::Decoder)),
        #[cfg(feature = "lz4")]
        Compression::Lz4 => Some(Box::new(super::lz4::Decoder)),
        #[cfg(any(feature = "zstd", feature = "zstd-c"))]
        Compression::Zstd => Some(Box::new(super::zstd::Decoder::default())),
        _ => None,
    }
}
