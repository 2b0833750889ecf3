//! How hard a codec tries, as KIP-390 names it, and what it says to a level that it has not.

use std::fmt;
use std::ops::RangeInclusive;

use super::Compression;

/// gzip's way to say "your own choice", which is 6.
const GZIP_DEFAULT: i32 = -1;

impl Compression {
    /// The levels of `compression.gzip.level` and its like; none where a codec has no levels. gzip takes -1 as well.
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
    /// assert_eq!(unfit.to_string(), "gzip has no level 10: give one from 1 to 9, or -1 for its default");
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnfitLevel`], which says what would do.
    pub fn check_level(self, level: i32) -> Result<(), UnfitLevel> {
        let fits = self.levels().is_some_and(|levels| levels.contains(&level))
            || (self == Self::Gzip && level == GZIP_DEFAULT);
        if fits { Ok(()) } else { Err(UnfitLevel { compression: self, level }) }
    }
}

/// A level that the codec has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnfitLevel {
    /// The codec.
    pub compression: Compression,
    /// The level.
    pub level: i32,
}

impl fmt::Display for UnfitLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { compression, level } = self;
        let Some(levels) = compression.levels() else {
            return write!(f, "{compression} has no levels, and {level} was given");
        };
        write!(
            f,
            "{compression} has no level {level}: give one from {} to {}",
            levels.start(),
            levels.end()
        )?;
        if *compression == Compression::Gzip { write!(f, ", or -1 for its default") } else { Ok(()) }
    }
}

impl std::error::Error for UnfitLevel {}

/// Why there is no such compressor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetupError {
    /// The crate was built without the codec's feature.
    NotBuilt {
        /// The codec; its [name](Compression::name) is that of the feature.
        compression: Compression,
    },
    /// The codec has no such level.
    Level(UnfitLevel),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBuilt { compression } => write_not_built(f, *compression),
            Self::Level(unfit) => unfit.fmt(f),
        }
    }
}

impl std::error::Error for SetupError {}

impl From<UnfitLevel> for SetupError {
    fn from(unfit: UnfitLevel) -> Self {
        Self::Level(unfit)
    }
}

/// What is said where the codec's feature is off.
pub(super) fn write_not_built(f: &mut fmt::Formatter<'_>, compression: Compression) -> fmt::Result {
    write!(f, "no {compression} in this build: milena-codec has it with its feature `{compression}`")
}
