//! The codecs of a batch: their ids on the wire and their names in a configuration.

use std::fmt;
use std::str::FromStr;

/// A way to compress the records of a batch: bits 0–2 of its attributes (`CompressionType.java`).
///
/// ```
/// use milena_codec::compression::Compression;
/// assert_eq!("zstd".parse(), Ok(Compression::Zstd));
/// assert_eq!(Compression::from_id(2), Some(Compression::Snappy));
/// assert_eq!((Compression::Lz4.id(), Compression::Lz4.name()), (3, "lz4"));
/// assert_eq!(Compression::Lz4.to_string(), "lz4");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// As they are.
    #[default]
    None = 0,
    /// RFC 1952.
    Gzip = 1,
    /// Blocks of snappy in the framing of `snappy-java`.
    Snappy = 2,
    /// The LZ4 frame format (KIP-57).
    Lz4 = 3,
    /// RFC 8878; for brokers from Kafka 2.1 on (KIP-110).
    Zstd = 4,
}

impl Compression {
    /// All of them, by ascending id.
    ///
    /// ```
    /// use milena_codec::compression::Compression;
    /// let names: Vec<_> = Compression::ALL.into_iter().map(Compression::name).collect();
    /// assert_eq!(names, ["none", "gzip", "snappy", "lz4", "zstd"]);
    /// assert!(Compression::ALL.into_iter().zip(0..).all(|(one, id)| one.id() == id));
    /// ```
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The id in a batch's attributes.
    #[must_use]
    pub const fn id(self) -> u8 {
        self as u8
    }

    /// The compression with this id; none for 5 and above, which no codec has.
    #[must_use]
    pub fn from_id(id: u8) -> Option<Self> {
        Self::ALL.get(usize::from(id)).copied()
    }

    /// The name that configurations use (`compression.type`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// Whether this build of the crate holds the codec; the feature has the codec's [name](Self::name).
    ///
    /// ```
    /// use milena_codec::compression::{Compression, Compressor, SetupError};
    /// for compression in Compression::ALL {
    ///     let error = Compressor::new(compression, None).err();
    ///     assert_eq!(error, (!compression.is_built()).then_some(SetupError::NotBuilt { compression }));
    /// }
    /// ```
    #[must_use]
    pub const fn is_built(self) -> bool {
        match self {
            Self::None => true,
            Self::Gzip => cfg!(feature = "gzip"),
            Self::Snappy => cfg!(feature = "snappy"),
            Self::Lz4 => cfg!(feature = "lz4"),
            Self::Zstd => cfg!(any(feature = "zstd", feature = "zstd-c")),
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An unknown name of a compression.
///
/// ```
/// use milena_codec::compression::Compression;
/// let error = "GZIP".parse::<Compression>().unwrap_err();
/// assert_eq!(error.to_string(), r#"unknown compression "GZIP": use none, gzip, snappy, lz4 or zstd"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCompression(pub String);

impl fmt::Display for UnknownCompression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown compression {:?}: use none, gzip, snappy, lz4 or zstd", self.0)
    }
}

impl std::error::Error for UnknownCompression {}

impl FromStr for Compression {
    type Err = UnknownCompression;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|one| one.name() == name);
        found.ok_or_else(|| UnknownCompression(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_come_back() {
        for (id, one) in (0..).zip(Compression::ALL) {
            assert_eq!((one.id(), Compression::from_id(id)), (id, Some(one)));
            assert_eq!(one.name().parse(), Ok(one));
        }
        assert_eq!(Compression::from_id(5), None);
        assert_eq!("GZIP".parse::<Compression>(), Err(UnknownCompression("GZIP".to_owned())));
    }
}
