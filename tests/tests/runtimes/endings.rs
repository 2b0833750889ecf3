//! A driver that ends before its producer does: its runtime is gone, or a task of it panicked. Every record that was
//! accepted is settled all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use milena::transport::{Connector, Dial};
use milena::{Delivery, Endpoint, ErrorKind, Persisted, Producer, Record, SendError};
use milena_fake::{ApiKey, Cluster};
use milena_tests::{ClusterHarness, Network, within};
use tokio::runtime::{Builder, Runtime};

fn several_workers() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Records under way to a silent broker, and records behind them.
async fn accept(producer: &Producer) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    for number in 0..40 {
        let record = Record::to("t").partition(number % 3).value(vec![0; 10_000]);
        deliveries.push(producer.enqueue(record).await.unwrap());
        if number == 20 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    deliveries
}

/// Checks that nothing is pending, that nothing is taken any more, and that every error has this kind and this reason.
async fn check_ended(producer: &Producer, deliveries: Vec<Delivery>, kind: ErrorKind, reason: &str) {
    let check = |error: &SendError| {
        assert_eq!(error.kind(), kind, "{error}");
        assert!(!error.is_retriable() && error.to_string().contains(reason), "{error}");
    };
    let count = deliveries.len() as u64;
    let mut maybe = 0;
    for delivery in deliveries {
        let error = within(delivery).await.unwrap_err();
        check(&error);
        maybe += usize::from(error.persisted() == Persisted::Maybe);
    }
    assert!(maybe > 0, "some were on their way");
    check(&within(producer.send(("t", "v"))).await.unwrap_err());
    check(&within(producer.send(("u", "v"))).await.unwrap_err());
    check(producer.try_enqueue(("t", "v")).unwrap_err().error().unwrap());
    assert_eq!(within(producer.flush()).await.unwrap_err().failed(), count);
    within(producer.close()).await.unwrap();
}

#[test]
fn end_of_the_runtime_completes_the_records_of_its_producer() {
    let (here, there) = (several_workers(), several_workers());
    let harness = here.block_on(ClusterHarness::on_sockets(Cluster::builder().topic("t", 3)));
    let hold = harness.on(ApiKey::PRODUCE).always().hold();
    let producer = there.block_on(harness.connect());
    let deliveries = here.block_on(async {
        let deliveries = accept(&producer).await;
        hold.reached(1).await;
        deliveries
    });
    there.shutdown_background();
    let ended = "the runtime of the producer's driver ended";
    here.block_on(check_ended(&producer, deliveries, ErrorKind::Closed, ended));
    here.block_on(async { drop(harness) });
}

#[tokio::test(start_paused = true)]
async fn close_timeout_completes_the_records_of_the_producer() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 3)).await;
    let _hold = harness.on(ApiKey::PRODUCE).always().hold();
    let producer = harness.producer().close_timeout(Duration::from_secs(1)).build().await.unwrap();
    let deliveries = accept(&producer).await;
    assert!(producer.clone().close().await.is_err());
    check_ended(&producer, deliveries, ErrorKind::Closed, "the producer was closed").await;
}

/// Panics with one of its dials.
#[derive(Debug)]
struct Explosive {
    network: Network,
    dials: AtomicUsize,
    explodes_at: usize,
}

impl Connector for Explosive {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, within: Duration) -> Dial<'a> {
        let dial = self.dials.fetch_add(1, Ordering::Relaxed);
        assert!(dial < self.explodes_at, "as the test has it");
        self.network.connect(endpoint, within)
    }
}

#[tokio::test(start_paused = true)]
async fn panicking_task_ends_the_producer_and_completes_all_records() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 3)).await;
    // Two for the cluster, three for its brokers; the next is that of a broker that was lost, or a question about it.
    let connector =
        Explosive { network: harness.network().clone(), dials: AtomicUsize::new(0), explodes_at: 5 };
    let producer = harness.producer().connector(Arc::new(connector)).build().await.unwrap();
    producer.topic("t").await.unwrap();
    for partition in 0..3 {
        producer.send(Record::to("t").partition(partition)).await.unwrap();
    }
    harness.on(ApiKey::PRODUCE).always().silence();
    let deliveries = accept(&producer).await;
    harness.kill(2);
    check_ended(&producer, deliveries, ErrorKind::Internal, "the producer's driver failed").await;
}
