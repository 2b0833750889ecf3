//! Records of 100 bytes: encoded one by one and as a batch of 64 KiB, summed, read back.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput};
use milena_bench_peers::{KAFKA_PROTOCOL, MILENA, RSKAFKA, records};

fn one_record(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode a record of 100 B");
    let mut batch = Vec::with_capacity(records::BATCH_BYTES);
    group.throughput(Throughput::Elements(records::count().into()));
    group.bench_function(MILENA, |bencher| bencher.iter(|| records::fill(&mut batch)));
    let record = records::rs_record(500);
    group.bench_function(RSKAFKA, |bencher| {
        bencher.iter(|| {
            batch.clear();
            (0..records::count()).for_each(|_| records::rs_encode(&mut batch, black_box(&record)));
        });
    });
    group.finish();
}

fn whole_batch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode a batch of 64 KiB");
    group.throughput(Throughput::Elements(records::count().into()));
    let mut batch = Vec::with_capacity(records::BATCH_BYTES);
    group.bench_function(MILENA, |bencher| {
        bencher.iter(|| {
            let count = records::fill(&mut batch);
            records::seal(&mut batch, count);
        });
    });
    let (theirs, mut out) = (records::their_records(), BytesMut::with_capacity(records::BATCH_BYTES));
    group.bench_function(KAFKA_PROTOCOL, |bencher| {
        bencher.iter(|| records::their_encode(&mut out, black_box(&theirs)));
    });
    let rs = records::rs_batch();
    group.bench_function(RSKAFKA, |bencher| {
        bencher.iter(|| {
            batch.clear();
            records::rs_encode(&mut batch, black_box(&rs));
        });
    });
    group.finish();
}

/// Sealing can be no faster than the CRC.
fn sums(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sum a batch of 64 KiB");
    let mut batch = records::batch();
    let count = records::count();
    group.throughput(Throughput::Bytes(batch.len() as u64));
    group.bench_function("crc32c", |bencher| bencher.iter(|| crc32c::crc32c(black_box(&batch[21..]))));
    group.bench_function("milena seals", |bencher| {
        bencher.iter(|| records::seal(black_box(&mut batch), count));
    });
    group.finish();
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read a batch of 64 KiB");
    group.throughput(Throughput::Elements(records::count().into()));
    let batch = Bytes::from(records::batch());
    group.bench_function(MILENA, |bencher| bencher.iter(|| records::read(black_box(&batch))));
    group.bench_function(KAFKA_PROTOCOL, |bencher| bencher.iter(|| records::their_read(black_box(&batch))));
    group.bench_function(RSKAFKA, |bencher| bencher.iter(|| records::rs_read(black_box(&batch))));
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    one_record(&mut criterion);
    whole_batch(&mut criterion);
    sums(&mut criterion);
    reading(&mut criterion);
    criterion.final_summary();
}
