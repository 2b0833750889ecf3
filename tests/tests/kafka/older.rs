//! A broker of the older fleet takes what the newest takes.

use milena_tests::kafka::judge::ExactlyOnce;
use milena_tests::kafka::secured::{self, BOB, PASSWORD};
use milena_tests::kafka::{Kafka, Layout, Release};

use crate::clients::{produce_some, protocol, scram, tls};

const RECORDS: usize = 1_000;

#[test]
fn a_broker_of_kafka_3_9_takes_each_record_once_plain_and_by_scram_over_tls() {
    let secure = secured::tls("SASL_SSL", "server")
        .protected_by("SASL_SSL")
        .with_all(&secured::accounts())
        .with("sasl.enabled.mechanisms", "SCRAM-SHA-512");
    let layout = Layout::nodes(1).release(Release::V3_9).scram_user(BOB, PASSWORD).listener(secure);
    let kafka = Kafka::start_as(layout);
    kafka.create_topic("older", 3, &[]);

    let ways =
        [("PLAINTEXT", protocol("PLAINTEXT")), ("SASL_SSL", scram(&tls("SASL_SSL"), "SCRAM-SHA-512", BOB))];
    let mut sent = Vec::new();
    for (listener, settings) in ways {
        let file = kafka.file(&format!("{listener}.properties"), settings);
        sent.extend(produce_some(&kafka, listener, &file, "older", listener, RECORDS).unwrap());
    }
    assert_eq!(sent.len(), 2 * RECORDS);

    let mut judge = ExactlyOnce::of(&sent);
    kafka.read_each("older", |record| judge.read(&record));
    judge.verdict().unwrap();
}
