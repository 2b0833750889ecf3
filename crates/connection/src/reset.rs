//! The end of a connection that is given up: nothing more of it shall reach the broker.
//!
//! A socket that is closed as usual is still emptied by the system, for minutes where the peer is slow. A request that is
//! sent again elsewhere meanwhile would reach the brokers twice. The reset makes that rarer and never impossible: the
//! broker's own queue and every proxy on the way deliver what they have. No decision may rest on it.

use crate::tls::TlsStream;
use crate::transport::{BoxStream, discard_on_close};

/// Closes a connection so that the system drops what it has not sent yet. A stream of a kind that this crate did not
/// open, as those of custom connectors, is dropped.
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

/// Marks the stream below every layer.
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

    /// A connection by our own connector, and the peer's end of it.
    async fn connected() -> (BoxStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = listener.local_addr().unwrap().to_string().parse().unwrap();
        let stream = Tcp::default().connect(&endpoint, Duration::from_secs(10)).await.unwrap();
        (stream, listener.accept().await.unwrap().0)
    }

    /// Fills the buffers of the system, and then lets the connection go.
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
                assert_eq!(received.len(), sent, "the system sends what it has");
                ErrorKind::UnexpectedEof
            }
            Err(error) => error.kind(),
        }
    }

    #[tokio::test]
    async fn connection_that_is_reset_sends_nothing_more_and_one_that_is_dropped_sends_all() {
        let (stream, peer) = connected().await;
        assert_eq!(end_of(stream, peer, reset).await, ErrorKind::ConnectionReset);
        let (stream, peer) = connected().await;
        assert_eq!(end_of(Box::new(stream), peer, reset).await, ErrorKind::ConnectionReset);
        let (stream, peer) = connected().await;
        assert_eq!(end_of(stream, peer, drop).await, ErrorKind::UnexpectedEof);
    }
}
