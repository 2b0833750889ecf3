//! What a session says on its own account: the question about versions, who we are, whether the broker is there.
//!
//! Errands begin when a request is to be sent, as in Java's client: a session that nobody uses does nothing at all.
//! Two things may be due then. *Who we are* has to be said again at 85 to 95 % of the lifetime that the broker gave the
//! last answer (KIP-368, `ClientSessionReauthentication` of Java's `SaslClientAuthenticator`); a broker closes the
//! connection at any other request after that lifetime, and takes the handshake even then. *A sign of life* is asked
//! for when nothing was heard for long: the peer, or something on the way, may be gone without a word.

use std::io::IoSlice;
use std::ops::Range;
use std::time::{Duration, Instant};

use milena_codec::message::ApiVersionsRequest;
use secrecy::zeroize::Zeroizing;

use super::authentication::{Ask, Authentication, LIFETIME_MIN, Next};
use super::negotiation::{self, Question};
use super::payload::{Event, Payload};
use super::versions::Versions;
use super::{Errand, Session, SessionError, Stage};
use crate::sasl::Outcome;

/// When a session has to say again who we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Renewal {
    /// Before the next request after this.
    due: Instant,
    /// No other request is taken after this.
    expires: Instant,
}

impl Renewal {
    /// For a lifetime that began at `begin`; none where it ends beyond all time. `jitter` of 2^16 into the window.
    pub(super) fn after(begin: Instant, lifetime: Duration, jitter: u16) -> Option<Self> {
        let parts = u128::from(WINDOW_FROM) * 65_536 + u128::from(WINDOW) * u128::from(jitter);
        let due_nanos = lifetime.as_nanos() * parts / (100 * 65_536);
        let due = Duration::from_nanos(u64::try_from(due_nanos).ok()?).max(LIFETIME_MIN);
        Some(Self { due: begin.checked_add(due)?, expires: begin.checked_add(lifetime)? })
    }
}

/// How long at least a renewal is put off that could not begin.
const RENEWAL_PAUSE_MIN: Duration = Duration::from_millis(100);

/// The window begins at this share of the lifetime, in percent, and is that long.
const WINDOW_FROM: u8 = 85;
const WINDOW: u8 = 10;

impl<P: Payload> Session<P> {
    /// Goes on with what came of [`Work`](crate::sasl::Work).
    pub fn resume(&mut self, outcome: Outcome, now: Instant) {
        let Some(authentication) = self.authenticating_mut() else { return };
        let next = authentication.resumed(outcome).map_err(SessionError::Sasl);
        let gone_on = next.and_then(|next| self.go_on(next, now, now));
        if let Err(error) = gone_on
            && !self.puts_off(&error, now)
        {
            self.fail(error);
        }
    }

    /// Whether a renewal that could not begin is tried again later: who gives out tokens may be away for a moment, and
    /// the session is still good.
    fn puts_off(&mut self, error: &SessionError, now: Instant) -> bool {
        let passing = matches!(error, SessionError::Sasl(error) if !error.is_definite());
        let (Stage::Ready { errand, .. }, Some(renewal)) = (&mut self.stage, &mut self.renewal) else {
            return false;
        };
        if self.held || !passing || now >= renewal.expires {
            return false;
        }
        *errand = Errand::None;
        renewal.due = now + (renewal.expires.duration_since(now) / 2).max(RENEWAL_PAUSE_MIN);
        true
    }

    /// Asks for the proof that the broker has handled every request that was written and awaits nothing (`acks=0`): the
    /// answer to a request behind them, since a broker reads the next request of a connection once it has handled the one
    /// before (Kafka's `SocketServer` mutes the channel meanwhile). A request that is written in part goes first, those
    /// that are queued behind it stay. The proof is there when [`is_confirmed`](Self::is_confirmed) says so; call this
    /// after every event until then. It has the request time-out.
    ///
    /// The request is ApiVersions: every broker answers it out of its memory, in a few bytes, to every client. Metadata
    /// would list all brokers, and other requests need a permission.
    pub fn confirm(&mut self, now: Instant) {
        if let Stage::Ready { errand: Errand::None, versions } = &self.stage
            && !self.is_confirmed()
        {
            let version = versions.pick::<ApiVersionsRequest>().unwrap_or(0);
            self.probe(version, self.config.request_timeout, now);
        }
    }

