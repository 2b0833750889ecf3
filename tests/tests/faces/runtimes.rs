//! The producer for plain threads, called inside of async runtimes: it blocks the thread that it is called on, and works.

use milena::Record;
use milena::blocking::Producer;
use milena_fake::Cluster;
use milena_tests::{ClusterHarness, Sent, Tag, assert_exactly_once, within};
use tokio::runtime::{Builder, Runtime};

#[test]
fn producer_works_inside_of_a_current_thread_runtime() {
    let (beside, harness) = cluster();
    let here = Builder::new_current_thread().enable_all().build().unwrap();
    let sent = here.block_on(async { send(&harness, 0) });
    assert_exactly_once(&harness, "t", &sent);
    end(beside, harness);
}

#[test]
fn producer_works_in_tasks_of_a_runtime_with_several_workers() {
    let (beside, harness) = cluster();
    let here = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let servers = harness.bootstrap_servers();
    let producer = here.block_on(async { Producer::connect(&servers).unwrap() });
    let task = |sender| {
        let producer = producer.clone();
        here.spawn(async move { load(&producer, sender) })
    };
    let tasks: Vec<_> = (0..6).map(task).collect();
    let sent: Vec<Sent> = tasks.into_iter().flat_map(|task| here.block_on(within(task)).unwrap()).collect();
    assert_exactly_once(&harness, "t", &sent);
    // The last handle goes on a thread of the runtime.
    here.block_on(async { here.spawn(async move { drop(producer) }).await.unwrap() });
    end(beside, harness);
}

/// A task that has awaited so much that tokio would have it yield.
#[test]
fn producer_works_in_a_task_whose_cooperative_budget_is_used_up() {
    let (beside, harness) = cluster();
    let here = Builder::new_current_thread().enable_all().build().unwrap();
    here.block_on(async {
        while tokio::task::coop::has_budget_remaining() {
            tokio::task::coop::consume_budget().await;
        }
        let producer = Producer::connect(&harness.bootstrap_servers()).unwrap();
        producer.send(("t", "0/0 ")).unwrap();
        producer.close().unwrap();
    });
    assert_eq!(harness.record_count(), 1);
    end(beside, harness);
}

fn send(harness: &ClusterHarness, sender: u32) -> Vec<Sent> {
    let producer = Producer::connect(&harness.bootstrap_servers()).unwrap();
    let sent = load(&producer, sender);
    producer.close().unwrap();
    sent
}

/// More than callers may run ahead of the driver, so that a caller yields.
fn load(producer: &Producer, sender: u32) -> Vec<Sent> {
    let enqueue = |number| {
        let tag = Tag { sender, number };
        (tag, producer.enqueue(Record::to("t").value(tag.value_of(20_000))).unwrap())
    };
    let deliveries: Vec<_> = (0..200).map(enqueue).collect();
    producer.flush().unwrap();
    deliveries.into_iter().map(|(tag, delivery)| (tag, delivery.wait().unwrap())).collect()
}

/// A cluster on sockets, which runs beside the test.
fn cluster() -> (Runtime, ClusterHarness) {
    let beside = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let harness = beside.block_on(ClusterHarness::on_sockets(Cluster::builder().brokers(1).topic("t", 1)));
    (beside, harness)
}

fn end(beside: Runtime, harness: ClusterHarness) {
    beside.block_on(async { drop(harness) });
}
