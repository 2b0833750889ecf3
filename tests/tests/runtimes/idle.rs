//! The wake-ups of an unused producer, counted on a paused clock, where only due timers advance the time.

use std::time::Duration;

use milena::{Acks, Producer, Record};
use milena_fake::{ApiKey, Cluster};
use milena_tests::{ClusterHarness, within};
use tokio::runtime::Handle;
use tokio::time::sleep;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().topic("t", 6)).await
}

/// A timer that is far away is moved by the runtime from wheel to finer wheel while it comes near: the end of the hour
/// that is measured itself wakes the thread up to so many times before.
const WHEEL: u64 = 3;

/// Writes to every partition.
async fn use_it(producer: &Producer) {
    for partition in 0..6 {
        within(producer.send(Record::to("t").partition(partition))).await.unwrap();
    }
}

/// How often this thread woke from sleep in this time, the end of the time not counted. The cluster lives on the same
/// thread, and does nothing by itself.
async fn wakes_in(time: Duration) -> u64 {
    let parked = || Handle::current().metrics().worker_park_count(0);
    let before = parked();
    sleep(time).await;
    parked() - before - 1
}

fn requests(harness: &ClusterHarness, api: ApiKey) -> usize {
    harness.journal().iter().filter(|entry| entry.api == api).count()
}

#[tokio::test(start_paused = true)]
async fn idle_hour_without_due_work_wakes_no_task() {
    let harness = harness().await;
    for acks in [Acks::All, Acks::None] {
        let producer = harness.producer().acks(acks).metadata_max_age(24 * HOUR).build().await.unwrap();
        use_it(&producer).await;
        // Request time-outs that were armed ring once; connections are closed that nobody uses.
        sleep(10 * MINUTE).await;
        assert!(wakes_in(HOUR).await <= WHEEL);
        within(producer.send(("t", "v"))).await.unwrap();
        producer.close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn idle_hour_has_one_request_each_metadata_max_age() {
    let harness = harness().await;
    let producer = harness.producer().metadata_max_age(5 * MINUTE).build().await.unwrap();
    use_it(&producer).await;
    sleep(10 * MINUTE).await;
    let (before, dials) = (harness.journal().len(), harness.network().dials().len());
    let asked = requests(&harness, ApiKey::METADATA);
    let wakes = wakes_in(HOUR).await;
    let asked = requests(&harness, ApiKey::METADATA) - asked;
    assert_eq!(asked, 12);
    // Each on the same connection, which is asked for a sign of life first, because it was silent for long.
    assert_eq!(harness.journal().len() - before, 24);
    assert_eq!(harness.network().dials().len(), dials);
    // To ask, to hear the sign of life, to hear the answer; and the wheels.
    assert!(wakes <= 12 * (3 + WHEEL) + WHEEL, "{wakes}");
    within(producer.send(("t", "v"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn unused_connections_are_closed_quietly_and_opened_for_the_next_record() {
    let harness = harness().await;
    let producer = harness.producer().metadata_max_age(24 * HOUR).build().await.unwrap();
    use_it(&producer).await;
    sleep(MINUTE).await;
    let (connections, requests) = (producer.metrics().connections, harness.journal().len());
    sleep(3 * HOUR).await;
    assert_eq!(producer.metrics().connections, connections, "none is opened for nothing");
    assert_eq!(harness.journal().len(), requests, "and nobody is asked where the brokers are");
    let dials = harness.network().dials().len();
    within(producer.send(Record::to("t").partition(0))).await.unwrap();
    assert_eq!(harness.network().hosts_since(dials).len(), 1);
    assert_eq!(producer.metrics().retries, 0);
}
