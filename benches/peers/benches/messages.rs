//! Metadata of a thousand topics, and Produce of six partitions with a batch of 64 KiB each.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput};
use milena_bench_peers::{KAFKA_PROTOCOL, MILENA, RSKAFKA, messages, records};

fn metadata(criterion: &mut Criterion) {
    for version in [12, 4] {
        let mut group = criterion.benchmark_group(format!("read Metadata {version} of 1 000 topics"));
        let bytes = messages::metadata(version);
        group.throughput(Throughput::Elements(messages::TOPICS as u64));
        group.bench_function(MILENA, |bencher| {
            bencher.iter(|| messages::read_metadata(black_box(&bytes), version));
        });
        group.bench_function(KAFKA_PROTOCOL, |bencher| {
            bencher.iter(|| messages::their_metadata(black_box(&bytes), version));
        });
        if version == 4 {
            group.bench_function(RSKAFKA, |bencher| {
                bencher.iter(|| messages::rs_metadata(black_box(&bytes), version));
            });
        }
        group.finish();
    }
}

/// Batches that are encoded already; rskafka's request holds records, and encodes them each time.
fn requests(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("write Produce 7 around 6 batches");
    let batch = Bytes::from(records::batch());
    let (mut out, mut cuts) = (Vec::new(), Vec::new());
    group.bench_function(MILENA, |bencher| {
        bencher.iter(|| messages::put_produce(&mut out, &mut cuts, black_box(batch.len()), 7));
    });
    let (request, mut copied) = (messages::their_produce(&batch), BytesMut::new());
    group.bench_function(KAFKA_PROTOCOL, |bencher| {
        bencher.iter(|| messages::their_put_produce(&mut copied, black_box(&request), 7));
    });
    let request = messages::rs_produce();
    group.bench_function(RSKAFKA, |bencher| {
        bencher.iter(|| messages::rs_put_produce(&mut out, black_box(&request), 7));
    });
    group.finish();
}

fn responses(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read the response to Produce 7 of 6 partitions");
    let bytes = messages::response(7);
    group.bench_function(MILENA, |bencher| bencher.iter(|| messages::read_response(black_box(&bytes), 7)));
    group.bench_function(KAFKA_PROTOCOL, |bencher| {
        bencher.iter(|| messages::their_response(black_box(&bytes), 7));
    });
    group.bench_function(RSKAFKA, |bencher| bencher.iter(|| messages::rs_response(black_box(&bytes), 7)));
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    metadata(&mut criterion);
    requests(&mut criterion);
    responses(&mut criterion);
    criterion.final_summary();
}
