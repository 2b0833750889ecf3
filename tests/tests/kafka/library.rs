//! The library on three nodes of which one dies, or hangs, on the way.

use futures_util::future::join_all;
use milena::{Delivery, Producer, Record};
use milena_tests::kafka::Kafka;
use milena_tests::kafka::judge::{ExactlyOnce, Sent, check_partitions, check_replicas, producers};
use tokio::sync::mpsc;

use crate::{place, producer};

const TOPIC: &str = "library";
const PARTITIONS: usize = 7;
const KEYS: usize = 1_000;
const ENQUEUED: usize = 200_000;
/// Tasks that each await one record after another, and how many.
const SENDERS: usize = 20;
const SENT_EACH: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_killed_on_the_way_costs_no_record_and_no_order() {
    check(Kafka::kill, Kafka::start_again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_hangs_and_comes_back_costs_no_record_and_no_order() {
    check(Kafka::pause, Kafka::resume).await;
}

/// Has the leader of some partitions go after a fifth of the records, and come back after half of them.
async fn check(go: fn(&mut Kafka, usize), come_back: fn(&mut Kafka, usize)) {
    let mut kafka = Kafka::start(3);
    kafka.create_topic(TOPIC, PARTITIONS, &["min.insync.replicas=2"]);
    // Nobody answers for a node that hangs, and so that long it is waited for.
    let producer = producer(&kafka, &[("request.timeout.ms", "5000")]).await;
    let leader = kafka.describe_topic(TOPIC)[0].leader.unwrap();

    let (deliveries, accepted) = mpsc::channel(20_000);
    tokio::spawn(enqueue(producer.clone(), deliveries));
    let mut settling = Settling { accepted, sent: Vec::new() };
    settling.settle(ENQUEUED / 5).await;
    go(&mut kafka, leader);
    let senders = tokio::spawn(send_side_by_side(producer.clone()));
    settling.settle(ENQUEUED / 2).await;
    kafka.wait_for_another_leader(TOPIC, leader);
    come_back(&mut kafka, leader);
    settling.settle(ENQUEUED).await;
    let mut sent = settling.sent;
    sent.extend(senders.await.unwrap());
    producer.close().await.unwrap();

    kafka.wait_ready(leader);
    kafka.wait_in_sync(TOPIC);
    let mut judge = ExactlyOnce::of(&sent);
    kafka.read_each(TOPIC, |record| judge.read(&record));
    judge.verdict().unwrap();
    let replicas = kafka.dump(TOPIC);
    check_replicas(&replicas, 3, &sent).unwrap();
    assert_eq!(producers(&replicas).len(), 1, "a lost leader is no reason for a new epoch");
    let keys = (0..KEYS).map(key).chain((0..SENDERS).map(sender_key));
    check_partitions(&sent, &kafka.partitions_by_java(PARTITIONS, keys)).unwrap();
}

/// What was accepted, with what is to become of it.
type Accepted = (String, String, Delivery);

async fn enqueue(producer: Producer, deliveries: mpsc::Sender<Accepted>) {
    for number in 0..ENQUEUED {
        let (key, value) = (key(number % KEYS), number.to_string());
        let record = Record::to(TOPIC).key(key.clone()).value(value.clone());
        let delivery = producer.enqueue(record).await.unwrap();
        deliveries.send((key, value, delivery)).await.unwrap();
    }
}

struct Settling {
    accepted: mpsc::Receiver<Accepted>,
    sent: Vec<Sent>,
}

impl Settling {
    /// Waits until that many records are delivered.
    async fn settle(&mut self, count: usize) {
        while self.sent.len() < count {
            let (key, value, delivery) = self.accepted.recv().await.unwrap();
            let ack = delivery.await.unwrap();
            self.sent.push(Sent { key, value, place: place(&ack) });
        }
    }
}

/// Each task has a key of its own, and awaits each record.
async fn send_side_by_side(producer: Producer) -> Vec<Sent> {
    let senders = (0..SENDERS).map(|sender| tokio::spawn(send_one_by_one(producer.clone(), sender)));
    join_all(senders).await.into_iter().flat_map(Result::unwrap).collect()
}

async fn send_one_by_one(producer: Producer, sender: usize) -> Vec<Sent> {
    let mut sent = Vec::new();
    for number in 0..SENT_EACH {
        let (key, value) = (sender_key(sender), number.to_string());
        let ack = producer.send(Record::to(TOPIC).key(key.clone()).value(value.clone())).await.unwrap();
        sent.push(Sent { key, value, place: place(&ack) });
    }
    sent
}

fn key(number: usize) -> String {
    format!("k-{number}")
}

fn sender_key(sender: usize) -> String {
    format!("sender-{sender}")
}
