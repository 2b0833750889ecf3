//! The texts of errors, by rule: an error begins with the noun of its subsystem, and no error code and no address stands in
//! it twice.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use milena::{ErrorKind, Partitioner, Producer, ProducerBuilder, Record, Sasl};
use milena_codec::message::MetadataResponse;
use milena_fake::{ApiKey, Builder, Cluster, ErrorCode, Mechanism};
use milena_tests::{ClusterHarness, Name, within};

const MS: Duration = Duration::from_millis(1);

/// What errors begin with.
const NOUNS: [&str; 4] = ["topic ", "config: ", "connection: ", "flush: "];

async fn harness(change: impl FnOnce(Builder) -> Builder) -> ClusterHarness {
    ClusterHarness::in_memory(change(Cluster::builder().brokers(1).topic("t", 1).auto_create(false))).await
}

fn impatient(harness: &ClusterHarness) -> ProducerBuilder {
    let builder = harness.producer().request_timeout(1_000 * MS).delivery_timeout(2_000 * MS);
    builder.max_block(2_000 * MS).connect_timeout(2_000 * MS).close_timeout(100 * MS)
}

#[track_caller]
fn check(text: &str) {
    assert!(NOUNS.iter().any(|noun| text.starts_with(noun)), "no noun of a subsystem: {text}");
    let codes: Vec<_> = ErrorCode::ALL.iter().filter(|code| text.contains(&code.to_string())).collect();
    assert!(codes.len() <= 1, "several codes: {text}");
    for code in codes {
        assert_eq!(text.matches(code.name().unwrap()).count(), 1, "{code} twice: {text}");
    }
    let trim = |word: &str| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned();
    let is_address = |word: &String| {
        word.rsplit_once(':').is_some_and(|(_, port)| port.len() > 3 && port.parse::<u16>().is_ok())
    };
    let addresses: Vec<_> = text.split_whitespace().map(trim).filter(is_address).collect();
    let different: BTreeSet<_> = addresses.iter().collect();
    assert_eq!(addresses.len(), different.len(), "an address twice: {text}");
    for one in ["1 records", "1 requests", "1 tries", "1 bytes", "1 errors"] {
        let count =
            text.match_indices(one).filter(|(at, _)| !text[..*at].ends_with(|end: char| end.is_numeric()));
        assert_eq!(count.count(), 0, "{one}: {text}");
    }
    assert!(!text.contains("  ") && !text.ends_with(['.', ' ']), "{text:?}");
}

/// The text of the error of a record, which is of this kind.
async fn sent(producer: &Producer, record: Record, kind: ErrorKind) -> String {
    let error = within(producer.send(record)).await.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    let text = error.to_string();
    check(&text);
    let is_unsent = text.contains("not sent") || text.contains("(not written)");
    assert!(!(is_unsent && text.contains("not acknowledged") && error.code().is_none()), "{text}");
    text
}

fn record(topic: &str) -> Record {
    Record::to(topic).value("v")
}

