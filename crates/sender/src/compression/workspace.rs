//! Contexts and scratch, kept from batch to batch.

#[cfg(test)]
use milena_codec::compression::Failure;
use milena_codec::compression::{Compression, Compressor, Decompressor, Outcome};
use milena_codec::record::HEADER_BYTES;

use super::TopicCompression;
use crate::batch::Batch;

/// Codec contexts and scratch buffers of one job at a time. A thread keeps one; it grows with the longest batch that it meets.
#[derive(Debug, Default)]
pub struct Workspace {
    /// One for each codec and level that topics of the producer have.
    contexts: Vec<Compressor>,
    pub(super) decompressor: Decompressor,
    /// The compressed records of one batch.
    pub(super) compressed: Vec<u8>,
    /// Has every codec fail, and counts how often it did.
    #[cfg(test)]
    pub(crate) failures: Option<usize>,
}

/// A codec, and its level or none for its default.
pub type CodecLevel = (Compression, Option<i32>);

/// About what a context holds for batches of at most `plain_bytes`, or of 1 MiB at levels at which no batch
/// [grows](TopicCompression::plain_bytes_max) beyond that. As measured; `Compressor` has the figures.
fn context_bytes((codec, level): CodecLevel, plain_bytes: usize) -> usize {
    let level = level.or_else(|| codec.default_level()).unwrap_or_default();
    let kib = match codec {
        Compression::None => 0,
        Compression::Gzip => 400,
        Compression::Snappy | Compression::Lz4 => 100,
        Compression::Zstd if plain_bytes <= 64 << 10 => 1_900,
        Compression::Zstd => match level {
            ..=2 => 1_800,
            3 => 2_500,
            4..=5 => 4_300,
            6..=7 => 6_800,
            8..=12 => 12_000,
            _ => 22_000,
        },
    };
    kib << 10
}

impl Workspace {
    /// Without contexts: each is made when it is needed first.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// About the most bytes that a workspace holds for jobs with these codecs and levels and batches of at most
    /// `plain_bytes`, which become `wire_bytes`.
    #[must_use]
    pub fn bytes_max(codecs: &[CodecLevel], plain_bytes: usize, wire_bytes: usize) -> usize {
        let contexts: usize = codecs.iter().map(|codec| context_bytes(*codec, plain_bytes)).sum();
        // zstd takes a batch in one piece, and has scratch of its own for the result.
        let has_zstd = codecs.iter().any(|(codec, _)| *codec == Compression::Zstd);
        contexts + wire_bytes + if has_zstd { plain_bytes + wire_bytes } else { 0 }
    }

    /// Compresses the records of a plain batch, unless they would be longer than `bytes_max` with their header.
    pub(super) fn compress(
        &mut self,
        batch: &mut Batch,
        compression: &TopicCompression,
        bytes_max: usize,
    ) -> Outcome {
        #[cfg(test)]
        if let Some(failures) = &mut self.failures {
            *failures += 1;
            let (compression, why) = (compression.codec(), "out of order".to_owned());
            return Outcome::Failed(Failure { compression, panicked: true, why });
        }
        let Some(context) = self.contexts_at(compression) else { return Outcome::NotSmaller };
        let compressed = &mut self.compressed;
        compressed.clear();
        let body_bytes_max = bytes_max.saturating_sub(HEADER_BYTES);
        let outcome =
            self.contexts[context].compress_within(batch.record_pieces(), body_bytes_max, compressed);
        if let Outcome::Compressed { .. } = outcome {
            batch.set_compressed(compressed, compression.codec());
        }
        outcome
    }

    /// The place of the context for a codec and level.
    fn contexts_at(&mut self, compression: &TopicCompression) -> Option<usize> {
        let (codec, level) = (compression.codec(), compression.level());
        let wanted = level.or_else(|| codec.default_level()).unwrap_or_default();
        let fits = |context: &Compressor| (context.compression(), context.level()) == (codec, wanted);
        if let Some(found) = self.contexts.iter().position(fits) {
            return Some(found);
        }
        // The settings were checked when the producer was built.
        self.contexts.push(Compressor::new(codec, level).ok()?);
        Some(self.contexts.len() - 1)
    }
}
