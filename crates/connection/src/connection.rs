//! The I/O of a connection: moves bytes between a stream and its [`Session`], and runs the session's [`Work`].
//!
//! [`Connection`] decides nothing: the session decides which bytes are written, which request a response belongs to, and when
//! a time-out is over. [`RequestConnection`](crate::RequestConnection), with one call at a time, and the connection of a broker
//! sender in the driver, with pipelined requests, are built around it.
//!
//! Rules:
//! * The stream is read before time-outs are checked: a response that lies in the socket is in time.
//! * Tokio's cooperative budget is no time-out: without budget every socket seems empty, and the task is polled again at once.
//! * Written bytes are flushed, because a stream (TLS) may hold them back.
//!
//! [`Work`]: crate::sasl::Work

#[cfg(test)]
mod tests;

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop::has_budget_remaining;

use crate::error::Fault;
use crate::reset::reset;
use crate::sasl::Outcome;
use crate::session::{Disposition, Event, Payload, Session};
use crate::transport::BoxStream;

/// The most pieces of one vectored write; Linux takes 1 024.
const SLICES_MAX: usize = 64;

/// A stream, and the session that runs on it.
pub struct Connection<P> {
    stream: BoxStream,
    session: Session<P>,
    /// Work of the session that has no outcome yet.
    work: Option<Pin<Box<dyn Future<Output = Outcome> + Send>>>,
    /// Whether the stream may hold written bytes back.
    unflushed: bool,
}

impl<P: Payload> Connection<P> {
    /// A connection of an open stream and a new session.
    #[must_use]
    pub fn new(stream: BoxStream, session: Session<P>) -> Self {
        Self { stream, session, work: None, unflushed: false }
    }

    /// Writes what the session has to write until the stream takes no more, and flushes. Each write is reported to `wrote`.
    ///
    /// # Errors
    /// The error of the stream; end the connection.
    pub fn write(
        &mut self,
        now: Instant,
        cx: &mut Context<'_>,
        mut wrote: impl FnMut(usize),
    ) -> io::Result<()> {
        while self.session.unwritten() {
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let filled = self.session.fill(&mut slices);
            if filled == 0 {
                break;
            }
            match Pin::new(&mut self.stream).poll_write_vectored(cx, &slices[..filled])? {
                Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(bytes) => {
                    self.session.wrote(bytes, now);
                    self.unflushed = true;
                    wrote(bytes);
                }
                Poll::Pending => break,
            }
        }
        self.flush(cx).map(drop)
    }

    /// The next event of the session. Reads until there is one; pending when the stream has nothing more.
    ///
    /// # Errors
    /// The error of the stream or of the session; end the connection.
    pub fn poll_event(&mut self, now: Instant, cx: &mut Context<'_>) -> Poll<Result<Event<P>, Fault>> {
        loop {
            if let Some(work) = &mut self.work
                && let Poll::Ready(outcome) = work.as_mut().poll(cx)
            {
                self.work = None;
                self.session.resume(outcome, now);
            }
            match self.session.next_event()? {
                Some(Event::Work(work)) => {
                    self.work = Some(Box::pin(work.run()));
                    continue;
                }
                Some(event) => return Poll::Ready(Ok(event)),
                None => {}
            }
            let mut space = ReadBuf::new(self.session.read_space());
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut space))?;
            let bytes = space.filled().len();
            self.session.received(bytes, now);
        }
    }

    /// Whether something takes too long. Call it once [`poll_event`](Self::poll_event) is pending.
    ///
    /// # Errors
    /// The error of the session; end the connection.
    pub fn check(&self, now: Instant) -> Result<(), Fault> {
        if has_budget_remaining() { self.session.check(now).map_err(Fault::Session) } else { Ok(()) }
    }

    /// Works towards an orderly end: the broker confirms the requests without a response (`acks=0`), then the stream is
    /// flushed and shut down. Events and writes go on meanwhile. Ready once the stream is shut down.
    pub fn poll_close(&mut self, now: Instant, cx: &mut Context<'_>) -> Poll<()> {
        self.session.confirm(now);
        if !self.session.is_confirmed() {
            return Poll::Pending;
        }
        // An error of the flush shows in the shutdown.
        if self.flush(cx).is_ok_and(|is_flushed| !is_flushed) {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_shutdown(cx).map(drop)
    }

    /// Ends the connection at once, and returns the requests that it had. The stream is closed first, and reset while
    /// requests are unanswered: the broker must not get two copies of a request that is sent again. A connection whose
    /// requests have no responses (`acks=0`) is never reset, because written records count as delivered.
    #[must_use]
    pub fn end(self) -> Vec<(P, Disposition)> {
        match self.session.unanswered() {
            0 => drop(self.stream),
            _ => reset(self.stream),
        }
        self.session.end()
    }

    /// The session.
    #[must_use]
    pub const fn session(&self) -> &Session<P> {
        &self.session
    }

    /// The session, to send requests.
    #[must_use]
    pub const fn session_mut(&mut self) -> &mut Session<P> {
        &mut self.session
    }

    /// Flushes what was written. Returns whether the stream holds nothing back.
    fn flush(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        if self.unflushed {
            self.unflushed = Pin::new(&mut self.stream).poll_flush(cx)?.is_pending();
        }
        Ok(!self.unflushed)
    }
}

impl<P> fmt::Debug for Connection<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("session", &self.session).finish_non_exhaustive()
    }
}
