//! TLS connections that fail.

#![expect(clippy::unwrap_used, reason = "a test without its certificates has failed")]

use std::sync::Arc;

use milena_fake::Cluster;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::page::{Failing, Page};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/certificates");
const COMMAND: &str = "milena produce -t t -b BROKER -X security.protocol=SSL -X ssl.ca.location=DIR/ca.pem";

pub(crate) async fn failures(page: &mut Page) {
    page.table("TLS");
    let plaintext = Cluster::builder().brokers(1).topic("t", 1).start().await.unwrap();
    let remedy = "connect to the TLS listener of the broker, or set `security.protocol=PLAINTEXT`";
    let command = format!("{COMMAND} -X connect.timeout.ms=1000");
    add(page, "TLS to a plaintext listener", &command, &plaintext, remedy);
    let without = "milena produce -t t -b BROKER";
    let remedy = "set `security.protocol=SSL`, or connect to the plaintext listener";
    add(page, "plaintext to a TLS listener", without, &broker("server.pem", false).await, remedy);
    add(
        page,
        "certificate by an unknown CA",
        COMMAND,
        &broker("server-unknown.pem", false).await,
        "set `ssl.ca.location` to the CA that issued the certificate of the broker",
    );
    add(
        page,
        "expired certificate",
        COMMAND,
        &broker("server-expired.pem", false).await,
        "renew the certificate of the broker; check the clock of the client",
    );
    add(
        page,
        "certificate of another host name",
        COMMAND,
        &broker("server-elsewhere.pem", false).await,
        "connect by a host name of the certificate, or issue a certificate with this host name",
    );
    add(
        page,
        "no client certificate for a broker that requires one",
        COMMAND,
        &broker("server.pem", true).await,
        "set `ssl.keystore.location` to the certificate and the key of the client",
    );
}

fn add(page: &mut Page, when: &str, command: &str, broker: &Cluster, remedy: &str) {
    let broker = broker.bootstrap_servers();
    page.add(&Failing { when, command, broker: &broker, folder: FOLDER, input: "a\n", exit: 3, remedy });
}

/// A broker with this certificate.
async fn broker(certificate: &str, requires_client_certificate: bool) -> Cluster {
    let file = |name: &str| format!("{FOLDER}/{name}");
    let provider = Arc::new(rustls_graviola::default_provider());
    let chain = CertificateDer::pem_file_iter(file(certificate)).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(file("server-key.pem")).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = match requires_client_certificate {
        false => builder.with_no_client_auth(),
        true => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(file("ca.pem")).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        }
    };
    let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
    Cluster::builder().brokers(1).topic("t", 1).tls(config).start().await.unwrap()
}
