//! Topics that are not there, that go and come again, that grow, and how records without a key are spread over them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use milena::{Ack, ErrorKind, Persisted, Producer, Record, SendError};
use milena_tests::kafka::Kafka;
use milena_tests::kafka::judge::{ExactlyOnce, Sent};
use tokio::time::sleep;

use crate::{place, producer};

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_topic_is_an_error_after_max_block_and_others_go_on() {
    let kafka = Kafka::shared();
    kafka.create_topic("known", 1, &[]);
    let producer = producer(&kafka, &[("max.block.ms", "10000")]).await;

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
async fn a_topic_that_is_deleted_and_created_again_holds_what_was_sent_then_exactly_once() {
    const AFTERWARDS: usize = 5_000;
    let kafka = Kafka::shared();
    kafka.create_topic("again", 2, &[]);
    let producer = producer(&kafka, &[]).await;
    let count = Arc::new(AtomicUsize::new(0));
    let until = Arc::new(AtomicUsize::new(usize::MAX));
    let sending = tokio::spawn(send_all_the_time(producer.clone(), Arc::clone(&count), Arc::clone(&until)));

    kafka.delete_topic("again");
    kafka.create_topic("again", 2, &[]);
    let first = count.load(Ordering::Relaxed) + 1;
    until.store(first + AFTERWARDS, Ordering::Relaxed);
    let outcomes = sending.await.unwrap();
    // Some of those before may have been lost with the topic.
    let _ = producer.close().await;

    let delivered = |(number, outcome): (usize, Result<Ack, SendError>)| Sent {
        key: key(number),
        value: number.to_string(),
        place: place(&outcome.unwrap()),
    };
    let sent: Vec<_> = outcomes.into_iter().enumerate().skip(first).map(delivered).collect();
    let mut judge = ExactlyOnce::of(&sent);
    let mut earlier = BTreeSet::new();
    for record in kafka.read("again") {
        let number: usize = record.value.as_ref().unwrap().parse().unwrap();
        if number >= first {
            judge.read(&record);
        } else {
            assert!(earlier.insert(number), "record {number} is there twice");
        }
    }
    judge.verdict().unwrap();
    assert!(sent.len() >= AFTERWARDS);
}

/// A record after the other, some thousands a second, until there are enough.
async fn send_all_the_time(
    producer: Producer,
    count: Arc<AtomicUsize>,
    until: Arc<AtomicUsize>,
) -> Vec<Result<Ack, SendError>> {
    let mut deliveries = Vec::new();
    while deliveries.len() < until.load(Ordering::Relaxed) {
        let number = count.fetch_add(1, Ordering::Relaxed);
        let record = Record::to("again").key(key(number)).value(number.to_string());
        deliveries.push(producer.enqueue(record).await.unwrap());
        if number.is_multiple_of(10) {
            sleep(Duration::from_millis(1)).await;
        }
    }
    join_all(deliveries).await
}

fn key(number: usize) -> String {
    format!("k-{}", number % 20)
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
    // With adaptive partitioning, a partition that the broker writes faster gets more.
    let producer = producer(&kafka, &[("partitioner.adaptive.partitioning.enable", "false")]).await;
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
