//! What the tests of compression share.

use milena::{Compression, Producer};
use milena_fake::{Cluster, LoggedBatch};
use milena_tests::Stage;

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
pub(crate) async fn stage() -> Stage {
    Stage::in_memory(Cluster::builder().topic("t", 3)).await
}

pub(crate) async fn producer(stage: &Stage, compression: Compression) -> Producer {
    stage.producer().compression(compression).build().await.unwrap()
}

/// The batches of a topic, of all partitions.
pub(crate) fn batches(cluster: &Cluster, topic: &str) -> Vec<LoggedBatch> {
    let partitions = i32::try_from(cluster.partition_count(topic).unwrap()).unwrap();
    (0..partitions).flat_map(|partition| cluster.log_batches(topic, partition)).collect()
}

/// A thousand bytes that compress to about a tenth, from a number.
pub(crate) fn line(number: u32) -> String {
    let mut word = u64::from(number).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut digits = String::new();
    while digits.len() < 120 {
        word = (word ^ (word >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        digits += &format!("{word:016x}");
    }
    format!("0/{number} {}{:870}", &digits[..120], "the rest of a line is always the same; ")
}

/// Bytes that no codec makes fewer, from a number.
pub(crate) fn noise(number: u32, bytes: usize) -> Vec<u8> {
    let mut word = u64::from(number).wrapping_add(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut noise = format!("0/{number} ").into_bytes();
    while noise.len() < bytes {
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        noise.extend_from_slice(&(word ^ (word >> 31)).to_le_bytes());
    }
    noise.truncate(bytes);
    noise
}
