//! Records of 100 bytes: encoded one by one, sealed as a batch of 64 KiB, read back.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use milena_codec::record::{BatchHeader, HEADER_BYTES, RecordBatch, Stamp, put_record, record_bytes_max};

const VALUE: [u8; 100] = [7; 100];
const BATCH_BYTES: usize = 64 << 10;

/// As many records as fit, behind room for the header.
fn fill(batch: &mut Vec<u8>) -> u32 {
    batch.clear();
    batch.resize(HEADER_BYTES, 0);
    let mut records = 0;
    while batch.len() + record_bytes_max(0, VALUE.len()) <= BATCH_BYTES {
        put_record(batch, records, 3, None, Some(black_box(&VALUE)), &[]);
        records += 1;
    }
    records
}

fn header(records: u32) -> BatchHeader {
    BatchHeader::of_producer(records, 1_700_000_000_000, 1_700_000_000_003, Stamp::NONE)
}

fn records(criterion: &mut Criterion) {
    let mut batch = Vec::with_capacity(BATCH_BYTES);
    let count = fill(&mut batch);
    let mut group = criterion.benchmark_group("records");
    group.throughput(Throughput::Elements(count.into()));
    group.bench_function("encode 100 B", |bencher| bencher.iter(|| fill(&mut batch)));
    group.throughput(Throughput::Bytes(batch.len() as u64));
    group.bench_function("seal 64 KiB", |bencher| {
        bencher.iter(|| header(count).seal(black_box(&mut batch), []));
    });
    group.throughput(Throughput::Elements(count.into()));
    group.bench_function("read 64 KiB", |bencher| {
        bencher.iter(|| RecordBatch::parse(black_box(&batch)).map(|batch| batch.records().flatten().count()));
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    records(&mut criterion);
    criterion.final_summary();
}
