//! How bytes reach a broker: a [`Connector`] dials an [`Endpoint`] and gives a [`BoxStream`].
//!
//! * [`Tcp`] is the connector of plaintext listeners, and the only code of the crate that opens sockets.
//! * A test, a proxy or TLS brings a connector of its own.

mod error;
mod tcp;
mod tls_error;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};

pub use error::{Attempt, DialError};
pub use tcp::Tcp;
pub use tls_error::{TlsError, TlsFault};

use crate::endpoint::Endpoint;

/// A connection as the sessions use it: bytes both ways.
///
/// A stream that can write several slices at once must say so (`is_write_vectored`): a produce request goes out as
/// many of them, and a stream without it takes one at a time.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + ?Sized> Stream for T {}

/// A connection of any kind. The box forwards vectored writes.
pub type BoxStream = Box<dyn Stream>;

/// The future of a dial.
pub type Dial<'a> = Pin<Box<dyn Future<Output = Result<BoxStream, DialError>> + Send + 'a>>;

/// Opens connections.
///
/// A connector keeps a time-out of its own: [`connect`](Self::connect) ends, whatever the network does. Dropping its
/// future gives the attempt up and leaves nothing behind.
pub trait Connector: Send + Sync + Debug {
    /// Opens a connection to `endpoint`, and does whatever has to happen before Kafka is spoken on it.
    fn connect<'a>(&'a self, endpoint: &'a Endpoint) -> Dial<'a>;
}
