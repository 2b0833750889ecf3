//! Decompression: what bombs and lies make it allocate is the caller's limit, and what a decoder holds.

use milena_codec::compression::{Compression, Compressor, Decompressor, Outcome};
use milena_codec::record::{Attributes, BatchHeader, HEADER_BYTES, RecordBatch, Stamp};

use super::meter::bytes_of;

/// What is compressed: zeros that come to this much, and lines that differ.
const BOMB_BYTES: usize = 2 << 20;
/// What callers allow, the whole among it.
const LIMITS: [usize; 4] = [0, 100, 64 << 10, BOMB_BYTES];

/// What a decoder may hold beside its output: the window of gzip, a block and the tables of zstd, and errors in words.
const fn held_bytes(compression: Compression) -> usize {
    match compression {
        Compression::None => 0,
        Compression::Gzip => 64 << 10,
        Compression::Snappy | Compression::Lz4 => 2 << 10,
        Compression::Zstd => 160 << 10,
    }
}

/// Returns how many inputs there were.
pub(crate) fn a_bomb_makes_no_more_than_its_limit() -> usize {
    let mut inputs = 0;
    for compression in Compression::ALL {
        let bomb = sent(compression, &vec![0; BOMB_BYTES]);
        let lines = sent(compression, &lines());
        for input in lies(&bomb).chain(lies(&lines)).chain([bomb.clone(), lines.clone()]) {
            for limit in LIMITS {
                inputs += 1;
                check(compression, &input, limit);
            }
        }
    }
    inputs
}

/// Each of the first bytes, which say how much there will be, as large or small as it can be.
fn lies(input: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    const LIES: [(usize, u8); 6] = [(1, 0xff), (4, 0xff), (4, 0x7f), (8, 0xff), (1, 0), (1, 0xf0)];
    let places = (0..input.len().min(48)).flat_map(|at| LIES.map(|lie| (at, lie)));
    places.map(|(at, (length, byte))| {
        let mut lie = input.to_vec();
        lie.iter_mut().skip(at).take(length).for_each(|lied| *lied = byte);
        lie
    })
}

fn check(compression: Compression, input: &[u8], limit: usize) {
    let mut out = Vec::new();
    let (result, bytes) = bytes_of(|| Decompressor::new().decompress(compression, input, limit, &mut out));
    assert!(out.len() <= limit);
    let allowed = limit + held_bytes(compression);
    assert!(bytes <= allowed, "{compression}: {bytes} bytes, and {allowed} are allowed: {result:?}");
}

/// The records of a batch as somebody might send it.
fn sent(compression: Compression, content: &[u8]) -> Vec<u8> {
    let mut batch = vec![0; HEADER_BYTES];
    let mut compressor = Compressor::new(compression, None).expect("every codec is built");
    match compressor.compress([content].into_iter(), &mut batch) {
        Outcome::Compressed { .. } => {}
        Outcome::NotSmaller | Outcome::TooLarge | Outcome::Failed(_) => batch.extend_from_slice(content),
    }
    let header = BatchHeader {
        attributes: Attributes::NONE.with_compression(compression),
        ..BatchHeader::of_producer(1_000, 0, 0, Stamp::NONE)
    };
    header.seal(&mut batch, []);
    RecordBatch::parse(&batch).expect("a sealed batch").body().to_vec()
}

fn lines() -> Vec<u8> {
    (0u32..6_000)
        .flat_map(|number| {
            format!("{} took {} ms\n", number, number.wrapping_mul(2_654_435_761) >> 7).into_bytes()
        })
        .collect()
}
