//! Compression: what goes in comes out, and whatever comes in goes no further than its limit.

use std::cell::RefCell;
use std::collections::BTreeMap;

use milena_codec::compression::{Compression, Compressor, DecompressProblem, Decompressor, Outcome};

use crate::script::Script;

thread_local! {
    /// One a codec and level, as a producer keeps it: what one batch leaves behind must not show in the next.
    static COMPRESSORS: RefCell<BTreeMap<(u8, i32), Compressor>> = RefCell::default();
    static DECOMPRESSOR: RefCell<Decompressor> = RefCell::default();
}

/// The codec, the level, into how many parts the data falls and whether it is made noise of, how often it comes again,
/// and the data.
pub fn compression(input: &[u8]) {
    let mut script = Script::new(input);
    let compression = codec(script.byte());
    let level = level(compression, script.byte());
    let shape = script.byte();
    let (parts, times) = (1 + usize::from(shape % 8), 1 + usize::from(script.byte()) * 4);
    let once = script.rest();
    let mut data = once.repeat(times.min((1 << 18) / once.len().max(1)).max(1));
    if shape >= 128 {
        make_noise(&mut data);
    }
    let part = data.len().div_ceil(parts).max(1);

    // No room to spare, as in a buffer that is used again.
    let mut packed = Vec::with_capacity(b"before".len() + data.len());
    packed.extend_from_slice(b"before");
    let compressed = |with: &mut Compressor| with.compress(data.chunks(part), &mut packed);
    let bytes = match with_compressor(compression, level, compressed) {
        Outcome::Compressed { bytes } => bytes,
        Outcome::NotSmaller => return assert_eq!(packed, b"before"),
        wrong => return assert_eq!(wrong, Outcome::NotSmaller),
    };
    assert_eq!(packed.len(), b"before".len() + bytes);
    assert!(bytes < data.len(), "{bytes} bytes of {}", data.len());
    let packed = &packed[b"before".len()..];

    let mut unpacked = b"before".to_vec();
    let result = decompress(compression, packed, data.len(), &mut unpacked);
    assert_eq!(result, Ok(()));
    assert!(unpacked[b"before".len()..] == data, "{compression} changes what it is given");
    let result = decompress(compression, packed, data.len() - 1, &mut unpacked);
    assert_eq!(result, Err(DecompressProblem::TooLarge { limit: data.len() - 1 }));
    assert_eq!(unpacked.len(), b"before".len() + data.len(), "what failed is taken back");
}

/// Changes each byte, so that nothing comes again and the data does not become smaller (xorshift).
fn make_noise(data: &mut [u8]) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for byte in data {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *byte ^= state.to_le_bytes()[7];
    }
}

/// The codec, the limit of the output in units of 64 bytes, and the compressed bytes.
pub fn decompression(input: &[u8]) {
    let mut script = Script::new(input);
    let compression = codec(script.byte());
    let limit = usize::from(script.u16()) * 64;
    let bytes = script.rest();
    let mut out = b"before".to_vec();
    let result = decompress(compression, bytes, limit, &mut out);
    assert!(out.starts_with(b"before"));
    let made = out.len() - b"before".len();
    assert!(made <= limit, "{made} bytes, and {limit} are allowed");
    assert_ne!(result, Err(DecompressProblem::Panicked));
    if result.is_err() {
        assert_eq!(made, 0, "what failed is taken back");
    }
    // The state left by one input does not change the result for the next.
    let mut fresh = b"before".to_vec();
    let again = Decompressor::new().decompress(compression, bytes, limit, &mut fresh);
    assert_eq!((again.map_err(|error| error.problem), fresh), (result, out));
}

/// Works with a compressor that may have served before.
pub(crate) fn with_compressor<T>(
    compression: Compression,
    level: Option<i32>,
    work: impl FnOnce(&mut Compressor) -> T,
) -> T {
    COMPRESSORS.with_borrow_mut(|compressors| {
        let of = (compression.id(), level.unwrap_or(i32::MAX));
        let fresh =
            || Compressor::new(compression, level).expect("a codec that is built, at a level that it has");
        work(compressors.entry(of).or_insert_with(fresh))
    })
}

pub(crate) fn decompress(
    compression: Compression,
    bytes: &[u8],
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<(), DecompressProblem> {
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        decompressor.decompress(compression, bytes, limit, out).map_err(|error| error.problem)
    })
}

pub(crate) fn codec(byte: u8) -> Compression {
    Compression::ALL[usize::from(byte) % Compression::ALL.len()]
}

/// One of the levels of a codec, or none for its own choice.
fn level(compression: Compression, byte: u8) -> Option<i32> {
    let levels = compression.levels()?;
    let (first, last) = (i64::from(*levels.start()).max(-7), i64::from(*levels.end()));
    let level = first + i64::from(byte) % (last - first + 2);
    i32::try_from(level).ok().filter(|_| level <= last)
}
