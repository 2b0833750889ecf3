//! Compressed bytes in the place of plain ones.

use milena_codec::compression::Compression;
use milena_codec::record::HEADER_BYTES;

use super::{Batch, Lengths};
use crate::sync::CHUNK_BYTES_MAX;

/// The first version of Produce that carries zstd (KIP-110).
pub(crate) const ZSTD_SINCE_PRODUCE: i16 = 7;

impl Batch {
    /// Length of its records on the wire, without the header.
    pub(crate) fn body_bytes(&self) -> usize {
        self.bytes() - HEADER_BYTES
    }

    /// Length of its records before they were compressed, where they were.
    pub(crate) fn plain_bytes(&self) -> usize {
        if self.codec == Compression::None { self.body_bytes() } else { self.plain_bytes }
    }

    /// Its length on the wire, and what that would be without compression.
    pub(crate) fn lengths(&self) -> Lengths {
        Lengths { wire: self.bytes(), plain: self.plain_bytes() + HEADER_BYTES }
    }

    /// The codec of its records.
    #[must_use]
    pub const fn codec(&self) -> Compression {
        self.codec
    }

    /// Whether it needs a newer version of Produce than this one (KIP-110).
    pub(crate) fn is_beyond(&self, produce: i16) -> bool {
        self.codec == Compression::Zstd && produce < ZSTD_SINCE_PRODUCE
    }

    /// The records, compressed or not, without the header. Each piece of plain records holds whole ones, but where a
    /// large value lies apart.
    pub(crate) fn record_pieces(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.data.record_pieces()
    }

    /// Puts compressed records in the place of the plain ones. Chunks that are not needed stay empty, behind the
    /// others, until [`trim`](Self::trim) takes them.
    pub(crate) fn set_compressed(&mut self, compressed: &[u8], codec: Compression) {
        self.plain_bytes = self.plain_bytes();
        self.codec = codec;
        let data = self.data_mut();
        data.lent = None;
        let mut rest = compressed;
        for (index, chunk) in data.chunks.iter_mut().enumerate() {
            chunk.truncate(if index == 0 { HEADER_BYTES } else { 0 });
            let (piece, left) = rest.split_at(rest.len().min(chunk.capacity() - chunk.len()));
            chunk.extend_from_slice(piece);
            if chunk.capacity() > CHUNK_BYTES_MAX {
                chunk.shrink_to_fit();
            }
            rest = left;
        }
        if !rest.is_empty() {
            data.chunks.push(rest.to_vec());
        }
    }

    /// Gives up capacity that its bytes do not need.
    pub(crate) fn shrink(&mut self) {
        self.data_mut().chunks.iter_mut().for_each(Vec::shrink_to_fit);
    }

    /// Gives the empty chunks behind the others away, and returns what the batch costs less of the budget then.
    pub(crate) fn trim(&mut self, chunks: &mut Vec<Vec<u8>>) -> usize {
        if self.codec == Compression::None {
            return 0;
        }
        let data = self.data_mut();
        while let Some(chunk) = data.chunks.pop_if(|chunk| chunk.is_empty()) {
            chunks.push(chunk);
        }
        let held = data.chunks.iter().map(Vec::capacity).sum::<usize>();
        let freed = self.charged.saturating_sub(held);
        self.charged -= freed;
        freed
    }
}
