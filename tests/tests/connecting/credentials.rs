//! Brokers that do not know us: at the start it ends the build at once, later the records wait, and go on when it is
//! mended. The clock is paused.

use std::time::Duration;

use milena::{ConnectErrorKind, ErrorKind, Persisted, Producer, Record, Sasl};
use milena_fake::{ApiKey, Cluster, ErrorCode, Mechanism};
use milena_tests::{ClusterHarness, Name, Stopwatch, within};
use tokio::time::sleep;

use crate::refusals::{check, refused};

const SECOND: Duration = Duration::from_secs(1);

/// A cluster that knows `kim`, by name and password.
async fn harness() -> ClusterHarness {
    let builder = Cluster::builder().brokers(2).topic("t", 2).user("kim", "right");
    ClusterHarness::in_memory(builder.mechanisms(&[Mechanism::Plain])).await
}

/// Fails to build within a second: nobody waits for what no time mends.
async fn refused_at_once(harness: &ClusterHarness, sasl: Option<Sasl>) -> milena::ConnectError {
    let watch = Stopwatch::start();
    let builder = sasl.into_iter().fold(harness.producer(), milena::ProducerBuilder::sasl);
    let error = builder.build().await.unwrap_err();
    assert!(watch.elapsed() < SECOND, "{:?}: {error}", watch.elapsed());
    error
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_an_unknown_user_and_a_mechanism_that_is_not_enabled_end_the_build_at_once() {
    let harness = harness().await;
    for (user, password) in [("kim", "wrong"), ("tim", "right")] {
        let error = refused_at_once(&harness, Some(Sasl::plain(user, password))).await;
        check(
            &error,
            ConnectErrorKind::Authentication,
            &["broker-1:9092", "broker-2:9092", "PLAIN", "password"],
        );
        let cause = std::error::Error::source(&error).unwrap();
        assert!(cause.to_string().contains("broker-1:9092"), "{cause}");
    }
    let error = refused_at_once(&harness, Some(Sasl::scram_sha_256("kim", "right"))).await;
    check(&error, ConnectErrorKind::Authentication, &["broker-1:9092", "SCRAM-SHA-256", "it offers PLAIN"]);
}

#[tokio::test(start_paused = true)]
async fn unexpected_credentials_end_the_build_and_missing_ones_are_named() {
    let open = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let error = refused_at_once(&open, Some(Sasl::plain("kim", "right"))).await;
    check(&error, ConnectErrorKind::Authentication, &["broker-1:9092", "does not use SASL"]);
    let asking = harness().await;
    // It hangs up without a word, as one does that restarts: nobody can know that it will again.
    let error = refused(asking.producer()).await;
    check(&error, ConnectErrorKind::Authentication, &["broker-1:9092", "SASL", "credentials"]);
}

#[tokio::test(start_paused = true)]
async fn rejected_credentials_count_although_another_server_is_unreachable() {
    let harness = harness().await;
    harness.network().name("nobody", Name::Nobody);
    let builder = harness.producer().bootstrap_servers("nobody:9092,broker-1:9092");
    let watch = Stopwatch::start();
    let error = builder.sasl(Sasl::plain("kim", "wrong")).build().await.unwrap_err();
    assert!(watch.elapsed() < SECOND, "{:?}", watch.elapsed());
    check(
        &error,
        ConnectErrorKind::Authentication,
        &["nobody:9092", "broker-1:9092", "rejected the PLAIN credentials"],
    );
}

/// A producer that is known, and has written.
async fn known(harness: &ClusterHarness, delivery_timeout: Duration) -> Producer {
    let builder = harness.producer().sasl(Sasl::plain("kim", "right")).delivery_timeout(delivery_timeout);
    let producer = builder.request_timeout(5 * SECOND).build().await.unwrap();
    for partition in 0..2 {
        producer.send(Record::to("t").partition(partition)).await.unwrap();
    }
    producer
}

/// The brokers know another password, and everybody has to come in again.
fn change_password(harness: &ClusterHarness, password: &str) {
    harness.set_user("kim", password);
    harness.expire_sessions();
}

#[tokio::test(start_paused = true)]
async fn changed_password_is_the_reason_of_undelivered_records() {
    let harness = harness().await;
    let producer = known(&harness, 20 * SECOND).await;
    change_password(&harness, "new");
    let before = harness.authentications().len();
    // The first one was sent on a connection that was hung up on, the second one never was.
    let mut waiting = Vec::new();
    for _ in 0..2 {
        waiting.push(producer.enqueue(Record::to("t").partition(0)).await.unwrap());
        sleep(SECOND).await;
    }
    for (delivery, persisted) in waiting.into_iter().zip([Persisted::Maybe, Persisted::No]) {
        let error = within(delivery).await.unwrap_err();
        assert_eq!((error.kind(), error.persisted()), (ErrorKind::DeliveryTimeout, persisted), "{error}");
        for words in [
            "broker-1:9092",
            "authentication: the broker rejected the PLAIN credentials",
            "check user name and password",
        ] {
            assert!(error.to_string().contains(words), "{words:?} is missing: {error}");
        }
    }
    // The lane and the control connection, with the backoffs that end at one second.
    let tried = harness.authentications().len() - before;
    assert!((20..100).contains(&tried), "{tried} in twenty seconds");
}

#[tokio::test(start_paused = true)]
async fn records_wait_for_a_password_that_is_put_right() {
    let harness = harness().await;
    let producer = known(&harness, 120 * SECOND).await;
    change_password(&harness, "new");
    let waiting = producer.enqueue(Record::to("t").partition(0)).await.unwrap();
    sleep(60 * SECOND).await;
    harness.set_user("kim", "right");
    let watch = Stopwatch::start();
    within(waiting).await.unwrap();
    assert!(watch.elapsed() < 2 * SECOND, "{:?}", watch.elapsed());
    assert_eq!(harness.log("t", 0).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_is_denied_fails_alone_and_works_once_it_is_granted() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1).topic("u", 1)).await;
    let producer = harness.connect().await;
    producer.send(("t", "v")).await.unwrap();
    harness.on(ApiKey::PRODUCE).topic("t").always().error(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    harness.on(ApiKey::METADATA).topic("t").always().error(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    for _ in 0..3 {
        let watch = Stopwatch::start();
        let error = producer.send(("t", "v")).await.unwrap_err();
        assert_eq!((error.kind(), error.persisted()), (ErrorKind::TopicAuthorizationFailed, Persisted::No));
        assert!(error.to_string().contains('t') && error.to_string().contains("WRITE"), "{error}");
        producer.send(("u", "v")).await.unwrap();
        assert!(watch.elapsed() < SECOND, "{:?}", watch.elapsed());
        sleep(10 * SECOND).await;
    }
    harness.clear_hooks();
    assert_eq!(within(producer.send(("t", "v"))).await.unwrap().offset, 1);
    assert_eq!(harness.log("u", 0).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_was_denied_from_the_start_is_written_to_once_it_is_granted() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1)).await;
    let producer = harness.connect().await;
    harness.on(ApiKey::METADATA).topic("t").always().error(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    let watch = Stopwatch::start();
    let error = producer.send(("t", "v")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TopicAuthorizationFailed, "{error}");
    assert!(watch.elapsed() < SECOND, "{:?}", watch.elapsed());
    harness.clear_hooks();
    sleep(5 * SECOND).await;
    within(producer.send(("t", "v"))).await.unwrap();
}
