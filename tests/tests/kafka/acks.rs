//! The levels of acknowledgement: brokers have the records that each level promises, with idempotence and without.

use futures_util::future::join_all;
use milena::{Ack, Delivery, Record};
use milena_tests::kafka::Kafka;
use milena_tests::kafka::judge::{ExactlyOnce, Sent, check_replicas, producers};

use crate::{place, producer, values};

const RECORDS: usize = 2_000;

#[tokio::test(flavor = "multi_thread")]
async fn without_acks_every_record_arrives_and_none_has_an_offset() {
    let kafka = Kafka::shared();
    kafka.create_topic("acks-0", 1, &[]);
    let producer = producer(&kafka, &[("acks", "0")]).await;
    let numbers = || (0..RECORDS).map(|number| number.to_string());

    let acks = producer.send_all(numbers().map(|number| ("acks-0", number))).await;
    producer.close().await.unwrap();

    assert!(acks.into_iter().all(|ack| ack.unwrap().offset == Ack::NO_OFFSET));
    assert_eq!(values(&kafka.read("acks-0")), numbers().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn acks_of_the_leader_tell_where_each_record_is() {
    check_places("acks-1", &[("acks", "1")], false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acks_of_all_without_idempotence_tell_where_each_record_is() {
    check_places("not-idempotent", &[("enable.idempotence", "false")], false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotent_producer_stamps_each_batch_with_its_id() {
    check_places("idempotent", &[], true).await;
}

async fn check_places(topic: &str, properties: &[(&str, &str)], idempotent: bool) {
    let kafka = Kafka::shared();
    kafka.create_topic(topic, 3, &[]);
    let producer = producer(&kafka, properties).await;
    let mut accepted = Vec::new();
    for number in 0..RECORDS {
        let (key, value) = (format!("k-{}", number % 50), number.to_string());
        let delivery =
            producer.enqueue(Record::to(topic).key(key.clone()).value(value.clone())).await.unwrap();
        accepted.push(settle(key, value, delivery));
    }
    let sent = join_all(accepted).await;
    producer.close().await.unwrap();

    let mut judge = ExactlyOnce::of(&sent);
    kafka.read_each(topic, |record| judge.read(&record));
    judge.verdict().unwrap();
    let replicas = kafka.dump(topic);
    check_replicas(&replicas, 1, &sent).unwrap();
    let stamps = producers(&replicas);
    assert_eq!((stamps.len(), stamps[0].0 >= 0), (1, idempotent), "{stamps:?}");
}

async fn settle(key: String, value: String, delivery: Delivery) -> Sent {
    let ack = delivery.await.unwrap();
    Sent { key, value, place: place(&ack) }
}
