//! How bytes reach a broker: a [`Connector`] dials an [`Endpoint`] and gives a [`BoxStream`].
//!
//! * [`Tcp`] is the connector of plaintext listeners, and the only code of the crate that opens sockets.
//! * A test, a proxy or TLS brings a connector of its own.

mod error;
mod tcp;
mod tls_error;

use std::any::Any;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

pub use error::{Attempt, DialError};
pub(crate) use tcp::discard_on_close;
pub use tcp::{Tcp, TcpOptions};
pub use tls_error::{TlsError, TlsFault};

use crate::endpoint::Endpoint;

/// A connection as the sessions use it: bytes both ways.
///
/// A stream that can write several slices at once must say so (`is_write_vectored`): a produce request goes out as
/// many of them, and a stream without it takes one at a time.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// The stream itself, for [`reset`](crate::reset), which knows the kinds that this crate opens.
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
pub type Dial<'a> = Pin<Box<dyn Future<Output = Result<BoxStream, DialError>> + Send + 'a>>;

/// Opens connections.
///
/// [`connect`](Self::connect) ends within the time that it is given, whatever the network does. That time grows with
/// each failure of a broker in turn (KIP-601), and whoever waits does not wait much longer. Dropping the future gives
/// the attempt up and leaves nothing behind.
///
/// A connector of one's own stands before another one, so that TLS, where it is asked for, is spoken through it: here a
/// proxy that is asked for a tunnel by HTTP (RFC 9110, 9.3.6).
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use milena_connection::Endpoint;
/// use milena_connection::transport::{BoxStream, Connector, Dial, DialError, Tcp};
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
///         // Byte by byte: what follows the answer's head is the broker's, not ours.
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
///         let other = |error: io::Error| DialError::Other { endpoint: endpoint.clone(), error: error.into() };
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
    /// Opens a connection to `endpoint` within this time, and does whatever has to happen before Kafka is spoken on it.
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, within: Duration) -> Dial<'a>;
}
