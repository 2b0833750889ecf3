//! How a connection ends: in order, or given up.
//!
//! * In order (the producer closes, the broker moved, nobody uses the connection): what was written without an answer to
//!   wait for (`acks=0`) is confirmed by an answered request behind it, then the stream is flushed and shut down, all
//!   within a time. With `acks=0` a written record counts as delivered, and a connection that is dropped would lose what
//!   TLS, the system's buffer or the broker's queue holds.
//! * Given up (it broke, a time-out, or answers that nobody waits for any more): the stream is closed at once, and reset
//!   while requests are unanswered. Never reset is a connection with `acks=0`, whose records count as delivered.

use std::task::Context;
use std::time::Instant;

use milena_connection::control::Breakdown;
use milena_connection::session::{Awaits, Session, SessionError};

use super::{Broken, Ended, Link, State};
use crate::driver::frame::Frame;
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
    /// When to poll again: at the end, or before it when the session waits for its confirmation.
    pub(super) fn deadline(&self, session: &Session<Frame>) -> Instant {
        let session = session.deadline().filter(|_| !session.is_confirmed());
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
        let State::Open { connection, ending } = &mut self.state else {
            self.state = State::Closed { not_before: None };
            return None;
        };
        let session = connection.session();
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
        let State::Open { connection, ending: Some(ending) } = &mut self.state else { return None };
        let is_over = connection.poll_close(now, cx).is_ready() || now >= ending.until;
        if is_over { self.end_begun() } else { None }
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
        let State::Open { connection, .. } = state else { return None };
        let unconfirmed = !connection.session().is_confirmed() && self.settings.awaits == Awaits::Nothing;
        Some(Ended { requests: connection.end(), timed_out, stood: self.stood, unconfirmed, trouble })
    }

    /// Whether something on the connection takes too long. To be called once there is nothing to read.
    pub(in crate::driver) fn check(&self, now: Instant) -> Result<(), Broken> {
        let State::Open { connection, ending } = &self.state else { return Ok(()) };
        match connection.check(now) {
            // It ends already.
            Err(Breakdown::Session(SessionError::Idle { .. })) if ending.is_some() => Ok(()),
            checked => checked.map_err(Broken::from),
        }
    }
}

/// A task that is dropped, by a panic or because its runtime ends, gives its connection up.
impl Drop for Link {
    fn drop(&mut self) {
        let state = std::mem::replace(&mut self.state, State::Closed { not_before: None });
        if let State::Open { connection, .. } = state {
            drop(connection.end());
        }
    }
}
