//! What keeps a client out: each ends `milena produce` with the exit code for no connection, and with one message that says
//! which broker it was, which step failed and what to do, and that holds no secret.

use milena_tests::kafka::secured::{self, ALICE, BOB, READ_ONLY, certificate, pem};
use milena_tests::kafka::{Ended, Properties};

use crate::clients::{password, plain, produce, protocol, scram, tls};

/// Nobody listens there.
const NOBODY: &str = "127.0.0.1:1";
const WRONG: &str = "not the pass-word";
/// The exit code for no connection, and that for a record that failed.
const NO_CONNECTION: i32 = 3;
const FAILED: i32 = 1;

#[test]
fn a_wrong_password_is_named_as_such() {
    for listener in ["SASL_PLAINTEXT", "SASL_SSL"] {
        let settings = if listener == "SASL_SSL" { tls(listener) } else { protocol(listener) };
        let plain = password(&settings, "PLAIN", "plain.Plain", ALICE, WRONG);
        refused(listener, &plain).says(&["PLAIN", "credentials", "password"]);
        let scram = password(&settings, "SCRAM-SHA-512", "scram.Scram", BOB, WRONG);
        refused(listener, &scram).says(&["SCRAM-SHA-512", "credentials", "password"]);
    }
}

#[test]
fn a_user_whom_nobody_knows_is_named() {
    refused("SASL_SSL", &plain(&tls("SASL_SSL"), "mallory")).says(&["credentials", "user name"]);
    refused("SASL_SSL", &scram(&tls("SASL_SSL"), "SCRAM-SHA-256", "mallory"))
        .says(&["credentials", "user name"]);
}

#[test]
fn a_mechanism_that_is_not_enabled_is_named_with_those_that_are() {
    refused("SCRAM_ONLY", &plain(&protocol("SASL_PLAINTEXT"), ALICE)).says(&["PLAIN", "SCRAM-SHA-512"]);
}

#[test]
fn an_authority_that_did_not_sign_the_servers_certificate_is_found() {
    let other = protocol("SSL")
        .with("ssl.truststore.type", "PEM")
        .with("ssl.truststore.location", certificate("other-ca.pem").display());
    refused("SSL", &other).says(&["TLS", "ssl.truststore.location"]);
}

#[test]
fn a_certificate_for_another_host_is_not_taken() {
    refused("ELSEWHERE", &tls("SSL")).says(&["TLS", "broker.example", "127.0.0.1"]);
}

#[test]
fn a_certificate_that_has_expired_is_not_taken() {
    refused("EXPIRED", &tls("SSL")).says(&["TLS", "has expired", "2021-01-01"]);
}

#[test]
fn a_broker_that_wants_a_certificate_says_so() {
    refused("SSL_MUTUAL", &tls("SSL")).says(&["TLS", "ssl.keystore.location"]);
    refused("SSL_MUTUAL", &tls("SSL").with("ssl.enabled.protocols", "TLSv1.2"))
        .says(&["TLS", "ssl.keystore.location"]);
}

#[test]
fn a_client_with_a_certificate_of_another_authority_is_told_so() {
    let unknown = tls("SSL")
        .with("ssl.keystore.type", "PEM")
        .with("ssl.keystore.key", pem("client-ec-pkcs8.pem"))
        .with("ssl.keystore.certificate.chain", pem("client-unknown.pem"));
    refused("SSL_MUTUAL", &unknown).says(&["TLS", "our client certificate", "trusts the authority"]);
}

#[test]
fn a_client_with_tls_finds_out_that_the_listener_has_none() {
    refused("PLAINTEXT", &tls("SSL")).says(&["TLS", "security.protocol"]);
}

#[test]
fn a_client_without_tls_finds_out_that_the_listener_has_it() {
    refused("SSL", &protocol("PLAINTEXT")).says(&["serves TLS", "plaintext port"]);
}

#[test]
fn a_client_with_sasl_finds_out_that_the_listener_has_none_and_the_other_way_round() {
    refused("PLAINTEXT", &plain(&protocol("SASL_PLAINTEXT"), ALICE)).says(&["SASL", "security protocol"]);
    refused("SASL_PLAINTEXT", &protocol("PLAINTEXT")).says(&["SASL", "credentials"]);
}

#[test]
fn a_listener_that_sends_clients_where_nobody_is_is_explained() {
    refused("UNREACHABLE", &protocol("PLAINTEXT")).says(&[NOBODY, "advertised.listeners"]);
    refused("UNRESOLVED", &protocol("PLAINTEXT")).says(&["broker-7.invalid:9092", "advertised.listeners"]);
}

#[test]
fn a_port_at_which_nobody_listens_is_named() {
    refused_at(NOBODY, &protocol("PLAINTEXT")).says(&["refused", "bootstrap"]);
}

#[test]
fn a_port_that_is_for_controllers_is_recognised() {
    let controller = secured::shared().controller();
    refused_at(&controller, &protocol("PLAINTEXT")).says(&["controller's listener", "broker's listener"]);
}

#[test]
fn a_topic_that_one_may_not_write_to_is_a_record_that_failed() {
    let kafka = secured::shared();
    for topic in ["private".to_owned(), format!("{READ_ONLY}1")] {
        kafka.create_topic(&topic, 1, &[]);
        let servers = kafka.servers("SASL_SSL");
        let ended = run(&servers, &plain(&tls("SASL_SSL"), ALICE), &topic);
        assert_eq!(ended.code, Some(FAILED), "{ended}");
        let said = ended.stdout.clone() + &ended.stderr;
        let expected = [topic.as_str(), "authoriz", "allow", "WRITE"];
        assert!(expected.iter().all(|part| said.contains(part)), "{expected:?}: {ended}");
    }
}

/// A message, and where it has to have come from.
struct Message {
    ended: Ended,
    servers: String,
}

/// Has `milena produce` try a listener in vain.
#[track_caller]
fn refused(listener: &str, settings: &Properties) -> Message {
    refused_at(&secured::shared().servers(listener), settings)
}

#[track_caller]
fn refused_at(servers: &str, settings: &Properties) -> Message {
    let ended = run(servers, settings, &format!("{}topic", secured::OPEN));
    assert_eq!(ended.code, Some(NO_CONNECTION), "{ended}");
    Message { ended, servers: servers.to_owned() }
}

impl Message {
    /// One line names the broker and says all of this, and nothing else is said.
    #[track_caller]
    fn says(&self, parts: &[&str]) {
        let errors: Vec<_> = self.ended.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(errors.len(), 1, "{}", self.ended);
        let parts = parts.iter().copied().chain([self.servers.as_str()]);
        let lacks: Vec<_> = parts.filter(|part| !errors[0].contains(part)).collect();
        assert!(lacks.is_empty(), "{lacks:?} not in {}", self.ended);
    }
}

#[track_caller]
fn run(servers: &str, settings: &Properties, topic: &str) -> Ended {
    let kafka = secured::shared();
    let name = format!("refused-{:?}-{servers}.properties", std::thread::current().id());
    let ended = produce(servers, &kafka.file(&name, settings), topic).input("{\"value\":\"v\"}\n").run();
    println!("{ended}");
    for secret in [secured::PASSWORD, WRONG, "PRIVATE KEY"] {
        assert!(!ended.stderr.contains(secret) && !ended.stdout.contains(secret), "{ended}");
    }
    ended
}
