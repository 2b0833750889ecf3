//! A connector that adds TLS to the connections of another connector.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::time::timeout;

use super::Tls;
use super::explain::Seen;
use super::reload::Live;
use super::setup::TlsSetupError;
use super::stream::{First, Recorder, TlsStream};
use crate::clock;
use crate::endpoint::Endpoint;
use crate::transport::{BoxStream, ConnectionError, Connector, Dial, Fault, TlsFault};

/// Adds TLS to the connections of another connector.
///
/// A broker's certificate must have the name of the dialled host: the one in `bootstrap.servers`, or the one that the broker
/// advertises. The name is also sent to the broker (SNI), without a trailing dot, unless it is an IP address.
pub struct TlsConnector {
    inner: Arc<dyn Connector>,
    source: Source,
    handshake_timeout: Duration,
}

/// The source of a connection's configuration.
enum Source {
    /// A custom configuration.
    Fixed(Arc<ClientConfig>),
    /// The settings, whose files are read again when a connection is opened.
    Live(Arc<Live>),
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("TlsConnector");
        shown.field("inner", &self.inner).field("handshake_timeout", &self.handshake_timeout);
        shown.finish_non_exhaustive()
    }
}

impl TlsConnector {
    /// Reads the files of `tls`. The timeout of each handshake is `handshake_timeout` from the moment at which `inner` has
    /// opened the connection, and at most the rest of the dial's timeout.
    ///
    /// # Errors
    /// [`TlsSetupError`] if a certificate or a key cannot be read or used.
    pub fn new(
        inner: Arc<dyn Connector>,
        tls: &Tls,
        handshake_timeout: Duration,
    ) -> Result<Self, TlsSetupError> {
        let source = match &tls.custom {
            Some(config) => Source::Fixed(Arc::clone(config)),
            None => Source::Live(Arc::new(Live::new(tls.clone())?)),
        };
        Ok(Self { inner, source, handshake_timeout })
    }

    async fn dial(&self, endpoint: &Endpoint, within: Duration) -> Result<BoxStream, ConnectionError> {
        let deadline = clock::now() + within;
        let refused = |fault| ConnectionError::new(endpoint.clone(), Fault::Tls(fault));
        let name = server_name(&endpoint.host).ok_or_else(|| refused(TlsFault::Name))?;
        let stream = self.inner.connect(endpoint, within).await?;
        let config = match &self.source {
            Source::Fixed(config) => Arc::clone(config),
            Source::Live(live) => live.latest().await,
        };
        let within = self.handshake_timeout.min(deadline.saturating_duration_since(clock::now()));
        let stream = self.handshake(config, name, stream, within).await.map_err(refused)?;
        Ok(Box::new(stream))
    }

    async fn handshake(
        &self,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        stream: BoxStream,
        within: Duration,
    ) -> Result<TlsStream, TlsFault> {
        let first = First::default();
        let shows_certificate = config.client_auth_cert_resolver.has_certs();
        let seen = |first: &First| Seen { shows_certificate, first: first.bytes() };
        let recorder = Recorder::new(stream, first.clone());
        let connector = tokio_rustls::TlsConnector::from(config);
        let connect = connector.connect_with(name, recorder, |connection| {
            connection.set_buffer_limit(Some(SEALED_BYTES_MAX));
        });
        match timeout(within, connect).await {
            Ok(Ok(stream)) => Ok(TlsStream::new(stream, seen(&first))),
            Ok(Err(error)) => Err(seen(&first).handshake(error)),
            Err(_) => Err(seen(&first).timed_out(within)),
        }
    }
}

impl Connector for TlsConnector {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, within: Duration) -> Dial<'a> {
        Box::pin(self.dial(endpoint, within))
    }
}

/// The maximum number of encrypted bytes that wait to be written, in one write if the socket takes them. The default of
/// rustls, 64 KiB, would split a batch of that size.
const SEALED_BYTES_MAX: usize = 256 << 10;

/// The name for SNI and verification: without the trailing dot of a fully qualified name (RFC 6066, 3), and without the zone
/// of an IPv6 address, which is local to this host.
fn server_name(host: &str) -> Option<ServerName<'static>> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let address = host.split_once('%').map_or(host, |(address, _)| address);
    match address.parse::<IpAddr>() {
        Ok(address) => Some(ServerName::from(address)),
        Err(_) => ServerName::try_from(host.to_owned()).ok(),
    }
}
