//! Streams that hold a little more than a batch may decompress to, made without ever holding it.

use milena_codec::compression::Compression;

use crate::packed::{CODECS, stream};

/// What the content comes to: more than 100 MiB.
const PIECES: usize = 104;
const PIECE_BYTES: usize = 1 << 20;

/// One for each codec.
pub(crate) fn all() -> impl Iterator<Item = (Compression, Vec<u8>)> {
    CODECS.into_iter().map(|codec| (codec, bomb(codec)))
}

/// A stream of zeros, as a stream of one piece again and again: members, blocks or frames.
fn bomb(codec: Compression) -> Vec<u8> {
    /// Magic and versions of snappy's framing; magic and descriptor of an LZ4 frame.
    const SNAPPY_HEAD: usize = 16;
    const LZ4_HEAD: usize = 7;
    const LZ4_END: usize = 4;
    let piece = stream(codec, &vec![0; PIECE_BYTES]);
    match codec {
        Compression::Snappy => {
            let (head, blocks) = piece.split_at(SNAPPY_HEAD);
            [head, &blocks.repeat(PIECES)].concat()
        }
        Compression::Lz4 => {
            let (head, rest) = piece.split_at(LZ4_HEAD);
            let (blocks, end) = rest.split_at(rest.len() - LZ4_END);
            [head, &blocks.repeat(PIECES), end].concat()
        }
        _ => piece.repeat(PIECES),
    }
}
