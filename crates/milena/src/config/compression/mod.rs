//! Compression: the codec of batches, and its level.
//!
//! ```text
//!  by type    compression(Compression), topic_compression(topic, Compression) ──╮
//!  by name    compression.type, compression.CODEC.level, compression.topics, … ─┴▶ CompressionSettings ── effective ──▶
//!                 one Compression for each topic; levels by name that no batch uses
//! ```
//!
//! * **Codec**: the last of [`ProducerBuilder::compression`](super::ProducerBuilder::compression), `compression` and
//!   `compression.type`. A topic that has an entry of its own uses that entry.
//! * **Level**: the level set with the codec, by type or in an entry of `compression.topics`; else the codec's own
//!   (`compression.zstd.level`); else `compression.level`, which is for the codec of `compression.type` alone; else the
//!   codec's default.
//! * **Ranges** are those of KIP-390. A level out of its codec's range is refused whichever codec is chosen.
//! * **Features**: a codec whose feature of this crate is off is refused by [`effective`](CompressionSettings::effective).

mod kind;
mod settings;
pub(in crate::config) mod word;

#[cfg(test)]
mod features;
#[cfg(test)]
#[cfg(all(feature = "gzip", feature = "snappy", feature = "lz4", feature = "zstd"))]
mod tests;

pub use kind::Compression;
pub(super) use settings::{CompressionSettings, level_property};
