//! What takes too long: deadlines of requests, of the session's own conversations, and of doing nothing.

use std::time::{Duration, Instant};

use super::payload::{Payload, api_of};
use super::{Errand, Session, SessionError, Stage};
use crate::sasl::SaslError;

impl<P: Payload> Session<P> {
    /// The next time at which [`check`](Self::check) may fail, if nothing happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        if let Stage::Failed(_) = self.stage {
            return None;
        }
        let timeout = self.config.request_timeout;
        let answer = self.awaiting.front().and_then(|oldest| oldest.written_at.checked_add(timeout));
        let stuck = self.config.write_timeout;
        let progress = if self.writes() { self.progress_at.checked_add(stuck) } else { None };
        let own = self.own_timeout().and_then(|timeout| self.since.checked_add(timeout));
        let idle = self.idle_timeout().and_then(|timeout| self.active_at().checked_add(timeout));
        answer.into_iter().chain(progress).chain(own).chain(idle).min()
    }

    /// Whether something takes too long.
    ///
    /// # Errors
    /// [`SessionError`] that says what does, or why the session is over anyway. Take [`end`](Self::end).
    pub fn check(&self, now: Instant) -> Result<(), SessionError> {
        if let Stage::Failed(error) = &self.stage {
            return Err(error.clone());
        }
        let timeout = self.config.request_timeout;
        let late = |since: Instant, timeout: Duration| now.saturating_duration_since(since) >= timeout;
        if let Some(timeout) = self.own_timeout().filter(|timeout| late(self.since, *timeout)) {
            return Err(self.own_late(timeout));
        }
        if let Some(oldest) = self.awaiting.front().filter(|oldest| late(oldest.written_at, timeout)) {
            let (api, correlation_id) = (api_of(&oldest.payload), oldest.correlation_id);
            return Err(SessionError::RequestTimedOut { api, correlation_id, timeout });
        }
        let timeout = self.config.write_timeout;
        let stuck = self.outbox.front().filter(|_| self.writes() && late(self.progress_at, timeout));
        if let Some(stuck) = stuck {
            let (api, correlation_id) = (api_of(&stuck.payload), stuck.correlation_id);
            return Err(SessionError::NoProgress { api, correlation_id, timeout });
        }
        match self.idle_timeout().filter(|timeout| late(self.active_at(), *timeout)) {
            Some(idle) => Err(SessionError::Idle { idle }),
            None => Ok(()),
        }
    }

    /// Whether a request of the session's user should be going out.
    fn writes(&self) -> bool {
        match self.held {
            false => !self.outbox.is_empty(),
            true => self.outbox.left_of_begun() > 0,
        }
    }

    /// How long the conversation of its own may take that the session is in, if it is the broker's turn, or ours.
    fn own_timeout(&self) -> Option<Duration> {
        let timeout = match &self.stage {
            Stage::Negotiating(_) => self.config.request_timeout,
            Stage::Authenticating { .. } => self.config.authentication_timeout,
            Stage::Ready { errand: Errand::Probing { within }, .. } => *within,
            Stage::Ready { errand: Errand::Authenticating { authentication, stale }, .. } => {
                match *stale && authentication.is_handshaking() {
                    true => self.config.probe_timeout,
                    false => self.config.authentication_timeout,
                }
            }
            Stage::Ready { errand: Errand::None, .. } | Stage::Failed(_) => return None,
        };
        // Requests that are out come first, and have time-outs of their own.
        let behind = self.held && !self.awaiting.is_empty();
        (!behind).then_some(timeout)
    }

    fn own_late(&self, timeout: Duration) -> SessionError {
        let (authentication, stale) = match &self.stage {
            Stage::Authenticating { authentication, .. } => (authentication, false),
            Stage::Ready { errand: Errand::Authenticating { authentication, stale }, .. } => {
                (authentication, *stale && authentication.is_handshaking())
            }
            Stage::Ready { .. } => return SessionError::Unresponsive { timeout },
            Stage::Negotiating(_) | Stage::Failed(_) => return SessionError::NegotiationTimedOut { timeout },
        };
        match stale {
            true => SessionError::Unresponsive { timeout },
            false => SessionError::Sasl(SaslError::TimedOut { timeout, awaited: authentication.awaited() }),
        }
    }

    /// After how long of nothing the session ends itself; none while there is something to wait for.
    fn idle_timeout(&self) -> Option<Duration> {
        match self.stage {
            Stage::Ready { errand: Errand::None, .. } if self.in_flight() == 0 => self.config.max_idle,
            _ => None,
        }
    }

    /// When a byte was read or written last.
    fn active_at(&self) -> Instant {
        self.heard_at.max(self.progress_at)
    }
}
