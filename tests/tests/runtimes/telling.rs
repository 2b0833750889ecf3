//! The state when a caller is woken, and the log lines about records without a waiting caller.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use milena::{Delivery, Driver, Producer, Record};
use milena_fake::{ApiKey, Cluster};
use milena_tests::{ClusterHarness, Log, eventually, within};
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

const COUNT: i32 = 40;
const LOST: &str = "produce: the producer ended before accepted records were settled";
const DROPPED: &str = "produce: the last handle of a producer was dropped before these batches were settled";

#[test]
fn close_is_woken_when_every_record_has_failed_in_a_runtime_that_ends() {
    let (here, there) = (worker(), one_thread());
    let harness = here.block_on(ClusterHarness::on_sockets(Cluster::builder().topic("t", 3)));
    let _hold = harness.on(ApiKey::PRODUCE).always().hold();
    let producer = there.block_on(harness.connect());
    let deliveries = there.block_on(accept(&producer));
    let count = Metric::new({
        let producer = producer.clone();
        move || producer.metrics().failed
    });
    let mut closing = pin!(producer.close());
    let waker = Waker::from(Arc::clone(&count));
    assert!(closing.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(there);
    assert_eq!(count.at_wake(), Some(COUNT.unsigned_abs().into()));
    assert_eq!(here.block_on(within(closing)).unwrap_err().failed(), u64::from(COUNT.unsigned_abs()));
    drop(deliveries);
    here.block_on(async { drop(harness) });
}

#[tokio::test(start_paused = true)]
async fn record_is_counted_before_its_delivery_completes() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 3)).await;
    let producer = harness.connect().await;
    let count = Metric::new({
        let producer = producer.clone();
        move || producer.metrics().records + 100 * producer.metrics().requests
    });
    let mut delivery = pin!(producer.enqueue(("t", "v")).await.unwrap());
    let waker = Waker::from(Arc::clone(&count));
    assert!(delivery.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    eventually(|| count.at_wake().is_some()).await;
    assert_eq!(count.at_wake(), Some(101), "one record in one request");
    assert!(matches!(delivery.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_))));
}

#[test]
fn runtime_that_ends_with_unsettled_records_logs_their_count_once() {
    let log = Log::default();
    let _listening = log.listen();
    let (here, there) = (worker(), one_thread());
    let harness = here.block_on(ClusterHarness::on_sockets(Cluster::builder().topic("t", 3)));
    let _hold = harness.on(ApiKey::PRODUCE).always().hold();
    let producer = there.block_on(harness.connect());
    drop(there.block_on(accept(&producer)));
    drop(producer);
    assert_eq!(log.count("WARN", DROPPED), 1);
    drop(there);
    let lines = log.lines("ERROR", LOST);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("records=40") && lines[0].contains("await `close()`"), "{lines:?}");
    here.block_on(async { drop(harness) });
}

#[tokio::test(start_paused = true)]
async fn producer_that_is_closed_or_dropped_with_everything_settled_logs_nothing() {
    let log = Log::default();
    let _listening = log.listen();
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 3)).await;
    for closes in [true, false] {
        let producer = harness.connect().await;
        for delivery in accept(&producer).await {
            within(delivery).await.unwrap();
        }
        if closes {
            within(producer.close()).await.unwrap();
        }
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!((log.count("WARN", ""), log.count("ERROR", "")), (0, 0));
}

#[test]
fn last_handle_of_a_driver_with_its_own_thread_warns_of_unsettled_batches() {
    let log = Log::default();
    let _listening = log.listen();
    let here = worker();
    let harness = here.block_on(ClusterHarness::on_sockets(Cluster::builder().topic("t", 3)));
    let hold = harness.on(ApiKey::PRODUCE).always().hold();
    let producer = here.block_on(harness.producer().driver(Driver::Thread).build()).unwrap();
    let deliveries = here.block_on(accept(&producer));
    drop(producer);
    assert_eq!(log.count("WARN", DROPPED), 1);
    hold.release();
    for delivery in deliveries {
        here.block_on(within(delivery)).unwrap();
    }
    here.block_on(async { drop(harness) });
}

/// A runtime that runs beside the test.
fn worker() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Records for all partitions.
async fn accept(producer: &Producer) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    for number in 0..COUNT {
        let record = Record::to("t").partition(number % 3).value(vec![0; 1_000]);
        deliveries.push(producer.enqueue(record).await.unwrap());
    }
    deliveries
}

/// A number as it is when a waker is woken first.
struct Metric<F> {
    read: F,
    at_wake: AtomicU64,
}

impl<F: Fn() -> u64 + Send + Sync + 'static> Metric<F> {
    const NONE: u64 = u64::MAX;

    fn new(read: F) -> Arc<Self> {
        Arc::new(Self { read, at_wake: AtomicU64::new(Self::NONE) })
    }

    fn at_wake(&self) -> Option<u64> {
        Some(self.at_wake.load(Ordering::Relaxed)).filter(|number| *number != Self::NONE)
    }
}

impl<F: Fn() -> u64 + Send + Sync + 'static> Wake for Metric<F> {
    fn wake(self: Arc<Self>) {
        let now = (self.read)();
        let _ = self.at_wake.compare_exchange(Self::NONE, now, Ordering::Relaxed, Ordering::Relaxed);
    }
}
