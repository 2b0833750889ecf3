//! [`CompressionSettings`]: the settings of compression, and the effective compression.

use std::collections::BTreeMap;
use std::fmt;

use milena_codec::compression::Compression as Codec;
use milena_connection::Shown;

use super::Compression;
use super::word::{Word, check_level, check_topic};
use crate::error::ConfigError;

/// The settings of compression, by type and by name.
#[derive(Clone, Debug, Default)]
pub(in crate::config) struct CompressionSettings {
    /// The last codec that was set.
    chosen: Choice,
    /// `compression.level`: level of the chosen codec, unless the codec's own is set.
    level: Option<i32>,
    gzip_level: Option<i32>,
    lz4_level: Option<i32>,
    zstd_level: Option<i32>,
    topics: BTreeMap<String, Choice>,
}

/// A codec, and the level that was set together with it.
#[derive(Clone, Copy, Debug, Default)]
struct Choice {
    codec: Codec,
    level: Option<i32>,
}

/// The effective compression.
#[derive(Clone, Debug)]
pub(in crate::config) struct Effective {
    pub(in crate::config) compression: Compression,
    /// By topic, for topics with an entry.
    pub(in crate::config) topics: BTreeMap<String, Compression>,
    /// Levels that were set by name and that no batch uses.
    pub(in crate::config) unused: Vec<&'static str>,
}

impl From<Compression> for Choice {
    fn from(compression: Compression) -> Self {
        Self { codec: compression.codec(), level: compression.level() }
    }
}

/// The setters: by type first, then by name.
impl CompressionSettings {
    pub(in crate::config) fn choose(&mut self, compression: Compression) {
        self.chosen = compression.into();
    }

    pub(in crate::config) fn choose_for(&mut self, topic: String, compression: Compression) {
        self.topics.insert(topic, compression.into());
    }

    pub(in crate::config) fn codec(&mut self, codec: Codec) {
        self.chosen = Choice { codec, level: None };
    }

    /// The codec, and its own level if there is one: the same as the two properties.
    pub(in crate::config) fn codec_and_level(&mut self, (codec, level): Word) {
        self.codec(codec);
        match (codec, level) {
            (Codec::Gzip, Some(level)) => self.gzip_level(level),
            (Codec::Lz4, Some(level)) => self.lz4_level(level),
            (Codec::Zstd, Some(level)) => self.zstd_level(level),
            (_, None) | (Codec::None | Codec::Snappy, _) => {}
        }
    }

    pub(in crate::config) fn level(&mut self, level: Option<i32>) {
        self.level = level;
    }

    pub(in crate::config) fn gzip_level(&mut self, level: i32) {
        self.gzip_level = Some(level);
    }

    pub(in crate::config) fn lz4_level(&mut self, level: i32) {
        self.lz4_level = Some(level);
    }

    pub(in crate::config) fn zstd_level(&mut self, level: i32) {
        self.zstd_level = Some(level);
    }

    /// Replaces the entries of all topics.
    pub(in crate::config) fn topics(&mut self, topics: BTreeMap<String, Word>) {
        let choices = topics.into_iter().map(|(topic, (codec, level))| (topic, Choice { codec, level }));
        self.topics = choices.collect();
    }
}

impl CompressionSettings {
    /// The effective compression, by the rules of the [module](super).
    ///
    /// # Errors
    /// A level out of the codec's range, an invalid topic name, and a codec that is not in this build.
    pub(in crate::config) fn effective(&self) -> Result<Effective, ConfigError> {
        let topics = self.topics.iter().map(|(topic, choice)| self.of_topic(topic, *choice));
        Ok(Effective {
            compression: self.of_all()?,
            topics: topics.collect::<Result<_, _>>()?,
            unused: self.unused(),
        })
    }

