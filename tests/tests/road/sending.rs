//! Every way to send a record, over real sockets.

use std::time::Duration;

use futures_util::future::join_all;
use milena::{ErrorKind, Persisted, Producer, Record};
use milena_fake::Cluster;
use milena_tests::{ClusterHarness, Sent, Tag, assert_exactly_once, eventually};

async fn harness() -> ClusterHarness {
    ClusterHarness::on_sockets(Cluster::builder().topic("t", 3)).await
}

#[tokio::test]
async fn sent_record_is_at_the_acknowledged_offset() {
    let harness = harness().await;
    let producer = Producer::connect(&harness.bootstrap_servers()).await.unwrap();
    let before_ms = now_ms();

    let ack = producer.send(Record::to("t").key("k").value("v")).await.unwrap();

    assert_eq!(ack.offset, 0);
    assert!((before_ms..before_ms + 60_000).contains(&ack.timestamp_ms), "{ack:?}");
    let log = harness.log("t", ack.partition);
    assert_eq!(log[0].value.as_deref(), Some(&b"v"[..]));
    assert_eq!(log[0].timestamp, ack.timestamp_ms);
    assert_eq!(harness.record_count(), 1);
}

#[tokio::test]
async fn offsets_count_up_and_records_keep_their_order() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let mut sent: Vec<Sent> = Vec::new();
    for number in 0..50 {
        let tag = Tag { sender: 0, number };
        sent.push((tag, producer.send(tag.record("t").partition(1)).await.unwrap()));
    }
    let offsets: Vec<_> = sent.iter().map(|(_, ack)| ack.offset).collect();
    assert_eq!(offsets, (0..50).collect::<Vec<_>>());
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test]
async fn an_enqueued_record_is_awaited_later() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let mut accepted = Vec::new();
    for number in 0..2_000 {
        let tag = Tag { sender: 0, number };
        accepted.push((tag, producer.enqueue(tag.record("t")).await.unwrap()));
    }
    let mut sent: Vec<Sent> = Vec::new();
    // The last first: outcomes do not depend on the order in which they are asked for.
    for (tag, delivery) in accepted.into_iter().rev() {
        sent.push((tag, delivery.await.unwrap()));
    }
    assert_exactly_once(&harness, "t", &sent);
    assert!(producer.metrics().requests < 200, "{:?}", producer.metrics());
}

#[tokio::test]
async fn record_is_sent_after_its_delivery_is_dropped() {
    let harness = harness().await;
    let producer = harness.connect().await;
    drop(producer.enqueue(("t", "v")).await.unwrap());
    eventually(|| harness.record_count() == 1).await;
}

#[tokio::test]
async fn a_topic_is_resolved_once_for_many_records() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let topic = producer.topic("t").await.unwrap();
    assert_eq!((topic.name(), topic.partitions()), ("t", 3));

    let mut sent: Vec<Sent> = Vec::new();
    for number in 0..10 {
        let tag = Tag { sender: 0, number };
        let key = number.to_be_bytes();
        let delivery = topic.enqueue(Some(&key), Some(tag.value().as_bytes())).await.unwrap();
        sent.push((tag, delivery.await.unwrap()));
    }
    let tag = Tag { sender: 0, number: 10 };
    sent.push((tag, topic.send(None, Some(tag.value().as_bytes())).await.unwrap()));
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test]
async fn a_detached_record_is_delivered_and_counted() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let topic = producer.topic("t").await.unwrap();
    for number in 0..300 {
        let value = Tag { sender: 0, number }.value();
        topic.enqueue_detached(None, Some(value.as_bytes())).await.unwrap();
    }
    producer.flush().await.unwrap();
    milena_tests::assert_in_order(&harness, "t");
    assert_eq!((harness.record_count(), producer.metrics().records), (300, 300));
}

#[tokio::test]
async fn many_records_have_one_result_each_in_their_order() {
    let harness = harness().await;
    let builder = harness.producer().max_request_size(1_000).max_block(Duration::from_secs(5));
    let producer = builder.build().await.unwrap();
    let tag = |number| Tag { sender: 0, number };
    let mut records: Vec<Record> = (0..100).map(|number| tag(number).record("t")).collect();
    records[7] = Record::to("t").partition(9).value("no such partition");
    records[50] = Record::to("t").value(vec![0; 2_000]);
    records[99] = Record::to("no such name!").value("v");

    let outcomes = producer.send_all(records).await;

    assert_eq!(outcomes.len(), 100);
    let kind = |place: usize| outcomes[place].as_ref().err().map(|error| (error.kind(), error.persisted()));
    assert_eq!(kind(7), Some((ErrorKind::InvalidPartition, Persisted::No)));
    assert_eq!(kind(50), Some((ErrorKind::MessageTooLarge, Persisted::No)));
    assert_eq!(kind(99), Some((ErrorKind::InvalidTopic, Persisted::No)));
    let sent: Vec<Sent> = (0..)
        .zip(&outcomes)
        .filter_map(|(number, outcome)| Some((tag(number), *outcome.as_ref().ok()?)))
        .collect();
    assert_eq!(sent.len(), 97);
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test]
async fn several_producers_write_at_once_and_none_disturbs_another() {
    let harness = harness().await;
    let mut producers = Vec::new();
    for _ in 0..4 {
        producers.push(harness.connect().await);
    }
    let send = async |(sender, producer): (u32, &Producer)| -> Vec<Sent> {
        let tags = (0..500).map(|number| Tag { sender, number });
        let outcomes = producer.send_all(tags.clone().map(|tag| tag.record("t"))).await;
        tags.zip(outcomes).map(|(tag, outcome)| (tag, outcome.unwrap())).collect()
    };
    let sent = join_all((0..).zip(&producers).map(send)).await.concat();
    assert_eq!(sent.len(), 2_000);
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test]
async fn clones_share_connections_and_order() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let clone = producer.clone();
    for number in 0..200 {
        let through = if number % 2 == 0 { &producer } else { &clone };
        drop(through.enqueue(Tag { sender: 0, number }.record("t").partition(0)).await.unwrap());
    }
    clone.flush().await.unwrap();
    milena_tests::assert_in_order(&harness, "t");
    assert_eq!(harness.record_count(), 200);
    let (one, other) = (producer.metrics(), clone.metrics());
    assert_eq!((one.records, one.connections), (other.records, other.connections));
}

#[tokio::test]
async fn missing_topic_is_created_by_its_metadata_request() {
    let harness = ClusterHarness::on_sockets(Cluster::builder().default_partitions(2)).await;
    let producer = harness.connect().await;
    let ack = producer.send(("new", "v")).await.unwrap();
    assert_eq!(harness.log("new", ack.partition).len(), 1);
    assert_eq!(harness.partition_count("new"), Some(2));
}

#[tokio::test]
async fn metrics_count_records_and_requests() {
    let harness = ClusterHarness::on_sockets(Cluster::builder().topic("t", 1)).await;
    let producer = harness.connect().await;
    for _ in 0..3 {
        producer.send(("t", "v")).await.unwrap();
    }
    let metrics = producer.metrics();
    assert_eq!((metrics.records, metrics.failed, metrics.batches, metrics.requests), (3, 0, 3, 3));
    assert_eq!((metrics.retries, metrics.connections), (0, 1));
    assert!(metrics.bytes > 200, "{metrics:?}");
}

fn now_ms() -> i64 {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    // The producer's clock may be a tick behind.
    i64::try_from(now.as_millis()).unwrap() - 100
}
