//! How a connection ends: in order, or given up.
//!
//! * In order (the producer closes, the broker moved, nobody uses the connection): what was written without an answer to
//!   wait for (`acks=0`) is confirmed by an answered request behind it, then the stream is flushed and shut down, all
//!   within a time. With `acks=0` a written record counts as delivered, and a connection that is dropped would lose what
//!   TLS, the system's buffer or the broker's queue holds.
//! * Given up (it broke, a time-out, or answers that nobody waits for any more): the stream is closed at once, and reset
//!   while requests are unanswered. Never reset is a connection with `acks=0`, whose records count as delivered.

use std::pin::Pin;
use std::task::Context;
use std::time::Instant;

use milena_connection::reset;
use milena_connection::session::{Awaits, SessionError};
use tokio::io::AsyncWrite;
use tokio::task::coop::has_budget_remaining;

use super::{Broken, Ended, Link, State};
use crate::driver::trouble::Trouble;

/// An orderly end that has begun.
pub(super) struct Ending {
    /// At the latest.
    until: Instant,
    reason: Trouble,
    /// Whether the connection was idle: the next one is opened when it is needed.
    idle: bool,
}

impl Ending {
    /// When to poll again, where the session has something to wait for until `session`.
    pub(super) fn deadline(&self, session: Option<Instant>, is_confirmed: bool) -> Instant {
        let session = session.filter(|_| !is_confirmed);
        session.map_or(self.until, |session| session.min(self.until))
    }
}

impl Link {
    /// Whether an orderly end has begun: nothing more is sent.
    pub(in crate::driver) const fn is_ending(&self) -> bool {
        matches!(&self.state, State::Open { ending: Some(_), .. })
    }

    /// Begins an orderly end, to be over by `until`; [`poll_end`](Self::poll_end) works towards it. A connection with
    /// nothing to wait for, or with unanswered requests, ends at once: these are sent again elsewhere, or given up.
    pub(in crate::driver) fn begin_end(&mut self, until: Instant, reason: Trouble) -> Option<Ended> {
        self.begin(until, reason, false)
    }

    /// The same for a connection that was idle.
    pub(super) fn begin_idle_end(&mut self, until: Instant, reason: Trouble) -> Option<Ended> {
        self.begin(until, reason, true)
    }

    fn begin(&mut self, until: Instant, reason: Trouble, idle: bool) -> Option<Ended> {
        let State::Open { session, ending, .. } = &mut self.state else {
            self.state = State::Closed { not_before: None };
            return None;
        };
        let unanswered = self.settings.awaits == Awaits::Answer && session.in_flight() > 0;
        if unanswered || session.versions().is_none() {
            return self.end(reason, false);
        }
        match ending {
            Some(ending) => ending.until = ending.until.min(until),
            None => *ending = Some(Ending { until, reason, idle }),
        }
        None
    }

    /// Works towards an orderly end that has begun. Returns what was on the connection once it is over.
    pub(in crate::driver) fn poll_end(&mut self, now: Instant, cx: &mut Context<'_>) -> Option<Ended> {
        let State::Open { stream, session, unflushed, ending: Some(ending), .. } = &mut self.state else {
            return None;
        };
        session.confirm(now);
        let is_shut = session.is_confirmed() && {
            *unflushed = *unflushed && Pin::new(&mut *stream).poll_flush(cx).is_pending();
            !*unflushed && Pin::new(stream).poll_shutdown(cx).is_ready()
        };
        if is_shut || now >= ending.until { self.end_begun() } else { None }
    }

    /// Ends a connection whose orderly end has begun; none where it has not.
    pub(super) fn end_begun(&mut self) -> Option<Ended> {
        let State::Open { ending, .. } = &mut self.state else { return None };
        let Ending { reason, idle, .. } = ending.take()?;
        let ended = self.end(reason, false);
        self.dormant = idle;
        ended
    }

    /// Ends a connection at once.
    pub(super) fn end(&mut self, trouble: Trouble, timed_out: bool) -> Option<Ended> {
        let state = std::mem::replace(&mut self.state, State::Closed { not_before: None });
        let State::Open { stream, session, .. } = state else { return None };
        // Closed before anything of it is sent again: the broker must not have two copies of a request to choose from.
        match session.unanswered() {
            0 => drop(stream),
            _ => reset(stream),
        }
        let unconfirmed = !session.is_confirmed() && self.settings.awaits == Awaits::Nothing;
        Some(Ended { requests: session.end(), timed_out, stood: self.stood, unconfirmed, trouble })
    }

    /// Whether something on the connection takes too long. To be called once there is nothing to read: an answer that lies
    /// in the socket is in time.
    pub(in crate::driver) fn check(&self, now: Instant) -> Result<(), Broken> {
        let State::Open { session, ending, .. } = &self.state else { return Ok(()) };
        // Without budget tokio reports every socket as empty, and has the task polled again at once.
        if !has_budget_remaining() {
            return Ok(());
        }
        match session.check(now) {
            // It ends already.
            Err(SessionError::Idle { .. }) if ending.is_some() => Ok(()),
            checked => checked.map_err(Broken::Session),
        }
    }
}

/// A task that is dropped, by a panic or because its runtime ends, gives its connection up.
impl Drop for Link {
    fn drop(&mut self) {
        let state = std::mem::replace(&mut self.state, State::Closed { not_before: None });
        if let State::Open { stream, session, .. } = state
            && session.unanswered() > 0
        {
            reset(stream);
        }
    }
}
