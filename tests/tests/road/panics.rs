//! Code of callers that panics where the driver runs it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use milena_fake::Cluster;
use milena_tests::{ClusterHarness, within};
use tokio::time::sleep;

/// What a broken executor does.
struct Panics;

impl Wake for Panics {
    #[expect(clippy::panic, reason = "this is what is tested")]
    fn wake(self: Arc<Self>) {
        panic!("a waker that panics");
    }
}

#[tokio::test(start_paused = true)]
async fn waker_that_panics_costs_no_other_record_anything() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer = harness.connect().await;
    let topic = producer.topic("t").await.unwrap();
    let broken = topic.enqueue(None, Some(b"a")).await.unwrap();
    let other = topic.enqueue(None, Some(b"b")).await.unwrap();
    {
        let mut broken = pin!(broken);
        let waker = Waker::from(Arc::new(Panics));
        assert!(broken.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        within(other).await.unwrap();
        within(producer.send(("t", "k", "c"))).await.unwrap();
        assert_eq!(within(broken).await.unwrap().offset, 0);
    }
    within(producer.close()).await.unwrap();
    assert_eq!(harness.record_count(), 3);
}

#[tokio::test(start_paused = true)]
async fn waker_of_a_look_up_that_panics_costs_no_other_caller_anything() {
    let max_block = Duration::from_secs(1);
    let harness =
        ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1).auto_create(false)).await;
    let producer = harness.producer().max_block(max_block).build().await.unwrap();
    // The topic is found, and `max.block.ms` ends for the one that is not.
    for topic in ["t", "nowhere"] {
        let mut broken = pin!(producer.send((topic, "v")));
        let waker = Waker::from(Arc::new(Panics));
        assert!(broken.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        sleep(2 * max_block).await;
        within(producer.send(("t", "w"))).await.unwrap();
    }
    within(producer.close()).await.unwrap();
}
