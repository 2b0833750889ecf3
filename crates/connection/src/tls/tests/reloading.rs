//! Certificate reload: changed files apply to the next connection, and invalid ones leave the previous ones in use.

use std::fs;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::peer::{Network, Server, TIMEOUT, path, pem, ping};
use crate::endpoint::Endpoint;
use crate::tls::reload::Live;
use crate::tls::{Tls, TlsConnector};
use crate::transport::{BoxStream, ConnectionError, Connector};
use crate::warnings::Warnings;

/// A connector with files that a test writes.
struct Disk {
    folder: tempfile::TempDir,
    network: Arc<Network>,
    connector: TlsConnector,
}

impl Disk {
    /// Files with the authority of the servers and the RSA client certificate.
    fn new(server: Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("ca.pem"), pem("ca.pem")).unwrap();
        fs::write(at("client.pem"), pem("client-rsa.pem")).unwrap();
        fs::write(at("client.key"), pem("client-rsa-pkcs8.pem")).unwrap();
        let tls =
            Tls::new().ca_file(at("ca.pem")).certificate_file(at("client.pem")).key_file(at("client.key"));
        let network = server.start();
        let connector = TlsConnector::new(network.clone(), &tls, TIMEOUT).unwrap();
        Self { folder, network, connector }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    async fn dial(&self) -> Result<BoxStream, ConnectionError> {
        self.connector.connect(&Endpoint { host: "localhost".into(), port: 9093 }, TIMEOUT).await
    }

    /// Connects, and returns the client certificate that the broker received.
    async fn shown(&self) -> CertificateDer<'static> {
        let mut stream = self.dial().await.unwrap();
        ping(&mut stream).await.unwrap();
        drop(stream);
        self.network.observed().await.unwrap().certificate.unwrap()
    }
}

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(path(name)).unwrap()
}

const MUTUAL: Server = Server { needs_certificate: true, ..Server::new() };

#[tokio::test]
async fn renewed_client_certificate_applies_to_the_next_connection() {
    let disk = Disk::new(MUTUAL);
    assert_eq!(disk.shown().await, certificate("client-rsa.pem"));
    disk.write("client.pem", &pem("client-ec.pem"));
    disk.write("client.key", &pem("client-ec-sec1.pem"));
    assert_eq!(disk.shown().await, certificate("client-ec.pem"));
}

#[tokio::test]
async fn inconsistent_files_leave_the_previous_ones_in_use() {
    let disk = Disk::new(MUTUAL);
    // A new certificate without its key, a truncated file, a missing file.
    disk.write("client.pem", &pem("client-ec.pem"));
    assert_eq!(disk.shown().await, certificate("client-rsa.pem"));
    disk.write("client.key", &pem("client-ec-sec1.pem")[..100]);
    assert_eq!(disk.shown().await, certificate("client-rsa.pem"));
    fs::remove_file(disk.folder.path().join("client.key")).unwrap();
    assert_eq!(disk.shown().await, certificate("client-rsa.pem"));
    disk.write("client.key", &pem("client-ec-sec1.pem"));
    assert_eq!(disk.shown().await, certificate("client-ec.pem"));
}

#[tokio::test]
async fn changed_authority_applies_to_the_next_connection() {
    let disk = Disk::new(Server::new());
    let mut before = disk.dial().await.unwrap();
    disk.write("ca.pem", &pem("other-ca.pem"));
    let error = disk.dial().await.map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("that is not trusted"), "{error}");
    // An established connection is not affected.
    ping(&mut before).await.unwrap();
    disk.write("ca.pem", &format!("{}{}", pem("other-ca.pem"), pem("ca.pem")));
    assert!(disk.dial().await.is_ok());
}

#[test]
fn invalid_file_is_logged_once_for_each_state() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, pem("ca.pem")).unwrap();
    let live = Live::new(Tls::new().ca_file(&ca)).unwrap();
    let warnings = Warnings::default();
    let warnings_after = |text: &str| {
        fs::write(&ca, text).unwrap();
        (0..3).for_each(|_| live.reload());
        warnings.count()
    };
    tracing::subscriber::with_default(warnings.clone(), || {
        assert_eq!(warnings_after("torn"), 1);
        assert_eq!(warnings_after(&pem("ca.pem")[..100]), 2);
        assert_eq!(warnings_after(&pem("ca.pem")), 2);
        assert_eq!(warnings_after("torn"), 3);
        fs::remove_file(&ca).unwrap();
        (0..3).for_each(|_| live.reload());
        assert_eq!(warnings.count(), 4);
    });
}
