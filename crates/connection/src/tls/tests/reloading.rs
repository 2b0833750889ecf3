//! Certificates that change on disk: the next connection shows them, and what is broken leaves the old ones in use.

use std::fs;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::peer::{Network, Server, TIMEOUT, path, pem, ping};
use crate::endpoint::Endpoint;
use crate::tls::{Tls, TlsConnector};
use crate::transport::{BoxStream, Connector, DialError};

/// A connector over files that a test writes.
struct Disk {
    folder: tempfile::TempDir,
    network: Arc<Network>,
    connector: TlsConnector,
}

impl Disk {
    /// Begins with the authority of the servers and the client of RSA.
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

    async fn dial(&self) -> Result<BoxStream, DialError> {
        self.connector.connect(&Endpoint { host: "localhost".into(), port: 9093 }, TIMEOUT).await
    }

    /// Connects, and tells which certificate the broker was shown.
    async fn shown(&self) -> CertificateDer<'static> {
        let mut stream = self.dial().await.unwrap();
        ping(&mut stream).await.unwrap();
        drop(stream);
        self.network.heard().await.unwrap().certificate.unwrap()
    }
}

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(path(name)).unwrap()
}

const MUTUAL: Server = Server { asks: true, ..Server::new() };

#[tokio::test]
async fn a_client_certificate_that_was_renewed_is_what_the_next_connection_shows() {
    let disk = Disk::new(MUTUAL);
    assert_eq!(disk.shown().await, certificate("client-rsa.pem"));
    disk.write("client.pem", &pem("client-ec.pem"));
    disk.write("client.key", &pem("client-ec-sec1.pem"));
    assert_eq!(disk.shown().await, certificate("client-ec.pem"));
}

#[tokio::test]
async fn files_that_do_not_fit_together_yet_leave_the_old_ones_in_use() {
    let disk = Disk::new(MUTUAL);
    // A new certificate without its key, a file that is cut off, one that is gone.
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
async fn an_authority_that_was_changed_counts_for_the_next_connection() {
    let disk = Disk::new(Server::new());
    let mut before = disk.dial().await.unwrap();
    disk.write("ca.pem", &pem("other-ca.pem"));
    let error = disk.dial().await.map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("that is not trusted"), "{error}");
    // What stands, stands.
    ping(&mut before).await.unwrap();
    disk.write("ca.pem", &format!("{}{}", pem("other-ca.pem"), pem("ca.pem")));
    assert!(disk.dial().await.is_ok());
}
