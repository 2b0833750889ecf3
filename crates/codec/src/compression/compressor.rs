//! Compressing batches one after another, with everything that can go wrong costing the compression only.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::codec::Encode;
use super::input::Input;
use super::output::{Halt, Output};
use super::{Compression, SetupError};

/// Compresses batches with one codec at one level. Its context and scratch are kept from batch to batch.
///
/// | codec | holds |
/// |---|---|
/// | gzip | 0.4 MiB |
/// | snappy, lz4 | 0.1 MiB |
/// | zstd 3 | 0.9 MiB for batches of 64 KiB, 2.5 MiB from 1 MiB on |
/// | zstd 9 | 1.2 MiB for batches of 64 KiB, 12 MiB from 1 MiB on |
/// | zstd 19 | 1.9 MiB for batches of 64 KiB, 22 MiB for 1 MiB, 54 MiB for 4 MiB |
///
/// A batch that lies in several parts is gathered first where a codec needs it in one: zstd holds such a batch once
/// more, the others a block of it.
///
/// ```
/// use milena_codec::compression::{Compression, Compressor, Outcome};
/// # if !Compression::Zstd.is_built() { return Ok(()) }
/// let mut compressor = Compressor::new(Compression::Zstd, Some(1))?;
/// assert_eq!((compressor.compression(), compressor.level()), (Compression::Zstd, 1));
/// for batch in [b"a line. ".repeat(100), b"another. ".repeat(100)] {
///     let mut compressed = Vec::new();
///     let outcome = compressor.compress([&batch[..]].into_iter(), &mut compressed);
///     assert_eq!(outcome, Outcome::Compressed { bytes: compressed.len() });
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Compressor {
    compression: Compression,
    level: i32,
    /// None before the first batch, and after one that the codec failed at: the next starts afresh.
    codec: Option<Box<dyn Encode>>,
}

impl Compressor {
    /// A compressor of one codec, at its default level or another one (KIP-390).
    ///
    /// [`Compression::None`] makes a compressor that finds no batch smaller.
    ///
    /// # Errors
    ///
    /// [`SetupError::NotBuilt`] without the codec's feature, [`SetupError::Level`] for a level that the codec does not have.
    pub fn new(compression: Compression, level: Option<i32>) -> Result<Self, SetupError> {
        if let Some(level) = level {
            compression.check_level(level)?;
        }
        if !compression.is_built() {
            return Err(SetupError::NotBuilt { compression });
        }
        let level = level.or_else(|| compression.default_level()).unwrap_or_default();
        Ok(Self { compression, level, codec: None })
    }

