//! [`Compression`]: a codec and its level.

use std::fmt;
use std::str::FromStr;

use milena_codec::compression::Compression as Codec;
use milena_connection::Shown;

use super::word;
use crate::error::ConfigError;

/// The compression of batches: a codec, and its level where the codec has levels.
///
/// lz4 and snappy take the least processor time, zstd takes more and makes smaller batches; gzip is for consumers without
/// zstd. A batch that compression does not make smaller is sent uncompressed.
///
/// As text it is `CODEC[:LEVEL]`, in any case of letters:
///
/// ```
/// use milena::Compression;
///
/// assert_eq!("zstd:7".parse(), Ok(Compression::Zstd { level: 7 }));
/// assert_eq!("gzip".parse(), Ok(Compression::gzip()));
/// assert_eq!(Compression::zstd().to_string(), "zstd:3");
///
/// let error = "gzip:10".parse::<Compression>().unwrap_err();
/// assert_eq!(error.message(), "`compression` = `gzip:10`: write a level of gzip: 1 to 9, or -1 for its default");
/// ```
///
/// Each codec is a feature of this crate with the codec's name, on by default. [`ProducerBuilder::validate`] refuses a
/// codec that is not in the build, and a level out of the codec's range.
///
/// [`ProducerBuilder::validate`]: crate::ProducerBuilder::validate
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// No compression.
    #[default]
    None,
    /// gzip (RFC 1952).
    Gzip {
        /// 1, the fastest, to 9, the smallest; -1 is gzip's default, which is 6.
        level: i32,
    },
    /// snappy, which has no levels.
    Snappy,
    /// LZ4 frames (KIP-57). The encoder has one speed, so that there is no level to choose.
    Lz4,
    /// zstd (RFC 8878), for brokers and consumers from Kafka 2.1 on (KIP-110).
    Zstd {
        /// -131072, the fastest, to 22, the smallest; 3 is the default.
        level: i32,
    },
}

impl Compression {
    /// gzip at its default level.
    #[must_use]
    pub const fn gzip() -> Self {
        Self::of(Codec::Gzip, None)
    }

    /// zstd at its default level, which is 3.
    #[must_use]
    pub const fn zstd() -> Self {
        Self::of(Codec::Zstd, None)
    }

    /// A codec at a level, or at its default level. The level of a codec that has none to choose is dropped.
    pub(crate) const fn of(codec: Codec, level: Option<i32>) -> Self {
        let level = match (level, codec.default_level()) {
            (Some(level), _) | (None, Some(level)) => level,
            (None, None) => 0,
        };
        match codec {
            Codec::None => Self::None,
            Codec::Gzip => Self::Gzip { level },
            Codec::Snappy => Self::Snappy,
            Codec::Lz4 => Self::Lz4,
            Codec::Zstd => Self::Zstd { level },
        }
    }

    /// The name in properties: `none`, `gzip`, `snappy`, `lz4` or `zstd`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.codec().name()
    }

    /// The level; none if the codec has no levels.
    #[must_use]
    pub const fn level(self) -> Option<i32> {
        match self {
            Self::Gzip { level } | Self::Zstd { level } => Some(level),
            Self::None | Self::Snappy | Self::Lz4 => None,
        }
    }

    /// The codec on the wire.
    pub(crate) const fn codec(self) -> Codec {
        match self {
            Self::None => Codec::None,
            Self::Gzip { .. } => Codec::Gzip,
            Self::Snappy => Codec::Snappy,
            Self::Lz4 => Codec::Lz4,
            Self::Zstd { .. } => Codec::Zstd,
        }
    }
}

/// `CODEC[:LEVEL]`, which [`FromStr`] parses.
impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.level().map_or(Ok(()), |level| write!(f, ":{level}"))
    }
}

/// `CODEC[:LEVEL]`; without a level, the codec's default. The level of lz4 is checked and has no effect.
impl FromStr for Compression {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused =
            |remedy| ConfigError::new("compression", format!("`compression` = `{}`: {remedy}", Shown(text)));
        let (codec, level) = word::codec_and_level(text).map_err(refused)?;
        Ok(Self::of(codec, level))
    }
}
