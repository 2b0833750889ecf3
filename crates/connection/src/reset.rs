//! The reset of a connection: unsent bytes are discarded.
//!
//! The system keeps sending the buffered bytes of a closed socket, for minutes if the peer is slow. A request that is sent
//! again on another connection meanwhile would reach the brokers twice. The reset makes that rarer, not impossible: the
//! broker's queue and every proxy still deliver the bytes that they have. No decision may depend on it.

use crate::tls::TlsStream;
use crate::transport::{BoxStream, discard_on_close};

/// Closes a connection and discards the bytes that the system has not sent yet. A stream of a custom connector is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (ours, _theirs) = tokio::io::duplex(64);
/// milena_connection::reset(Box::new(ours));
/// # }
/// ```
pub fn reset(mut stream: BoxStream) {
    discard(&mut stream);
}

/// Sets the option on the socket below all layers.
fn discard(stream: &mut BoxStream) {
    let stream = (**stream).as_any();
    if let Some(tls) = stream.downcast_mut::<TlsStream>() {
        discard(tls.abandon());
    } else if let Some(boxed) = stream.downcast_mut::<BoxStream>() {
        discard(boxed);
    } else {
        discard_on_close(stream);
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::transport::{Connector, Tcp};

    /// A connection of the crate's connector, and the peer's end.
    async fn connected() -> (BoxStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = listener.local_addr().unwrap().to_string().parse().unwrap();
        let stream = Tcp::default().connect(&endpoint, Duration::from_secs(10)).await.unwrap();
        (stream, listener.accept().await.unwrap().0)
    }

    /// Fills the buffers of the system, and then ends the connection.
    async fn end_of(mut stream: BoxStream, mut peer: TcpStream, end: impl FnOnce(BoxStream)) -> ErrorKind {
        let bytes = [7; 65_536];
        let mut sent = stream.write(&bytes).await.unwrap();
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(written) = Pin::new(&mut stream).poll_write(&mut context, &bytes) {
            sent += written.unwrap();
        }
        end(stream);
        let mut received = Vec::new();
        match peer.read_to_end(&mut received).await {
            Ok(_) => {
                assert_eq!(received.len(), sent, "the system sends its buffer");
                ErrorKind::UnexpectedEof
            }
            Err(error) => error.kind(),
        }
    }

    #[tokio::test]
    async fn reset_connection_discards_unsent_bytes_and_dropped_one_sends_them() {
        let (stream, peer) = connected().await;
        assert_eq!(end_of(stream, peer, reset).await, ErrorKind::ConnectionReset);
        let (stream, peer) = connected().await;
        assert_eq!(end_of(Box::new(stream), peer, reset).await, ErrorKind::ConnectionReset);
        let (stream, peer) = connected().await;
        assert_eq!(end_of(stream, peer, drop).await, ErrorKind::UnexpectedEof);
    }
}
