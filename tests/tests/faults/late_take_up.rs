//! Requests that a broker takes up after their connection ended: a proxy, the broker's queue or a kernel had them. Each record
//! is in the log once and in order, and what is reported of it is true.

use std::time::Duration;

use milena::{ErrorKind, Persisted, Producer, ProducerBuilder, Record};
use milena_fake::{ApiKey, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, Load, assert_exactly_once, within};
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn late_copy_is_written_once_whether_it_comes_before_the_next_try_or_after() {
    for after in [0, 1, 20, 60, 100, 150, 5_000] {
        let harness = harness().await;
        let producer = producer(&harness, |builder| builder).await;
        harness.on(ApiKey::PRODUCE).disconnect_then_apply(after * MS);
        within(producer.send(("t", "unanswered"))).await.unwrap();
        within(producer.send(("t", "last"))).await.unwrap();
        sleep(10 * SECOND).await;
        assert_eq!(harness.values("t", 0), ["proof", "unanswered", "last"], "{after} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn five_requests_that_are_taken_up_late_are_written_once_and_in_order() {
    const LOAD: Load = Load { burst: 1, pause: MS, ..Load::of(200) };
    for after in [0, 5, 30, 55, 100, 5_000] {
        let harness = harness().await;
        // Five requests are under way when one of them ends the connection.
        harness.link_delay(1, 20 * MS);
        let producer = harness.producer().linger(Duration::ZERO).build().await.unwrap();
        for _ in 0..4 {
            harness.on(ApiKey::PRODUCE).pass();
            harness.on(ApiKey::PRODUCE).disconnect_then_apply(after * MS);
        }
        let sent = within(LOAD.send(&producer)).await;
        sleep(10 * SECOND).await;
        assert_exactly_once(&harness, "t", &sent);
        assert!(producer.metrics().retries > 0, "{after} ms");
    }
}

/// The first try may still be appended when the second one is refused for good: the record is in doubt, the batch that
/// follows it opens another epoch, and the copy is in its place or fenced.
#[tokio::test(start_paused = true)]
async fn record_that_is_refused_after_an_unanswered_try_may_be_written_before_later_ones_and_never_behind() {
    for (code, comes_first) in [(29, true), (29, false), (87, true), (87, false)] {
        let harness = harness().await;
        let producer = producer(&harness, |builder| builder).await;
        let hold = harness.on(ApiKey::PRODUCE).disconnect_then_hold();
        harness.on(ApiKey::PRODUCE).error(ErrorCode(code));
        let error = within(producer.send(("t", "refused"))).await.unwrap_err();
        assert_eq!(error.persisted(), Persisted::Maybe, "{error}");
        if comes_first {
            hold.release();
            sleep(SECOND).await;
        }
        within(producer.send(("t", "later"))).await.unwrap();
        hold.release();
        sleep(SECOND).await;
        let expected = if comes_first { &["proof", "refused", "later"][..] } else { &["proof", "later"] };
        assert_eq!(harness.values("t", 0), expected, "code {code}");
    }
}

#[tokio::test(start_paused = true)]
async fn record_whose_retries_are_used_up_is_reported_as_possibly_written() {
    let harness = harness().await;
    let producer = producer(&harness, |builder| builder.retries(1)).await;
    let hold = harness.on(ApiKey::PRODUCE).times(2).disconnect_then_hold();
    let error = within(producer.send(("t", "unanswered"))).await.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::RetriesExhausted, Persisted::Maybe));
    hold.release();
    sleep(SECOND).await;
    within(producer.send(("t", "later"))).await.unwrap();
    assert_eq!(harness.values("t", 0), ["proof", "unanswered", "later"]);
}

#[tokio::test(start_paused = true)]
async fn record_that_expires_unanswered_is_reported_as_possibly_written_and_later_ones_stand_behind_it() {
    let harness = harness().await;
    let change = |builder: ProducerBuilder| builder.request_timeout(SECOND).delivery_timeout(3 * SECOND);
    let producer = producer(&harness, change).await;
    let hold = harness.on(ApiKey::PRODUCE).always().hold();
    let error = within(producer.send(("t", "unanswered"))).await.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::DeliveryTimeout, Persisted::Maybe));
    harness.clear_hooks();
    let later = producer.enqueue(Record::to("t").value("later")).await.unwrap();
    hold.release();
    within(later).await.unwrap();
    sleep(10 * SECOND).await;
    assert_eq!(harness.values("t", 0), ["proof", "unanswered", "later"]);
}

#[tokio::test(start_paused = true)]
async fn late_copies_and_restarts_from_snapshots_cost_no_record_under_load() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 6)).await;
    let producer = harness.producer().linger(Duration::ZERO).build().await.unwrap();
    let trouble = async {
        for turn in 0..30 {
            sleep(60 * MS).await;
            harness.on(ApiKey::PRODUCE).times(2).disconnect_then_apply((turn % 7) * 30 * MS);
            sleep(7 * MS).await;
            harness.restart(1 + i32::try_from(turn % 3).unwrap()).unwrap();
        }
    };
    let load = Load { partitions: 6, ..Load::of(20_000) };
    let (sent, ()) = within(futures_util::future::join(load.send(&producer), trouble)).await;
    sleep(10 * SECOND).await;
    assert_exactly_once(&harness, "t", &sent);
    assert!(producer.metrics().retries > 0, "something was under way");
}

async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await
}

/// A producer without linger that has written a record.
async fn producer(
    harness: &ClusterHarness,
    change: impl FnOnce(ProducerBuilder) -> ProducerBuilder,
) -> Producer {
    let producer = change(harness.producer().linger(Duration::ZERO)).build().await.unwrap();
    within(producer.send(("t", "proof"))).await.unwrap();
    producer
}
