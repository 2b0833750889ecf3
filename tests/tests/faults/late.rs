//! A driver that wakes up late, because its process was suspended or its thread blocked: answers that came meanwhile
//! count, and what was never sent has one try (S63).

use std::time::Duration;

use milena::{Acks, ErrorKind, Persisted, Producer, Record};
use milena_fake::{Brokers, Cluster};
use milena_tests::{ClusterHarness, Stopwatch, within};
use tokio::time::{advance, sleep};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn records_that_were_never_sent_are_sent_after_a_gap_longer_than_the_delivery_timeout() {
    for linger in [Duration::ZERO, 5 * MS, 600 * SECOND] {
        let harness = harness().await;
        let producer = harness.producer().linger(linger).build().await.unwrap();
        producer.topic("t").await.unwrap();
        let mut deliveries = Vec::new();
        for number in 0..100 {
            deliveries.push(producer.try_enqueue(Record::to("t").value(number.to_string())).unwrap());
        }
        gap(500 * SECOND).await;
        for delivery in deliveries {
            within(delivery).await.unwrap();
        }
        assert_eq!(harness.values("t", 0).len(), 100, "linger {linger:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn records_that_were_never_sent_have_one_request_timeout_after_a_gap_however_many_follow() {
    for (gaps, expected) in [(0, 520), (1, 520), (2, 530)] {
        let harness = harness().await;
        let producer = harness.producer().request_timeout(20 * SECOND).build().await.unwrap();
        producer.topic("t").await.unwrap();
        harness.kill(1);
        sleep(SECOND).await;
        let delivery = producer.enqueue(("t", "v")).await.unwrap();
        let watch = Stopwatch::start();
        gap(500 * SECOND).await;
        for _ in 0..gaps {
            gap(15 * SECOND).await;
        }
        let error = within(delivery).await.unwrap_err();
        assert_eq!((error.kind(), error.persisted()), (ErrorKind::DeliveryTimeout, Persisted::No));
        assert_eq!(watch.elapsed().as_secs(), expected, "{gaps} gaps");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_came_during_a_gap_are_read_before_time_outs_are_judged() {
    for acks in [Acks::All, Acks::Leader] {
        let harness = harness().await;
        let producer = harness.producer().acks(acks).build().await.unwrap();
        producer.send(("t", "first")).await.unwrap();
        harness.link_delay(Brokers::All, 50 * MS);
        let delivery = under_way(&harness, &producer).await;
        let before = producer.metrics();
        gap(200 * SECOND).await;
        within(delivery).await.unwrap();
        let after = producer.metrics();
        assert_eq!((after.retries, after.connections), (before.retries, before.connections), "{acks:?}");
        assert_eq!(harness.values("t", 0), ["first", "second"]);
    }
}

async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await
}

/// Time passes at once, and no task runs meanwhile; then all do.
async fn gap(time: Duration) {
    advance(time).await;
    sleep(MS).await;
}

/// A record that the broker has appended, and whose answer is on its way.
async fn under_way(harness: &ClusterHarness, producer: &Producer) -> milena::Delivery {
    let delivery = producer.enqueue(("t", "second")).await.unwrap();
    while harness.record_count() < 2 {
        sleep(MS).await;
    }
    delivery
}
