//! Contexts and scratch, kept from batch to batch.

#[cfg(test)]
use milena_codec::compression::Failure;
use milena_codec::compression::{Compression, Compressor, Decompressor, Outcome};
use milena_codec::record::HEADER_BYTES;

use super::TopicCompression;
use crate::batch::Batch;

/// How many contexts a workspace keeps: as many codecs and levels as the topics of one producer use, as a rule.
const CONTEXTS_MAX: usize = 4;

/// What one job at a time is run with. A thread keeps one; it grows with the longest batch that it meets.
#[derive(Debug, Default)]
pub struct Workspace {
    /// The contexts, the one that was used last at the end.
    contexts: Vec<Compressor>,
    pub(super) decompressor: Decompressor,
    /// The compressed records of one batch.
    pub(super) compressed: Vec<u8>,
    /// The plain records of a batch that was opened.
    pub(super) plain: Vec<u8>,
    /// Has every codec fail, and counts how often it did.
    #[cfg(test)]
    pub(crate) failures: Option<usize>,
}

impl Workspace {
    /// Without contexts: each is made when it is needed first.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// About the most bytes that a workspace holds for jobs with this codec and batches of at most `plain_bytes`, which
    /// become `wire_bytes`.
    #[must_use]
    pub fn bytes_max(codec: Compression, plain_bytes: usize, wire_bytes: usize) -> usize {
        let context = match codec {
            Compression::None => 0,
            Compression::Gzip => 400 << 10,
            Compression::Snappy => 100 << 10,
            Compression::Lz4 => 200 << 10,
            // zstd takes a batch in one piece, and has scratch of its own for the result.
            Compression::Zstd => (3 << 20) + plain_bytes + wire_bytes,
        };
        context + wire_bytes
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
        if self.contexts.len() == CONTEXTS_MAX {
            self.contexts.remove(0);
        }
        // The settings were checked when the producer was built.
        self.contexts.push(Compressor::new(codec, level).ok()?);
        Some(self.contexts.len() - 1)
    }
}
