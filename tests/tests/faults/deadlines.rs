//! The delivery deadline, the levels of acknowledgement, and retries that end.

use std::time::Duration;

use futures_util::future::join;
use milena::{Acks, Delivery, ErrorKind, Persisted, Record};
use milena_fake::{Action, ApiKey, Brokers, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, Load, Stopwatch, assert_in_order, eventually, tags, within};
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await
}

/// How long an outcome takes: an error, its kind, and whether the record may be written.
async fn expiry(delivery: Delivery) -> (u64, ErrorKind, Persisted) {
    let watch = Stopwatch::start();
    let error = within(delivery).await.unwrap_err();
    (watch.elapsed().as_secs(), error.kind(), error.persisted())
}

#[tokio::test(start_paused = true)]
async fn record_in_the_queue_expires_as_not_written_and_one_in_flight_as_possibly_written() {
    let harness = harness().await;
    let builder = harness.producer().request_timeout(15 * SECOND).delivery_timeout(20 * SECOND);
    let producer = builder.build().await.unwrap();
    producer.topic("t").await.unwrap();
    harness.on(ApiKey::PRODUCE).always().silence();
    let under_way = producer.enqueue(("t", "under way")).await.unwrap();
    sleep(SECOND).await;
    let queued = producer.enqueue(("t", "queued")).await.unwrap();
    assert_eq!(expiry(under_way).await, (19, ErrorKind::DeliveryTimeout, Persisted::Maybe));
    assert_eq!(expiry(queued).await, (1, ErrorKind::DeliveryTimeout, Persisted::No));
}

