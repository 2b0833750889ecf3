//! The producer for plain threads, without a runtime.

use std::thread;
use std::time::Duration;

use milena::blocking::Producer;
use milena::{ConnectErrorKind, Driver, ErrorKind, Record, TryEnqueueErrorKind};
use milena_fake::{ApiKey, Cluster};
use milena_tests::{ClusterHarness, Log, Sent, Tag, assert_exactly_once};
use tokio::runtime::{Builder, Runtime};

const MS: Duration = Duration::from_millis(1);
/// Longer than any wait of a test that succeeds.
const LONG: Duration = Duration::from_secs(300);

#[test]
fn thread_sends_enqueues_flushes_and_closes() {
    let (runtime, harness) = cluster();
    let producer = Producer::connect(&harness.bootstrap_servers()).unwrap();
    assert_eq!(producer.send(("t", "sent")).unwrap().offset, 0);
    let mut delivery = producer.enqueue(("t", "enqueued")).unwrap();
    assert_eq!(delivery.partition(), 0);
    assert_eq!(delivery.wait_timeout(LONG).unwrap().unwrap().offset, 1);
    assert!(delivery.timing().is_some());
    assert_eq!(delivery.wait().unwrap().offset, 1, "it can be waited for again");
    let topic = producer.topic("t").unwrap();
    assert_eq!((topic.name(), topic.partitions()), ("t", 1));
    drop(topic.enqueue(None, Some(b"by topic")).unwrap());
    producer.flush().unwrap();
    assert_eq!(topic.send(Some(b"k"), Some(b"at once")).unwrap().offset, 3);
    let outcomes =
        producer.send_all([Record::to("t").value("all"), Record::to("t").value(vec![0; 2_000_000])]);
    assert_eq!(outcomes[0].as_ref().unwrap().offset, 4);
    assert_eq!(outcomes[1].as_ref().unwrap_err().kind(), ErrorKind::MessageTooLarge);
    drop(producer.try_enqueue(("t", "tried")).unwrap());
    assert!(producer.status().is_ready() && producer.metrics().records >= 5);
    producer.close().unwrap();
    assert_eq!(harness.values("t", 0), ["sent", "enqueued", "by topic", "at once", "all", "tried"]);
    assert_eq!(producer.send(("t", "v")).unwrap_err().kind(), ErrorKind::Closed);
    end(runtime, harness);
}

#[test]
fn many_threads_share_a_producer_and_wait_for_room() {
    let (runtime, harness) = cluster();
    let producer = builder(&harness).buffer_memory(1 << 20).build_blocking().unwrap();
    let send = |sender| {
        let producer = producer.clone();
        thread::spawn(move || {
            let tag = |number| Tag { sender, number };
            let enqueue = |number| {
                let record = Record::to("t").value(tag(number).value_of(10_000));
                (tag(number), producer.enqueue(record).unwrap())
            };
            let deliveries: Vec<_> = (0..200).map(enqueue).collect();
            let sent = deliveries.into_iter().map(|(tag, delivery)| (tag, delivery.wait().unwrap()));
            sent.collect::<Vec<Sent>>()
        })
    };
    let threads: Vec<_> = (0..8).map(send).collect();
    let sent: Vec<Sent> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    assert_exactly_once(&harness, "t", &sent);
    producer.close().unwrap();
    end(runtime, harness);
}

#[test]
fn wait_with_a_timeout_ends_before_the_outcome_is_there() {
    let (runtime, harness) = cluster();
    let hold = harness.on(ApiKey::PRODUCE).always().hold();
    let producer = builder(&harness).build_blocking().unwrap();
    let mut delivery = producer.enqueue(("t", "v")).unwrap();
    assert!(delivery.wait_timeout(Duration::ZERO).is_none() && delivery.wait_timeout(MS).is_none());
    hold.release();
    assert_eq!(delivery.wait().unwrap().offset, 0);
    end(runtime, harness);
}

#[test]
fn errors_are_those_of_the_async_producer() {
    let (runtime, harness) = cluster();
    let error = Producer::builder().build_blocking().unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::Config);
    let error =
        Producer::builder().bootstrap_servers("127.0.0.1:1").connect_timeout(100 * MS).build_blocking();
    assert_eq!(error.unwrap_err().kind(), ConnectErrorKind::Unreachable);
    let producer = builder(&harness).max_block(100 * MS).build_blocking().unwrap();
    let refused = producer.try_enqueue(("nowhere", "v")).unwrap_err();
    assert_eq!(refused.kind(), TryEnqueueErrorKind::NotReady);
    assert_eq!(producer.enqueue(("nowhere", "v")).unwrap_err().kind(), ErrorKind::UnknownTopic);
    assert_eq!(producer.topic("nowhere").unwrap_err().kind(), ErrorKind::UnknownTopic);
    producer.close().unwrap();
    end(runtime, harness);
}

#[test]
fn producer_that_is_dropped_without_close_sends_in_the_background_and_warns() {
    let log = Log::default();
    let _listening = log.listen();
    let (runtime, harness) = cluster();
    let producer = builder(&harness).linger(LONG).delivery_timeout(2 * LONG).build_blocking().unwrap();
    let delivery = producer.enqueue(("t", "v")).unwrap();
    drop(producer);
    assert_eq!(delivery.wait().unwrap().offset, 0);
    assert_eq!(log.count("WARN", "produce: the last handle of a producer was dropped"), 1);
    end(runtime, harness);
}

#[test]
fn thread_that_waits_is_woken_when_another_one_closes() {
    let (runtime, harness) = cluster();
    let producer = builder(&harness).build_blocking_lazy().unwrap();
    producer.ready_timeout(LONG).unwrap().unwrap();
    let asked = || harness.journal().iter().filter(|entry| entry.api == ApiKey::METADATA).count();
    let before = asked();
    let waiting = thread::spawn({
        let producer = producer.clone();
        move || producer.send(("nowhere", "v")).unwrap_err().kind()
    });
    // The topic is requested, so the thread waits.
    while asked() == before {
        thread::yield_now();
    }
    producer.close().unwrap();
    assert_eq!(waiting.join().unwrap(), ErrorKind::Closed);
    end(runtime, harness);
}

#[test]
fn lazy_producer_waits_for_its_cluster_for_a_time() {
    let producer = Producer::builder().bootstrap_servers("127.0.0.1:1").build_blocking_lazy().unwrap();
    assert!(producer.ready_timeout(MS).is_none() && !producer.status().is_ready());
    producer.close().unwrap();
    assert_eq!(producer.ready_timeout(LONG).unwrap().unwrap_err().kind(), ConnectErrorKind::Closed);
}

/// A cluster on sockets, which runs beside the test.
fn cluster() -> (Runtime, ClusterHarness) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let builder = Cluster::builder().brokers(1).topic("t", 1).auto_create(false);
    let harness = runtime.block_on(ClusterHarness::on_sockets(builder));
    (runtime, harness)
}

fn end(runtime: Runtime, harness: ClusterHarness) {
    runtime.block_on(async { drop(harness) });
}

/// The driver gets its thread, whatever is set.
fn builder(harness: &ClusterHarness) -> milena::ProducerBuilder {
    harness.producer().driver(Driver::Task)
}