#[tokio::test(start_paused = true)]
async fn texts_about_codes_of_produce_keep_the_rules() {
    for (code, kind) in [
        (ErrorCode::NOT_ENOUGH_REPLICAS, ErrorKind::DeliveryTimeout),
        (ErrorCode::NOT_LEADER_OR_FOLLOWER, ErrorKind::DeliveryTimeout),
        (ErrorCode::REQUEST_TIMED_OUT, ErrorKind::DeliveryTimeout),
        (ErrorCode::MESSAGE_TOO_LARGE, ErrorKind::MessageTooLarge),
        (ErrorCode::INVALID_TOPIC_EXCEPTION, ErrorKind::InvalidTopic),
        (ErrorCode::TOPIC_AUTHORIZATION_FAILED, ErrorKind::TopicAuthorizationFailed),
        (ErrorCode::CLUSTER_AUTHORIZATION_FAILED, ErrorKind::ClusterAuthorizationFailed),
        (ErrorCode::INVALID_TIMESTAMP, ErrorKind::InvalidTimestamp),
        (ErrorCode::INVALID_RECORD, ErrorKind::InvalidRecord),
        (ErrorCode::UNSUPPORTED_COMPRESSION_TYPE, ErrorKind::UnsupportedCompression),
        (ErrorCode::POLICY_VIOLATION, ErrorKind::Refused),
        (ErrorCode::UNKNOWN_SERVER_ERROR, ErrorKind::Refused),
        (ErrorCode::CORRUPT_MESSAGE, ErrorKind::InvalidRecord),
    ] {
        let harness = harness(|builder| builder).await;
        let producer = impatient(&harness).build().await.unwrap();
        harness.on(ApiKey::PRODUCE).topic("t").always().error(code);
        let outcome = within(producer.send(record("t"))).await.unwrap_err();
        assert!(outcome.kind() == kind || code == ErrorCode::CORRUPT_MESSAGE, "{outcome}");
        check(&outcome.to_string());
        check(&within(producer.flush()).await.unwrap_err().to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn too_few_replicas_in_sync_come_with_advice() {
    let harness = harness(|builder| builder).await;
    let producer = impatient(&harness).build().await.unwrap();
    harness.on(ApiKey::PRODUCE).topic("t").always().error(ErrorCode::NOT_ENOUGH_REPLICAS);
    let text = sent(&producer, record("t"), ErrorKind::DeliveryTimeout).await;
    assert!(text.contains("`min.insync.replicas`") && text.contains("start the brokers"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn texts_about_topics_keep_the_rules() {
    for (code, kind) in [
        (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, ErrorKind::UnknownTopic),
        (ErrorCode::INVALID_TOPIC_EXCEPTION, ErrorKind::InvalidTopic),
        (ErrorCode::TOPIC_AUTHORIZATION_FAILED, ErrorKind::TopicAuthorizationFailed),
        (ErrorCode::CLUSTER_AUTHORIZATION_FAILED, ErrorKind::ClusterAuthorizationFailed),
    ] {
        let harness = harness(|builder| builder).await;
        let producer = impatient(&harness).build().await.unwrap();
        harness.on(ApiKey::METADATA).topic("t").always().error(code);
        sent(&producer, record("t"), kind).await;
        let error = producer.try_enqueue(record("t")).unwrap_err();
        check(&error.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn texts_about_records_that_are_refused_here_keep_the_rules() {
    let harness = harness(|builder| builder).await;
    let builder =
        impatient(&harness).partitioner(Partitioner::Manual).max_request_size(1_000).buffer_memory(4_000);
    let producer = builder.batch_size(1_000).build().await.unwrap();
    check(&producer.try_enqueue(record("t")).unwrap_err().to_string());
    sent(&producer, record("t"), ErrorKind::NoPartition).await;
    sent(&producer, record("t").partition(7), ErrorKind::InvalidPartition).await;
    sent(&producer, record("a b"), ErrorKind::InvalidTopic).await;
    let large = Record::to("t").partition(0).value("x".repeat(2_000));
    sent(&producer, large, ErrorKind::MessageTooLarge).await;
    let _held = harness.on(ApiKey::PRODUCE).always().hold();
    let medium = || Record::to("t").partition(0).value("x".repeat(900));
    let kinds: BTreeSet<_> = join_all((0..8).map(async |_| {
        let error = within(producer.send(medium())).await.unwrap_err();
        check(&error.to_string());
        error.kind().name()
    }))
    .await
    .into_iter()
    .collect();
    assert!(kinds.contains("buffer_full"), "{kinds:?}");
    let full = producer.try_enqueue(medium());
    full.err().iter().for_each(|error| check(&error.to_string()));
    check(&within(producer.flush()).await.unwrap_err().to_string());
    let _ = producer.enqueue(medium()).await;
    if let Err(error) = within(producer.close()).await {
        check(&error.to_string());
    }
    sent(&producer, record("t").partition(0), ErrorKind::Closed).await;
}

#[tokio::test(start_paused = true)]
async fn texts_about_brokers_that_went_away_keep_the_rules() {
    for topic in ["t", "later"] {
        let harness = harness(|builder| builder.topic("later", 1)).await;
        let producer = impatient(&harness).build().await.unwrap();
        within(producer.send(record("t"))).await.unwrap();
        harness.kill(1);
        let kind = if topic == "t" { ErrorKind::DeliveryTimeout } else { ErrorKind::UnknownTopic };
        let text = sent(&producer, record(topic), kind).await;
        assert!(text.contains("broker-1:9092"), "{text}");
    }
    for cut in [false, true] {
        let harness = harness(|builder| builder).await;
        let producer = impatient(&harness).build().await.unwrap();
        within(producer.send(record("t"))).await.unwrap();
        match cut {
            true => harness.on(ApiKey::PRODUCE).always().disconnect(),
            false => harness.on(ApiKey::PRODUCE).always().silence(),
        }
        let error = within(producer.send(record("t"))).await.unwrap_err();
        check(&error.to_string());
    }
}

/// The text of an error of `build`.
async fn built(builder: ProducerBuilder) -> String {
    let text = builder.build().await.unwrap_err().to_string();
    check(&text);
    text
}

#[tokio::test(start_paused = true)]
async fn texts_about_connections_keep_the_rules() {
    let harness = harness(|builder| builder).await;
    for name in [Name::Nobody, Name::Silence] {
        harness.network().name("away", name);
        built(impatient(&harness).bootstrap_servers("away:9092")).await;
        built(impatient(&harness).bootstrap_servers("away:9092,away:9093")).await;
    }
    built(impatient(&harness).bootstrap_servers("unknown:9092")).await;
    for api in [ApiKey::API_VERSIONS, ApiKey::METADATA, ApiKey::INIT_PRODUCER_ID] {
        harness.on(api).always().silence();
        built(impatient(&harness)).await;
        harness.clear_hooks();
        harness.on(api).always().disconnect();
        built(impatient(&harness)).await;
        harness.clear_hooks();
    }
    for code in [ErrorCode::CLUSTER_AUTHORIZATION_FAILED, ErrorCode::UNKNOWN_SERVER_ERROR] {
        harness.on(ApiKey::INIT_PRODUCER_ID).always().error(code);
        built(impatient(&harness)).await;
        harness.clear_hooks();
        let answer = MetadataResponse { error_code: code, ..MetadataResponse::default() };
        harness.on(ApiKey::METADATA).always().message(answer);
        built(impatient(&harness)).await;
        harness.clear_hooks();
    }
    built(impatient(&harness).bootstrap_servers("nowhere")).await;
    built(impatient(&harness).max_in_flight(0)).await;
}

#[tokio::test(start_paused = true)]
async fn texts_about_credentials_keep_the_rules() {
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256] {
        let harness = harness(|builder| builder.user("me", "right").mechanisms(&[mechanism])).await;
        for sasl in [Sasl::plain("me", "wrong"), Sasl::scram_sha_256("me", "wrong")] {
            built(impatient(&harness).sasl(sasl)).await;
        }
        built(impatient(&harness)).await;
    }
}
