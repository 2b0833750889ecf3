//! Batches whose callers were told at the deadline, and that hold the budget at a broker that hangs, give way to callers
//! that wait for room.

use std::time::Duration;

use milena::{ErrorKind, Persisted, Producer, Record};
use milena_fake::{Action, ApiKey, Cluster, TopicConfig};
use milena_tests::{ClusterHarness, Log, Stopwatch, within};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);
/// Almost the whole budget.
const LARGE: usize = 1_900_000;

#[tokio::test(start_paused = true)]
async fn caller_of_a_healthy_topic_has_room_within_seconds_of_the_deadline_of_what_a_hung_broker_holds() {
    for appended in [false, true] {
        let log = Log::default();
        let _guard = log.listen();
        let (harness, producer, sick, healthy) = harness().await;
        match appended {
            true => harness.on(ApiKey::PRODUCE).node(1).always().apply_then(Action::Silence),
            false => harness.on(ApiKey::PRODUCE).node(1).always().silence(),
        }
        let watch = Stopwatch::start();
        let large = Record::to("t").partition(sick).value("x".repeat(LARGE));
        let large = producer.enqueue(large).await.unwrap();
        let room = producer.enqueue(Record::to("t").partition(healthy).value("y".repeat(300_000)));
        within(room).await.unwrap().await.unwrap();
        let waited = watch.elapsed().as_secs();
        assert!((120..=130).contains(&waited), "{waited} s");
        let error = within(large).await.unwrap_err();
        assert_eq!((error.kind(), error.persisted()), (ErrorKind::DeliveryTimeout, Persisted::Maybe));
        assert_eq!(log.count("WARN", "callers wait for room in buffer.memory"), 1, "appended: {appended}");

        harness.clear_hooks();
        within(producer.send(Record::to("t").partition(sick).value("after"))).await.unwrap();
        let lengths: Vec<usize> = harness.values("t", sick).iter().map(String::len).collect();
        let expected: &[usize] = if appended { &[6, LARGE, 5] } else { &[6, 5] };
        assert_eq!(lengths, expected, "each once, and in order");
        within(producer.close()).await.unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn connection_is_not_reset_for_batches_past_their_deadline_that_no_caller_waits_behind() {
    let log = Log::default();
    let _guard = log.listen();
    let (harness, producer, sick, _) = harness().await;
    harness.on(ApiKey::PRODUCE).node(1).always().apply_then(Action::Silence);
    let large = Record::to("t").partition(sick).value("x".repeat(LARGE));
    let large = producer.enqueue(large).await.unwrap();
    within(large).await.unwrap_err();
    sleep(20 * SECOND).await;
    harness.clear_hooks();
    within(producer.send(Record::to("t").partition(sick).value("after"))).await.unwrap();
    assert_eq!(harness.values("t", sick).len(), 3);
    assert_eq!(log.count("WARN", "callers wait for room"), 0);
    within(producer.close()).await.unwrap_err();
}

/// A partition of broker 1, one of broker 2, and a producer that has written to both.
async fn harness() -> (ClusterHarness, Producer, i32, i32) {
    let config = TopicConfig { max_message_bytes: 4 << 20, ..TopicConfig::default() };
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(2).topic_with("t", 2, config)).await;
    let sick =
        (0..2).find(|partition| harness.leader("t", *partition).is_some_and(|leader| leader.0 == 1)).unwrap();
    let producer = harness.producer().buffer_memory(2 << 20).max_request_size(2 << 20);
    let producer = producer.max_block(300 * SECOND).build().await.unwrap();
    for partition in 0..2 {
        producer.send(Record::to("t").partition(partition).value("before")).await.unwrap();
    }
    (harness, producer, sick, 1 - sick)
}
