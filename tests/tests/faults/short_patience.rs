//! Callers with less patience than a round trip to a broker takes: `max.block.ms`, or a time-out of their own.

use std::time::Duration;

use milena::{ErrorKind, Producer};
use milena_fake::{ApiKey, Brokers, Cluster, ErrorCode};
use milena_tests::{Stage, within};
use tokio::time::{sleep, timeout};

const MS: Duration = Duration::from_millis(1);

/// A cluster that takes 30 ms to answer, and a producer.
async fn far_away(max_block: Duration) -> (Stage, Producer) {
    let builder = Cluster::builder().brokers(1).topic("t", 1).topic("u", 1).auto_create(false);
    let stage = Stage::in_memory(builder).await;
    stage.link_delay(Brokers::All, 30 * MS);
    let producer = stage.producer().max_block(max_block).build().await.unwrap();
    (stage, producer)
}

fn questions(stage: &Stage) -> usize {
    stage.journal().iter().filter(|entry| entry.api == ApiKey::METADATA).count()
}

#[tokio::test(start_paused = true)]
async fn topic_is_found_with_a_max_block_below_one_round_trip() {
    for max_block in [0 * MS, 10 * MS] {
        let (_stage, producer) = far_away(max_block).await;
        let error = within(producer.send(("t", "v"))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownTopic);
        let expected = format!(
            "being looked up, and no broker described it within max.block.ms = {} ms",
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
    let (_stage, producer) = far_away(60_000 * MS).await;
    assert!(timeout(10 * MS, producer.send(("t", "v"))).await.is_err());
    sleep(100 * MS).await;
    assert!(timeout(20 * MS, producer.topic("t")).await.is_ok_and(|found| found.is_ok()));
}

#[tokio::test(start_paused = true)]
async fn unknown_topic_that_its_callers_gave_up_is_not_asked_about_again_and_its_error_has_the_code() {
    let (stage, producer) = far_away(10 * MS).await;
    let asked = questions(&stage);
    within(producer.send(("no", "v"))).await.unwrap_err();
    sleep(60_000 * MS).await;
    // The answer schedules one more question, which does not name the topic.
    assert!(questions(&stage) <= asked + 2, "{} questions", questions(&stage) - asked);
    let error = within(producer.send(("no", "v"))).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION), "{error}");
    assert!(error.to_string().contains("create the topic first"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn topic_that_was_found_for_no_caller_is_forgotten_when_it_is_idle() {
    let (stage, producer) = far_away(10 * MS).await;
    within(producer.send(("t", "v"))).await.unwrap_err();
    // Twice metadata.max.idle.ms.
    sleep(Duration::from_secs(11 * 60)).await;
    let before = questions(&stage);
    within(producer.send(("t", "v"))).await.unwrap_err();
    sleep(100 * MS).await;
    assert_eq!(questions(&stage), before + 1, "it is looked up anew");
}
