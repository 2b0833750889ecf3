//! Brokers that are killed, lose responses or lack the codec.

use std::time::Duration;

use futures_util::future::join;
use milena::{Compression, ErrorKind, Persisted, Record};
use milena_fake::{Action, ApiKey, Cluster, ErrorCode, JournalEntry, Release};
use milena_tests::{ClusterHarness, Load, Tag, assert_exactly_once, line, within};
use tokio::time::sleep;

use crate::support::{COMPRESSIONS, harness, producer};

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn every_codec_writes_each_record_once_while_brokers_die_and_answers_are_lost() {
    for compression in COMPRESSIONS {
        let harness = harness().await;
        let producer = producer(&harness, compression).await;
        let trouble = async {
            for turn in 0..20 {
                sleep(90 * MS).await;
                match turn % 5 {
                    0 => harness.kill(1 + turn / 5 % 3),
                    1 => harness.restart(1 + turn / 5 % 3).unwrap(),
                    2 => harness.on(ApiKey::PRODUCE).apply_then(Action::Disconnect),
                    3 => harness.on(ApiKey::PRODUCE).error(ErrorCode::NOT_ENOUGH_REPLICAS),
                    _ => harness.move_leader("t", 1, 1 + turn % 3),
                }
            }
            (1..=3).for_each(|broker| drop(harness.restart(broker)));
        };
        let load = Load { partitions: 3, ..Load::of(20_000) };
        let (sent, ()) = within(join(load.send(&producer), trouble)).await;
        assert_exactly_once(&harness, "t", &sent);
        let metrics = producer.metrics();
        assert!(metrics.retries > 0 && metrics.compressed_batches > 100, "{metrics:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn broker_that_is_older_than_zstd_fails_its_records_at_once_with_the_remedy() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1).look_like(Release::V2_0)).await;
    let producer = producer(&harness, Compression::Zstd { level: 3 }).await;
    let error = within(producer.send(("t", "k", line(1)))).await.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::UnsupportedCompression, Persisted::No));
    assert!(!error.is_retriable());
    let said = error.to_string();
    for part in ["zstd", "version 7 of Produce", "Kafka 2.1", "lz4, snappy or gzip"] {
        assert!(said.contains(part), "{said}");
    }
    // It takes batches of the codecs that it knows.
    let producer = harness.producer().compression(Compression::Lz4).build().await.unwrap();
    within(producer.send(("t", "k", line(2)))).await.unwrap();
    assert_eq!(harness.record_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn rejected_codec_fails_its_records_at_once_with_the_remedy() {
    let harness = harness().await;
    harness.on(ApiKey::PRODUCE).always().error(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
    let producer = producer(&harness, Compression::Lz4).await;
    let error = within(producer.send(("t", "k", line(1)))).await.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::UnsupportedCompression, Persisted::No));
    assert_eq!(error.code(), Some(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE));
    assert!(
        !error.is_retriable() && error.to_string().contains("does not support compression with lz4"),
        "{error}"
    );
    assert_eq!(harness.journal().iter().filter(|entry| entry.api == ApiKey::PRODUCE).count(), 1);
}

/// What a cluster sees of a run with a codec.
async fn run(seed: u64, compression: Compression) -> Vec<JournalEntry> {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().topic("t", 3).wall_clock_ms(1_700_000_000_000)).await;
    let producer = harness.producer().seed(seed).compression(compression).build().await.unwrap();
    harness.on(ApiKey::PRODUCE).apply_then(Action::Disconnect);
    for number in 0..2_000 {
        let value = Tag { sender: 0, number }.value_of(500);
        let record = Record::to("t").value(value).timestamp_ms(i64::from(number));
        drop(producer.enqueue(record).await.unwrap());
        if number % 100 == 0 {
            sleep(10 * MS).await;
        }
    }
    within(producer.close()).await.unwrap();
    harness.journal()
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_makes_the_same_requests_with_every_codec() {
    for compression in COMPRESSIONS {
        let (first, second) = (run(3, compression).await, run(3, compression).await);
        let bytes = |journal: &[JournalEntry]| -> Vec<_> {
            journal.iter().map(|entry| (entry.at, entry.broker, entry.bytes.clone())).collect()
        };
        assert!(first.len() > 10);
        assert_eq!(bytes(&first), bytes(&second), "{compression}");
    }
}
