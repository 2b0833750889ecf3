//! A connection under TLS, as sessions use it: many slices in one write, ends that explain themselves, a goodbye.

use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client;

use super::explain::{Seen, rustls_error};
use crate::transport::{BoxStream, TlsError};

/// A stream of which the first bytes that the peer sends are kept, until there are enough to tell what it speaks.
pub(super) struct Recorder {
    inner: BoxStream,
    /// None once there are enough.
    first: Option<First>,
}

/// The first bytes, shared with who judges a handshake that failed.
#[derive(Clone, Default)]
pub(super) struct First(Arc<Mutex<Vec<u8>>>);

impl First {
    /// Enough to recognise a protocol, and for a person to do so.
    const BYTES_MAX: usize = 16;

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.lock().clone()
    }

    /// Keeps the first of them; tells whether more are wanted.
    fn keep(&self, bytes: &[u8]) -> bool {
        let mut kept = self.lock();
        let wanted = Self::BYTES_MAX - kept.len();
        kept.extend_from_slice(&bytes[..bytes.len().min(wanted)]);
        kept.len() < Self::BYTES_MAX
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder {
    pub(super) fn new(inner: BoxStream, first: First) -> Self {
        Self { inner, first: Some(first) }
    }
}

impl AsyncRead for Recorder {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        if let Some(first) = &self.first
            && !first.keep(&buf.filled()[before..])
        {
            self.first = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Recorder {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// A connection under TLS.
///
/// * What the peer says of TLS after the handshake is explained as what it says during it: in TLS 1.3 a broker refuses
///   a client certificate, or the lack of one, only when the client believes that all is well.
/// * A peer that closes without saying so has ended the stream. Frames have lengths, so that nothing is taken for whole
///   that was cut off.
/// * Dropped, it says goodbye as far as that needs no waiting, unless it was [abandoned](Self::abandon).
pub(crate) struct TlsStream {
    inner: client::TlsStream<Recorder>,
    seen: Seen,
    abandoned: bool,
}

impl TlsStream {
    pub(super) fn new(inner: client::TlsStream<Recorder>, seen: Seen) -> Self {
        Self { inner, seen, abandoned: false }
    }

    /// Nothing more is written: neither sealed records that wait nor a `close_notify`. Returns the stream below.
    pub(crate) fn abandon(&mut self) -> &mut BoxStream {
        self.abandoned = true;
        &mut self.inner.get_mut().0.inner
    }

    fn explained(&self, error: io::Error) -> io::Error {
        match rustls_error(&error) {
            Some(cause) => io::Error::new(error.kind(), TlsError::from(self.seen.rustls(cause))),
            None => error,
        }
    }

    /// A peer that sent an alert and closed is often noticed by a write that fails: the alert is there to be read.
    fn explained_write(&mut self, cx: &mut Context<'_>, error: io::Error) -> io::Error {
        let (io, connection) = self.inner.get_mut();
        let mut reader = Polled { io, cx };
        while connection.wants_read() && matches!(connection.read_tls(&mut reader), Ok(1..)) {
            if let Err(cause) = connection.process_new_packets() {
                return io::Error::new(error.kind(), TlsError::from(self.seen.rustls(&cause)));
            }
        }
        self.explained(error)
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.inner).poll_read(cx, buf)) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
            result => Poll::Ready(result.map_err(|error| self.explained(error))),
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, buf));
        Poll::Ready(written.map_err(|error| self.explained_write(cx, error)))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, bufs));
        Poll::Ready(written.map_err(|error| self.explained_write(cx, error)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.inner).poll_flush(cx));
        Poll::Ready(flushed.map_err(|error| self.explained_write(cx, error)))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl Drop for TlsStream {
    fn drop(&mut self) {
        if self.abandoned {
            return;
        }
        let (io, connection) = self.inner.get_mut();
        connection.send_close_notify();
        let mut writer = Polled { io, cx: &mut Context::from_waker(Waker::noop()) };
        while connection.wants_write() && matches!(connection.write_tls(&mut writer), Ok(1..)) {}
    }
}

/// A stream of tokio as rustls reads and writes it: what would have to wait fails instead.
struct Polled<'a, 'b> {
    io: &'a mut Recorder,
    cx: &'a mut Context<'b>,
}

impl Read for Polled<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut buf = ReadBuf::new(buf);
        at_once(Pin::new(&mut *self.io).poll_read(self.cx, &mut buf))?;
        Ok(buf.filled().len())
    }
}

impl Write for Polled<'_, '_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        at_once(Pin::new(&mut *self.io).poll_write(self.cx, buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn at_once<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
