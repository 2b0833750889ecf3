//! The levels of the codecs (KIP-390), and the error for a level that a codec does not have.

use std::fmt;
use std::ops::RangeInclusive;

use super::Compression;

/// The default level of gzip: zlib uses 6.
const GZIP_DEFAULT: i32 = -1;

impl Compression {
    /// The levels of `compression.gzip.level` and its like; none where a codec has no levels. gzip takes -1 as well.
    ///
    /// ```
    /// use milena_codec::compression::Compression;
    /// assert_eq!((Compression::Gzip.levels(), Compression::Snappy.levels()), (Some(1..=9), None));
    /// ```
    #[must_use]
    pub const fn levels(self) -> Option<RangeInclusive<i32>> {
        match self {
            Self::None | Self::Snappy => None,
            Self::Gzip => Some(1..=9),
            Self::Lz4 => Some(1..=17),
            Self::Zstd => Some(-131_072..=22),
        }
    }

    /// The level that is used where none is given; none where a codec has no levels.
    ///
    /// ```
    /// use milena_codec::compression::Compression;
    /// assert_eq!((Compression::Zstd.default_level(), Compression::None.default_level()), (Some(3), None));
    /// ```
    #[must_use]
    pub const fn default_level(self) -> Option<i32> {
        match self {
            Self::None | Self::Snappy => None,
            Self::Gzip => Some(GZIP_DEFAULT),
            Self::Lz4 => Some(9),
            Self::Zstd => Some(3),
        }
    }

    /// Whether the codec has this level.
    ///
    /// ```
    /// use milena_codec::compression::Compression;
    /// assert!(Compression::Zstd.check_level(-5).is_ok());
    /// let unfit = Compression::Gzip.check_level(10).unwrap_err();
    /// assert_eq!(unfit.to_string(), "compression level 10: gzip has levels from 1 to 9, and -1 for its default");
    /// ```
    ///
    /// # Errors
    ///
    /// [`SetupError::Level`], whose text names the levels that the codec has.
    pub fn check_level(self, level: i32) -> Result<(), SetupError> {
        let fits = self.levels().is_some_and(|levels| levels.contains(&level))
            || (self == Self::Gzip && level == GZIP_DEFAULT);
        if fits { Ok(()) } else { Err(SetupError::Level { compression: self, level }) }
    }
}

/// A compressor that cannot be made.
///
/// ```
/// use milena_codec::compression::{Compression, Compressor, SetupError};
/// let error = Compressor::new(Compression::Snappy, Some(1)).unwrap_err();
/// assert_eq!(error, SetupError::Level { compression: Compression::Snappy, level: 1 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetupError {
    /// The crate was built without the codec's feature.
    NotBuilt {
        /// The codec; its [name](Compression::name) is that of the feature.
        compression: Compression,
    },
    /// The codec has no such level.
    Level {
        /// The codec.
        compression: Compression,
        /// The level.
        level: i32,
    },
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (compression, level) = match *self {
            Self::NotBuilt { compression } => return write_not_built(f, compression),
            Self::Level { compression, level } => (compression, level),
        };
        let Some(levels) = compression.levels() else {
            return write!(f, "compression level {level}: {compression} has no levels");
        };
        let (first, last) = levels.into_inner();
        write!(f, "compression level {level}: {compression} has levels from {first} to {last}")?;
        if compression == Compression::Gzip { f.write_str(", and -1 for its default") } else { Ok(()) }
    }
}

impl std::error::Error for SetupError {}

/// The text for a codec whose feature is off.
pub(super) fn write_not_built(f: &mut fmt::Formatter<'_>, compression: Compression) -> fmt::Result {
    write!(
        f,
        "compression {compression} is not in this build: enable the feature `{compression}` of milena-codec"
    )
}
