//! Many threads and tasks with one producer, over real sockets.

use std::task::{Context, Waker};
use std::time::Duration;

use futures_util::future::join_all;
use milena::{Driver, Producer, Record};
use milena_fake::{Action, ApiKey, Cluster, Keep};
use milena_tests::{ClusterHarness, Load, Sent, Stopwatch, Tag, assert_exactly_once, eventually, within};
use tokio::runtime::Builder;

async fn harness() -> ClusterHarness {
    ClusterHarness::on_sockets(Cluster::builder().topic("t", 6)).await
}

/// Senders with a clone each, as tasks; meanwhile a broker dies, another moves, and answers are lost.
async fn many_tasks(harness: &ClusterHarness, producer: &Producer, senders: u32) -> Vec<Sent> {
    let send = |sender| {
        let producer = producer.clone();
        let load = Load { sender, pause: Duration::from_millis(1), ..Load::of(4_000) };
        tokio::spawn(async move { load.send(&producer).await })
    };
    let tasks: Vec<_> = (0..senders).map(send).collect();
    tokio::time::sleep(Duration::from_millis(20)).await;
    harness.kill(2);
    tokio::time::sleep(Duration::from_millis(20)).await;
    harness.restart(2).unwrap();
    harness.on(ApiKey::PRODUCE).times(3).apply_then(Action::Disconnect);
    harness.change_address(3).unwrap();
    let sent = within(join_all(tasks)).await;
    sent.into_iter().flat_map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_on_several_workers_write_every_record_once_each_in_its_order() {
    let harness = harness().await;
    for driver in [Driver::Task, Driver::Thread] {
        let producer = harness.producer().driver(driver).build().await.unwrap();
        let sent = many_tasks(&harness, &producer, 8).await;
        assert_exactly_once(&harness, "t", &sent);
        assert_eq!(producer.metrics().records, 32_000);
        producer.close().await.unwrap();
        harness.recreate_topic("t");
    }
}

#[test]
fn threads_with_runtimes_of_their_own_share_a_producer_with_a_thread_of_its_own() {
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let cluster = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let harness = cluster.block_on(harness());
    let producer = runtime().block_on(harness.producer().driver(Driver::Thread).build()).unwrap();
    let send = |sender| {
        let producer = producer.clone();
        std::thread::spawn(move || {
            let load = Load { sender, pause: Duration::ZERO, ..Load::of(3_000) };
            runtime().block_on(load.send(&producer))
        })
    };
    let threads: Vec<_> = (0..4).map(send).collect();
    let sent: Vec<Sent> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    assert_exactly_once(&harness, "t", &sent);
    runtime().block_on(producer.close()).unwrap();
    cluster.block_on(async { drop(harness) });
}

/// As many tasks, each of which awaits one send.
async fn one_send_a_task(producer: &Producer, count: u32) -> Vec<Sent> {
    let send = |number| {
        let producer = producer.clone();
        tokio::spawn(async move {
            let tag = Tag { sender: number, number: 0 };
            (tag, producer.send(tag.record("t")).await.unwrap())
        })
    };
    let tasks: Vec<_> = (0..count).map(send).collect();
    within(join_all(tasks)).await.into_iter().map(Result::unwrap).collect()
}

#[tokio::test]
async fn twenty_thousand_tasks_await_one_send_each_on_one_thread() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let sent = one_send_a_task(&producer, 20_000).await;
    assert_exactly_once(&harness, "t", &sent);
    assert!(producer.metrics().requests < 2_000, "sends go together: {:?}", producer.metrics());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_tasks_await_one_send_each_on_several() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let sent = one_send_a_task(&producer, 20_000).await;
    assert_exactly_once(&harness, "t", &sent);
}

/// Computes for as long as it takes the acknowledgement to come, and awaits nothing.
fn compute_until_acknowledged(delivery: milena::Delivery) -> bool {
    const BOUND: Duration = Duration::from_secs(60);
    let watch = Stopwatch::start();
    let mut delivery = Box::pin(delivery);
    while watch.elapsed() < BOUND {
        if delivery.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return true;
        }
        std::hint::spin_loop();
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_computes_without_awaiting_does_not_starve_the_driver() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let topic = producer.topic("t").await.unwrap();
    producer.send(("t", "0/0 ")).await.unwrap();
    let busy = tokio::spawn(async move {
        let mut acknowledged = 0;
        for _ in 0..20 {
            // A full batch wakes the driver from this worker, which goes on without a pause.
            let mut last = None;
            for _ in 0..20 {
                last = Some(topic.enqueue(None, Some(&[b'.'; 1_000])).await.unwrap());
            }
            acknowledged += u32::from(compute_until_acknowledged(last.unwrap()));
        }
        acknowledged
    });
    assert_eq!(busy.await.unwrap(), 20);
    drop(harness);
}

#[test]
fn driver_thread_goes_on_while_its_caller_computes() {
    let cluster = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let harness = cluster.block_on(harness());
    let caller = Builder::new_current_thread().enable_all().build().unwrap();
    caller.block_on(async {
        let producer = harness.producer().driver(Driver::Thread).build().await.unwrap();
        let delivery = producer.enqueue(("t", "v")).await.unwrap();
        assert!(compute_until_acknowledged(delivery));
        producer.close().await.unwrap();
    });
    cluster.block_on(async { drop(harness) });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clones_that_close_while_others_send_lose_no_accepted_record() {
    let harness = ClusterHarness::on_sockets(Cluster::builder().topic("t", 6).keep(Keep::All)).await;
    let producer = harness.connect().await;
    let send = |sender| {
        let producer = producer.clone();
        tokio::spawn(async move {
            let mut accepted = Vec::new();
            for number in 0.. {
                let tag = Tag { sender, number };
                match producer.enqueue(tag.record("t")).await {
                    Ok(delivery) => accepted.push((tag, delivery)),
                    Err(error) => {
                        assert_eq!(error.kind(), milena::ErrorKind::Closed);
                        break;
                    }
                }
                if number % 50 == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            let mut sent: Vec<Sent> = Vec::new();
            for (tag, delivery) in accepted {
                sent.push((tag, delivery.await.unwrap()));
            }
            sent
        })
    };
    let tasks: Vec<_> = (0..6).map(send).collect();
    within(eventually(|| harness.record_count() > 100)).await;
    within(producer.close()).await.unwrap();
    let sent: Vec<Sent> = within(join_all(tasks)).await.into_iter().flat_map(Result::unwrap).collect();
    assert!(!sent.is_empty());
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sender_of_a_keyed_topic_keeps_its_order_on_several_workers() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let send = |sender: u32| {
        let producer = producer.clone();
        tokio::spawn(async move {
            let mut sent: Vec<Sent> = Vec::new();
            let mut deliveries = Vec::new();
            for number in 0..3_000 {
                let tag = Tag { sender, number };
                let record = Record::to("t").key(sender.to_be_bytes().to_vec()).value(tag.value());
                deliveries.push((tag, producer.enqueue(record).await.unwrap()));
            }
            for (tag, delivery) in deliveries {
                sent.push((tag, delivery.await.unwrap()));
            }
            sent
        })
    };
    let tasks: Vec<_> = (0..8).map(send).collect();
    let sent: Vec<Sent> = within(join_all(tasks)).await.into_iter().flat_map(Result::unwrap).collect();
    assert_exactly_once(&harness, "t", &sent);
    for sender in 0..8 {
        let mut partitions =
            sent.iter().filter(|(tag, _)| tag.sender == sender).map(|(_, ack)| ack.partition);
        let first = partitions.next();
        assert!(partitions.all(|partition| Some(partition) == first), "sender {sender}");
    }
}
