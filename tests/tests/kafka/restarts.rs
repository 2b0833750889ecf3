//! A single node that is stopped or killed with batches written whose answers never came, and starts again.
//!
//! From its snapshot it remembers the last batch of a producer alone (decision 5): each record has to be in the log once and
//! in order, and to be told as written. As many rounds as `MILENA_RESTART_ROUNDS` says, or two.

use std::sync::Arc;
use std::time::Duration;

use milena::{Delivery, Producer, Record};
use milena_tests::kafka::{Kafka, Layout, Release, Tap};
use tokio::time::sleep;

use crate::values;

/// How often a condition is looked at.
const GLANCE: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unanswered_batches_are_told_as_written_and_are_there_once_after_a_restart() {
    play(Release::V4_4, rounds(2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unanswered_batches_are_told_as_written_after_a_restart_of_kafka_3_9() {
    play(Release::V3_9, rounds(1)).await;
}

fn rounds(usually: usize) -> usize {
    std::env::var("MILENA_RESTART_ROUNDS").map_or(usually, |rounds| rounds.parse().unwrap())
}

/// Stops and kills in turn, with five batches written, then four, and so on.
async fn play(release: Release, rounds: usize) {
    let mut kafka = Kafka::start_as(Layout::nodes(1).release(release));
    for round in 0..rounds {
        let topic = format!("restarts-{round}");
        kafka.create_topic(&topic, 1, &[]);
        let written = 5 - round / 2 % 5;
        let kills = round % 2 == 1;
        restart(&mut kafka, &topic, written, kills).await;
    }
}

async fn restart(kafka: &mut Kafka, topic: &str, written: usize, kills: bool) {
    let tap = Tap::default();
    let builder = Producer::builder().bootstrap_servers(kafka.bootstrap_servers());
    let builder = builder.connector(Arc::new(tap.clone())).linger(Duration::ZERO);
    let producer = builder.build().await.unwrap();
    producer.send(Record::to(topic).value("proof")).await.unwrap();

    tap.hold();
    let mut expected = vec!["proof".to_owned()];
    let mut deliveries = Vec::new();
    for number in 0..written {
        let value = format!("unanswered {number}");
        deliveries.push(send_alone(&producer, topic, &value).await);
        expected.push(value);
    }
    while kafka.record_count(topic) < expected.len() as u64 {
        sleep(GLANCE).await;
    }
    if kills {
        kafka.kill(1)
    } else {
        kafka.stop(1)
    }
    tap.lose_held();
    kafka.start_again(1);
    kafka.wait_ready(1);

    producer.send(Record::to(topic).value("last")).await.unwrap();
    expected.push("last".to_owned());
    for (delivery, offset) in deliveries.into_iter().zip(1..) {
        let outcome = delivery.await;
        assert_eq!(outcome.as_ref().ok().map(|ack| ack.offset), Some(offset), "{topic}: {outcome:?}");
    }
    producer.close().await.unwrap();
    assert_eq!(values(&kafka.read(topic)), expected, "{topic}: {written} written, killed: {kills}");
}

/// Sends a record in a request of its own.
async fn send_alone(producer: &Producer, topic: &str, value: &str) -> Delivery {
    let requests = producer.metrics().requests;
    let delivery = producer.enqueue(Record::to(topic).value(value.to_owned())).await.unwrap();
    while producer.metrics().requests == requests {
        sleep(GLANCE).await;
    }
    delivery
}
