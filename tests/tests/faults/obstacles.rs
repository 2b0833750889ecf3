//! The reason why records waited, in the errors of those that expire and of callers that find no room: the code of the batches
//! before them, the broker that does not respond, the connection that is being opened, or a quota.

use std::time::Duration;

use futures_util::future::{join, join_all};
use milena::sasl::Sasl;
use milena::{ErrorKind, Producer, ProducerBuilder, Record, SendError};
use milena_fake::{ApiKey, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, Log, Name, eventually, within};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn records_behind_a_rejected_batch_name_its_code_and_remedy() {
    for (code, remedy) in [
        (ErrorCode::NOT_ENOUGH_REPLICAS, "`min.insync.replicas`"),
        (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "create it again"),
        (ErrorCode::UNKNOWN_TOPIC_ID, "create it again"),
        (ErrorCode::CORRUPT_MESSAGE, "see the broker's log"),
        (ErrorCode::UNKNOWN_SERVER_ERROR, "see the broker's log"),
    ] {
        let harness = harness().await;
        let producer = impatient(&harness).build().await.unwrap();
        within(producer.send(record("bad"))).await.unwrap();
        harness.on(ApiKey::PRODUCE).topic("bad").always().error(code);
        let errors = expired(&producer, 200).await;
        assert!(errors.len() > 100, "{} of {code}", errors.len());
        for error in errors {
            assert_eq!(error.code(), Some(code), "{error}");
            assert!(error.to_string().contains(remedy), "{error}");
            assert!(!error.to_string().contains("did not respond"), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn records_of_a_deleted_topic_name_its_code_and_remedy() {
    let harness = harness().await;
    let producer = impatient(&harness).build().await.unwrap();
    within(producer.send(record("bad"))).await.unwrap();
    harness.delete_topic("bad");
    let errors = expired(&producer, 200).await;
    assert!(!errors.is_empty());
    for error in errors {
        let text = error.to_string();
        assert!(matches!(error.code(), Some(ErrorCode(3 | 100))), "{text}");
        assert!(text.starts_with("topic bad") && text.contains("create it again"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn rejection_is_forgotten_at_the_next_acknowledgement() {
    let harness = harness().await;
    let producer = impatient(&harness).build().await.unwrap();
    harness.on(ApiKey::PRODUCE).topic("bad").times(1).error(ErrorCode::NOT_ENOUGH_REPLICAS);
    within(producer.send(record("bad"))).await.unwrap();
    harness.on(ApiKey::PRODUCE).always().silence();
    let errors = expired(&producer, 20).await;
    assert!(!errors.is_empty());
    for error in errors {
        assert_eq!(error.code(), None, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn full_budget_names_the_rejection_and_not_a_broker_that_serves_another_topic() {
    let harness = harness().await;
    let builder =
        harness.producer().buffer_memory(200_000).max_block(5 * SECOND).delivery_timeout(60 * SECOND);
    let producer = builder.build().await.unwrap();
    within(producer.send(record("bad"))).await.unwrap();
    harness.on(ApiKey::PRODUCE).topic("bad").always().error(ErrorCode::NOT_ENOUGH_REPLICAS);
    let beside = async {
        for _ in 0..100 {
            within(producer.send(record("t"))).await.unwrap();
            sleep(SECOND / 20).await;
        }
    };
    let (errors, ()) = join(without_room(&producer), beside).await;
    assert!(!errors.is_empty());
    for error in errors {
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::BufferFull, "{text}");
        assert!(text.contains("rejected its batches with NOT_ENOUGH_REPLICAS (19) for "), "{text}");
        assert!(text.contains("`min.insync.replicas`") && !text.contains("cannot be used"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn full_budget_names_the_broker_that_refuses_credentials_and_not_an_earlier_rejection() {
    let cluster = Cluster::builder().brokers(1).topic("bad", 1).user("alice", "before");
    let harness = ClusterHarness::in_memory(cluster).await;
    let builder =
        harness.producer().buffer_memory(200_000).max_block(5 * SECOND).delivery_timeout(60 * SECOND);
    let producer = builder.sasl(Sasl::plain("alice", "before")).build().await.unwrap();
    within(producer.send(record("bad"))).await.unwrap();
    harness.on(ApiKey::PRODUCE).always().error(ErrorCode::NOT_ENOUGH_REPLICAS);
    drop(within(producer.enqueue(record("bad"))).await.unwrap());
    sleep(SECOND).await;
    harness.set_user("alice", "after");
    harness.kill(1);
    harness.restart(1).unwrap();
    let errors = without_room(&producer).await;
    assert!(!errors.is_empty());
    for error in errors {
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::BufferFull, "{text}");
        assert!(text.contains("(broker 1 cannot be used: ") && text.contains("credentials"), "{text}");
        assert!(!text.contains("respond") && !text.contains("NOT_ENOUGH_REPLICAS"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn broker_that_owes_an_answer_did_not_respond_and_one_that_throttles_did() {
    for is_silent in [true, false] {
        let harness = harness().await;
        let builder = harness.producer().request_timeout(2 * SECOND).delivery_timeout(2 * SECOND);
        let producer = builder.linger(Duration::ZERO).build().await.unwrap();
        // The next request is sent half a second later, and has not timed out when its record expires.
        harness.throttle(1, if is_silent { SECOND / 2 } else { 40 * SECOND });
        within(producer.send(record("t"))).await.unwrap();
        if is_silent {
            harness.on(ApiKey::PRODUCE).always().silence();
        }
        let error = within(producer.send(record("bad"))).await.unwrap_err();
        assert_eq!(error.to_string().contains("did not respond in time"), is_silent, "{error}");
        assert_eq!(error.to_string().contains("quota"), !is_silent, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn record_of_a_broker_that_is_being_connected_to_names_it_and_its_address() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 2)).await;
    let producer = impatient(&harness).socket_setup_timeout(30 * SECOND).build().await.unwrap();
    let partition =
        (0..2).find(|partition| harness.leader("t", *partition).is_some_and(|id| id.0 == 2)).unwrap();
    harness.network().name("broker-2", Name::Silence);
    let error = within(producer.send(record("t").partition(partition))).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("connection: broker 2 at broker-2:9092: not connected yet, connecting for 2s"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn missing_credentials_are_a_cause_where_the_broker_never_answered_a_request() {
    for has_answered in [false, true] {
        let harness = harness().await;
        let producer = impatient(&harness).build().await.unwrap();
        if has_answered {
            within(producer.send(record("t"))).await.unwrap();
        }
        harness.on(ApiKey::PRODUCE).always().disconnect();
        let error = within(producer.send(record("t"))).await.unwrap_err();
        assert_eq!(error.to_string().contains("a SASL listener needs credentials"), !has_answered, "{error}");
        assert!(error.to_string().contains("1 request had no response"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn requests_that_a_close_cuts_off_are_named_in_the_log() {
    let log = Log::default();
    let _guard = log.listen();
    let harness = harness().await;
    let producer = harness.producer().close_timeout(SECOND).build().await.unwrap();
    within(producer.send(record("t"))).await.unwrap();
    harness.on(ApiKey::PRODUCE).always().silence();
    let delivery = within(producer.enqueue(record("t"))).await.unwrap();
    within(producer.close()).await.unwrap_err();
    within(delivery).await.unwrap_err();
    eventually(|| log.count("WARN", "closed a connection before the broker responded") == 1).await;
    assert_eq!(log.count("WARN", "does not need the connection any more"), 0);
}

#[tokio::test(start_paused = true)]
async fn record_above_the_limit_names_the_property_that_is_the_limit() {
    for (buffer, property) in
        [(10_000, "raise `buffer.memory` = 10000"), (20_000, "raise `max.request.size` = 10000")]
    {
        let harness = harness().await;
        let builder = harness.producer().buffer_memory(buffer).batch_size(1_000).max_request_size(10_000);
        let producer = builder.build().await.unwrap();
        let value = vec![0; if buffer == 10_000 { 9_960 } else { 10_001 }];
        let error = within(producer.send(Record::to("t").value(value))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MessageTooLarge);
        assert!(error.to_string().contains(property), "{error}");
    }
}

/// One broker with two topics.
async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1).topic("bad", 1).auto_create(false))
        .await
}

fn impatient(harness: &ClusterHarness) -> ProducerBuilder {
    harness.producer().request_timeout(SECOND).delivery_timeout(2 * SECOND).batch_size(1_000)
}

fn record(topic: &str) -> Record {
    Record::to(topic).value("v")
}

/// The errors of records that find no room beside others of their topic.
async fn without_room(producer: &Producer) -> Vec<SendError> {
    let large = || Record::to("bad").value(vec![0; 20_000]);
    let outcomes = within(join_all((0..20).map(|_| producer.enqueue(large())))).await;
    outcomes.into_iter().filter_map(Result::err).collect()
}

/// The errors of so many records, most of which come while a batch before them is being rejected.
async fn expired(producer: &Producer, records: usize) -> Vec<SendError> {
    let mut deliveries = Vec::new();
    for _ in 0..records {
        deliveries.push(producer.enqueue(Record::to("bad").value(vec![0; 900])).await.unwrap());
        sleep(SECOND / 500).await;
    }
    within(join_all(deliveries)).await.into_iter().filter_map(Result::err).collect()
}
