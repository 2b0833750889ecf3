//! Client certificates: keys in every PEM form, and rejections by the broker.

use tokio::io::AsyncWriteExt;

use super::peer::{Server, TIMEOUT, connect, dial, path, pem, trusting};
use crate::tls::{Tls, TlsConnector, TlsVersions};

const MUTUAL: Server = Server { needs_certificate: true, ..Server::new() };

/// Settings with a client certificate and a key in another file.
fn showing(certificate: &str, key: &str) -> Tls {
    trusting().certificate_file(path(certificate)).key_file(path(key))
}

#[tokio::test]
async fn client_certificate_is_sent_with_a_key_in_every_form() {
    for (certificate, key) in [
        ("client-rsa.pem", "client-rsa-pkcs8.pem"),
        ("client-rsa.pem", "client-rsa-pkcs1.pem"),
        #[cfg(feature = "encrypted-keys")]
        ("client-rsa.pem", "client-rsa-encrypted.pem"),
        #[cfg(feature = "encrypted-keys")]
        ("client-rsa.pem", "client-rsa-scrypt.pem"),
        ("client-ec.pem", "client-ec-pkcs8.pem"),
        ("client-ec.pem", "client-ec-sec1.pem"),
    ] {
        for versions in [TlsVersions::Only12, TlsVersions::Only13] {
            let tls = showing(certificate, key).key_password("changeit");
            let observed = connect(Server { versions, ..MUTUAL }, &tls).await.unwrap();
            assert!(observed.certificate.is_some(), "{key}");
        }
    }
}

#[tokio::test]
async fn client_certificate_of_version_1_is_sent() {
    // The server of the tests rejects it, unlike brokers in Java: it was sent.
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let tls = showing("client-v1.pem", "client-ec-pkcs8.pem");
        let failed = connect(Server { versions, ..MUTUAL }, &tls).await.unwrap_err();
        assert!(failed.text.contains("the broker rejected our client certificate"), "{}", failed.text);
    }
}

#[test]
fn client_certificate_of_version_1_needs_its_own_key() {
    let connector = |tls| TlsConnector::new(MUTUAL.start(), &tls, TIMEOUT);
    let error = connector(showing("client-v1.pem", "client-rsa-pkcs8.pem")).unwrap_err();
    assert!(error.to_string().contains("the key of another certificate"), "{error}");
    assert!(connector(showing("client-v1.pem", "client-ec-sec1.pem")).is_ok());
}

#[tokio::test]
async fn certificate_and_key_can_be_in_one_text_in_any_order() {
    let (certificate, key, ca) = (pem("client-ec.pem"), pem("client-ec-sec1.pem"), pem("ca.pem"));
    let all = trusting().certificate_file(path("client-rsa-all.pem"));
    let certificate_first = trusting().certificate_pem(format!("Bag Attributes\n{certificate}\n{key}"));
    let authority_first = trusting().certificate_pem(format!("{ca}{key}{certificate}"));
    let two_texts = trusting().certificate_pem(certificate).key_pem(key);
    for tls in [all, certificate_first, authority_first, two_texts] {
        assert!(connect(MUTUAL, &tls).await.unwrap().certificate.is_some(), "{tls:?}");
    }
}

#[tokio::test]
async fn missing_client_certificate_is_reported_in_both_versions() {
    // In TLS 1.3 the alert comes after the client has completed the handshake.
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let failed = connect(Server { versions, ..MUTUAL }, &trusting()).await.unwrap_err();
        assert!(failed.text.contains("the broker requests a client certificate"), "{}", failed.text);
        assert!(failed.text.contains("`ssl.keystore.location`"), "{}", failed.text);
        assert!(failed.definite);
    }
}

#[tokio::test]
async fn rejected_client_certificate_is_reported_in_both_versions() {
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let tls = showing("client-unknown.pem", "client-ec-sec1.pem");
        let failed = connect(Server { versions, ..MUTUAL }, &tls).await.unwrap_err();
        let expected = "the broker rejected our client certificate (UnknownCA)";
        assert!(failed.text.contains(expected), "{}", failed.text);
        assert!(failed.definite);
    }
}

#[tokio::test]
async fn unread_alert_is_reported_by_the_failed_write() {
    let network = Server { versions: TlsVersions::Only13, ..MUTUAL }.start();
    let mut stream = dial(&network, &trusting(), "localhost").await.unwrap();
    // The broker has sent the alert and closed.
    network.observed().await.unwrap_err();
    let error = stream.write_all(b"ping").await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    assert!(error.to_string().contains("the broker requests a client certificate"), "{error}");
}
