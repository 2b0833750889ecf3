//! A TLS connection as sessions use it: vectored writes, errors with their TLS fault, and a `close_notify` on drop.

use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client;

use super::explain::{Seen, rustls_error};
use crate::lock::lock;
use crate::transport::BoxStream;

/// A stream that keeps the first bytes of the peer, enough to detect its protocol.
pub(super) struct Recorder {
    inner: BoxStream,
    /// None once enough bytes are kept.
    first: Option<First>,
}

/// The first bytes, shared with the code that explains a failed handshake.
#[derive(Clone, Default)]
pub(super) struct First(Arc<Mutex<Vec<u8>>>);

impl First {
    /// Enough to detect a protocol, for the code and for a reader of the error.
    const BYTES_MAX: usize = 16;

    pub(super) fn bytes(&self) -> Vec<u8> {
        lock(&self.0).clone()
    }

    /// Keeps the first bytes. Returns whether more are needed.
    fn keep(&self, bytes: &[u8]) -> bool {
        let mut kept = lock(&self.0);
        let wanted = Self::BYTES_MAX - kept.len();
        kept.extend_from_slice(&bytes[..bytes.len().min(wanted)]);
        kept.len() < Self::BYTES_MAX
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

/// A TLS connection.
///
/// * A TLS error after the handshake is explained like one during it: in TLS 1.3 a broker rejects a client certificate, or the
///   lack of one, after the client has completed the handshake.
/// * A peer that closes without `close_notify` has ended the stream. Frames have lengths, so that a truncated one is
///   detected.
/// * On drop a `close_notify` is sent if that needs no waiting, unless the stream was [abandoned](Self::abandon).
pub(crate) struct TlsStream {
    inner: client::TlsStream<Recorder>,
    seen: Seen,
    abandoned: bool,
}

impl TlsStream {
    pub(super) fn new(inner: client::TlsStream<Recorder>, seen: Seen) -> Self {
        Self { inner, seen, abandoned: false }
    }

    /// Stops all writes: neither encrypted records that wait nor a `close_notify` are sent. Returns the stream below.
    pub(crate) fn abandon(&mut self) -> &mut BoxStream {
        self.abandoned = true;
        &mut self.inner.get_mut().0.inner
    }

    /// The connection as rustls has it.
    pub(super) fn connection(&self) -> &rustls::ClientConnection {
        self.inner.get_ref().1
    }

    fn explained(&self, error: io::Error) -> io::Error {
        match rustls_error(&error) {
            Some(cause) => io::Error::new(error.kind(), self.seen.rustls(cause)),
            None => error,
        }
    }

    /// Explains a failed write: a peer that sent an alert and closed often fails a write first, and the alert is still to be
    /// read.
    fn explained_write(&mut self, cx: &mut Context<'_>, error: io::Error) -> io::Error {
        let (io, connection) = self.inner.get_mut();
        let mut reader = Polled { io, cx };
        while connection.wants_read() && matches!(connection.read_tls(&mut reader), Ok(1..)) {
            if let Err(cause) = connection.process_new_packets() {
                return io::Error::new(error.kind(), self.seen.rustls(&cause));
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

/// A tokio stream as rustls reads and writes it: an operation that would wait fails with `WouldBlock`.
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
