//! TLS around the connections, on sockets and in memory.

use std::sync::Arc;

use milena_fake::Cluster;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::client::*;

macro_rules! certificate {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/certificates/", $name)
    };
}

fn server() -> Arc<ServerConfig> {
    let chain = CertificateDer::pem_file_iter(certificate!("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(certificate!("server-key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls_graviola::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.map(Result::unwrap).collect(), key)
        .unwrap();
    Arc::new(config)
}

fn client() -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate!("ca.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls_graviola::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// Asks for the versions: ten bytes of header, and an answer under the same number.
async fn is_served(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> bool {
    let request = raw_header(milena_codec::message::ApiKey::API_VERSIONS, 0);
    stream.write_all(&[&[0, 0, 0, 10][..], &request].concat()).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = [0; 8];
    stream.read_exact(&mut answer).await.is_ok() && answer[4..] == [0, 0, 0, 7]
}

#[tokio::test]
async fn connections_use_tls_on_sockets_and_in_memory() {
    let cluster = Cluster::builder().brokers(1).tls(server()).start().await.unwrap();
    let name = || ServerName::try_from("localhost").unwrap();
    let socket = TcpStream::connect(cluster.bootstrap_servers()).await.unwrap();
    assert!(is_served(client().connect(name(), socket).await.unwrap()).await);
    let (host, port) = cluster.address(1).unwrap();
    let memory = cluster.dial(&host, port).unwrap();
    assert!(is_served(client().connect(name(), memory).await.unwrap()).await);
    assert!(!is_served(cluster.dial(&host, port).unwrap()).await, "what is no TLS is not served");
    cluster.kill(1);
    assert!(cluster.dial(&host, port).is_err());
}
