//! Plain TCP: resolves the name and tries all its addresses within one timeout (KIP-302, KIP-601, KIP-602).
//!
//! This folder is the only code of the client that opens sockets or uses a resolver.

mod race;
mod resolver;
mod socket;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout_at;

use super::{BoxStream, ConnectionError, Connector, Dial, Fault};
use crate::clock;
use crate::endpoint::Endpoint;
use race::{alternate, race};
use resolver::Resolver;
pub(crate) use socket::discard_on_close;

/// Connects by TCP, without TLS.
///
/// The name is resolved again for each connection, because a broker may move, with one look-up of a name at a time, because a
/// resolver that hangs blocks a thread. The addresses are tried in the resolver's order, IPv6 and IPv4 in turn: each has a
/// quarter of a second until the next one is tried in parallel, and the first established connection is used (RFC 8305). The
/// timeout covers the resolver and all addresses.
///
/// The system detects a dead peer within about a minute: by keep-alive probes while nothing is sent, and on Linux by
/// unacknowledged bytes too.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use milena_connection::transport::{Connector, Tcp};
/// let stream = Tcp::default().connect(&"localhost:9092".parse()?, Duration::from_secs(10)).await?;
/// # drop(stream); Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tcp {
    options: TcpOptions,
    resolver: Arc<Resolver>,
}

/// The socket options of [`Tcp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpOptions {
    /// The size of the kernel's send buffer (`send.buffer.bytes`); the default of the system if none.
    pub send_buffer_bytes: Option<u32>,
    /// The size of the kernel's receive buffer (`receive.buffer.bytes`); the default of the system if none.
    pub receive_buffer_bytes: Option<u32>,
    /// Whether the system sends keep-alive probes to an idle peer (`socket.keepalive.enable`).
    pub keep_alive: bool,
}

impl Default for TcpOptions {
    /// Keep-alive probes, and the buffers of the system, which sizes them by the path to the peer.
    fn default() -> Self {
        Self { send_buffer_bytes: None, receive_buffer_bytes: None, keep_alive: true }
    }
}

impl Tcp {
    /// A connector with these socket options.
    #[must_use]
    pub fn new(options: TcpOptions) -> Self {
        Self { options, resolver: Arc::default() }
    }

    /// The addresses of an endpoint, as [`connect`](Connector::connect) tries them: each once, at most 16.
    ///
    /// # Errors
    /// [`Fault::Name`], [`Fault::NameTimedOut`] or [`Fault::NoAddress`].
    ///
    /// # Cancel safety
    /// A look-up in progress continues, and further look-ups of the name wait for its result.
    pub async fn resolve(
        &self,
        endpoint: &Endpoint,
        within: Duration,
    ) -> Result<Vec<SocketAddr>, ConnectionError> {
        let deadline = tokio::time::Instant::from_std(clock::now()) + within;
        let resolved = resolve(deadline, within, self.resolver.addresses(endpoint)).await;
        resolved.map_err(|fault| ConnectionError::new(endpoint.clone(), fault))
    }
}

impl Connector for Tcp {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, within: Duration) -> Dial<'a> {
        let open = move |address| async move {
            let stream = socket::open(address, self.options).await?;
            Ok(Box::new(stream) as BoxStream)
        };
        Box::pin(dial(endpoint, within, self.resolver.addresses(endpoint), open))
    }
}

/// Resolves and connects. The functions for both are arguments, so that tests can check order and timeouts.
async fn dial<S, C>(
    endpoint: &Endpoint,
    within: Duration,
    resolve: impl Future<Output = io::Result<Vec<SocketAddr>>>,
    connect: impl Fn(SocketAddr) -> C,
) -> Result<S, ConnectionError>
where
    C: Future<Output = io::Result<S>>,
{
    let failed = |fault| ConnectionError::new(endpoint.clone(), fault);
    let deadline = tokio::time::Instant::from_std(clock::now()) + within;
    let addresses = self::resolve(deadline, within, resolve).await.map_err(failed)?;
    race(&addresses, deadline, connect).await.map_err(|attempts| failed(Fault::Tcp { attempts }))
}

/// The addresses in the order in which they are tried.
async fn resolve(
    deadline: tokio::time::Instant,
    within: Duration,
    resolve: impl Future<Output = io::Result<Vec<SocketAddr>>>,
) -> Result<Vec<SocketAddr>, Fault> {
    match timeout_at(deadline, resolve).await {
        Ok(Ok(addresses)) if addresses.is_empty() => Err(Fault::NoAddress),
        Ok(Ok(addresses)) => Ok(alternate(addresses)),
        Ok(Err(error)) => Err(Fault::Name(error)),
        Err(_) => Err(Fault::NameTimedOut { timeout: within }),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWrite;
    use tokio::net::TcpListener;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(12);

    async fn connect(endpoint: &Endpoint) -> Result<BoxStream, ConnectionError> {
        Tcp::default().connect(endpoint, TIMEOUT).await
    }

    #[tokio::test]
    async fn boxed_tcp_stream_has_vectored_writes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stream = connect(&address.to_string().parse().unwrap()).await.unwrap();
        assert!(stream.is_write_vectored());
    }

    #[tokio::test]
    async fn refused_connection_is_reported_with_its_address() {
        // A port that was free a moment ago, without a listener.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let error = connect(&address.to_string().parse().unwrap()).await.err().unwrap();
        let Fault::Tcp { attempts } = error.fault() else { panic!("{error}") };
        assert_eq!(attempts[0].address, address);
        assert_eq!(attempts[0].error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(error.to_string().contains(&format!("{address}: ")), "{error}");
    }

    #[tokio::test]
    async fn unknown_name_is_reported() {
        // RFC 6761 reserves `.invalid` for names that never resolve.
        let error = connect(&"kafka.invalid:9092".parse().unwrap()).await.err().unwrap();
        assert!(matches!(error.fault(), Fault::Name(_) | Fault::NameTimedOut { .. }), "{error}");
        assert!(error.to_string().contains("kafka.invalid:9092"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn silent_or_empty_resolver_is_reported() {
        let endpoint = Endpoint { host: "broker".into(), port: 9092 };
        let connect = |tried| async move { Ok::<SocketAddr, _>(tried) };
        let silent = dial(&endpoint, TIMEOUT, std::future::pending(), connect).await.unwrap_err();
        assert!(matches!(silent.fault(), Fault::NameTimedOut { timeout: TIMEOUT }), "{silent}");
        let nothing = dial(&endpoint, TIMEOUT, async { Ok(Vec::new()) }, connect).await.unwrap_err();
        assert!(matches!(nothing.fault(), Fault::NoAddress), "{nothing}");
    }
}
