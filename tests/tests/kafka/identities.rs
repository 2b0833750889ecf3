//! Credentials set on the builder: the typed equivalents of the properties of a file.

use std::sync::Arc;

use milena::sasl::UnsecuredTokens;
use milena::{Producer, Sasl, Tls};
use milena_tests::kafka::Kafka;
use milena_tests::kafka::secured::{self, ALICE, BOB, CAROL, OPEN, PASSWORD, certificate, pem};

use crate::clients::{scram, tls};
use crate::values;

#[tokio::test(flavor = "multi_thread")]
async fn each_mechanism_of_the_builder_gets_in() {
    let kafka = secured::shared();
    check(&kafka, "plain", "SASL_SSL", Some(Sasl::plain(ALICE, PASSWORD)), Some(trusting())).await;
    check(&kafka, "scram-256", "SASL_SSL", Some(Sasl::scram_sha_256(BOB, PASSWORD)), Some(trusting())).await;
    check(&kafka, "scram-512", "SASL_PLAINTEXT", Some(Sasl::scram_sha_512(BOB, PASSWORD)), None).await;
    let token = Sasl::oauthbearer(Arc::new(UnsecuredTokens::new(CAROL)));
    check(&kafka, "token", "SASL_SSL", Some(token), Some(trusting())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_from_files_and_one_from_text_get_in() {
    let kafka = secured::shared();
    let files = trusting().certificate_file(certificate("client-rsa-all.pem"));
    check(&kafka, "files", "SSL_MUTUAL", None, Some(files)).await;
    let text = Tls::new()
        .ca_pem(pem("ca.pem"))
        .certificate_pem(pem("client-ec.pem"))
        .key_pem(pem("client-ec-sec1.pem"));
    check(&kafka, "text", "SSL_MUTUAL", None, Some(text)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delegation_token_stands_for_who_has_asked_for_it() {
    let kafka = secured::shared();
    let owner = kafka.file("owner.properties", scram(&tls("SASL_SSL"), "SCRAM-SHA-256", BOB));
    let (id, hmac) = kafka.delegation_token("SASL_SSL", &owner);
    let token = Sasl::scram_sha_256(id, hmac).delegated();
    check(&kafka, "delegated", "SASL_SSL", Some(token), Some(trusting())).await;
}

/// Whom the tests' own authority vouches for.
fn trusting() -> Tls {
    Tls::new().ca_file(certificate("ca.pem"))
}

/// Has a producer with this identity write to a topic of its own, and reads it.
async fn check(kafka: &Kafka, name: &str, listener: &str, sasl: Option<Sasl>, tls: Option<Tls>) {
    let topic = format!("{OPEN}{name}");
    kafka.create_topic(&topic, 1, &[]);
    let mut builder = Producer::builder().bootstrap_servers(kafka.servers(listener));
    builder = sasl.into_iter().fold(builder, milena::ProducerBuilder::sasl);
    builder = tls.into_iter().fold(builder, milena::ProducerBuilder::tls);
    let producer = builder.build().await.unwrap();
    let acks = producer.send_all(["a", "b", "c"].map(|value| (topic.as_str(), value))).await;
    producer.close().await.unwrap();
    assert!(acks.iter().all(Result::is_ok), "{name}: {acks:?}");
    assert_eq!(values(&kafka.read(&topic)), ["a", "b", "c"], "{name}");
}