    fn of_all(&self) -> Result<Compression, ConfigError> {
        let Choice { codec, level } = self.chosen;
        if let (Some(property), Some(level)) = (level_property(codec), level) {
            check_level(codec, level).map_err(|remedy| refused(property, level, &remedy))?;
        }
        if let (true, Some(level)) = (self.level_decides(), self.level) {
            check_level(codec, level).map_err(|remedy| refused("compression.level", level, &remedy))?;
        }
        check_built(codec).map_err(|remedy| refused("compression.type", codec, &remedy))?;
        Ok(Compression::of(codec, level.or_else(|| self.level_of(codec)).or(self.level)))
    }

    fn of_topic(&self, topic: &str, choice: Choice) -> Result<(String, Compression), ConfigError> {
        let Choice { codec, level } = choice;
        let compression = Compression::of(codec, level.or_else(|| self.level_of(codec)));
        let checked = check_topic(topic)
            .and_then(|()| level.map_or(Ok(()), |level| check_level(codec, level)))
            .and_then(|()| check_built(codec));
        checked.map(|()| (topic.to_owned(), compression)).map_err(|remedy| {
            let entry = format!("{}={compression}", Shown(topic));
            ConfigError::new("compression.topics", format!("`compression.topics`: entry `{entry}`: {remedy}"))
        })
    }

    /// The codec's own level by name.
    const fn level_of(&self, codec: Codec) -> Option<i32> {
        match codec {
            Codec::None | Codec::Snappy => None,
            Codec::Gzip => self.gzip_level,
            Codec::Lz4 => self.lz4_level,
            Codec::Zstd => self.zstd_level,
        }
    }

    /// Whether `compression.level` applies to the chosen codec. For lz4 it is checked; 0 is librdkafka's fast mode.
    fn level_decides(&self) -> bool {
        let Choice { codec, level } = self.chosen;
        let lz4 = codec == Codec::Lz4 && self.level != Some(0);
        level.is_none() && self.level_of(codec).is_none() && (lz4 || has_levels(codec))
    }

    /// Levels by name that no batch uses.
    fn unused(&self) -> Vec<&'static str> {
        let choices = || std::iter::once(&self.chosen).chain(self.topics.values());
        let follows = |codec| choices().any(|choice| choice.codec == codec && choice.level.is_none());
        let with_lz4 = choices().any(|choice| choice.codec == Codec::Lz4 && choice.level.is_some());
        let general = self.level.is_some() && !(self.level_decides() && has_levels(self.chosen.codec));
        [
            ("compression.level", general),
            ("compression.gzip.level", self.gzip_level.is_some() && !follows(Codec::Gzip)),
            ("compression.lz4.level", self.lz4_level.is_some() || with_lz4),
            ("compression.zstd.level", self.zstd_level.is_some() && !follows(Codec::Zstd)),
        ]
        .into_iter()
        .filter_map(|(property, is_unused)| is_unused.then_some(property))
        .collect()
    }
}

fn refused(property: &str, value: impl fmt::Display, remedy: &str) -> ConfigError {
    ConfigError::of_value(property, value, &format!(": {remedy}"))
}

/// The property of a codec's own level.
pub(in crate::config) const fn level_property(codec: Codec) -> Option<&'static str> {
    match codec {
        Codec::None | Codec::Snappy => None,
        Codec::Gzip => Some("compression.gzip.level"),
        Codec::Lz4 => Some("compression.lz4.level"),
        Codec::Zstd => Some("compression.zstd.level"),
    }
}

/// Whether a level of the codec has an effect: lz4 has one speed.
const fn has_levels(codec: Codec) -> bool {
    matches!(codec, Codec::Gzip | Codec::Zstd)
}

/// Rejects a codec whose feature of this crate is off. A codec that another crate of the same build turns on counts as
/// missing, so that a program behaves as its tests do.
fn check_built(codec: Codec) -> Result<(), String> {
    let is_built = match codec {
        Codec::None => true,
        Codec::Gzip => cfg!(feature = "gzip"),
        Codec::Snappy => cfg!(feature = "snappy"),
        Codec::Lz4 => cfg!(feature = "lz4"),
        Codec::Zstd => cfg!(any(feature = "zstd", feature = "zstd-c")),
    };
    if is_built {
        return Ok(());
    }
    Err(format!("this build has no {codec}: turn on the feature `{codec}` of the crate `milena`"))
}
