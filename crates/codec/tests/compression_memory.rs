//! What compressing and decompressing allocates: next to nothing a batch once a context is there, and never more than
//! the limit and the context, whatever the bytes say.
//!
//! The counters are those of the process, so there is one test only.

use std::alloc::System;

use milena_codec::compression::{Compression, Compressor, Decompressor, Outcome};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn batches_reuse_contexts_and_bombs_cost_no_more_than_the_limit() {
    for bounds in BOUNDS.into_iter().filter(|bounds| bounds.codec.is_built()) {
        batches_reuse_contexts(&bounds);
        a_bomb_costs_no_more_than_the_limit(&bounds);
    }
}

fn batches_reuse_contexts(bounds: &Bounds) {
    let codec = bounds.codec;
    let mut compressor = Compressor::new(codec, None).expect("a codec that is built");
    let mut decompressor = Decompressor::new();
    let (mut compressed, mut back) = (Vec::with_capacity(1 << 20), Vec::with_capacity(1 << 20));
    for (batch, seed) in (0..8).map(|seed| (batch(seed), seed)) {
        let (head, tail) = batch.split_at(10_000);
        compressed.clear();
        let (outcome, compressing) =
            counted(|| compressor.compress([head, tail].into_iter(), &mut compressed));
        assert!(matches!(outcome, Outcome::Compressed { .. }));
        back.clear();
        let (result, decompressing) =
            counted(|| decompressor.decompress(codec, &compressed, batch.len(), &mut back));
        assert!(result.is_ok() && back == batch);

        let kept = (kept(&compressing), kept(&decompressing));
        let calls = (calls(&compressing), calls(&decompressing));
        if seed == 0 {
            assert!(
                kept.0 <= bounds.compressor_bytes && kept.1 <= bounds.decompressor_bytes,
                "{codec}: {kept:?}"
            );
        } else {
            assert_eq!((calls, kept), (bounds.calls, (0, 0)), "{codec}, batch {seed}");
        }
    }
}

fn a_bomb_costs_no_more_than_the_limit(bounds: &Bounds) {
    let codec = bounds.codec;
    let mut bomb = Vec::new();
    let mut compressor = Compressor::new(codec, None).expect("a codec that is built");
    let outcome = compressor.compress([&vec![0; 8 << 20][..]].into_iter(), &mut bomb);
    assert_eq!(outcome, Outcome::Compressed { bytes: bomb.len() });
    let mut out = Vec::new();
    let (result, used) = counted(|| Decompressor::new().decompress(codec, &bomb, LIMIT, &mut out));
    assert!(result.is_err());
    assert!(used.bytes_allocated <= LIMIT + 1 + bounds.decompressor_bytes, "{codec}: {used:?}");
}

/// What a codec holds after a batch of 64 KiB at most, and how often it allocates for each further one.
struct Bounds {
    codec: Compression,
    compressor_bytes: usize,
    decompressor_bytes: usize,
    /// To compress, and to decompress.
    calls: (usize, usize),
}

const BOUNDS: [Bounds; 4] = [
    Bounds { codec: Compression::Gzip, compressor_bytes: 400_000, decompressor_bytes: 50_000, calls: (0, 0) },
    Bounds { codec: Compression::Snappy, compressor_bytes: 110_000, decompressor_bytes: 0, calls: (0, 0) },
    Bounds { codec: Compression::Lz4, compressor_bytes: 160_000, decompressor_bytes: 0, calls: (0, 0) },
    Bounds {
        codec: Compression::Zstd,
        compressor_bytes: 1_000_000,
        decompressor_bytes: 110_000,
        calls: (1, 4),
    },
];

const LIMIT: usize = 256 << 10;

/// 64 KiB of lines.
fn batch(seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let lines = (0..4000).map(|_| format!("order={} user={}\n", random.u32(..9999), random.u16(..)));
    let mut batch = lines.collect::<String>().into_bytes();
    batch.truncate(64 << 10);
    batch
}

fn counted<T>(work: impl FnOnce() -> T) -> (T, Stats) {
    let region = Region::new(ALLOCATOR);
    let result = work();
    (result, region.change())
}

const fn calls(stats: &Stats) -> usize {
    stats.allocations + stats.reallocations
}

/// Bytes that were allocated and not given back.
const fn kept(stats: &Stats) -> usize {
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}
