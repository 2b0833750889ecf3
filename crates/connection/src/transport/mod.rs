//! Connections to brokers: a [`Connector`] dials an [`Endpoint`] and returns a [`BoxStream`].
//!
//! * [`Tcp`] is the connector of plaintext listeners, and the only code of the crate that opens sockets.
//! * Tests, proxies and TLS have connectors of their own.

mod tcp;

use std::any::Any;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

pub(crate) use tcp::discard_on_close;
pub use tcp::{Tcp, TcpOptions};

use crate::endpoint::Endpoint;
pub use crate::error::{Attempt, ConnectionError, Fault, Step, TlsFault};

/// A connection as sessions use it: bytes in both directions.
///
/// A stream with vectored writes must return true from `is_write_vectored`: a Produce request is many slices, and another
/// stream takes them one at a time.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// The stream itself, for [`reset`](crate::reset), which knows the types that this crate opens.
    #[doc(hidden)]
    fn as_any(&mut self) -> &mut dyn Any;
}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {
    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// A connection of any kind. The box forwards vectored writes.
pub type BoxStream = Box<dyn Stream>;

/// The future of a dial.
pub type Dial<'a> = Pin<Box<dyn Future<Output = Result<BoxStream, ConnectionError>> + Send + 'a>>;

/// Opens connections.
///
/// [`connect`](Self::connect) ends within its timeout, whatever the network does. The timeout grows with each consecutive
/// failure of a broker (KIP-601), and callers wait little longer than that. Dropping the future cancels the attempt and leaves
/// nothing behind.
///
/// A custom connector wraps another one; TLS, if configured, runs on top of it. The example is a proxy with HTTP tunnels
/// (RFC 9110, 9.3.6).
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use milena_connection::Endpoint;
/// use milena_connection::transport::{BoxStream, ConnectionError, Connector, Dial, Fault, Tcp};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use tokio::time::timeout;
///
/// /// Reaches every broker through one proxy, which resolves their names.
/// #[derive(Debug)]
/// struct HttpProxy {
///     tcp: Tcp,
///     proxy: Endpoint,
/// }
///
/// impl HttpProxy {
///     async fn tunnel(&self, stream: &mut BoxStream, to: &Endpoint) -> io::Result<()> {
///         stream.write_all(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n").as_bytes()).await?;
///         // Byte by byte: the bytes behind the head of the response are the broker's.
///         let mut head = Vec::new();
///         while !head.ends_with(b"\r\n\r\n") && head.len() < 4096 {
///             head.push(stream.read_u8().await?);
///         }
///         match head.starts_with(b"HTTP/1.1 200") {
///             true => Ok(()),
///             false => Err(io::Error::other("the proxy opens no tunnel")),
///         }
///     }
/// }
///
/// impl Connector for HttpProxy {
///     fn connect<'a>(&'a self, endpoint: &'a Endpoint, within: Duration) -> Dial<'a> {
///         let other =
///             |error: io::Error| ConnectionError::new(endpoint.clone(), Fault::Connector(error.into()));
///         let dial = async move {
///             let mut stream = self.tcp.connect(&self.proxy, within).await?;
///             self.tunnel(&mut stream, endpoint).await.map_err(other)?;
///             Ok(stream)
///         };
///         Box::pin(async move {
///             timeout(within, dial).await.unwrap_or_else(|_| Err(other(io::ErrorKind::TimedOut.into())))
///         })
///     }
/// }
/// ```
pub trait Connector: Send + Sync + Debug {
    /// Opens a connection to `endpoint` within the timeout `within`, ready for Kafka's first request.
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, within: Duration) -> Dial<'a>;
}

/// Opens a connection within this time, even if the connector exceeds it.
///
/// # Errors
/// [`ConnectionError`] of the connector, or [`Fault::DialTimedOut`].
///
/// # Cancel safety
/// Dropping the future gives the attempt up.
pub async fn dial(
    connector: &dyn Connector,
    endpoint: &Endpoint,
    within: Duration,
) -> Result<BoxStream, ConnectionError> {
    // A little more, so that the connector times out first: its error names the step.
    let dialled = timeout(within + within / 10, connector.connect(endpoint, within)).await;
    let timed_out = || ConnectionError::new(endpoint.clone(), Fault::DialTimedOut { timeout: within });
    dialled.unwrap_or_else(|_| Err(timed_out()))
}
