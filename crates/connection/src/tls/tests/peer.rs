//! TLS servers of rustls with the certificates of the tests, and scripted peers.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ProtocolVersion, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::endpoint::Endpoint;
use crate::tls::{Tls, TlsConnector, TlsVersions, provider};
use crate::transport::{BoxStream, ConnectionError, Connector, Dial, Fault};

/// The timeout of a handshake; no test on a real clock reaches it.
pub(super) const TIMEOUT: Duration = Duration::from_secs(20);

/// The path of a test certificate or key.
pub(super) fn path(name: &str) -> String {
    format!("{}/../../tests/certificates/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The text of a test certificate or key.
pub(super) fn pem(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap()
}

/// Settings with the authority of the servers.
pub(super) fn trusting() -> Tls {
    Tls::new().ca_file(path("ca.pem"))
}

/// An echo server.
#[derive(Clone, Copy)]
pub(super) struct Server {
    pub(super) certificate: &'static str,
    pub(super) key: &'static str,
    pub(super) versions: TlsVersions,
    /// Whether the server requires a client certificate.
    pub(super) needs_certificate: bool,
}

/// The server's view of one connection.
#[derive(Debug)]
pub(super) struct Observed {
    /// The server name (SNI).
    pub(super) name: Option<String>,
    pub(super) version: ProtocolVersion,
    /// The client certificate.
    pub(super) certificate: Option<CertificateDer<'static>>,
    /// The received bytes, up to the end or the failure.
    pub(super) received: Vec<u8>,
    /// Whether the client sent a `close_notify`.
    pub(super) close_notify: bool,
}

/// A failed connection.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) text: String,
    pub(super) definite: bool,
}

impl Server {
    pub(super) const fn new() -> Self {
        Self {
            certificate: "server.pem",
            key: "server-key.pem",
            versions: TlsVersions::Both,
            needs_certificate: false,
        }
    }

    pub(super) fn config(self) -> Arc<ServerConfig> {
        let versions: &[&SupportedProtocolVersion] = self.versions.list();
        let provider = provider::built_in().unwrap();
        let builder = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(versions);
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(path("ca.pem")).unwrap()).unwrap();
        let builder = match self.needs_certificate {
            true => {
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
                builder.unwrap().with_client_cert_verifier(verifier.build().unwrap())
            }
            false => builder.unwrap().with_no_client_auth(),
        };
        let chain = vec![CertificateDer::from_pem_file(path(self.certificate)).unwrap()];
        let key = PrivateKeyDer::from_pem_file(path(self.key)).unwrap();
        let key = builder.crypto_provider().key_provider.load_private_key(key).unwrap();
        // Built without rustls' check, which rejects certificates of version 1; brokers in Java accept them.
        let shown = SingleCertAndKey::from(CertifiedKey::new(chain, key));
        builder.with_cert_resolver(Arc::new(shown)).into()
    }

    /// A network with this server at every address.
    pub(super) fn start(self) -> Arc<Network> {
        let config = self.config();
        Network::new(move |stream| {
            let acceptor = TlsAcceptor::from(config.clone());
            tokio::spawn(async move { serve(acceptor, stream).await })
        })
    }
}

async fn serve(acceptor: TlsAcceptor, stream: DuplexStream) -> io::Result<Observed> {
    let mut stream = acceptor.accept(stream).await?;
    let (_, connection) = stream.get_ref();
    let mut observed = Observed {
        name: connection.server_name().map(str::to_owned),
        version: connection.protocol_version().unwrap(),
        certificate: connection.peer_certificates().map(|shown| shown[0].clone().into_owned()),
        received: Vec::new(),
        close_notify: false,
    };
    let mut space = [0; 4096];
    loop {
        match stream.read(&mut space).await {
            Ok(0) => {
                observed.close_notify = true;
                return Ok(observed);
            }
            Ok(bytes) => {
                observed.received.extend_from_slice(&space[..bytes]);
                stream.write_all(&space[..bytes]).await?;
                stream.flush().await?;
            }
            Err(_) => return Ok(observed),
        }
    }
}

type Accept = Box<dyn Fn(DuplexStream) -> JoinHandle<io::Result<Observed>> + Send + Sync>;

/// A connector of connections in memory.
pub(super) struct Network {
    accept: Accept,
    accepted: Mutex<Vec<JoinHandle<io::Result<Observed>>>>,
}

impl Network {
    pub(super) fn new(
        accept: impl Fn(DuplexStream) -> JoinHandle<io::Result<Observed>> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { accept: Box::new(accept), accepted: Mutex::default() })
    }

    /// A network with this peer at every address.
    pub(super) fn of<F>(peer: impl Fn(DuplexStream) -> F + Send + Sync + 'static) -> Arc<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::new(move |stream| {
            let peer = peer(stream);
            tokio::spawn(async move {
                peer.await;
                Err(io::Error::other("no server"))
            })
        })
    }

    /// The server's view of the last connection.
    pub(super) async fn observed(&self) -> io::Result<Observed> {
        let last = self.accepted.lock().unwrap().pop();
        last.expect("a connection was accepted").await.unwrap()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

impl Connector for Network {
    fn connect<'a>(&'a self, _: &'a Endpoint, _: Duration) -> Dial<'a> {
        let (ours, theirs) = duplex(64 << 10);
        self.accepted.lock().unwrap().push((self.accept)(theirs));
        Box::pin(async move { Ok(Box::new(ours) as BoxStream) })
    }
}

/// Connects to `host` on a network.
pub(super) async fn dial(
    network: &Arc<Network>,
    tls: &Tls,
    host: &str,
) -> Result<BoxStream, ConnectionError> {
    let connector = TlsConnector::new(network.clone(), tls, TIMEOUT).unwrap();
    connector.connect(&Endpoint { host: host.to_owned(), port: 9093 }, TIMEOUT).await
}

/// Connects to `localhost`, sends `ping`, waits for the echo, and disconnects.
pub(super) async fn connect(server: Server, tls: &Tls) -> Result<Observed, Failed> {
    connect_to(server, tls, "localhost").await
}

/// Connects to `host`, sends `ping`, waits for the echo, and disconnects.
pub(super) async fn connect_to(server: Server, tls: &Tls, host: &str) -> Result<Observed, Failed> {
    let network = server.start();
    let mut stream = dial(&network, tls, host).await?;
    ping(&mut stream).await?;
    drop(stream);
    Ok(network.observed().await.unwrap())
}

/// Sends `ping`, and waits for the echo.
pub(super) async fn ping(stream: &mut BoxStream) -> Result<(), Failed> {
    stream.write_all(b"ping").await?;
    stream.flush().await?;
    let mut back = [0; 4];
    stream.read_exact(&mut back).await?;
    assert_eq!(&back, b"ping");
    Ok(())
}

impl From<ConnectionError> for Failed {
    fn from(error: ConnectionError) -> Self {
        Self { text: error.to_string(), definite: error.is_permanent() }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        let text = error.to_string();
        Self { text, definite: Fault::Io(error).is_permanent() }
    }
}
