//! Failed handshakes: the fault and the remedy in the error.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::peer::{Network, Server, TIMEOUT, connect, connect_to, dial, path, trusting};
use crate::tls::{Tls, TlsConnector, TlsVersions};
use crate::transport::{ConnectionError, Connector, Fault, TlsFault};

/// Checks that the error of a dial contains all of `parts`, and whether it is definite.
#[track_caller]
fn check_error(error: &ConnectionError, definite: bool, parts: &[&str]) {
    let text = error.to_string();
    assert!(text.starts_with("localhost:9093: TLS: "), "{text}");
    for expected in parts {
        assert!(text.contains(expected), "`{expected}` is not in: {text}");
    }
    assert_eq!(error.is_permanent(), definite, "{text}");
    assert!(text.len() < 500 && !text.contains(char::is_control), "{text}");
}

async fn error_on(network: &Arc<Network>) -> ConnectionError {
    dial(network, &trusting(), "localhost").await.map(|_| ()).unwrap_err()
}

async fn error_of(server: Server, tls: &Tls) -> ConnectionError {
    dial(&server.start(), tls, "localhost").await.map(|_| ()).unwrap_err()
}

/// A peer that says this at once, and then listens until it is left.
async fn error_after(words: &'static [u8]) -> ConnectionError {
    let network = Network::of(move |mut stream: DuplexStream| async move {
        stream.write_all(words).await.unwrap();
        while matches!(stream.read(&mut [0; 1024]).await, Ok(1..)) {}
    });
    error_on(&network).await
}

#[tokio::test]
async fn untrusted_authority_is_reported() {
    let unknown = Server { certificate: "server-unknown.pem", ..Server::new() };
    let advice = ["an authority that is not trusted", "`ssl.truststore.location`", "`ssl.ca.location`"];
    check_error(&error_of(unknown, &trusting()).await, true, &advice);
    let other = Tls::new().ca_file(path("other-ca.pem"));
    check_error(&error_of(Server::new(), &other).await, true, &advice);
}

#[tokio::test]
async fn authorities_of_the_system_are_the_default() {
    // No system trusts the authority of the tests; a system without authorities fails when the connector is made.
    match TlsConnector::new(Server::new().start(), &Tls::new(), TIMEOUT) {
        Ok(_) => check_error(&error_of(Server::new(), &Tls::new()).await, true, &["that is not trusted"]),
        Err(error) => assert!(error.to_string().contains("the system has no trusted authorities"), "{error}"),
    }
}

#[tokio::test]
async fn certificate_of_another_host_is_reported_with_both_names() {
    let server = Server { certificate: "server-elsewhere.pem", ..Server::new() };
    let error = error_of(server, &trusting()).await;
    check_error(&error, true, &["not for `localhost` but for `broker.example`", "`advertised.listeners`"]);
    let error = connect_to(server, &trusting(), "kafka.example.").await.unwrap_err();
    assert!(error.text.contains("not for `kafka.example` but for `broker.example`"), "{}", error.text);
    let error = connect_to(Server::new(), &trusting(), "127.0.0.2").await.unwrap_err();
    let expected = "not for `127.0.0.2` but for `localhost`, `127.0.0.1`, `0::1`";
    assert!(error.text.contains(expected), "{}", error.text);
}

#[tokio::test]
async fn expired_certificate_is_reported_with_its_date() {
    let server = Server { certificate: "server-expired.pem", ..Server::new() };
    let error = error_of(server, &trusting()).await;
    check_error(&error, true, &["has expired (valid until 2021-01-01 00:00:00 UTC, checked at 20", "clock"]);
}

#[tokio::test]
async fn certificate_for_clients_is_reported() {
    // A client certificate has no names, and another purpose.
    let server = Server { certificate: "client-rsa.pem", key: "client-rsa-pkcs8.pem", ..Server::new() };
    check_error(&error_of(server, &trusting()).await, true, &["the broker's certificate"]);
}

/// Trusts a broker's certificate itself, as tutorials with self-signed ones have it.
async fn error_of_self_signed(certificate: &'static str) -> ConnectionError {
    let tls = Tls::new().ca_file(path(certificate));
    error_of(Server { certificate, ..Server::new() }, &tls).await
}

#[tokio::test]
async fn broker_certificate_of_version_1_is_reported_with_a_command() {
    let error = error_of_self_signed("server-v1.pem").await;
    check_error(
        &error,
        true,
        &["is X.509 version 1, and version 3 is needed", "openssl x509 -req", "subjectAltName=DNS:HOST"],
    );
    assert!(!error.to_string().contains("UnsupportedCertVersion"), "{error}");
}

#[tokio::test]
async fn authority_as_broker_certificate_is_reported_with_a_command() {
    let error = error_of_self_signed("server-authority.pem").await;
    check_error(&error, true, &["is that of an authority", "openssl req -x509", "CA:FALSE"]);
    assert!(!error.to_string().contains("CaUsedAsEndEntity"), "{error}");
}