    /// Whether the broker is known to have handled every request that was written and awaits nothing.
    ///
    /// See [`confirm`](Self::confirm).
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        !self.unconfirmed && self.outbox.left_of_begun() == 0
    }

    /// Queues the question about versions.
    pub(super) fn ask_versions(&mut self, version: i16) -> Result<(), SessionError> {
        let question = Question::new(version);
        let id = self.next_correlation_id();
        let frame = question.frame(&self.config, id).map_err(SessionError::Unencodable)?;
        self.stage = Stage::Negotiating(question);
        self.slot.put(id, Zeroizing::new(frame));
        Ok(())
    }

    /// Begins what is due before the next request.
    pub(super) fn run_errands(&mut self, now: Instant) {
        let stale =
            self.in_flight() == 0 && now.saturating_duration_since(self.heard_at) >= self.config.probe_after;
        let renewal = self.renewal.filter(|renewal| now >= renewal.due);
        if !stale && renewal.is_none() {
            return;
        }
        let expired = renewal.is_some_and(|renewal| now >= renewal.expires);
        // Requests that were just written come first, and the broker takes its time for them.
        let busy =
            self.unconfirmed && now.saturating_duration_since(self.progress_at) < self.config.probe_after;
        let within = if busy { self.config.request_timeout } else { self.config.probe_timeout };
        match (&self.stage, renewal) {
            (Stage::Ready { errand: Errand::Authenticating { .. }, .. }, _) => self.held |= expired,
            (Stage::Ready { errand: Errand::None, .. }, Some(_)) => self.renew(stale && !busy, expired, now),
            (Stage::Ready { errand: Errand::None, versions }, None) => {
                let version = versions.pick::<ApiVersionsRequest>().unwrap_or(0);
                self.probe(version, within, now);
            }
            _ => {}
        }
    }

    fn probe(&mut self, version: i16, within: Duration, now: Instant) {
        let id = self.next_correlation_id();
        // The first question was written with the same names.
        let Ok(frame) = Question::new(version).frame(&self.config, id) else { return };
        self.slot.put(id, Zeroizing::new(frame));
        self.begin(Errand::Probing { within }, true, now);
    }

    fn renew(&mut self, stale: bool, expired: bool, now: Instant) {
        let (Some(sasl), Stage::Ready { versions, .. }) = (&self.config.sasl, &self.stage) else { return };
        match Authentication::begin(&self.config, sasl, versions) {
            Ok((authentication, work)) => {
                self.work = Some(work);
                let authentication = Box::new(authentication);
                self.begin(Errand::Authenticating { authentication, stale }, expired, now);
            }
            Err(error) => self.fail(SessionError::Sasl(error)),
        }
    }

    fn begin(&mut self, begun: Errand, held: bool, now: Instant) {
        if let Stage::Ready { errand, .. } = &mut self.stage {
            *errand = begun;
        }
        self.held = held;
        self.since = now;
    }

    /// Gives the answer to the session's own request to who asked.
    pub(super) fn answered_own(&mut self, body: Range<usize>) -> Result<Option<Event<P>>, SessionError> {
        let written_at = self.slot.take_answered().unwrap_or(self.heard_at);
        if let Some(authentication) = match &mut self.stage {
            Stage::Authenticating { authentication, .. }
            | Stage::Ready { errand: Errand::Authenticating { authentication, .. }, .. } => {
                Some(authentication)
            }
            _ => None,
        } {
            let next = authentication.answered(self.inbox.bytes(body)).map_err(SessionError::Sasl)?;
            return self.go_on(next, written_at, self.heard_at);
        }
        if let Stage::Negotiating(question) = &self.stage {
            let outcome = question.answered(self.inbox.bytes(body))?;
            return self.negotiated(outcome);
        }
        // Whatever it says about versions: the broker is there.
        self.release(self.heard_at);
        Ok(None)
    }

    fn negotiated(&mut self, outcome: negotiation::Outcome) -> Result<Option<Event<P>>, SessionError> {
        match (outcome, &self.config.sasl) {
            (negotiation::Outcome::Again(version), _) => self.ask_versions(version).map(|()| None),
            (negotiation::Outcome::Known(versions), None) => Ok(Some(self.ready(versions))),
            (negotiation::Outcome::Known(versions), Some(sasl)) => {
                let begun = Authentication::begin(&self.config, sasl, &versions);
                let (authentication, work) = begun.map_err(SessionError::Sasl)?;
                self.work = Some(work);
                self.since = self.heard_at;
                self.stage = Stage::Authenticating { versions, authentication: Box::new(authentication) };
                Ok(None)
            }
        }
    }

    /// Carries out what an authentication needs next. `written_at` is when its last request was.
    fn go_on(
        &mut self,
        next: Next,
        written_at: Instant,
        now: Instant,
    ) -> Result<Option<Event<P>>, SessionError> {
        match next {
            Next::Ask(ask) => self.ask(&ask, now).map(|()| None),
            Next::Work(work) => {
                self.work = Some(work);
                Ok(None)
            }
            Next::Done { lifetime } => {
                self.renewal =
                    lifetime.and_then(|lifetime| Renewal::after(written_at, lifetime, self.jitter));
                Ok(Some(self.authenticated(now)))
            }
        }
    }

    fn ask(&mut self, ask: &Ask, now: Instant) -> Result<(), SessionError> {
        let id = self.next_correlation_id();
        let frame = ask.frame(id, self.config.client_id.as_deref()).map_err(SessionError::Unencodable)?;
        self.slot.put(id, frame);
        if let (Stage::Ready { .. }, Ask::Handshake(_)) = (&self.stage, ask) {
            // From here on the broker takes nothing else, and it has all of the time for it.
            self.held = true;
            self.since = now;
        }
        Ok(())
    }

    fn authenticated(&mut self, now: Instant) -> Event<P> {
        if let Stage::Authenticating { versions, .. } = &mut self.stage {
            let versions = std::mem::take(versions);
            return self.ready(versions);
        }
        self.release(now);
        Event::Reauthenticated
    }

    fn ready(&mut self, versions: Versions) -> Event<P> {
        self.stage = Stage::Ready { versions, errand: Errand::None };
        self.release(self.heard_at);
        Event::Ready
    }

    /// Lets the requests go that were held.
    fn release(&mut self, now: Instant) {
        if let Stage::Ready { errand, .. } = &mut self.stage {
            *errand = Errand::None;
        }
        self.held = false;
        // While they were held nothing else was written, so the answer was to a request behind all of them.
        self.unconfirmed = false;
        // What was queued until now could not have been written before.
        self.progress_at = now;
    }

    /// The authentication that is going on.
    pub(super) const fn authenticating(&self) -> Option<&Authentication> {
        match &self.stage {
            Stage::Authenticating { authentication, .. }
            | Stage::Ready { errand: Errand::Authenticating { authentication, .. }, .. } => {
                Some(authentication)
            }
            _ => None,
        }
    }

    const fn authenticating_mut(&mut self) -> Option<&mut Authentication> {
        match &mut self.stage {
            Stage::Authenticating { authentication, .. }
            | Stage::Ready { errand: Errand::Authenticating { authentication, .. }, .. } => {
                Some(authentication)
            }
            _ => None,
        }
    }

    /// Whether something may be written while requests are held: the rest of one that is begun, our own.
    pub(super) fn owes(&self) -> bool {
        !matches!(self.stage, Stage::Failed(_)) && (self.slot.is_writing() || self.outbox.left_of_begun() > 0)
    }

    /// Puts that into `slices`.
    pub(super) fn fill_own<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        if !self.owes() {
            return 0;
        }
        let (filled, all) = self.outbox.fill_begun(slices);
        let own = self.slot.unwritten();
        match slices.get_mut(filled) {
            Some(slice) if all && !own.is_empty() => {
                *slice = IoSlice::new(own);
                filled + 1
            }
            _ => filled,
        }
    }

    /// Takes note of written bytes while requests are held, and tells how many of them belong to the queue.
    pub(super) fn wrote_own(&mut self, bytes: usize, now: Instant) -> usize {
        let queued = bytes.min(self.outbox.left_of_begun());
        if bytes > queued {
            self.slot.wrote(bytes - queued, now);
        }
        let probes = matches!(self.stage, Stage::Ready { errand: Errand::Probing { .. }, .. });
        if probes && (queued > 0 || self.unconfirmed) {
            // What is written awaits nothing and has no time-out of its own: that of our request begins with its last
            // byte.
            self.since = now;
        }
        queued
    }
}
