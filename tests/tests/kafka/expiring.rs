//! A listener at which who one is has to be proved anew every five seconds (KIP-368): records go on all the while.
//!
//! For as many seconds as `MILENA_REAUTH_SECONDS` says, or 25.

use std::time::Duration;

use milena::{Producer, Sasl, Tls};
use milena_tests::kafka::Kafka;
use milena_tests::kafka::judge::{ExactlyOnce, check_replicas, producers};
use milena_tests::kafka::secured::{self, BOB, OPEN, PASSWORD, certificate};
use tokio::time::sleep;

use crate::load::Load;

/// What the listener allows.
const LIFETIME: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_expire_are_renewed_under_load_and_no_record_notices() {
    let seconds = std::env::var("MILENA_REAUTH_SECONDS").map_or(25, |seconds| seconds.parse().unwrap());
    let (kafka, topic) = (secured::shared(), format!("{OPEN}expiring"));
    kafka.create_topic(&topic, 3, &[]);
    let producer = producer(&kafka).await;

    let load = Load::on(&producer, &topic);
    // The time itself is what is under test: sessions run out in it.
    sleep(Duration::from_secs(seconds)).await;
    let sent = load.end().await;
    let metrics = producer.metrics();
    producer.close().await.unwrap();

    println!("{} records in {seconds} s, {} authentications more", sent.len(), metrics.reauthentications);
    // One connection at least was there all the time, and each has to be renewed before its time is over.
    assert!(metrics.reauthentications >= seconds / LIFETIME.as_secs() - 1, "{metrics:?}");
    let mut judge = ExactlyOnce::of(&sent);
    kafka.read_each(&topic, |record| judge.read(&record));
    judge.verdict().unwrap();
    let replicas = kafka.dump(&topic);
    check_replicas(&replicas, 1, &sent).unwrap();
    assert_eq!(producers(&replicas).len(), 1, "a session that is renewed is no reason for a new epoch");
}

async fn producer(kafka: &Kafka) -> Producer {
    Producer::builder()
        .bootstrap_servers(kafka.servers("EXPIRING"))
        .tls(Tls::new().ca_file(certificate("ca.pem")))
        .sasl(Sasl::scram_sha_512(BOB, PASSWORD))
        // Requests are under way whenever the time comes.
        .linger(Duration::ZERO)
        .build()
        .await
        .unwrap()
}
