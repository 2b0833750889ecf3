//! The certificate that a client shows: its key in every form that tools write, and how a broker's refusal is told.

use tokio::io::AsyncWriteExt;

use super::peer::{Server, TIMEOUT, dial, path, pem, talk, trusting};
use crate::tls::{Tls, TlsConnector, TlsVersions};

const MUTUAL: Server = Server { asks: true, ..Server::new() };

/// Shows a certificate whose key is in another file.
fn showing(certificate: &str, key: &str) -> Tls {
    trusting().certificate_file(path(certificate)).key_file(path(key))
}

#[tokio::test]
async fn a_certificate_is_shown_with_its_key_in_every_form() {
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
            let heard = talk(Server { versions, ..MUTUAL }, &tls).await.unwrap();
            assert!(heard.certificate.is_some(), "{key}");
        }
    }
}

#[tokio::test]
async fn a_certificate_of_version_1_is_shown_as_it_is() {
    // Brokers in Java accept it, and the one of the tests does not: it was shown.
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let tls = showing("client-v1.pem", "client-ec-pkcs8.pem");
        let failed = talk(Server { versions, ..MUTUAL }, &tls).await.unwrap_err();
        assert!(failed.text.contains("the broker does not accept our client certificate"), "{}", failed.text);
    }
}

#[test]
fn a_certificate_of_version_1_needs_its_own_key() {
    let connector = |tls| TlsConnector::new(MUTUAL.start(), &tls, TIMEOUT);
    let error = connector(showing("client-v1.pem", "client-rsa-pkcs8.pem")).unwrap_err();
    assert!(error.to_string().contains("the key of another certificate"), "{error}");
    assert!(connector(showing("client-v1.pem", "client-ec-sec1.pem")).is_ok());
}

#[tokio::test]
async fn certificate_and_key_may_stand_in_one_text_in_any_order() {
    let (certificate, key, ca) = (pem("client-ec.pem"), pem("client-ec-sec1.pem"), pem("ca.pem"));
    let all = trusting().certificate_file(path("client-rsa-all.pem"));
    let certificate_first = trusting().certificate_pem(format!("Bag Attributes\n{certificate}\n{key}"));
    let authority_first = trusting().certificate_pem(format!("{ca}{key}{certificate}"));
    let two_texts = trusting().certificate_pem(certificate).key_pem(key);
    for tls in [all, certificate_first, authority_first, two_texts] {
        assert!(talk(MUTUAL, &tls).await.unwrap().certificate.is_some(), "{tls:?}");
    }
}

#[tokio::test]
async fn a_broker_that_asks_for_a_certificate_is_understood_whenever_it_says_so() {
    // In TLS 1.3 it says so after the handshake is over for the client.
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let failed = talk(Server { versions, ..MUTUAL }, &trusting()).await.unwrap_err();
        assert!(failed.text.contains("the broker asks for a client certificate"), "{}", failed.text);
        assert!(failed.text.contains("`ssl.keystore.location`"), "{}", failed.text);
        assert!(failed.definite);
    }
}

#[tokio::test]
async fn a_broker_that_refuses_the_certificate_is_understood_whenever_it_says_so() {
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let tls = showing("client-unknown.pem", "client-ec-sec1.pem");
        let failed = talk(Server { versions, ..MUTUAL }, &tls).await.unwrap_err();
        let expected = "the broker does not accept our client certificate (UnknownCA)";
        assert!(failed.text.contains(expected), "{}", failed.text);
        assert!(failed.definite);
    }
}

#[tokio::test]
async fn a_refusal_that_nobody_has_read_is_told_by_the_write_that_fails() {
    let network = Server { versions: TlsVersions::Only13, ..MUTUAL }.start();
    let mut stream = dial(&network, &trusting(), "localhost").await.unwrap();
    // The broker has said why, and is gone.
    network.heard().await.unwrap_err();
    let error = stream.write_all(b"ping").await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    assert!(error.to_string().contains("the broker asks for a client certificate"), "{error}");
}
