//! A listener that requires a new authentication every five seconds (KIP-368): records are delivered all the while.
//!
//! `MILENA_REAUTH_SECONDS` sets the duration; 35 seconds unless set.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use milena::sasl::UnsecuredTokens;
use milena::{Producer, Sasl, Tls};
use milena_tests::kafka::Kafka;
use milena_tests::kafka::judge::{ExactlyOnce, check_replicas, producers};
use milena_tests::kafka::secured::{self, ALICE, BOB, CAROL, OPEN, PASSWORD, certificate};
use tokio::time::sleep;

use crate::load::Load;

/// What the listener allows.
const LIFETIME: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sessions_that_expire_are_renewed_under_load_and_no_record_notices() {
    let seconds = std::env::var("MILENA_REAUTH_SECONDS").map_or(35, |seconds| seconds.parse().unwrap());
    // A token that lives no longer than the session has to be another one each time.
    let tokens = UnsecuredTokens::new(CAROL).lifetime(LIFETIME);
    let users = [
        ("scram", Sasl::scram_sha_512(BOB, PASSWORD)),
        ("plain", Sasl::plain(ALICE, PASSWORD)),
        ("token", Sasl::oauthbearer(Arc::new(tokens))),
    ];
    for outcome in join_all(users.map(|(name, sasl)| tokio::spawn(check(name, sasl, seconds)))).await {
        outcome.unwrap();
    }
}

async fn check(name: &'static str, sasl: Sasl, seconds: u64) {
    let (kafka, topic) = (secured::shared(), format!("{OPEN}expiring-{name}"));
    kafka.create_topic(&topic, 3, &[]);
    let producer = producer(&kafka, sasl).await;

    let load = Load::on(&producer, &topic);
    // The time itself is what is under test: sessions run out in it.
    sleep(Duration::from_secs(seconds)).await;
    let sent = load.end().await;
    let metrics = producer.metrics();
    producer.close().await.unwrap();

    let renewed = metrics.reauthentications;
    println!(
        "{name}: {} records in {seconds} s, {renewed} renewals on {} connections",
        sent.len(),
        metrics.connections
    );
    // The broker closes a connection with a session that is not renewed in time: on a machine that stalls, one now and then.
    let replaced = metrics.connections - 1;
    assert!(renewed + replaced >= seconds / LIFETIME.as_secs() - 1, "{name}: {metrics:?}");
    assert!(renewed > replaced, "{name}: {metrics:?}");
    let mut judge = ExactlyOnce::of(&sent);
    kafka.read_each(&topic, |record| judge.read(&record));
    judge.verdict().unwrap();
    let replicas = kafka.dump(&topic);
    check_replicas(&replicas, 1, &sent).unwrap();
    assert_eq!(producers(&replicas).len(), 1, "{name}: a renewal is no reason for a new epoch");
}

async fn producer(kafka: &Kafka, sasl: Sasl) -> Producer {
    Producer::builder()
        .bootstrap_servers(kafka.servers("EXPIRING"))
        .tls(Tls::new().ca_file(certificate("ca.pem")))
        .sasl(sasl)
        // Requests are under way whenever the time comes.
        .linger(Duration::ZERO)
        .build()
        .await
        .unwrap()
}
