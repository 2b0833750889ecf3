//! Topics that cannot be looked up: names that no topic has, refusals, and what one caller's name does to others.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join;
use milena::{ErrorKind, Persisted, Producer, Record, SendError, TryEnqueueErrorKind};
use milena_codec::ids::{BrokerId, PartitionId};
use milena_codec::message::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use milena_fake::{ApiKey, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, Stopwatch, within};
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);

/// A cluster that makes no topics of its own accord.
async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1).auto_create(false)).await
}

/// How many questions about the cluster there were.
fn questions(harness: &ClusterHarness) -> usize {
    harness.journal().iter().filter(|entry| entry.api == ApiKey::METADATA).count()
}

#[track_caller]
fn assert_refused_by_name(error: &SendError) {
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::InvalidTopic, Persisted::No));
    assert!(!error.is_retriable() && error.code().is_none(), "{error}");
    let shown = format!("{error} {error:?}");
    assert!(shown.len() < 2_500 && !shown.contains(char::is_control), "{} bytes: {shown:.300}", shown.len());
    assert!(error.to_string().contains("use 1 to 249 letters"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn invalid_topic_name_is_rejected_at_once_and_affects_no_other_topic() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let asked = questions(&harness);
    for name in ["", ".", "..", "a b", "a\u{1b}[2J\n", &"x".repeat(250), &"\u{1b}".repeat(40_000)] {
        let sent = producer.send((name, "v")).now_or_never().expect("no broker is asked");
        assert_refused_by_name(&sent.unwrap_err());
        let found = producer.topic(name).now_or_never().expect("no broker is asked");
        assert_refused_by_name(&found.unwrap_err());
        let tried = producer.try_enqueue((name, "v")).unwrap_err();
        assert_eq!(tried.kind(), TryEnqueueErrorKind::Refused);
        assert_refused_by_name(tried.error().unwrap());
        assert!(!tried.to_string().contains(char::is_control), "{tried}");
    }
    within(producer.send(("t", "v"))).await.unwrap();
    assert_eq!(questions(&harness), asked + 1, "about `t` alone");
}

/// Sends one record a millisecond to a topic that is refused.
async fn send_in_vain(producer: &Producer, records: usize) -> Vec<SendError> {
    let mut errors = Vec::new();
    for _ in 0..records {
        errors.push(within(producer.send(("no", "v"))).await.unwrap_err());
        sleep(MS).await;
    }
    errors
}

#[tokio::test(start_paused = true)]
async fn loop_of_sends_to_a_rejected_topic_requests_metadata_with_a_growing_backoff() {
    for (code, kind) in [
        (ErrorCode::INVALID_TOPIC_EXCEPTION, ErrorKind::InvalidTopic),
        (ErrorCode::TOPIC_AUTHORIZATION_FAILED, ErrorKind::TopicAuthorizationFailed),
        (ErrorCode::CLUSTER_AUTHORIZATION_FAILED, ErrorKind::ClusterAuthorizationFailed),
    ] {
        let harness = harness().await;
        let producer = harness.connect().await;
        let asked = questions(&harness);
        harness.on(ApiKey::METADATA).topic("no").always().error(code);
        for error in send_in_vain(&producer, 5_000).await {
            assert_eq!((error.kind(), error.code()), (kind, Some(code)));
        }
        let asked = questions(&harness) - asked;
        // Steps of 100, 200, 400, 800 and 1 000 ms, each ±20 %.
        assert!((7..=9).contains(&asked), "asked {asked} times in 5 s");
        // What is allowed meanwhile is found once the backoff is over.
        harness.clear_hooks();
        harness.create_topic("no", 1);
        sleep(2_000 * MS).await;
        within(producer.send(("no", "v"))).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_topic_does_not_delay_the_look_up_of_another_one() {
    let harness = harness().await;
    let producer = harness.connect().await;
    harness.on(ApiKey::METADATA).topic("no").always().error(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    send_in_vain(&producer, 5_000).await;
    let before = Stopwatch::start();
    within(producer.topic("t")).await.unwrap();
    assert!(before.elapsed() < MS, "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn caller_that_does_not_wait_gets_the_rejection_of_its_topic() {
    let harness = harness().await;
    let producer = harness.connect().await;
    harness.on(ApiKey::METADATA).topic("no").always().error(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    let record = || Record::to("no").value("v");
    for _ in 0..3 {
        let error = producer.try_enqueue(record()).unwrap_err();
        assert_eq!(error.kind(), TryEnqueueErrorKind::NotReady);
        // It looks in again when the backoff is long over.
        sleep(60_000 * MS).await;
        let error = producer.try_enqueue(record()).unwrap_err();
        assert_eq!(error.error().map(SendError::kind), Some(ErrorKind::TopicAuthorizationFailed));
        sleep(60_000 * MS).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_for_a_partition_that_was_added_meanwhile_is_written_there() {
    let harness = harness().await;
    let producer = harness.connect().await;
    within(producer.send(("t", "v"))).await.unwrap();
    let record = || Record::to("t").partition(4).value("late");
    // Added before it is sent, and while it waits.
    harness.grow_topic("t", 5);
    assert_eq!(within(producer.send(record())).await.unwrap().partition, 4);
    let grown = async {
        sleep(30_000 * MS).await;
        harness.grow_topic("t", 9);
    };
    let (sent, ()) = within(join(producer.send(record().partition(8)), grown)).await;
    assert_eq!(sent.unwrap().partition, 8);
    // A caller that does not wait has the brokers asked, and finds it the next time.
    harness.grow_topic("t", 12);
    let error = producer.try_enqueue(record().partition(11)).unwrap_err();
    let error = error.error().unwrap();
    assert_eq!((error.kind(), error.is_retriable()), (ErrorKind::InvalidPartition, true));
    sleep(2_000 * MS).await;
    within(producer.try_enqueue(record().partition(11)).unwrap()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_is_not_added_is_refused_after_max_block_with_the_count() {
    let harness = harness().await;
    let producer = harness.producer().max_block(20_000 * MS).build().await.unwrap();
    within(producer.send(("t", "v"))).await.unwrap();
    let asked = questions(&harness);
    let sends = (0..1_000).map(|_| producer.send(Record::to("t").partition(7).value("v")));
    for outcome in within(futures_util::future::join_all(sends)).await {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.partition()), (ErrorKind::InvalidPartition, Some(7)));
        assert!(error.is_retriable() && error.to_string().contains("the topic has 1, "), "{error}");
    }
    let during = questions(&harness) - asked;
    assert!((10..=30).contains(&during), "asked {during} times in 20 s");
    sleep(100_000 * MS).await;
    assert!(questions(&harness) <= asked + during + 2, "nobody waits any more");
}

/// The brokers' answer about a topic `empty` without partitions, and then with one.
fn described(harness: &ClusterHarness, partitions: usize) -> MetadataResponse {
    let address = harness.bootstrap_servers();
    let (host, port) = address.split(',').next().unwrap().rsplit_once(':').unwrap();
    let partition = |index| MetadataResponsePartition {
        partition_index: PartitionId(index),
        leader_id: BrokerId(1),
        ..MetadataResponsePartition::default()
    };
    MetadataResponse {
        brokers: vec![MetadataResponseBroker {
            node_id: BrokerId(1),
            host: host.to_owned(),
            port: port.parse().unwrap(),
            ..MetadataResponseBroker::default()
        }],
        topics: vec![MetadataResponseTopic {
            name: Some("empty".to_owned()),
            partitions: (0..).take(partitions).map(partition).collect(),
            ..MetadataResponseTopic::default()
        }],
        ..MetadataResponse::default()
    }
}

#[tokio::test(start_paused = true)]
async fn topic_without_partitions_is_requested_again_until_it_has_some() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let asked = questions(&harness);
    harness.on(ApiKey::METADATA).always().message(described(&harness, 0));
    let error = within(producer.topic("empty")).await.unwrap_err();
    assert!(error.is_retriable() && error.to_string().contains("had no partition"), "{error}");
    assert!(questions(&harness) - asked > 20, "{} questions", questions(&harness) - asked);
    let grown = async {
        sleep(10_000 * MS).await;
        harness.clear_hooks();
        harness.on(ApiKey::METADATA).always().message(described(&harness, 3));
    };
    let (topic, ()) = within(join(producer.topic("empty"), grown)).await;
    assert_eq!(topic.unwrap().partitions(), 3);
}

/// The error of a record to partition 0 of `t`, which has no leader that could be used.
async fn leaderless(harness: &ClusterHarness) -> SendError {
    let builder = harness.producer().request_timeout(1_000 * MS).delivery_timeout(2_000 * MS);
    let producer = builder.build().await.unwrap();
    within(producer.send(Record::to("t").partition(0).value("v"))).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn the_code_of_a_partition_in_metadata_stands_in_the_error_of_its_records() {
    for code in [ErrorCode::LISTENER_NOT_FOUND, ErrorCode::LEADER_NOT_AVAILABLE] {
        let harness = harness().await;
        harness.on(ApiKey::METADATA).topic("t").partition(0).always().error(code);
        let error = leaderless(&harness).await;
        assert_eq!(error.kind(), ErrorKind::DeliveryTimeout);
        assert!(error.to_string().contains(&format!("brokers return {code} for the partition")), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_not_among_the_brokers_stands_in_the_error_of_its_records() {
    let harness = harness().await;
    let mut answer = described(&harness, 1);
    answer.topics[0].name = Some("t".to_owned());
    answer.topics[0].partitions[0].leader_id = BrokerId(77);
    harness.on(ApiKey::METADATA).topic("t").always().message(answer);
    let error = leaderless(&harness).await.to_string();
    assert!(error.contains("broker 77 leads the partition, and is not among the brokers"), "{error}");
}
