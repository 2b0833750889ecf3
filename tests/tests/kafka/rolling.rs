//! Nodes that an operator restarts one after another, and one that comes back on other ports, while records are sent without
//! a pause.

use milena_tests::kafka::Kafka;
use milena_tests::kafka::judge::{ExactlyOnce, check_replicas, producers};

use crate::load::Load;
use crate::producer;

const TOPIC: &str = "rolling";
const PARTITIONS: usize = 6;
const NODES: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_are_restarted_one_after_another_cost_no_record_and_no_order() {
    check(|kafka| {
        for node in 1..=NODES {
            kafka.stop(node);
            come_back(kafka, node);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_comes_back_on_another_port_costs_no_record_and_no_order() {
    check(|kafka| {
        kafka.kill(2);
        kafka.move_away(2);
        come_back(kafka, 2);
        // When it leads a partition, the producer has to find it.
        kafka.stop(1);
        kafka.wait_until_leads(TOPIC, 2);
        come_back(kafka, 1);
    })
    .await;
}

fn come_back(kafka: &mut Kafka, node: usize) {
    kafka.start_again(node);
    kafka.wait_ready(node);
    kafka.wait_in_sync(TOPIC);
}

/// Has something happen to three nodes while records are sent; all of them are then there, exactly once and in order.
async fn check(happen: fn(&mut Kafka)) {
    let mut kafka = Kafka::start(NODES);
    kafka.create_topic(TOPIC, PARTITIONS, &["min.insync.replicas=2"]);
    let producer = producer(&kafka, &[]).await;

    let load = Load::on(&producer, TOPIC);
    let kafka = tokio::task::spawn_blocking(move || {
        happen(&mut kafka);
        kafka
    });
    let kafka = kafka.await.unwrap();
    let sent = load.end().await;
    producer.close().await.unwrap();

    let mut judge = ExactlyOnce::of(&sent);
    kafka.read_each(TOPIC, |record| judge.read(&record));
    judge.verdict().unwrap();
    let replicas = kafka.dump(TOPIC);
    check_replicas(&replicas, NODES, &sent).unwrap();
    assert_eq!(producers(&replicas).len(), 1, "a node that goes is no reason for a new epoch");
    println!("{} records were sent meanwhile", sent.len());
}
