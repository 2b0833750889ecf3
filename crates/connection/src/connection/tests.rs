//! The I/O of a connection over a stream that takes few bytes a write, holds bytes back, and records its end.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Connection;
use crate::clock;
use crate::session::{Session, SessionConfig};

#[test]
fn write_continues_where_the_stream_stopped() {
    let (mut connection, stream) = connection();
    stream.lock().takes = 3;
    assert_eq!(write(&mut connection).unwrap(), 3);
    assert!(connection.session().unwritten());
    stream.lock().takes = usize::MAX;
    let rest = write(&mut connection).unwrap();
    assert!(!connection.session().unwritten());
    let wire = &stream.lock().wire;
    assert_eq!(wire.len(), 3 + rest);
    assert_eq!(wire.first_chunk(), Some(&u32::try_from(wire.len() - 4).unwrap().to_be_bytes()), "one frame");
}

#[test]
fn bytes_that_the_stream_holds_back_are_flushed_until_they_are_gone() {
    let (mut connection, stream) = connection();
    stream.lock().pending_flushes = 1;
    write(&mut connection).unwrap();
    assert_eq!(stream.lock().flushes, 1);
    for _ in 0..2 {
        assert_eq!(write(&mut connection).unwrap(), 0);
        assert_eq!(stream.lock().flushes, 2, "a flushed stream is not flushed again");
    }
}

#[test]
fn orderly_close_shuts_the_stream_down_behind_the_last_byte() {
    let (mut connection, stream) = connection();
    stream.lock().pending_flushes = 2;
    write(&mut connection).unwrap();
    assert!(close(&mut connection).is_pending());
    assert!(!stream.lock().is_shut);
    assert!(close(&mut connection).is_ready());
    assert!(stream.lock().is_shut);
}

#[test]
fn stream_that_takes_no_byte_of_a_write_fails_the_connection() {
    let (mut connection, stream) = connection();
    stream.lock().is_shut = true;
    assert_eq!(write(&mut connection).unwrap_err().kind(), io::ErrorKind::WriteZero);
}

/// A connection whose ApiVersions request is not written yet, and its stream.
fn connection() -> (Connection<Vec<u8>>, Valve) {
    let stream = Valve::default();
    stream.lock().takes = usize::MAX;
    let session = Session::new(Arc::new(SessionConfig::default()), clock::now());
    (Connection::new(Box::new(stream.clone()), session), stream)
}

fn write(connection: &mut Connection<Vec<u8>>) -> io::Result<usize> {
    let mut written = 0;
    connection.write(clock::now(), &mut Context::from_waker(Waker::noop()), |bytes| written += bytes)?;
    Ok(written)
}

fn close(connection: &mut Connection<Vec<u8>>) -> Poll<()> {
    connection.poll_close(clock::now(), &mut Context::from_waker(Waker::noop()))
}

/// A stream that never has a byte to read.
#[derive(Clone, Default)]
struct Valve(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    wire: Vec<u8>,
    /// The bytes that are taken until the stream is full.
    takes: usize,
    /// The flushes that are pending before one is ready.
    pending_flushes: usize,
    flushes: usize,
    is_shut: bool,
}

impl Valve {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl AsyncRead for Valve {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Valve {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.lock();
        let taken = bytes.len().min(state.takes);
        if state.is_shut {
            return Poll::Ready(Ok(0));
        }
        if taken == 0 {
            return Poll::Pending;
        }
        state.takes -= taken;
        state.wire.extend(&bytes[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        state.flushes += 1;
        if state.pending_flushes > 0 {
            state.pending_flushes -= 1;
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lock().is_shut = true;
        Poll::Ready(Ok(()))
    }
}
