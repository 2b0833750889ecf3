//! How a failure of TLS is told: what happened, and what to do.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::peer::{Network, Server, TIMEOUT, dial, path, talk, talk_to, trusting};
use crate::tls::{Tls, TlsConnector, TlsVersions};
use crate::transport::{Connector, DialError, TlsFault};

/// Tells that a dial fails with all of `parts` in its text, and whether for good.
#[track_caller]
fn told(error: &DialError, definite: bool, parts: &[&str]) {
    let text = error.to_string();
    assert!(text.starts_with("localhost:9093: TLS: "), "{text}");
    for expected in parts {
        assert!(text.contains(expected), "`{expected}` is not in: {text}");
    }
    assert_eq!(error.is_definite(), definite, "{text}");
    assert!(text.len() < 500 && !text.contains(char::is_control), "{text}");
}

async fn failure(network: &Arc<Network>) -> DialError {
    dial(network, &trusting(), "localhost").await.map(|_| ()).unwrap_err()
}

async fn refusal(server: Server, tls: &Tls) -> DialError {
    dial(&server.start(), tls, "localhost").await.map(|_| ()).unwrap_err()
}

/// A peer that says this at once, and then listens until it is left.
async fn after_saying(words: &'static [u8]) -> DialError {
    let network = Network::of(move |mut stream: DuplexStream| async move {
        stream.write_all(words).await.unwrap();
        while matches!(stream.read(&mut [0; 1024]).await, Ok(1..)) {}
    });
    failure(&network).await
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_is_told() {
    let unknown = Server { certificate: "server-unknown.pem", ..Server::new() };
    let advice = ["an authority that is not trusted", "`ssl.truststore.location`", "`ssl.ca.location`"];
    told(&refusal(unknown, &trusting()).await, true, &advice);
    let other = Tls::new().ca_file(path("other-ca.pem"));
    told(&refusal(Server::new(), &other).await, true, &advice);
}

#[tokio::test]
async fn what_the_system_trusts_is_trusted_when_nothing_is_named() {
    // No system trusts the authority of the tests; one that trusts nobody says so when the connector is made.
    match TlsConnector::new(Server::new().start(), &Tls::new(), TIMEOUT) {
        Ok(_) => told(&refusal(Server::new(), &Tls::new()).await, true, &["that is not trusted"]),
        Err(error) => assert!(error.to_string().contains("the system has no authorities"), "{error}"),
    }
}

#[tokio::test]
async fn a_certificate_of_another_host_is_told_with_both_names() {
    let server = Server { certificate: "server-elsewhere.pem", ..Server::new() };
    let error = refusal(server, &trusting()).await;
    told(&error, true, &["not for `localhost` but for `broker.example`", "`advertised.listeners`"]);
    let error = talk_to(server, &trusting(), "kafka.example.").await.unwrap_err();
    assert!(error.text.contains("not for `kafka.example` but for `broker.example`"), "{}", error.text);
    let error = talk_to(Server::new(), &trusting(), "127.0.0.2").await.unwrap_err();
    let expected = "not for `127.0.0.2` but for `localhost`, `127.0.0.1`, `0::1`";
    assert!(error.text.contains(expected), "{}", error.text);
}

#[tokio::test]
async fn a_certificate_that_is_out_of_date_is_told_with_the_date() {
    let server = Server { certificate: "server-expired.pem", ..Server::new() };
    let error = refusal(server, &trusting()).await;
    told(&error, true, &["out of date (it was valid until 2021-01-01 00:00:00 UTC, it is 20", "clock"]);
}

#[tokio::test]
async fn a_certificate_that_is_nobodys_is_told() {
    // One for clients has no names, and is for another purpose.
    let server = Server { certificate: "client-rsa.pem", key: "client-rsa-pkcs8.pem", ..Server::new() };
    told(&refusal(server, &trusting()).await, true, &["the broker's certificate"]);
}

/// Trusts a broker's certificate itself, as tutorials with self-signed ones have it.
async fn refusal_of_self_signed(certificate: &'static str) -> DialError {
    let tls = Tls::new().ca_file(path(certificate));
    refusal(Server { certificate, ..Server::new() }, &tls).await
}

#[tokio::test]
async fn a_broker_with_a_certificate_of_version_1_is_told_with_the_command_that_makes_a_right_one() {
    let error = refusal_of_self_signed("server-v1.pem").await;
    told(
        &error,
        true,
        &["is X.509 version 1, and version 3 is needed", "openssl x509 -req", "subjectAltName=DNS:HOST"],
    );
    assert!(!error.to_string().contains("UnsupportedCertVersion"), "{error}");
}

#[tokio::test]
async fn a_broker_with_an_authoritys_certificate_is_told_with_the_command_that_makes_a_right_one() {
    let error = refusal_of_self_signed("server-authority.pem").await;
    told(&error, true, &["is that of an authority", "openssl req -x509", "CA:FALSE"]);
    assert!(!error.to_string().contains("CaUsedAsEndEntity"), "{error}");
}

#[tokio::test]
async fn a_self_signed_certificate_that_the_command_makes_is_accepted() {
    let certificate = "server-self-signed.pem";
    let tls = Tls::new().ca_file(path(certificate));
    talk(Server { certificate, ..Server::new() }, &tls).await.unwrap();
}

#[tokio::test]
async fn versions_that_do_not_meet_are_told() {
    for (theirs, ours) in
        [(TlsVersions::Only12, TlsVersions::Only13), (TlsVersions::Only13, TlsVersions::Only12)]
    {
        let server = Server { versions: theirs, ..Server::new() };
        let error = refusal(server, &trusting().versions(ours)).await;
        told(&error, true, &["have nothing in common", "`ssl.enabled.protocols`"]);
    }
}

#[tokio::test]
async fn a_peer_that_speaks_something_else_is_recognised() {
    let error = after_saying(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    told(&error, true, &["the peer speaks HTTP: this is not a Kafka port"]);
    told(&after_saying(b"SSH-2.0-OpenSSH_9.6\r\n").await, true, &["the peer speaks SSH"]);
    told(&after_saying(&[0, 0, 0, 9, 0, 0, 0, 1, 0]).await, true, &["answers as Kafka without TLS does"]);
    told(
        &after_saying(b"220 mail\x1b[2J").await,
        true,
        &["began with 323230206d61696c1b5b324a: check the port"],
    );
}

#[tokio::test]
async fn a_peer_that_says_little_is_recognised_by_that_little() {
    told(&after_saying(b"SSH-").await, true, &["the peer speaks SSH"]);
    told(&after_saying(&[0]).await, true, &["answers as Kafka without TLS does"]);
}

#[tokio::test]
async fn a_peer_that_closes_is_told_with_the_usual_reason() {
    let network = Network::of(|mut stream: DuplexStream| async move {
        let _ = stream.read(&mut [0; 64]).await;
    });
    told(
        &failure(&network).await,
        false,
        &["closed the connection before TLS stood", "PLAINTEXT", "`security.protocol`"],
    );
    let at_once = Network::of(|stream| async move { drop(stream) });
    told(&failure(&at_once).await, false, &["closed the connection before TLS stood"]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_silent_costs_the_time_out_and_no_more() {
    let begin = crate::clock::now();
    let error = after_saying(b"").await;
    told(&error, false, &["the peer said nothing within 20s", "PLAINTEXT"]);
    assert_eq!((crate::clock::now() - begin).as_secs(), TIMEOUT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_ends_costs_the_time_out_and_no_more() {
    // The beginning of a large handshake message, a byte a second.
    let network = Network::of(|mut stream: DuplexStream| async move {
        for byte in [22, 3, 3, 0x40, 0].into_iter().chain(std::iter::repeat(2)) {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            if stream.write_all(&[byte]).await.is_err() {
                return;
            }
        }
    });
    let begin = crate::clock::now();
    told(&failure(&network).await, false, &["TLS did not stand within 20s"]);
    assert_eq!((crate::clock::now() - begin).as_secs(), TIMEOUT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_handshake_takes_no_longer_than_what_is_left_of_its_dial() {
    let network = Network::of(|mut stream: DuplexStream| async move {
        while matches!(stream.read(&mut [0; 1024]).await, Ok(1..)) {}
    });
    let connector = TlsConnector::new(network, &trusting(), TIMEOUT).unwrap();
    let begin = crate::clock::now();
    let endpoint = "localhost:9093".parse().unwrap();
    let error = connector.connect(&endpoint, TIMEOUT / 4).await.map(|_| ()).unwrap_err();
    told(&error, false, &["the peer said nothing within 5s"]);
    assert_eq!((crate::clock::now() - begin).as_secs(), 5);
}

#[tokio::test]
async fn a_peer_that_breaks_the_protocol_is_told() {
    // A handshake record of nonsense, and an alert for no reason.
    told(&after_saying(&[22, 3, 3, 0, 4, 99, 0, 0, 0]).await, false, &["breaks the protocol"]);
    told(&after_saying(&[21, 3, 3, 0, 2, 2, 80]).await, false, &["the broker ended TLS (InternalError)"]);
}

#[tokio::test]
async fn an_alert_in_the_handshake_is_told_by_its_meaning() {
    let tls13 = [21, 3, 3, 0, 2, 2, 40];
    let words: &'static [u8] = Box::leak(Box::new(tls13));
    let error = after_saying(words).await;
    told(&error, true, &["nothing in common (HandshakeFailure", "no", "client certificate"]);
    let DialError::Tls { error, .. } = error else { panic!("{error}") };
    assert!(matches!(error.fault, TlsFault::NothingInCommon { .. }));
}

#[tokio::test]
async fn a_host_that_no_certificate_can_be_for_is_told_before_anything_is_opened() {
    let failed = talk_to(Server::new(), &trusting(), "a..b").await.unwrap_err();
    assert!(failed.text.contains("no certificate can be for this host"), "{}", failed.text);
    assert!(failed.definite);
    assert!(talk(Server::new(), &trusting()).await.is_ok());
}
