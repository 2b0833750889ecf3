//! Batches of 64 KiB, JSON and numbers that are hard to predict: compressed and decompressed by each codec.
//!
//! With `--features zstd-c` zstd is the C library's, to be compared with a run without it.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use fastrand::Rng;
use milena_codec::compression::{Compression, Compressor, Decompressor, Outcome};

const BATCH_BYTES: usize = 64 << 10;

/// Events as services write them.
fn json(dice: &mut Rng) -> Vec<u8> {
    let (id, user, time) = (dice.u64(..), dice.u32(..90_000), dice.u32(..60_000));
    let word = ["payment", "order", "basket", "session", "refund"][dice.usize(..5)];
    format!(r#"{{"id":"{id:016x}","type":"{word}","user":{user},"time":17000000{time:05},"ok":true}}"#).into()
}

/// Fields of a binary record: a small tag, then what no codec foresees.
fn binary(dice: &mut Rng) -> Vec<u8> {
    let mut record = vec![8, dice.u8(..4), 16];
    record.extend_from_slice(&dice.u64(..).to_le_bytes());
    record
}

fn batch(record: fn(&mut Rng) -> Vec<u8>) -> Vec<u8> {
    let mut dice = Rng::with_seed(7);
    let mut batch = Vec::with_capacity(BATCH_BYTES + 200);
    while batch.len() < BATCH_BYTES {
        batch.extend_from_slice(&record(&mut dice));
    }
    batch.truncate(BATCH_BYTES);
    batch
}

/// The codecs, zstd at the levels of interest.
fn codecs() -> impl Iterator<Item = (Compression, Option<i32>)> {
    let defaults = [Compression::Gzip, Compression::Snappy, Compression::Lz4].map(|codec| (codec, None));
    defaults.into_iter().chain([1, 3, 9].map(|level| (Compression::Zstd, Some(level))))
}

fn compression(criterion: &mut Criterion) {
    for (kind, content) in [("json", batch(json)), ("binary", batch(binary))] {
        let mut group = criterion.benchmark_group(format!("compression/{kind}"));
        group.throughput(Throughput::Bytes(content.len() as u64));
        for (codec, level) in codecs() {
            let Ok(mut compressor) = Compressor::new(codec, level) else { continue };
            let name = format!("{codec} {}", compressor.level());
            let mut out = Vec::new();
            group.bench_function(format!("compress {name}"), |bencher| {
                bencher.iter(|| {
                    out.clear();
                    compressor.compress([black_box(&content[..])].into_iter(), &mut out)
                });
            });
            out.clear();
            let Outcome::Compressed { .. } = compressor.compress([&content[..]].into_iter(), &mut out) else {
                continue; // Given up: there is nothing to decompress.
            };
            let (mut decompressor, mut back) = (Decompressor::new(), Vec::new());
            group.bench_function(format!("decompress {name}"), |bencher| {
                bencher.iter(|| {
                    back.clear();
                    decompressor.decompress(codec, black_box(&out), content.len(), &mut back)
                });
            });
        }
        group.finish();
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    compression(&mut criterion);
    criterion.final_summary();
}
