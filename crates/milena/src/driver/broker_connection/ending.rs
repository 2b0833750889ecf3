//! The end of a connection: orderly, or at once.
//!
//! * Orderly (the producer closes, the broker moved, the connection is idle): the broker confirms the requests without a
//!   response (`acks=0`) by its response to a request behind them, then the stream is flushed and shut down, all within a time.
//!   With `acks=0` a written record counts as delivered, and a dropped connection would lose the bytes that TLS, the system's
//!   buffer or the broker's queue holds.
//! * At once (the connection failed, a time-out, or requests whose responses are not needed any more): the stream is closed, and
//!   reset while requests are unanswered. A connection with `acks=0` is never reset, because its records count as delivered.

use std::task::Context;
use std::time::Instant;

use milena_connection::session::{ResponseExpected, Session, SessionFault};
use milena_connection::transport::{ConnectionError, Fault};

use super::{BrokerConnection, Ended, State};
use crate::driver::frame::Frame;

/// An orderly end that has begun.
pub(super) struct Ending {
    /// The end is at this time at the latest.
    until: Instant,
    reason: Fault,
    /// Whether the connection was idle: the next one is opened when it is needed.
    idle: bool,
}

impl Ending {
    /// The time of the next poll: the end, or the deadline of the session while the confirmation is missing.
    pub(super) fn deadline(&self, session: &Session<Frame>) -> Instant {
        let session = session.deadline().filter(|_| !session.is_confirmed());
        session.map_or(self.until, |session| session.min(self.until))
    }
}

impl BrokerConnection {
    /// Whether an orderly end has begun: nothing more is sent.
    pub(in crate::driver) const fn is_ending(&self) -> bool {
        matches!(&self.state, State::Open { ending: Some(_), .. })
    }

    /// Begins an orderly end, to be over by `until`; [`poll_end`](Self::poll_end) works towards it. A connection with unanswered
    /// requests, or whose versions are not negotiated, ends at once: the requests are sent again elsewhere, or given up.
    pub(in crate::driver) fn begin_end(&mut self, until: Instant, reason: Fault) -> Option<Ended> {
        self.begin(until, reason, false)
    }

    /// The same. After the end of an idle connection the next one is opened when it is needed.
    pub(super) fn begin(&mut self, until: Instant, reason: Fault, idle: bool) -> Option<Ended> {
        let State::Open { connection, ending, .. } = &mut self.state else {
            self.state = State::Closed { not_before: None };
            return None;
        };
        let session = connection.session();
        let unanswered = self.settings.awaits == ResponseExpected::Yes && session.in_flight() > 0;
        if unanswered || session.versions().is_none() {
            return self.end(reason);
        }
        match ending {
            Some(ending) => ending.until = ending.until.min(until),
            None => *ending = Some(Ending { until, reason, idle }),
        }
        None
    }

    /// Works towards an orderly end that has begun. Returns the ended connection once the end is over.
    pub(in crate::driver) fn poll_end(&mut self, now: Instant, cx: &mut Context<'_>) -> Option<Ended> {
        let State::Open { connection, ending: Some(ending), .. } = &mut self.state else { return None };
        let is_over = connection.poll_close(now, cx).is_ready() || now >= ending.until;
        if is_over { self.end_begun() } else { None }
    }

    /// Ends a connection whose orderly end has begun.
    pub(super) fn end_begun(&mut self) -> Option<Ended> {
        let State::Open { ending, .. } = &mut self.state else { return None };
        let Ending { reason, idle, .. } = ending.take()?;
        let ended = self.end(reason);
        self.dormant = idle;
        self.status.ended(idle);
        ended
    }

    /// Ends a connection at once.
    pub(super) fn end(&mut self, reason: Fault) -> Option<Ended> {
        let state = std::mem::replace(&mut self.state, State::Closed { not_before: None });
        let State::Open { endpoint, connection, .. } = state else { return None };
        self.status.ended(false);
        let unconfirmed =
            !connection.session().is_confirmed() && self.settings.awaits == ResponseExpected::No;
        let timed_out = matches!(
            reason,
            Fault::Session(SessionFault::RequestTimedOut { .. } | SessionFault::NoProgress { .. })
        );
        let reason = ConnectionError::new(endpoint, reason);
        Some(Ended { requests: connection.end(), timed_out, was_ready: self.was_ready, unconfirmed, reason })
    }

    /// Whether something on the connection takes too long. Call it once there is nothing to read.
    pub(in crate::driver) fn check(&self, now: Instant) -> Result<(), Fault> {
        let State::Open { connection, ending, .. } = &self.state else { return Ok(()) };
        match connection.check(now) {
            // The end has begun already.
            Err(Fault::Session(SessionFault::Idle { .. })) if ending.is_some() => Ok(()),
            checked => checked,
        }
    }
}

/// A task that is dropped, by a panic or by the end of its runtime, ends its connection at once.
impl Drop for BrokerConnection {
    fn drop(&mut self) {
        let state = std::mem::replace(&mut self.state, State::Closed { not_before: None });
        if let State::Open { connection, .. } = state {
            drop(connection.end());
        }
    }
}
