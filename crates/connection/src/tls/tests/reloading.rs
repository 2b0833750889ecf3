//! Certificates that change on disk: the next connection shows them, and what is broken leaves the old ones in use.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::peer::{Network, Server, TIMEOUT, path, pem, ping};
use crate::endpoint::Endpoint;
use crate::tls::reload::Live;
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

#[test]
fn a_broken_file_is_warned_of_once_and_again_when_it_is_broken_in_another_way() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, pem("ca.pem")).unwrap();
    let live = Live::new(Tls::new().ca_file(&ca).settings()).unwrap();
    let log = Warnings::default();
    let warnings = Arc::clone(&log.0);
    let looks = |text: &str| {
        fs::write(&ca, text).unwrap();
        (0..3).for_each(|_| live.look());
        warnings.load(Ordering::Relaxed)
    };
    tracing::subscriber::with_default(log, || {
        assert_eq!(looks("torn"), 1);
        assert_eq!(looks(&pem("ca.pem")[..100]), 2);
        assert_eq!(looks(&pem("ca.pem")), 2);
        assert_eq!(looks("torn"), 3);
        fs::remove_file(&ca).unwrap();
        (0..3).for_each(|_| live.look());
        assert_eq!(warnings.load(Ordering::Relaxed), 4);
    });
}

/// Counts what is warned of.
#[derive(Default)]
struct Warnings(Arc<AtomicUsize>);

impl tracing::Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN
    }

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}
