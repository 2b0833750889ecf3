//! The parameters of an established TLS connection, and the certificates that the broker presented.

use rustls::ProtocolVersion;

use super::certificate::CertificateDates;
use super::stream::TlsStream;
use crate::transport::BoxStream;

/// The maximum number of certificates of a chain that are read; chains have two or three.
const CERTIFICATES_MAX: usize = 16;

/// The negotiated parameters of a TLS connection, and its certificates.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use std::time::Duration;
/// use milena_connection::tls::{Tls, TlsConnector, TlsSession};
/// use milena_connection::transport::{Connector, Tcp};
///
/// let second = Duration::from_secs(1);
/// let connector = TlsConnector::new(Arc::new(Tcp::default()), &Tls::new(), 10 * second)?;
/// let mut stream = connector.connect(&"kafka.example:9093".parse()?, 10 * second).await?;
/// let session = TlsSession::of(&mut stream).ok_or("no TLS")?;
/// println!("{} with {}", session.protocol, session.cipher_suite);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsSession {
    /// The version, as in `TLS 1.3`.
    pub protocol: String,
    /// The cipher suite, as in `TLS13_AES_256_GCM_SHA384`.
    pub cipher_suite: String,
    /// The certificates in the order in which the broker sent them, its own first. None in the place of one that cannot be
    /// read. At most 16.
    pub certificates: Vec<Option<CertificateDates>>,
}

impl TlsSession {
    /// The session of a stream that a [`TlsConnector`](super::TlsConnector) opened; none for another stream.
    #[must_use]
    pub fn of(stream: &mut BoxStream) -> Option<Self> {
        let stream = (**stream).as_any().downcast_ref::<TlsStream>()?;
        let connection = stream.connection();
        let certificates = connection.peer_certificates().unwrap_or_default().iter().take(CERTIFICATES_MAX);
        let suite = connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
        Some(Self {
            protocol: match connection.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "TLS 1.3".to_owned(),
                Some(ProtocolVersion::TLSv1_2) => "TLS 1.2".to_owned(),
                other => format!("{other:?}"),
            },
            cipher_suite: suite.unwrap_or_default(),
            certificates: certificates.map(|one| CertificateDates::read(one)).collect(),
        })
    }
}
