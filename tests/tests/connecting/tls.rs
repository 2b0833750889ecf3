//! TLS that does not come about, from both sides: what the error says, and that nobody waits for what no time mends.
//! On sockets, whose address the certificates have.

use std::sync::Arc;
use std::time::Duration;

use milena::{ConnectError, ConnectErrorKind, ErrorKind, Producer, Record, Tls};
use milena_fake::Cluster;
use milena_tests::{ClusterHarness, Stopwatch, within};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::refusals::check;

pub(crate) fn file(name: &str) -> String {
    format!("{}/certificates/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A broker with this certificate, which may want one of its clients.
pub(crate) fn speaking(certificate: &str, asks_clients: bool) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls_graviola::default_provider());
    let chain = CertificateDer::pem_file_iter(file(certificate)).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(file("server-key.pem")).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = if asks_clients {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(file("ca.pem")).unwrap()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    Arc::new(builder.with_single_cert(chain, key).unwrap())
}

async fn harness(config: Arc<ServerConfig>) -> ClusterHarness {
    ClusterHarness::on_sockets(Cluster::builder().brokers(1).topic("t", 1).tls(config)).await
}

fn trusting() -> Tls {
    Tls::new().ca_file(file("ca.pem"))
}

/// Fails to build long before the connect timeout.
async fn refused_at_once(harness: &ClusterHarness, tls: Tls) -> ConnectError {
    let watch = Stopwatch::start();
    let error = harness.producer().tls(tls).build().await.unwrap_err();
    assert!(watch.elapsed() < Duration::from_secs(10), "{:?}: {error}", watch.elapsed());
    error
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_ends_the_build_at_once() {
    let harness = harness(speaking("server.pem", false)).await;
    let error = refused_at_once(&harness, Tls::new().ca_file(file("other-ca.pem"))).await;
    check(&error, ConnectErrorKind::Tls, &["127.0.0.1", "TLS", "ssl.ca.location"]);
}

#[tokio::test]
async fn a_certificate_of_another_host_ends_the_build_at_once_and_both_names_are_said() {
    let harness = harness(speaking("server-elsewhere.pem", false)).await;
    let error = refused_at_once(&harness, trusting()).await;
    check(&error, ConnectErrorKind::Tls, &["`127.0.0.1`", "broker.example"]);
}

#[tokio::test]
async fn a_certificate_out_of_date_ends_the_build_at_once() {
    let harness = harness(speaking("server-expired.pem", false)).await;
    let error = refused_at_once(&harness, trusting()).await;
    check(&error, ConnectErrorKind::Tls, &["127.0.0.1", "has expired"]);
}

#[tokio::test]
async fn a_broker_that_misses_our_certificate_ends_the_build_at_once() {
    let harness = harness(speaking("server.pem", true)).await;
    let error = refused_at_once(&harness, trusting()).await;
    check(&error, ConnectErrorKind::Tls, &["127.0.0.1", "certificate"]);
    let known = trusting().certificate_file(file("client-ec.pem")).key_file(file("client-ec-pkcs8.pem"));
    within(harness.producer().tls(known).build().await.unwrap().send(("t", "v"))).await.unwrap();
    let unknown = trusting().certificate_file(file("client-unknown.pem"));
    let unknown = unknown.key_file(file("client-ec-pkcs8.pem"));
    let error = refused_at_once(&harness, unknown).await;
    check(&error, ConnectErrorKind::Tls, &["127.0.0.1", "certificate"]);
}

/// A broker that hangs up may only be restarting, so it is asked again until the time is over.
const SHORT: Duration = Duration::from_secs(3);

#[tokio::test]
async fn tls_to_a_listener_without_it_and_the_reverse_are_recognised() {
    let plain = Cluster::builder().brokers(1).start().await.unwrap();
    let builder = Producer::builder().bootstrap_servers(plain.bootstrap_servers()).tls(trusting());
    let error = builder.connect_timeout(SHORT).build().await.unwrap_err();
    check(&error, ConnectErrorKind::Tls, &["127.0.0.1", "TLS", "security.protocol"]);
    let secure = harness(speaking("server.pem", false)).await;
    let error = secure.producer().build().await.unwrap_err();
    check(&error, ConnectErrorKind::Unsupported, &["127.0.0.1", "TLS"]);
}

#[tokio::test]
async fn a_certificate_that_is_refused_later_is_the_reason_of_what_is_not_delivered() {
    let harness = harness(speaking("server.pem", false)).await;
    let folder = std::env::temp_dir().join(format!("milena-{}-{:p}", std::process::id(), &harness));
    std::fs::create_dir_all(&folder).unwrap();
    let authority = folder.join("ca.pem");
    std::fs::copy(file("ca.pem"), &authority).unwrap();
    let builder =
        harness.producer().tls(Tls::new().ca_file(&authority)).request_timeout(Duration::from_secs(2));
    let producer = builder.delivery_timeout(Duration::from_secs(6)).build().await.unwrap();
    within(producer.send(("t", "v"))).await.unwrap();
    // Somebody replaces the file by one that does not have the brokers' authority.
    std::fs::copy(file("other-ca.pem"), &authority).unwrap();
    harness.kill(1);
    harness.restart(1).unwrap();
    let error = within(producer.send(Record::to("t"))).await.unwrap_err();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(error.kind(), ErrorKind::DeliveryTimeout, "{error}");
    assert!(error.to_string().contains("TLS"), "{error}");
}
