//! Connections that are slow, far away, or crumble what they carry.

use std::sync::Arc;
use std::time::Duration;

use milena::{Acks, Producer};
use milena_fake::{Brokers, Cluster};
use milena_tests::{Cable, ClusterHarness, Load, Stopwatch, assert_exactly_once, assert_in_order, within};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MIB: usize = 1 << 20;

async fn one_broker() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await
}

async fn connected_by(harness: &ClusterHarness, cable: Cable) -> Producer {
    let network = harness.network().clone().with(cable);
    let builder = harness.producer().connector(Arc::new(network)).request_timeout(5 * SECOND);
    builder.batch_size(65_536).build().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn records_are_delivered_over_a_link_of_single_bytes() {
    let harness = one_broker().await;
    let producer = connected_by(&harness, Cable { piece: 1, ..Cable::default() }).await;
    let sent = within(Load { bytes: 20, ..Load::of(500) }.send(&producer)).await;
    assert_exactly_once(&harness, "t", &sent);
    assert_eq!(producer.metrics().retries, 0);
}

#[tokio::test(start_paused = true)]
async fn slow_uplink_makes_progress_and_sends_no_record_twice() {
    let harness = one_broker().await;
    // A megabyte a second: a request of 8 MiB takes longer than the request timeout.
    let producer = connected_by(&harness, Cable { bytes_per_ms: 1_000, ..Cable::default() }).await;
    let watch = Stopwatch::start();
    let load = Load { bytes: 10_000, burst: u32::MAX, ..Load::of(3_000) };
    let sent = within(load.send(&producer)).await;
    assert!((29..40).contains(&watch.elapsed().as_secs()), "30 MB: {:?}", watch.elapsed());
    assert_exactly_once(&harness, "t", &sent);
    let metrics = producer.metrics();
    assert_eq!((metrics.retries, metrics.connections), (0, 1));
    assert!(metrics.bytes < 31 * MIB as u64, "{metrics:?}");
}

#[tokio::test(start_paused = true)]
async fn over_a_slow_uplink_a_record_without_an_acknowledgement_is_delivered_once_it_is_written() {
    let harness = one_broker().await;
    let cable = Cable { bytes_per_ms: 1_000, ..Cable::default() };
    let network = Arc::new(harness.network().clone().with(cable));
    let producer = harness.producer().connector(network).acks(Acks::None).build().await.unwrap();
    producer.topic("t").await.unwrap();
    let watch = Stopwatch::start();
    for number in 0..3 {
        let load = Load { bytes: 100_000, ..Load::of(3) };
        within(producer.send(load.record(number))).await.unwrap();
    }
    assert!(watch.elapsed() < SECOND, "300 kB: {:?}", watch.elapsed());
}

#[tokio::test(start_paused = true)]
async fn requests_in_flight_fill_a_link_of_ten_milliseconds() {
    let harness = one_broker().await;
    harness.link_delay(Brokers::All, 10 * MS);
    let producer = connected_by(&harness, Cable::default()).await;
    producer.topic("t").await.unwrap();
    let watch = Stopwatch::start();
    let load = Load { burst: u32::MAX, ..Load::of(50_000) };
    within(load.send(&producer)).await;
    // 5 MB: one batch of 64 KiB at a time would take 0.8 s.
    assert!(watch.elapsed() < 200 * MS, "{:?}", watch.elapsed());
    assert_in_order(&harness, "t");
}
