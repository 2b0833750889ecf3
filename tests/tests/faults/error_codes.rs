//! `SendError::code`: the code that a broker returned last, whichever way it came.

use std::time::Duration;

use milena::{ErrorKind, ProducerBuilder, Record, SendError};
use milena_codec::message::MetadataResponse;
use milena_fake::{ApiKey, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, within};

const MS: Duration = Duration::from_millis(1);

/// One broker with topic `t` of one partition.
async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1).auto_create(false)).await
}

fn impatient(harness: &ClusterHarness) -> ProducerBuilder {
    let builder = harness.producer().request_timeout(1_000 * MS).delivery_timeout(2_000 * MS);
    builder.max_block(2_000 * MS)
}

/// The error of a record to `topic`; its code stands in the text once.
async fn failed(harness: &ClusterHarness, topic: &str, code: ErrorCode) -> SendError {
    let producer = impatient(harness).build().await.unwrap();
    let error = within(producer.send(Record::to(topic).value("v"))).await.unwrap_err();
    assert_code(&error, code);
    error
}

#[track_caller]
fn assert_code(error: &SendError, code: ErrorCode) {
    assert_eq!(error.code(), Some(code), "{error}");
    assert_eq!(error.to_string().matches(&code.to_string()).count(), 1, "{error}");
}

#[tokio::test(start_paused = true)]
async fn code_of_a_topic_in_metadata_is_the_code_of_the_look_up() {
    for code in [
        ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        ErrorCode::INVALID_TOPIC_EXCEPTION,
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode::LEADER_NOT_AVAILABLE,
        ErrorCode::UNKNOWN_SERVER_ERROR,
    ] {
        let harness = harness().await;
        harness.on(ApiKey::METADATA).topic("t").always().error(code);
        failed(&harness, "t", code).await;
    }
}

#[tokio::test(start_paused = true)]
async fn code_of_a_partition_in_metadata_is_the_code_of_its_records() {
    for code in
        [ErrorCode::LISTENER_NOT_FOUND, ErrorCode::LEADER_NOT_AVAILABLE, ErrorCode::UNKNOWN_SERVER_ERROR]
    {
        let harness = harness().await;
        harness.on(ApiKey::METADATA).topic("t").partition(0).always().error(code);
        let error = failed(&harness, "t", code).await;
        assert_eq!(error.kind(), ErrorKind::DeliveryTimeout);
        assert!(error.to_string().contains("not sent within 2s"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn code_of_a_partition_is_the_code_of_records_that_a_close_cuts_off() {
    let harness = harness().await;
    harness.on(ApiKey::METADATA).topic("t").partition(0).always().error(ErrorCode::LISTENER_NOT_FOUND);
    let producer = harness.producer().close_timeout(10 * MS).build().await.unwrap();
    let delivery = within(producer.enqueue(("t", "v"))).await.unwrap();
    within(producer.close()).await.unwrap_err();
    let error = within(delivery).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_code(&error, ErrorCode::LISTENER_NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn code_of_init_producer_id_is_the_code_of_records_that_wait_for_an_id() {
    for code in [ErrorCode::CLUSTER_AUTHORIZATION_FAILED, ErrorCode::COORDINATOR_LOAD_IN_PROGRESS] {
        let harness = harness().await;
        let producer = impatient(&harness).build().await.unwrap();
        harness.on(ApiKey::INIT_PRODUCER_ID).always().error(code);
        harness.on(ApiKey::PRODUCE).topic("t").error(ErrorCode::INVALID_PRODUCER_ID_MAPPING);
        let error = within(producer.send(("t", "v"))).await.unwrap_err();
        assert_code(&error, code);
        // Brokers give one again.
        harness.clear_hooks();
        within(producer.send(("t", "v"))).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn code_of_the_last_rejected_try_is_the_code_of_a_record_that_expires() {
    for code in
        [ErrorCode::NOT_ENOUGH_REPLICAS, ErrorCode::REQUEST_TIMED_OUT, ErrorCode::NOT_LEADER_OR_FOLLOWER]
    {
        let harness = harness().await;
        harness.on(ApiKey::PRODUCE).topic("t").always().error(code);
        let error = failed(&harness, "t", code).await;
        assert_eq!(error.kind(), ErrorKind::DeliveryTimeout);
    }
}

#[tokio::test(start_paused = true)]
async fn code_of_a_rejection_for_good_is_the_code_of_its_records() {
    for code in
        [ErrorCode::TOPIC_AUTHORIZATION_FAILED, ErrorCode::INVALID_RECORD, ErrorCode::POLICY_VIOLATION]
    {
        let harness = harness().await;
        harness.on(ApiKey::PRODUCE).topic("t").always().error(code);
        failed(&harness, "t", code).await;
    }
}

#[tokio::test(start_paused = true)]
async fn code_of_retries_that_are_used_up_is_that_of_the_last_try() {
    let harness = harness().await;
    let producer = impatient(&harness).retries(2).build().await.unwrap();
    harness.on(ApiKey::PRODUCE).topic("t").always().error(ErrorCode::NOT_ENOUGH_REPLICAS);
    let error = within(producer.send(("t", "v"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RetriesExhausted);
    assert_code(&error, ErrorCode::NOT_ENOUGH_REPLICAS);
}

#[tokio::test(start_paused = true)]
async fn code_instead_of_a_description_of_the_cluster_is_the_code_of_the_look_up() {
    let harness = harness().await;
    let producer = impatient(&harness).build().await.unwrap();
    let error_code = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
    let answer = MetadataResponse { error_code, ..MetadataResponse::default() };
    harness.on(ApiKey::METADATA).always().message(answer);
    let error = within(producer.send(("t", "v"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownTopic);
    assert_code(&error, error_code);
}

#[tokio::test(start_paused = true)]
async fn record_that_no_broker_was_asked_about_has_no_code() {
    let harness = harness().await;
    let producer = impatient(&harness).build().await.unwrap();
    let error = within(producer.send(("a b", "v"))).await.unwrap_err();
    assert_eq!(error.code(), None);
    harness.kill(1);
    let error = within(producer.send(("t", "v"))).await.unwrap_err();
    assert_eq!(error.code(), None, "{error}");
}