    /// Compresses what `parts` hold, one behind the other, and appends it to `out`.
    ///
    /// If the result would not be smaller, or the codec fails, `out` is unchanged and the outcome has the reason: the batch
    /// is sent uncompressed. A codec that panics is caught, where panics unwind.
    pub fn compress<'a>(
        &mut self,
        parts: impl Iterator<Item = &'a [u8]> + Clone,
        out: &mut Vec<u8>,
    ) -> Outcome {
        self.compress_within(parts, usize::MAX, out)
    }

    /// Compresses as [`compress`](Self::compress) does, and stops where the result is longer than `bytes_max` bytes:
    /// neither `out` nor the scratch of the codec grows much beyond that.
    ///
    /// ```
    /// use milena_codec::compression::{Compression, Compressor, Outcome};
    ///
    /// # if !Compression::Gzip.is_built() { return Ok(()) }
    /// let records = b"a line that comes again. ".repeat(1_000);
    /// let mut compressor = Compressor::new(Compression::Gzip, None)?;
    /// let mut compressed = Vec::new();
    /// let outcome = compressor.compress_within([&records[..]].into_iter(), 50, &mut compressed);
    /// assert_eq!((outcome, compressed.len()), (Outcome::TooLarge, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn compress_within<'a>(
        &mut self,
        parts: impl Iterator<Item = &'a [u8]> + Clone,
        bytes_max: usize,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let (start, bytes) = (out.len(), parts.clone().map(<[u8]>::len).sum::<usize>());
        let Some(codec) = self.codec.take().or_else(|| encoder(self.compression, self.level)) else {
            return Outcome::NotSmaller;
        };
        let limit = bytes.saturating_sub(1).min(bytes_max);
        let mut parts = parts;
        let outcome = match self.run(codec, &mut parts, Output::within(limit, out)) {
            Ok(true) if bytes > 0 && out.len() - start <= limit => {
                return Outcome::Compressed { bytes: out.len() - start };
            }
            Ok(_) if bytes_max < bytes.saturating_sub(1) => Outcome::TooLarge,
            Ok(_) => Outcome::NotSmaller,
            Err(failure) => Outcome::Failed(failure),
        };
        out.truncate(start);
        outcome
    }

    /// Compresses what `parts` hold and appends it to `out`, smaller or not: a broker stores all batches of a topic with
    /// the topic's codec (`LogValidator.buildRecordsAndAssignOffsets`). [`Compression::None`] appends the parts as they
    /// are.
    ///
    /// ```
    /// use milena_codec::compression::{Compression, Compressor};
    /// # if !Compression::Lz4.is_built() { return Ok(()) }
    /// let mut compressed = Vec::new();
    /// Compressor::new(Compression::Lz4, None)?.compress_always([&b"short"[..]].into_iter(), &mut compressed)?;
    /// assert!(compressed.len() > b"short".len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Failure`] when the codec fails or panics; `out` is then as it was.
    pub fn compress_always<'a>(
        &mut self,
        parts: impl Iterator<Item = &'a [u8]>,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let mut parts = parts;
        let Some(codec) = self.codec.take().or_else(|| encoder(self.compression, self.level)) else {
            parts.for_each(|part| out.extend_from_slice(part));
            return Ok(());
        };
        let start = out.len();
        let ended = self.run(codec, &mut parts, Output::within(usize::MAX, out));
        if ended.is_err() {
            out.truncate(start);
        }
        ended.map(drop)
    }

    /// The codec.
    #[must_use]
    pub const fn compression(&self) -> Compression {
        self.compression
    }

    /// The level in use; 0 where the codec has none.
    #[must_use]
    pub const fn level(&self) -> i32 {
        self.level
    }

    /// Runs the codec, which is kept unless it fails: whether it came to its end, or stopped for want of room.
    fn run(
        &mut self,
        codec: Box<dyn Encode>,
        parts: &mut dyn Iterator<Item = &[u8]>,
        output: Output<'_>,
    ) -> Result<bool, Failure> {
        let (why, panicked) = match catch_unwind(AssertUnwindSafe(|| encode(codec, parts, output))) {
            Ok((_, Err(Halt::Refused(why)))) => (why, false),
            Ok((codec, ended)) => {
                self.codec = Some(codec);
                return Ok(ended.is_ok());
            }
            Err(panic) => (message(&*panic), true),
        };
        Err(Failure { compression: self.compression, panicked, why })
    }

    /// One whose first batch meets `codec`.
    #[cfg(test)]
    pub(super) fn with_codec(compression: Compression, codec: Box<dyn Encode>) -> Self {
        Self { compression, level: compression.default_level().unwrap_or_default(), codec: Some(codec) }
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor")
            .field("compression", &self.compression)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

/// The result of compressing a batch.
///
/// ```
/// use milena_codec::compression::{Compression, Compressor, Outcome};
/// # if !Compression::Snappy.is_built() { return Ok(()) }
/// let mut compressor = Compressor::new(Compression::Snappy, None)?;
/// let outcome = compressor.compress([&b"short"[..]].into_iter(), &mut Vec::new());
/// assert_eq!(outcome, Outcome::NotSmaller);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a batch that was not compressed is sent as it is"]
pub enum Outcome {
    /// It was compressed and appended.
    Compressed {
        /// Bytes that were appended; fewer than those that went in.
        bytes: usize,
    },
    /// It would not have become smaller. Nothing was appended.
    NotSmaller,
    /// It would be longer than the caller allows. Nothing was appended.
    TooLarge,
    /// The codec failed. Nothing was appended; the next batch starts with a fresh context.
    Failed(Failure),
}

/// A codec that could not do its work.
///
/// ```
/// use milena_codec::compression::{Compression, Failure};
/// let failure = Failure { compression: Compression::Zstd, panicked: false, why: "no context".to_owned() };
/// assert_eq!(failure.to_string(), "the zstd codec failed: no context");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The codec.
    pub compression: Compression,
    /// Whether the codec panicked; otherwise it returned an error.
    pub panicked: bool,
    /// The text of the error or the panic.
    pub why: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.panicked { "panicked" } else { "failed" };
        write!(f, "the {} codec {verb}: {}", self.compression, self.why)
    }
}

impl std::error::Error for Failure {}

/// The codec comes back unless it panics: then it is dropped on the way.
fn encode(
    mut codec: Box<dyn Encode>,
    parts: &mut dyn Iterator<Item = &[u8]>,
    mut output: Output<'_>,
) -> (Box<dyn Encode>, Result<(), Halt>) {
    #[cfg(feature = "faults")]
    super::faults::panic_if_requested();
    let ended = codec.encode(&mut Input::new(parts), &mut output);
    (codec, ended)
}

/// A fresh encoder; none for no compression, and for a codec that is not built.
fn encoder(compression: Compression, level: i32) -> Option<Box<dyn Encode>> {
    let _ = level;
    match compression {
        #[cfg(feature = "gzip")]
        Compression::Gzip => Some(Box::new(super::gzip::Encoder::new(level))),
        #[cfg(feature = "snappy")]
        Compression::Snappy => Some(Box::new(super::snappy::Encoder::default())),
        #[cfg(feature = "lz4")]
        Compression::Lz4 => Some(Box::new(super::lz4::Encoder::default())),
        #[cfg(any(feature = "zstd", feature = "zstd-c"))]
        Compression::Zstd => Some(Box::new(super::zstd::Encoder::new(level))),
        _ => None,
    }
}

/// The text of a panic, where it has one.
fn message(panic: &(dyn Any + Send)) -> String {
    let words =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    words.unwrap_or("no message").to_owned()
}
