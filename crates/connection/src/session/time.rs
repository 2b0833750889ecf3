//! The time-outs of a session: of requests, of the session's own requests, of writing, and of an idle connection.

use std::time::{Duration, Instant};

use super::payload::{Payload, api_of};
use super::{Maintenance, Session, SessionFault, Stage};
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

    /// Whether a time-out is over.
    ///
    /// # Errors
    /// [`SessionFault`] of the time-out, or the one that ended the session before. Call [`end`](Self::end).
    pub fn check(&self, now: Instant) -> Result<(), SessionFault> {
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
            return Err(SessionFault::RequestTimedOut { api, correlation_id, timeout });
        }
        let timeout = self.config.write_timeout;
        let stuck = self.write_queue.front().filter(|_| self.writes() && late(self.progress_at, timeout));
        if let Some(stuck) = stuck {
            let (api, correlation_id) = (api_of(&stuck.payload), stuck.correlation_id);
            return Err(SessionFault::NoProgress { api, correlation_id, timeout });
        }
        match self.idle_timeout().filter(|timeout| late(self.active_at(), *timeout)) {
            Some(idle) => Err(SessionFault::Idle { idle }),
            None => Ok(()),
        }
    }

    /// Whether a request of the session's user is to be written.
    fn writes(&self) -> bool {
        match self.held {
            false => !self.write_queue.is_empty(),
            true => self.write_queue.left_of_begun() > 0,
        }
    }

    /// The time-out of the session's own request; none while there is no such request, or while it waits for others.
    fn own_timeout(&self) -> Option<Duration> {
        let timeout = match &self.stage {
            Stage::Negotiating(_) => self.config.request_timeout,
            Stage::Authenticating { .. } => self.config.authentication_timeout,
            Stage::Ready { maintenance: Maintenance::Probing { within }, .. } => *within,
            Stage::Ready { maintenance: Maintenance::Authenticating { authentication, stale }, .. } => {
                match *stale && authentication.is_handshaking() {
                    true => self.config.probe_timeout,
                    false => self.config.authentication_timeout,
                }
            }
            Stage::Ready { maintenance: Maintenance::None, .. } | Stage::Failed(_) => return None,
        };
        // Requests in flight come first, and have time-outs of their own.
        let behind = self.held && !self.awaiting.is_empty();
        (!behind).then_some(timeout)
    }

    fn own_late(&self, timeout: Duration) -> SessionFault {
        let (authentication, stale) = match &self.stage {
            Stage::Authenticating { authentication, .. } => (authentication, false),
            Stage::Ready { maintenance: Maintenance::Authenticating { authentication, stale }, .. } => {
                (authentication, *stale && authentication.is_handshaking())
            }
            Stage::Ready { .. } => return SessionFault::Unresponsive { timeout },
            Stage::Negotiating(_) | Stage::Failed(_) => return SessionFault::NegotiationTimedOut { timeout },
        };
        match stale {
            true => SessionFault::Unresponsive { timeout },
            false => SessionFault::Sasl(SaslError::TimedOut { timeout, awaited: authentication.awaited() }),
        }
    }

    /// The time-out of an idle connection; none while requests are in flight, or maintenance.
    fn idle_timeout(&self) -> Option<Duration> {
        match self.stage {
            Stage::Ready { maintenance: Maintenance::None, .. } if self.in_flight() == 0 => {
                self.config.max_idle
            }
            _ => None,
        }
    }

    /// The time of the last byte in either direction.
    fn active_at(&self) -> Instant {
        self.received_at.max(self.progress_at)
    }
}
