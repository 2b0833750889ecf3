//! Callers with less patience than a round trip to a broker takes: `max.block.ms`, or a time-out of their own; and those that come
//! after another one has waited in vain.

use std::time::Duration;

use milena::{ErrorKind, Producer, Record, SendError};
use milena_fake::{ApiKey, Brokers, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, Stopwatch, within};
use tokio::time::{sleep, timeout};

const MS: Duration = Duration::from_millis(1);

/// A cluster that takes 30 ms to answer, and a producer.
async fn far_away(max_block: Duration) -> (ClusterHarness, Producer) {
    let builder = Cluster::builder().brokers(1).topic("t", 1).topic("u", 1).auto_create(false);
    let harness = ClusterHarness::in_memory(builder).await;
    harness.link_delay(Brokers::All, 30 * MS);
    let producer = harness.producer().max_block(max_block).build().await.unwrap();
    (harness, producer)
}

fn questions(harness: &ClusterHarness) -> usize {
    harness.journal().iter().filter(|entry| entry.api == ApiKey::METADATA).count()
}

#[tokio::test(start_paused = true)]
async fn topic_is_found_with_a_max_block_below_one_round_trip() {
    for max_block in [Duration::ZERO, 10 * MS] {
        let (_harness, producer) = far_away(max_block).await;
        let error = within(producer.send(("t", "v"))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownTopic);
        let expected = format!(
            "no metadata of the topic within max.block.ms = {} ms: it is still being requested",
            max_block.as_millis()
        );
        assert!(error.is_retriable() && error.to_string().contains(&expected), "{error}");
        assert!(producer.topic("u").await.is_err());
        sleep(100 * MS).await;
        within(producer.send(("t", "v"))).await.unwrap();
        within(producer.topic("u")).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn topic_is_found_after_a_caller_with_its_own_time_out_gave_up() {
    let (_harness, producer) = far_away(60_000 * MS).await;
    assert!(timeout(10 * MS, producer.send(("t", "v"))).await.is_err());
    sleep(100 * MS).await;
    assert!(timeout(20 * MS, producer.topic("t")).await.is_ok_and(|found| found.is_ok()));
}

#[tokio::test(start_paused = true)]
async fn unknown_topic_without_callers_is_not_requested_again_and_its_error_has_the_code() {
    let (harness, producer) = far_away(10 * MS).await;
    let asked = questions(&harness);
    within(producer.send(("no", "v"))).await.unwrap_err();
    sleep(60_000 * MS).await;
    // The answer schedules one more question, which does not name the topic.
    assert!(questions(&harness) <= asked + 2, "{} questions", questions(&harness) - asked);
    let error = within(producer.send(("no", "v"))).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION), "{error}");
    assert!(error.to_string().contains("create the topic first"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn topic_that_was_found_for_no_caller_is_forgotten_when_it_is_idle() {
    let (harness, producer) = far_away(10 * MS).await;
    within(producer.send(("t", "v"))).await.unwrap_err();
    // Twice metadata.max.idle.ms.
    sleep(Duration::from_secs(11 * 60)).await;
    let before = questions(&harness);
    within(producer.send(("t", "v"))).await.unwrap_err();
    sleep(100 * MS).await;
    assert_eq!(questions(&harness), before + 1, "it is looked up anew");
}

/// Sends a record to a partition that is not there.
async fn send_in_vain(producer: &Producer) -> SendError {
    let error = within(producer.send(Record::to("t").partition(5))).await.unwrap_err();
    assert_eq!((error.kind(), error.partition()), (ErrorKind::InvalidPartition, Some(5)));
    assert!(error.is_retriable() && error.to_string().contains("the topic has 1, "), "{error}");
    error
}

#[tokio::test(start_paused = true)]
async fn partition_added_after_a_refusal_takes_the_next_record() {
    for max_block in [Duration::ZERO, 700 * MS, 60_000 * MS] {
        let (harness, producer) = far_away(max_block).await;
        while producer.topic("t").await.is_err() {
            sleep(100 * MS).await;
        }
        let error = send_in_vain(&producer).await;
        let expected = format!("within max.block.ms = {} ms", max_block.as_millis());
        assert!(error.to_string().contains(&expected), "{error}");
        harness.grow_topic("t", 8);
        if max_block.is_zero() {
            sleep(2_000 * MS).await;
        }
        assert_eq!(within(producer.send(Record::to("t").partition(5))).await.unwrap().partition, 5);
    }
}

#[tokio::test(start_paused = true)]
async fn records_after_a_refusal_wait_for_the_next_answer_and_share_its_request() {
    let (harness, producer) = far_away(20_000 * MS).await;
    within(producer.topic("t")).await.unwrap();
    send_in_vain(&producer).await;
    let (asked, began) = (questions(&harness), Stopwatch::start());
    for _ in 0..5 {
        let errors = futures_util::future::join_all((0..1_000).map(|_| send_in_vain(&producer))).await;
        assert!(
            errors.iter().all(|error| error.to_string().contains("new metadata described no more of them")),
            "{}",
            errors[0]
        );
    }
    // At most one backoff of a second, and one more where a question was out.
    assert!(began.elapsed() < 15_000 * MS, "{:?}", began.elapsed());
    let asked = questions(&harness) - asked;
    assert!((5..=12).contains(&asked), "asked {asked} times for 5 000 records");
}
