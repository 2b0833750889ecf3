//! What a caller learns of each record: the record in its error, the stream of reports, hooks, interceptors and dead letters.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod dead_letters;
mod failed_records;
mod hooks;
mod interceptors;
mod stream;

use milena::{ProducerBuilder, Record};
use milena_fake::{ApiKey, Cluster, ErrorCode};
use milena_tests::ClusterHarness;

/// One broker, which leads the three partitions of topic `t`.
async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 3).topic("dead", 1)).await
}

fn with(harness: &ClusterHarness, settings: &[(&str, &str)]) -> ProducerBuilder {
    let set = |builder: ProducerBuilder, (name, value): &(&str, &str)| builder.property(name, value).unwrap();
    settings.iter().fold(harness.producer(), set)
}

/// Every Produce request is rejected for good.
fn reject(harness: &ClusterHarness) {
    harness.on(ApiKey::PRODUCE).always().error(ErrorCode::INVALID_RECORD);
}

/// A record with everything that it may have.
fn full(tag: u64) -> Record {
    let record = Record::to("t").key(format!("key-{tag}")).value(format!("value-{tag}"));
    record
        .header("h", "1")
        .header("h", None::<&str>)
        .partition(1)
        .timestamp_ms(1_000 + tag.cast_signed())
        .tag(tag)
}
