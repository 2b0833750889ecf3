//! Brokers of older releases take what the reference takes.

use milena_tests::kafka::judge::ExactlyOnce;
use milena_tests::kafka::secured::BOB;
use milena_tests::kafka::{Kafka, Release};

use crate::clients::{produce_some, protocol, scram, tls};

const RECORDS: usize = 1_000;

#[test]
fn a_broker_of_kafka_4_3_takes_each_record_once_plain_and_by_scram_over_tls() {
    check_each_record_once(Release::V4_3);
}

#[test]
fn a_broker_of_kafka_3_9_takes_each_record_once_plain_and_by_scram_over_tls() {
    check_each_record_once(Release::V3_9);
}

fn check_each_record_once(release: Release) {
    let kafka = Kafka::shared_of(release);
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
