//! Every way into a secured node, by `milena produce --config FILE` and, with the very same file, by Java's console
//! producer: what either wrote is there exactly once and in order.

use std::collections::BTreeMap;

use milena_tests::kafka::judge::{ExactlyOnce, Sent};
use milena_tests::kafka::secured::{self, ALICE, BOB, CAROL, OPEN, PASSWORD, certificate, pem};
use milena_tests::kafka::{Kafka, Logged, Properties};

use crate::clients::{plain, produce_some, protocol, scram, tls, token};

/// How many records each client writes for each of the ways.
const RECORDS: usize = 200;
/// What the keys of Java's records begin with.
const BY_JAVA: &str = "by Java: ";

/// A listener, and the settings of a client that gets in there.
struct Way {
    name: String,
    listener: &'static str,
    settings: Properties,
    /// Whether Java's clients know all that is in the settings.
    known_to_java: bool,
}

fn way(name: impl Into<String>, listener: &'static str, settings: Properties) -> Way {
    Way { name: name.into(), listener, settings, known_to_java: true }
}

fn ours(name: impl Into<String>, listener: &'static str, settings: Properties) -> Way {
    Way { known_to_java: false, ..way(name, listener, settings) }
}

#[test]
fn every_mechanism_delivers_each_record_exactly_once_with_tls_and_without() {
    let mut ways = Vec::new();
    for listener in ["SASL_PLAINTEXT", "SASL_SSL"] {
        let settings = if listener == "SASL_SSL" { tls(listener) } else { protocol(listener) };
        let who = [
            ("PLAIN", plain(&settings, ALICE)),
            ("SCRAM-SHA-256", scram(&settings, "SCRAM-SHA-256", BOB)),
            ("SCRAM-SHA-512", scram(&settings, "SCRAM-SHA-512", BOB)),
            ("OAUTHBEARER", token(&settings, CAROL)),
        ];
        ways.extend(who.map(|(name, settings)| way(format!("{name} over {listener}"), listener, settings)));
    }
    let by_name = protocol("sasl_ssl")
        .with("ssl.ca.location", certificate("ca.pem").display())
        .with("sasl.mechanisms", "SCRAM-SHA-256")
        .with("sasl.username", BOB)
        .with("sasl.password", PASSWORD);
    ways.push(ours("SCRAM-SHA-256 in librdkafka's words", "SASL_SSL", by_name));
    check(&format!("{OPEN}mechanisms"), &ways);
}

#[test]
fn a_server_is_known_by_its_authority_whatever_its_key_and_the_version_of_tls() {
    let inline =
        protocol("SSL").with("ssl.truststore.type", "PEM").with("ssl.truststore.certificates", pem("ca.pem"));
    let ways = [
        way("authority in a file, elliptic curve", "SSL", tls("SSL")),
        way("authority in the settings, RSA", "SSL_RSA", inline),
        way("a server of TLS 1.2", "TLS_12", tls("SSL")),
        way("a server of TLS 1.3", "TLS_13", tls("SSL")),
        way("a client of TLS 1.2", "SSL", tls("SSL").with("ssl.enabled.protocols", "TLSv1.2")),
        way("a client of TLS 1.3", "SSL_RSA", tls("SSL").with("ssl.enabled.protocols", "TLSv1.3")),
    ];
    check(&format!("{OPEN}one-way"), &ways);
}

#[test]
fn a_client_is_known_by_its_certificate_whatever_form_its_key_has() {
    let way = |name, settings| way(name, "SSL_MUTUAL", settings);
    let ours = |name, settings| ours(name, "SSL_MUTUAL", settings);
    let ways = [
        way("all in one file", stored("client-rsa-all.pem")),
        way("PKCS#8, RSA", inline("client-rsa-pkcs8.pem", "client-rsa.pem")),
        way("PKCS#8, elliptic curve", inline("client-ec-pkcs8.pem", "client-ec.pem")),
        // Java 17 knows the encryption of these keys by no name of its own (JDK-8076999).
        ours("encrypted PKCS#8", encrypted(inline("client-rsa-encrypted.pem", "client-rsa.pem"))),
        ours("encrypted PKCS#8, scrypt", encrypted(inline("client-rsa-scrypt.pem", "client-rsa.pem"))),
        ours("PKCS#1", inline("client-rsa-pkcs1.pem", "client-rsa.pem")),
        ours("SEC1", inline("client-ec-sec1.pem", "client-ec.pem")),
        ours("PKCS#1 in librdkafka's words", located("client-rsa-pkcs1.pem", "client-rsa.pem")),
        ours(
            "encrypted PKCS#8 in librdkafka's words",
            encrypted(located("client-rsa-encrypted.pem", "client-rsa.pem")),
        ),
    ];
    check(&format!("{OPEN}mutual"), &ways);
}

fn stored(name: &str) -> Properties {
    tls("SSL").with("ssl.keystore.type", "PEM").with("ssl.keystore.location", certificate(name).display())
}

fn inline(key: &str, chain: &str) -> Properties {
    tls("SSL")
        .with("ssl.keystore.type", "PEM")
        .with("ssl.keystore.key", pem(key))
        .with("ssl.keystore.certificate.chain", pem(chain))
}

fn encrypted(settings: Properties) -> Properties {
    settings.with("ssl.key.password", "changeit")
}

fn located(key: &str, chain: &str) -> Properties {
    protocol("ssl")
        .with("ssl.ca.location", certificate("ca.pem").display())
        .with("ssl.key.location", certificate(key).display())
        .with("ssl.certificate.location", certificate(chain).display())
}

/// Has both clients write to a new topic on each of the ways, and tells of each of them how it went.
#[track_caller]
fn check(topic: &str, ways: &[Way]) {
    let kafka = secured::shared();
    kafka.create_topic(topic, 3, &[]);
    let (mut sent, mut by_java, mut failed) = (Vec::new(), 0, 0);
    for way in ways {
        let file = kafka.file(&format!("{topic}-{}.properties", file_name(&way.name)), &way.settings);
        let outcome = produce_some(&kafka, way.listener, &file, topic, &way.name, RECORDS);
        println!("{}: {}", way.name, outcome.as_ref().err().map_or("delivered", String::as_str));
        failed += usize::from(outcome.is_err());
        sent.extend(outcome.into_iter().flatten());
        if way.known_to_java {
            let lines = (0..RECORDS).map(|number| format!("{BY_JAVA}{}\t{number}\n", way.name));
            let ended =
                kafka.java_producer(way.listener, &file, topic).input(lines.collect::<String>()).run();
            assert!(ended.code == Some(0) && ended.stderr.is_empty(), "{}, by Java: {ended}", way.name);
            by_java += 1;
        }
    }
    check_log(&kafka, topic, &sent, by_java);
    assert_eq!(failed, 0, "ways that did not lead in; they are listed above");
}

/// What milena sent is where it was reported, and Java's records are all there too.
#[track_caller]
fn check_log(kafka: &Kafka, topic: &str, sent: &[Sent], by_java: usize) {
    let mut judge = ExactlyOnce::of(sent);
    let mut java = BTreeMap::<String, Vec<String>>::new();
    kafka.read_each(topic, |record| match &record {
        Logged { key: Some(key), value: Some(value), .. } if key.starts_with(BY_JAVA) => {
            java.entry(key.clone()).or_default().push(value.clone());
        }
        _ => judge.read(&record),
    });
    judge.verdict().unwrap();
    let all: Vec<_> = (0..RECORDS).map(|number| number.to_string()).collect();
    assert!(java.len() == by_java && java.values().all(|values| *values == all), "{:?}", java.keys());
}

fn file_name(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect()
}