#[tokio::test]
async fn self_signed_certificate_of_the_command_is_accepted() {
    let certificate = "server-self-signed.pem";
    let tls = Tls::new().ca_file(path(certificate));
    connect(Server { certificate, ..Server::new() }, &tls).await.unwrap();
}

#[tokio::test]
async fn versions_without_overlap_are_reported() {
    for (theirs, ours) in
        [(TlsVersions::Only12, TlsVersions::Only13), (TlsVersions::Only13, TlsVersions::Only12)]
    {
        let server = Server { versions: theirs, ..Server::new() };
        let error = error_of(server, &trusting().versions(ours)).await;
        check_error(&error, true, &["no TLS parameters in common", "`ssl.enabled.protocols`"]);
    }
}

#[tokio::test]
async fn protocol_of_another_peer_is_detected() {
    let error = error_after(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    check_error(&error, true, &["the peer is an HTTP server: this is not a Kafka port"]);
    check_error(&error_after(b"SSH-2.0-OpenSSH_9.6\r\n").await, true, &["the peer is an SSH server"]);
    check_error(&error_after(&[0, 0, 0, 9, 0, 0, 0, 1, 0]).await, true, &["is a Kafka listener without TLS"]);
    check_error(
        &error_after(b"220 mail\x1b[2J").await,
        true,
        &["its first bytes are 323230206d61696c1b5b324a: check the port"],
    );
}

#[tokio::test]
async fn protocol_is_detected_from_few_bytes() {
    check_error(&error_after(b"SSH-").await, true, &["the peer is an SSH server"]);
    check_error(&error_after(&[0]).await, true, &["is a Kafka listener without TLS"]);
}

#[tokio::test]
async fn closed_connection_is_reported_with_the_likely_reason() {
    let network = Network::of(|mut stream: DuplexStream| async move {
        let _ = stream.read(&mut [0; 64]).await;
    });
    check_error(
        &error_on(&network).await,
        false,
        &["closed the connection during the handshake", "PLAINTEXT", "`security.protocol`"],
    );
    let at_once = Network::of(|stream| async move { drop(stream) });
    check_error(&error_on(&at_once).await, false, &["closed the connection during the handshake"]);
}

#[tokio::test(start_paused = true)]
async fn silent_peer_fails_at_the_timeout() {
    let begin = crate::clock::now();
    let error = error_after(b"").await;
    check_error(&error, false, &["no byte of the peer within 20s", "PLAINTEXT"]);
    assert_eq!((crate::clock::now() - begin).as_secs(), TIMEOUT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn endless_handshake_fails_at_the_timeout() {
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
    check_error(&error_on(&network).await, false, &["no complete handshake within 20s"]);
    assert_eq!((crate::clock::now() - begin).as_secs(), TIMEOUT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn handshake_is_bounded_by_the_rest_of_the_dial_timeout() {
    let network = Network::of(|mut stream: DuplexStream| async move {
        while matches!(stream.read(&mut [0; 1024]).await, Ok(1..)) {}
    });
    let connector = TlsConnector::new(network, &trusting(), TIMEOUT).unwrap();
    let begin = crate::clock::now();
    let endpoint = "localhost:9093".parse().unwrap();
    let error = connector.connect(&endpoint, TIMEOUT / 4).await.map(|_| ()).unwrap_err();
    check_error(&error, false, &["no byte of the peer within 5s"]);
    assert_eq!((crate::clock::now() - begin).as_secs(), 5);
}

#[tokio::test]
async fn protocol_violation_is_reported() {
    // An invalid handshake record, and an unexpected alert.
    check_error(&error_after(&[22, 3, 3, 0, 4, 99, 0, 0, 0]).await, false, &["breaks the protocol"]);
    check_error(
        &error_after(&[21, 3, 3, 0, 2, 2, 80]).await,
        false,
        &["the broker ended TLS (InternalError)"],
    );
}

#[tokio::test]
async fn alert_in_the_handshake_is_explained() {
    let tls13 = [21, 3, 3, 0, 2, 2, 40];
    let words: &'static [u8] = Box::leak(Box::new(tls13));
    let error = error_after(words).await;
    check_error(&error, true, &["(HandshakeFailure", "no", "client certificate"]);
    assert!(matches!(error.fault(), Fault::Tls(TlsFault::NothingInCommon { .. })));
}

#[tokio::test]
async fn invalid_host_name_is_reported_before_the_dial() {
    let failed = connect_to(Server::new(), &trusting(), "a..b").await.unwrap_err();
    assert!(failed.text.contains("no certificate can be for this host"), "{}", failed.text);
    assert!(failed.definite);
    assert!(connect(Server::new(), &trusting()).await.is_ok());
}
