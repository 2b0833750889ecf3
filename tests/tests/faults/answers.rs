//! Responses that are lost or late, or that throttle.

use std::time::Duration;

use milena::{Producer, Record};
use milena_fake::{Action, ApiKey, Cluster, TopicConfig};
use milena_tests::{ClusterHarness, within};

use crate::{harness, under_load};

const SECOND: Duration = Duration::from_secs(1);

/// A producer that gives up on an answer after a second.
async fn hasty(harness: &ClusterHarness) -> Producer {
    harness.producer().request_timeout(SECOND).build().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_answer_lost_after_the_append_does_not_write_a_record_twice() {
    let harness = harness().await;
    let producer = harness.connect().await;
    under_load(&harness, &producer, |harness| {
        harness.on(ApiKey::PRODUCE).times(3).apply_then(Action::Disconnect);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_is_given_up_after_the_request_timeout() {
    for applied in [true, false] {
        let harness = harness().await;
        let producer = hasty(&harness).await;
        under_load(&harness, &producer, |harness| match applied {
            true => harness.on(ApiKey::PRODUCE).apply_then(Action::Silence),
            false => harness.on(ApiKey::PRODUCE).silence(),
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_cut_off_on_its_way_is_sent_again() {
    let harness = harness().await;
    let producer = harness.connect().await;
    under_load(&harness, &producer, |harness| harness.on(ApiKey::PRODUCE).times(2).disconnect()).await;
    assert!(producer.metrics().connections > 3, "each of them ended a connection");
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_is_acknowledged_with_the_timestamps_that_its_records_have_in_the_log() {
    for log_append_time in [false, true] {
        let config = TopicConfig { log_append_time, ..TopicConfig::default() };
        let harness =
            ClusterHarness::in_memory(Cluster::builder().brokers(1).topic_with("t", 1, config)).await;
        let producer = harness.producer().linger(SECOND).build().await.unwrap();
        harness.on(ApiKey::PRODUCE).apply_then(Action::Disconnect);
        let record = |timestamp| Record::to("t").value("v").timestamp_ms(timestamp);
        let mut deliveries = Vec::new();
        for timestamp in [1_000, 3_000, 2_000] {
            deliveries.push(producer.enqueue(record(timestamp)).await.unwrap());
        }
        let mut acknowledged = Vec::new();
        for delivery in deliveries {
            acknowledged.push(within(delivery).await.unwrap().timestamp_ms);
        }
        let logged: Vec<_> = harness.log("t", 0).iter().map(|record| record.timestamp).collect();
        assert_eq!(acknowledged, logged, "append time: {log_append_time}");
    }
}
