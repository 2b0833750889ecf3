//! Parsers of compression by name: codecs, levels, both in one, and entries of topics. An error is the remedy in words; the
//! caller adds the name and the value.

use std::collections::BTreeMap;

use milena_codec::compression::Compression as Codec;
use milena_connection::Shown;

use crate::topic_name::{self, TOPIC_BYTES_MAX};

/// A codec, and the level beside it.
pub(in crate::config) type Word = (Codec, Option<i32>);

/// librdkafka's (-1) and sarama's (-1000) value for the codec's default.
const LEVEL_DEFAULTS: [i32; 2] = [-1, -1_000];
/// sarama's constant for it.
const LEVEL_DEFAULT_NAME: &str = "CompressionLevelDefault";

/// A codec by its name in any case, by sarama's constant, or by its number on the wire, which is sarama's as well.
pub(in crate::config) fn codec(text: &str) -> Result<Codec, String> {
    let constant = text.strip_prefix("sarama.").unwrap_or(text).strip_prefix("Compression");
    let number = || Codec::ALL.into_iter().find(|codec| codec.id().to_string() == text);
    named(constant.unwrap_or(text)).or_else(number).ok_or_else(|| match codec_and_level(text) {
        Ok(_) => "write the codec alone, or both in the property `compression`".to_owned(),
        Err(_) => format!("write one of {}", names()),
    })
}

/// `CODEC[:LEVEL]`.
pub(in crate::config) fn codec_and_level(text: &str) -> Result<Word, String> {
    let (name, level) = match text.split_once(':') {
        Some((name, level)) => (name.trim_end(), Some(level.trim_start())),
        None => (text, None),
    };
    let codec = named(name).ok_or_else(|| {
        format!("write one of {}, with a level behind a colon if need be, as in `zstd:3`", names())
    })?;
    Ok((codec, level.map(|level| level_of(codec, level)).transpose()?))
}

/// `TOPIC=CODEC[:LEVEL]`, entries between commas; the last entry of a topic wins.
pub(in crate::config) fn topics(text: &str) -> Result<BTreeMap<String, Word>, String> {
    let mut topics = BTreeMap::new();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let refused = |remedy: &str| format!("entry `{}`: {remedy}", Shown(entry));
        let (topic, word) = entry.split_once('=').ok_or_else(|| refused("write TOPIC=CODEC[:LEVEL]"))?;
        let topic = topic.trim();
        check_topic(topic).map_err(|remedy| refused(&remedy))?;
        let word = codec_and_level(word.trim()).map_err(|remedy| refused(&remedy))?;
        topics.insert(topic.to_owned(), word);
    }
    Ok(topics)
}

/// A level of the chosen codec; none is the codec's default. It is checked against the codec when all settings are known.
pub(in crate::config) fn level(text: &str) -> Result<Option<i32>, String> {
    let level = text.parse::<i32>().ok();
    let is_constant = text.strip_prefix("sarama.").unwrap_or(text) == LEVEL_DEFAULT_NAME;
    if is_constant || level.is_some_and(|level| LEVEL_DEFAULTS.contains(&level)) {
        return Ok(None);
    }
    let has = |codec: Codec| level.is_some_and(|level| codec.check_level(level).is_ok());
    if Codec::ALL.into_iter().any(has) {
        return Ok(level);
    }
    let ranges = Codec::ALL.into_iter().filter_map(|codec| Some(format!("{codec} {}", range(codec)?)));
    let ranges = ranges.collect::<Vec<_>>().join("; ");
    Err(format!("write -1 for the codec's default, or a level of the codec: {ranges}"))
}

/// `compression.gzip.level`.
pub(in crate::config) fn gzip_level(text: &str) -> Result<i32, String> {
    level_of(Codec::Gzip, text)
}

/// `compression.lz4.level`.
pub(in crate::config) fn lz4_level(text: &str) -> Result<i32, String> {
    level_of(Codec::Lz4, text)
}

/// `compression.zstd.level`.
pub(in crate::config) fn zstd_level(text: &str) -> Result<i32, String> {
    level_of(Codec::Zstd, text)
}

/// Rejects an invalid topic name, before a broker does.
pub(super) fn check_topic(name: &str) -> Result<(), String> {
    topic_name::check(name).map_err(|_| {
        format!("write the name of a topic: 1 to {TOPIC_BYTES_MAX} letters, digits, `.`, `_` and `-`")
    })
}

/// Rejects a level out of the codec's range.
pub(super) fn check_level(codec: Codec, level: i32) -> Result<(), String> {
    codec.check_level(level).map_err(|_| remedy_of(codec))
}

fn level_of(codec: Codec, text: &str) -> Result<i32, String> {
    let level = text.parse::<i32>().map_err(|_| remedy_of(codec))?;
    check_level(codec, level).map(|()| level)
}

/// The remedy for a level out of the codec's range.
fn remedy_of(codec: Codec) -> String {
    match range(codec) {
        Some(range) => format!("write a level of {codec}: {range}"),
        None => format!("{codec} has no levels: write `{codec}` alone"),
    }
}

/// The levels of a codec in words (KIP-390); none if it has no levels.
fn range(codec: Codec) -> Option<String> {
    let levels = codec.levels()?;
    let default = if codec == Codec::Gzip { ", or -1 for its default" } else { "" };
    Some(format!("{} to {}{default}", levels.start(), levels.end()))
}

fn named(text: &str) -> Option<Codec> {
    Codec::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(text))
}

fn names() -> String {
    Codec::ALL.map(Codec::name).join(", ")
}
