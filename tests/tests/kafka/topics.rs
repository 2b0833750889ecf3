//! Topics that are not there, that go and come again, that grow, and how records without a key are spread over them.

use std::collections::BTreeMap;
use std::time::Duration;

use milena::{ErrorKind, Persisted, Producer, Record};
use milena_tests::kafka::Kafka;
use tokio::time::sleep;

use crate::producer;

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_topic_is_an_error_after_max_block_and_others_go_on() {
    let kafka = Kafka::shared();
    kafka.create_topic("known", 1, &[]);
    let producer = producer(&kafka, &[("max.block.ms", "1500")]).await;

    let error = producer.send(("unknown", "v")).await.unwrap_err();
    let ack = producer.send(("known", "v")).await.unwrap();
    producer.close().await.unwrap();

    assert_eq!((error.kind(), error.persisted()), (ErrorKind::UnknownTopic, Persisted::No));
    assert!(error.to_string().contains("create the topic first"), "{error}");
    assert_eq!(ack.offset, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_created_while_it_is_waited_for_is_found() {
    let kafka = Kafka::shared();
    let producer = producer(&kafka, &[]).await;
    let waiting = tokio::spawn({
        let producer = producer.clone();
        async move { producer.send(("late", "v")).await }
    });
    kafka.create_topic("late", 1, &[]);
    assert_eq!(waiting.await.unwrap().unwrap().offset, 0);
    producer.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_deleted_and_created_again_gets_what_is_sent_then() {
    let kafka = Kafka::shared();
    kafka.create_topic("again", 2, &[]);
    let producer = producer(&kafka, &[("delivery.timeout.ms", "40000")]).await;
    let sending = tokio::spawn(send_until_told(producer.clone(), "again"));

    kafka.delete_topic("again");
    kafka.create_topic("again", 2, &[]);
    // Whatever became of those in between: a record sent now is in the new topic.
    let ack = producer.send(Record::to("again").key("last").value("last")).await.unwrap();
    sending.abort();
    let _ = sending.await;
    let _ = producer.close().await;

    let log = kafka.read("again");
    let last = log.iter().find(|record| record.value.as_deref() == Some("last")).unwrap();
    assert_eq!((last.partition, last.offset), (ack.partition, ack.offset));
    let mut values: Vec<_> = log.iter().map(|record| record.value.as_deref()).collect();
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), log.len(), "a record is there twice");
}

/// One record after another, until it is aborted.
async fn send_until_told(producer: Producer, topic: &'static str) {
    for number in 0.. {
        let _ = producer.send(Record::to(topic).value(number.to_string())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_are_added_are_used() {
    let kafka = Kafka::shared();
    kafka.create_topic("grown", 1, &[]);
    let producer = producer(&kafka, &[("metadata.max.age.ms", "300")]).await;
    let topic = producer.topic("grown").await.unwrap();
    producer.send(Record::to("grown").value("v")).await.unwrap();

    kafka.add_partitions("grown", 3);
    while topic.partitions() < 3 {
        sleep(Duration::from_millis(20)).await;
    }
    let ack = producer.send(Record::to("grown").partition(2).value("v")).await.unwrap();
    producer.close().await.unwrap();

    assert_eq!((ack.partition, ack.offset), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_without_a_key_are_spread_evenly() {
    const RECORDS: usize = 60_000;
    let kafka = Kafka::shared();
    kafka.create_topic("spread", 6, &[]);
    let producer = producer(&kafka, &[]).await;
    let topic = producer.topic("spread").await.unwrap();
    for _ in 0..RECORDS {
        topic.enqueue_detached(None, Some(&[b'v'; 100])).await.unwrap();
    }
    producer.close().await.unwrap();

    let mut counts = BTreeMap::<i32, usize>::new();
    kafka.read_each("spread", |record| *counts.entry(record.partition).or_default() += 1);
    assert_eq!(counts.values().sum::<usize>(), RECORDS);
    let fair = RECORDS / 6;
    assert!(counts.values().all(|count| count.abs_diff(fair) < fair / 10), "{counts:?}");
}