#[tokio::test(start_paused = true)]
async fn records_that_expire_without_a_broker_are_not_written_and_name_the_reason() {
    let harness = harness().await;
    let builder = harness.producer().request_timeout(10 * SECOND).delivery_timeout(20 * SECOND);
    let producer = builder.build().await.unwrap();
    producer.topic("t").await.unwrap();
    harness.kill(1);
    let watch = Stopwatch::start();
    let error = within(producer.send(("t", "v"))).await.unwrap_err();
    assert_eq!(watch.elapsed().as_secs(), 20);
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::DeliveryTimeout, Persisted::No));
    assert!(error.is_retriable() && error.message().contains("20s"), "{error}");
    harness.restart(1).unwrap();
    within(producer.send(("t", "v"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_deadline_covers_retries_and_names_the_last_answer() {
    let harness = harness().await;
    let builder = harness.producer().request_timeout(10 * SECOND).delivery_timeout(20 * SECOND);
    let producer = builder.build().await.unwrap();
    harness.on(ApiKey::PRODUCE).always().error(ErrorCode::NOT_ENOUGH_REPLICAS);
    let watch = Stopwatch::start();
    let error = within(producer.send(("t", "v"))).await.unwrap_err();
    assert!((19..22).contains(&watch.elapsed().as_secs()), "{:?}", watch.elapsed());
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::DeliveryTimeout, Persisted::No));
    assert_eq!(error.code(), Some(ErrorCode::NOT_ENOUGH_REPLICAS));
    assert!(error.message().contains("NOT_ENOUGH_REPLICAS"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn record_that_expired_in_flight_is_neither_overtaken_nor_written_twice() {
    for applied in [true, false] {
        let harness = harness().await;
        let builder = harness.producer().request_timeout(5 * SECOND).delivery_timeout(6 * SECOND);
        let producer = builder.build().await.unwrap();
        for number in 0..3 {
            producer.send(Load::of(9).record(number)).await.unwrap();
        }
        // Two answers in a row never come, and the deadline passes in between.
        match applied {
            true => harness.on(ApiKey::PRODUCE).times(2).apply_then(Action::Silence),
            false => harness.on(ApiKey::PRODUCE).times(2).silence(),
        }
        let lost = producer.send(Load::of(9).record(3));
        let error = within(lost).await.unwrap_err();
        assert_eq!((error.kind(), error.persisted()), (ErrorKind::DeliveryTimeout, Persisted::Maybe));
        for number in 4..8 {
            within(producer.send(Load::of(9).record(number))).await.unwrap();
        }
        assert_in_order(&harness, "t");
        let numbers: Vec<_> = tags(&harness, "t")[0].iter().map(|tag| tag.number).collect();
        let without = [0, 1, 2, 4, 5, 6, 7];
        let with = [0, 1, 2, 3, 4, 5, 6, 7];
        assert!(numbers == with || (!applied && numbers == without), "applied: {applied}, {numbers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn expiries_under_load_neither_repeat_nor_reorder_what_is_written() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 3)).await;
    harness.link_delay(Brokers::All, 5 * MS);
    let builder = harness.producer().request_timeout(300 * MS).delivery_timeout(600 * MS);
    let producer = builder.build().await.unwrap();
    let spoiling = async {
        for turn in 0..9 {
            sleep(400 * MS).await;
            // Twice in a row is more than a record has time for.
            let twice = harness.on(ApiKey::PRODUCE).partition(turn % 3).times(2);
            match turn % 4 {
                0 => twice.apply_then(Action::Silence),
                1 => twice.silence(),
                2 => twice.apply_then(Action::Delay(350 * MS)),
                _ => twice.delay(350 * MS),
            }
        }
    };
    let load = Load { partitions: 3, pause: 20 * MS, ..Load::of(20_000) };
    let (outcomes, ()) = within(join(load.outcomes(&producer), spoiling)).await;
    assert_in_order(&harness, "t");
    let logs = tags(&harness, "t");
    let mut failed = 0;
    for (tag, outcome) in &outcomes {
        let log = &logs[usize::try_from(tag.number % 3).unwrap()];
        match outcome {
            Ok(ack) => assert_eq!(log.get(usize::try_from(ack.offset).unwrap()), Some(tag)),
            Err(error) => {
                failed += 1;
                let written = log.contains(tag);
                assert!(!written || error.persisted() == Persisted::Maybe, "{tag:?}: {error}");
            }
        }
    }
    assert!((1..15_000).contains(&failed), "{failed} expired");
}

#[tokio::test(start_paused = true)]
async fn retries_are_counted_when_they_are_limited() {
    let harness = harness().await;
    let producer = harness.producer().retries(2).build().await.unwrap();
    harness.on(ApiKey::PRODUCE).times(2).error(ErrorCode::NOT_ENOUGH_REPLICAS);
    within(producer.send(("t", "third time lucky"))).await.unwrap();
    harness.on(ApiKey::PRODUCE).times(3).error(ErrorCode::NOT_ENOUGH_REPLICAS);
    let error = within(producer.send(("t", "given up"))).await.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::RetriesExhausted, Persisted::No));
    assert_eq!(error.code(), Some(ErrorCode::NOT_ENOUGH_REPLICAS));
    within(producer.send(("t", "after"))).await.unwrap();
    assert_eq!(harness.values("t", 0), ["third time lucky", "after"]);
}

#[tokio::test(start_paused = true)]
async fn lost_response_without_retries_leaves_the_record_possibly_written() {
    let harness = harness().await;
    let producer = harness.producer().retries(0).build().await.unwrap();
    harness.on(ApiKey::PRODUCE).apply_then(Action::Disconnect);
    let error = within(producer.send(("t", "v"))).await.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::RetriesExhausted, Persisted::Maybe));
    within(producer.send(("t", "w"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn with_acks_0_a_record_is_delivered_once_it_is_written_and_has_no_offset() {
    let harness = harness().await;
    let producer = harness.producer().acks(Acks::None).build().await.unwrap();
    for number in 0..500 {
        let ack = producer.send(Load::of(500).record(number)).await.unwrap();
        assert_eq!((ack.partition, ack.has_offset()), (0, false));
    }
    eventually(|| harness.record_count() == 500).await;
    assert_in_order(&harness, "t");
    within(producer.close()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn with_acks_0_everything_is_written_before_a_close_ends() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 3)).await;
    let producer = harness.producer().acks(Acks::None).build().await.unwrap();
    for number in 0..5_000 {
        drop(producer.enqueue(Load { bytes: 2_000, ..Load::of(5_000) }.record(number)).await.unwrap());
    }
    within(producer.close()).await.unwrap();
    eventually(|| harness.record_count() == 5_000).await;
    assert_in_order(&harness, "t");
}

#[tokio::test(start_paused = true)]
async fn with_acks_0_a_moved_leader_is_found_without_a_response() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 1)).await;
    let producer = harness.producer().acks(Acks::None).build().await.unwrap();
    producer.send(("t", "first")).await.unwrap();
    harness.move_leader("t", 0, 2);
    // The broker closes the connection on what it cannot take.
    producer.send(("t", "lost")).await.unwrap();
    sleep(2 * SECOND).await;
    within(producer.send(("t", "second"))).await.unwrap();
    eventually(|| harness.record_count() == 2).await;
    assert_eq!(harness.values("t", 0), ["first", "second"]);
}

#[tokio::test(start_paused = true)]
async fn acks_1_waits_for_the_leader_alone() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1)).await;
    let config = milena_fake::TopicConfig { min_insync_replicas: 2, ..milena_fake::TopicConfig::default() };
    harness.configure_topic("t", config);
    harness.set_isr("t", 0, 1);
    let leader = harness.producer().acks(Acks::Leader).build().await.unwrap();
    assert_eq!(leader.send(("t", "v")).await.unwrap().offset, 0);
    assert_eq!(harness.log("t", 0)[0].producer_id.0, -1, "without idempotence");
    let all = harness.connect().await;
    let waits = all.send(("t", "w"));
    let grow = async {
        sleep(5 * SECOND).await;
        harness.set_isr("t", 0, 2);
    };
    let (ack, ()) = within(join(waits, grow)).await;
    assert_eq!(ack.unwrap().offset, 1);
}

#[tokio::test(start_paused = true)]
async fn without_idempotence_the_order_holds_and_only_lost_answers_repeat_records() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 3)).await;
    harness.link_delay(Brokers::All, 3 * MS);
    let producer = harness.producer().idempotence(false).max_in_flight(20).build().await.unwrap();
    let spoiling = async {
        for _ in 0..10 {
            sleep(90 * MS).await;
            harness.on(ApiKey::PRODUCE).topic("t").partition(1).error(ErrorCode::NOT_ENOUGH_REPLICAS);
            harness.on(ApiKey::PRODUCE).topic("t").partition(2).disconnect();
        }
    };
    let load = Load { partitions: 3, ..Load::of(15_000) };
    let (sent, ()) = within(join(load.send(&producer), spoiling)).await;
    milena_tests::assert_exactly_once(&harness, "t", &sent);
    harness.on(ApiKey::PRODUCE).apply_then(Action::Disconnect);
    within(producer.send(Record::to("t").value("7/0 "))).await.unwrap();
    assert_eq!(harness.record_count(), 15_002, "the one whose answer was lost stands twice");
}
