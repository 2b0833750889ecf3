//! Everything that a record may have is read back as it was sent.

use milena::{Header, Record};
use milena_tests::kafka::{Kafka, Logged};

use crate::producer;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_null_stays_null_and_what_is_empty_stays_empty() {
    let log = there_and_back("nulls", &[], |record| {
        vec![record.clone(), record.clone().key("").value(""), record.clone().key("k"), record.value("v")]
    })
    .await;
    let parts: Vec<_> = log.iter().map(|record| (record.key.as_deref(), record.value.as_deref())).collect();
    assert_eq!(parts, [(None, None), (Some(""), Some("")), (Some("k"), None), (None, Some("v"))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_keep_their_order_and_repetitions_and_may_be_null() {
    let log = there_and_back("headers", &[], |mut record| {
        record = record.value("v").header("a", "1").header("ü", "2").header("a", "");
        record.headers.push(Header { name: "none".into(), value: None });
        vec![record]
    })
    .await;
    assert_eq!(log[0].headers, "a:1,ü:2,a:,none:<null>");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_keeps_the_timestamp_it_was_given() {
    // Given out of order, a day apart: each is written as a difference to the first.
    const STAMPS: [i64; 3] = [1_700_000_000_000, 1_700_086_400_000, 1_699_913_600_000];
    let log = there_and_back("timestamps", &[], |record| {
        STAMPS.iter().map(|stamp| record.clone().value("v").timestamp_ms(*stamp)).collect()
    })
    .await;
    assert_eq!(log.iter().map(|record| record.timestamp_ms).collect::<Vec<_>>(), STAMPS);
    assert!(log.iter().all(|record| !record.appended_then));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_keeps_the_time_of_appending_tells_it() {
    let log = there_and_back("append-time", &["message.timestamp.type=LogAppendTime"], |record| {
        vec![record.value("v").timestamp_ms(1_700_000_000_000)]
    })
    .await;
    assert!(log[0].appended_then && log[0].timestamp_ms > 1_700_000_000_000, "{log:?}");
}

/// Sends records to a new topic with one partition; their acks tell what is read back.
async fn there_and_back(
    topic: &str,
    settings: &[&str],
    records: impl FnOnce(Record) -> Vec<Record>,
) -> Vec<Logged> {
    let kafka = Kafka::shared();
    kafka.create_topic(topic, 1, settings);
    let producer = producer(&kafka, &[]).await;
    let acks = producer.send_all(records(Record::to(topic))).await;
    producer.close().await.unwrap();
    let log = kafka.read(topic);
    let told = acks.into_iter().map(|ack| ack.map(|ack| (ack.offset, ack.timestamp_ms)).unwrap());
    let read = log.iter().map(|record| (record.offset, record.timestamp_ms));
    assert_eq!(told.collect::<Vec<_>>(), read.collect::<Vec<_>>());
    log
}
