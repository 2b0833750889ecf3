//! What a broker says of a thousand topics of six partitions.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId};
use milena_codec::message::{
    Message, MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
    Version,
};

const TOPICS: usize = 1_000;

fn cluster() -> MetadataResponse {
    let brokers = (1..=3).map(|id| MetadataResponseBroker {
        node_id: BrokerId(id),
        host: format!("broker-{id}.example.com"),
        port: 9092,
        ..Default::default()
    });
    let partition = |index| MetadataResponsePartition {
        partition_index: PartitionId(index),
        leader_id: BrokerId(index % 3 + 1),
        leader_epoch: LeaderEpoch(7),
        replica_nodes: (1..=3).map(BrokerId).collect(),
        isr_nodes: (1..=3).map(BrokerId).collect(),
        ..Default::default()
    };
    let topics = (0..TOPICS).map(|number| MetadataResponseTopic {
        name: Some(format!("topic-{number}")),
        partitions: (0..6).map(partition).collect(),
        ..Default::default()
    });
    MetadataResponse { brokers: brokers.collect(), topics: topics.collect(), ..Default::default() }
}

fn messages(criterion: &mut Criterion) {
    let version = Version::of::<MetadataResponse>(12);
    let mut bytes = Vec::new();
    let written = cluster().encode(&mut bytes, version);
    assert!(written.is_ok(), "{written:?}");
    let mut group = criterion.benchmark_group("messages");
    group.throughput(Throughput::Elements(TOPICS as u64));
    group.bench_function("read Metadata of 1 000 topics", |bencher| {
        bencher.iter(|| MetadataResponse::decode_exact(black_box(&bytes), version));
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    messages(&mut criterion);
    criterion.final_summary();
}
