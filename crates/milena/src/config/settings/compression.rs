//! The rows of compression. The relations between them are in [`compression`](crate::config::compression).

use super::{Effect, Property};
use crate::config::compression::word;

/// A row whose value the named setter of [`CompressionSettings`](crate::config::compression::CompressionSettings) stores.
macro_rules! row {
    ($name:literal $also:expr, $kind:literal $default:literal, $setter:ident($parse:path) $effect:ident, $meaning:literal) => {{
        let row = Property::new(
            $name,
            &$also,
            Effect::$effect(|settings, text| {
                settings.compression.$setter($parse(text)?);
                Ok(())
            }),
            $meaning,
        );
        Property { kind: $kind, default: $default, ..row }
    }};
}

pub(super) const ROWS: &[Property] = &[
    row!("compression.type" ["compression.codec", "Producer.Compression"], "codec" "none", codec(word::codec) Set,
        "codec of batches: `none`, `gzip`, `snappy`, `lz4` or `zstd`"),
    row!("compression" [], "codec:level" "", codec_and_level(word::codec_and_level) Set,
        "compression.type and, if given, the level of that codec in one: `zstd`, `zstd:7`"),
    row!("compression.level" ["Producer.CompressionLevel"], "number" "-1", level(word::level) Set,
        "level of compression.type's codec unless the codec's own level is set; -1 is the codec's default"),
    row!("compression.gzip.level" [], "number" "-1", gzip_level(word::gzip_level) Set,
        "level of gzip: 1, the fastest, to 9, the smallest; -1 is its default, which is 6"),
    row!("compression.lz4.level" [], "number" "9", lz4_level(word::lz4_level) Checked,
        "lz4 has one speed here, so that a level from 1 to 17 changes nothing"),
    row!("compression.zstd.level" [], "number" "3", zstd_level(word::zstd_level) Set,
        "level of zstd: -131072, the fastest, to 22, the smallest"),
    row!("compression.topics" [], "topic=codec:level list" "", topics(word::topics) Set,
        "topics with a compression of their own, between commas: `orders=zstd:7, logs=lz4`"),
];
