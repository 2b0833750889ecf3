//! Connections in memory, with a rate and a size of the pieces that arrive.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use milena::transport::BoxStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// The kind of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cable {
    /// How many bytes a millisecond it takes; without a bound unless set.
    pub bytes_per_ms: usize,
    /// The most bytes of a read or a write; without a bound unless set.
    pub piece: usize,
}

impl Default for Cable {
    fn default() -> Self {
        Self { bytes_per_ms: usize::MAX, piece: usize::MAX }
    }
}

impl Cable {
    pub(crate) fn put_on(self, stream: BoxStream) -> BoxStream {
        match self == Self::default() {
            true => stream,
            false => Box::new(Shaped { cable: self, stream, left: self.bytes_per_ms, pause: None }),
        }
    }
}

/// A connection by a cable. It takes one slice a write.
struct Shaped {
    cable: Cable,
    stream: BoxStream,
    /// What it takes in this millisecond.
    left: usize,
    /// Until the next.
    pause: Option<Pin<Box<Sleep>>>,
}

impl AsyncWrite for Shaped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.left == 0 {
            let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(Duration::from_millis(1))));
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
            self.left = self.cable.bytes_per_ms;
        }
        let piece = bytes.len().min(self.cable.piece).min(self.left);
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..piece]))?;
        self.left -= written;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncRead for Shaped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut piece = [0; 4096];
        let most = piece.len().min(self.cable.piece).min(space.remaining());
        let mut read = ReadBuf::new(&mut piece[..most]);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
        space.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}
