//! Error codes in Produce responses: every code, for a single record and under load.

use std::time::Duration;

use futures_util::future::join;
use milena::{ErrorKind, Persisted, Record};
use milena_fake::{Action, ApiKey, ErrorCode};
use milena_tests::{Load, Sent, Tag, assert_exactly_once, within};
use tokio::time::sleep;

use crate::{harness, under_load};

const MS: Duration = Duration::from_millis(1);

/// Every code that says "try again", whether or not the batch is in the log by then.
const RETRIABLE: [ErrorCode; 22] = [
    ErrorCode::CORRUPT_MESSAGE,
    ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode::LEADER_NOT_AVAILABLE,
    ErrorCode::NOT_LEADER_OR_FOLLOWER,
    ErrorCode::REQUEST_TIMED_OUT,
    ErrorCode::BROKER_NOT_AVAILABLE,
    ErrorCode::REPLICA_NOT_AVAILABLE,
    ErrorCode::NETWORK_EXCEPTION,
    ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode::COORDINATOR_NOT_AVAILABLE,
    ErrorCode::NOT_ENOUGH_REPLICAS,
    ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    ErrorCode::KAFKA_STORAGE_ERROR,
    ErrorCode::LISTENER_NOT_FOUND,
    ErrorCode::FENCED_LEADER_EPOCH,
    ErrorCode::UNKNOWN_LEADER_EPOCH,
    ErrorCode::PREFERRED_LEADER_NOT_AVAILABLE,
    ErrorCode::ELIGIBLE_LEADERS_NOT_AVAILABLE,
    ErrorCode::ELECTION_NOT_NEEDED,
    ErrorCode::THROTTLING_QUOTA_EXCEEDED,
    ErrorCode::UNKNOWN_TOPIC_ID,
    ErrorCode::INCONSISTENT_TOPIC_ID,
];

