//! Helpers of the compression tests.

use milena::{Compression, Producer};
use milena_fake::{Cluster, LoggedBatch};
use milena_tests::ClusterHarness;

/// Every codec at its default level, and some at others.
pub(crate) const COMPRESSIONS: [Compression; 8] = [
    Compression::Gzip { level: 1 },
    Compression::Gzip { level: -1 },
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd { level: -5 },
    Compression::Zstd { level: 1 },
    Compression::Zstd { level: 3 },
    Compression::Zstd { level: 9 },
];

/// Three brokers, each of which leads one partition of topic `t`.
pub(crate) async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().topic("t", 3)).await
}

pub(crate) async fn producer(harness: &ClusterHarness, compression: Compression) -> Producer {
    harness.producer().compression(compression).build().await.unwrap()
}

/// The batches of a topic, of all partitions.
pub(crate) fn batches(cluster: &Cluster, topic: &str) -> Vec<LoggedBatch> {
    let partitions = i32::try_from(cluster.partition_count(topic).unwrap()).unwrap();
    (0..partitions).flat_map(|partition| cluster.log_batches(topic, partition)).collect()
}