#[tokio::test(start_paused = true)]
async fn every_retriable_code_is_retried_until_the_record_is_written_once() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let mut sent: Vec<Sent> = Vec::new();
    for (number, code) in (0..).zip(RETRIABLE) {
        harness.on(ApiKey::PRODUCE).topic("t").error(code);
        let tag = Tag { sender: 0, number };
        let outcome = within(producer.send(tag.record_in("t", 3))).await;
        sent.push((tag, outcome.unwrap_or_else(|error| panic!("{code}: {error}"))));
    }
    assert_exactly_once(&harness, "t", &sent);
    assert_eq!(producer.metrics().retries, RETRIABLE.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn a_code_after_the_append_does_not_write_a_record_twice() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let mut sent: Vec<Sent> = Vec::new();
    for (number, code) in (0..).zip(RETRIABLE) {
        harness.on(ApiKey::PRODUCE).topic("t").apply_then(Action::error(code));
        let tag = Tag { sender: 0, number };
        let outcome = within(producer.send(tag.record_in("t", 3))).await;
        sent.push((tag, outcome.unwrap_or_else(|error| panic!("{code}: {error}"))));
    }
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test(start_paused = true)]
async fn retriable_codes_under_load_keep_the_order() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let codes = std::cell::Cell::new(0);
    under_load(&harness, &producer, |harness| {
        let code = RETRIABLE[codes.replace(codes.get() + 1) % RETRIABLE.len()];
        harness.on(ApiKey::PRODUCE).topic("t").partition(1).error(code);
        harness.on(ApiKey::PRODUCE).topic("t").partition(2).apply_then(Action::error(code));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_sequence_or_identity_is_mended_without_loss_or_repetition() {
    for code in [
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
        ErrorCode::UNKNOWN_PRODUCER_ID,
        ErrorCode::INVALID_PRODUCER_ID_MAPPING,
        ErrorCode::INVALID_PRODUCER_EPOCH,
    ] {
        let harness = harness().await;
        let producer = harness.connect().await;
        under_load(&harness, &producer, |harness| {
            harness.on(ApiKey::PRODUCE).topic("t").partition(1).error(code);
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_may_be_in_the_log_keeps_its_stamp_when_the_identity_is_lost() {
    for code in [ErrorCode::INVALID_PRODUCER_ID_MAPPING, ErrorCode::INVALID_PRODUCER_EPOCH] {
        let harness = harness().await;
        let producer = harness.connect().await;
        under_load(&harness, &producer, |harness| {
            harness.on(ApiKey::PRODUCE).partition(1).apply_then(Action::Disconnect);
            harness.on(ApiKey::PRODUCE).topic("t").partition(1).error(code);
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn permanent_error_code_fails_only_its_batch() {
    for (code, kind) in [
        (ErrorCode::INVALID_RECORD, ErrorKind::InvalidRecord),
        (ErrorCode::INVALID_TIMESTAMP, ErrorKind::InvalidTimestamp),
        (ErrorCode::TOPIC_AUTHORIZATION_FAILED, ErrorKind::TopicAuthorizationFailed),
        (ErrorCode::CLUSTER_AUTHORIZATION_FAILED, ErrorKind::ClusterAuthorizationFailed),
        (ErrorCode::INVALID_TOPIC_EXCEPTION, ErrorKind::InvalidTopic),
        (ErrorCode::INVALID_REQUIRED_ACKS, ErrorKind::Refused),
        (ErrorCode::POLICY_VIOLATION, ErrorKind::Refused),
        (ErrorCode(999), ErrorKind::Refused),
    ] {
        let harness = harness().await;
        let producer = harness.connect().await;
        let record = |value: &'static str| Record::to("t").partition(0).value(value);
        producer.send(record("before")).await.unwrap();
        harness.on(ApiKey::PRODUCE).topic("t").error_with(code, "as the test has it");
        let refused = producer.send(record("refused"));
        let beside = producer.send(Record::to("t").partition(1).value("beside"));
        let (refused, beside) = within(join(refused, beside)).await;
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), error.persisted(), error.code()), (kind, Persisted::No, Some(code)));
        assert!(!error.is_retriable() && error.message().contains("as the test has it"), "{error}");
        beside.unwrap();
        within(producer.send(record("after"))).await.unwrap();
        assert_eq!(harness.values("t", 0), ["before", "after"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_under_load_fails_its_own_records_and_keeps_the_others_in_order() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let spoiling = async {
        for _ in 0..20 {
            sleep(90 * MS).await;
            harness.on(ApiKey::PRODUCE).topic("t").partition(1).error(ErrorCode::INVALID_RECORD);
        }
    };
    let (outcomes, ()) = within(join(Load::of(20_000).outcomes(&producer), spoiling)).await;
    let sent: Vec<Sent> = outcomes.iter().filter_map(|(tag, o)| Some((*tag, *o.as_ref().ok()?))).collect();
    assert!((18_000..20_000).contains(&sent.len()), "{} were written", sent.len());
    assert_exactly_once(&harness, "t", &sent);
    let mut failed = outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().err());
    assert!(failed.all(|error| error.persisted() == Persisted::No));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_the_broker_finds_corrupt_is_sent_a_bounded_number_of_times() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let record = |value: &'static str| Record::to("t").partition(0).value(value);
    // Garbled on its way: fine the next time.
    harness.on(ApiKey::PRODUCE).topic("t").times(2).error(ErrorCode::CORRUPT_MESSAGE);
    within(producer.send(record("garbled"))).await.unwrap();
    harness.on(ApiKey::PRODUCE).topic("t").always().error(ErrorCode::CORRUPT_MESSAGE);
    let before = harness.journal().iter().filter(|entry| entry.api == ApiKey::PRODUCE).count();
    let error = within(producer.send(record("corrupt"))).await.unwrap_err();
    let sent = harness.journal().iter().filter(|entry| entry.api == ApiKey::PRODUCE).count() - before;
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::Refused, Persisted::No));
    assert_eq!((error.code(), sent), (Some(ErrorCode::CORRUPT_MESSAGE), 6));
    harness.clear_hooks();
    within(producer.send(record("after"))).await.unwrap();
    assert_eq!(harness.values("t", 0), ["garbled", "after"]);
}

/// `i64::MIN` beside 5: the distance of the two wraps.
#[tokio::test(start_paused = true)]
async fn record_with_a_timestamp_out_of_range_fails_alone() {
    let harness = harness().await;
    let producer = harness.producer().linger(10 * MS).build().await.unwrap();
    producer.topic("t").await.unwrap();
    for timestamps in [[5, i64::MIN, 7], [i64::MIN, 5, 7], [5, 7, i64::MAX]] {
        let record = |timestamp: i64| Record::to("t").partition(0).timestamp_ms(timestamp).value("v");
        let sends = timestamps.map(|timestamp| producer.send(record(timestamp)));
        let outcomes = within(futures_util::future::join_all(sends)).await;
        for (timestamp, outcome) in timestamps.into_iter().zip(outcomes) {
            let kind = outcome.err().map(|error| (error.kind(), error.persisted()));
            let refused = Some((ErrorKind::InvalidTimestamp, Persisted::No));
            assert_eq!(kind, if timestamp.abs_diff(0) > 7 { refused } else { None }, "{timestamp}");
        }
    }
    let written: Vec<_> = harness.log("t", 0).iter().map(|record| record.timestamp).collect();
    assert_eq!(written, [5, 7, 5, 7, 5, 7]);
}

#[tokio::test(start_paused = true)]
async fn too_few_replicas_are_logged_once_with_the_remedy() {
    let harness = harness().await;
    let builder = harness.producer().request_timeout(1_000 * MS).delivery_timeout(2_000 * MS);
    let producer = builder.build().await.unwrap();
    harness.on(ApiKey::PRODUCE).topic("t").always().error(ErrorCode::NOT_ENOUGH_REPLICAS);
    let error = within(producer.send(("t", "v"))).await.unwrap_err().to_string();
    assert!(error.contains("`min.insync.replicas`"), "{error}");
    assert_eq!(error.matches("NOT_ENOUGH_REPLICAS").count(), 1, "{error}");
}
