//! The session's own requests: the negotiation of versions, the (re-)authentication, and the probe.
//!
//! Maintenance starts when a request is sent, as in Java's client: a session without requests does nothing at all. Two things
//! may be due then. The *re-authentication* is due at 85 to 95 % of the lifetime that the broker returned with the last
//! authentication (KIP-368, `ClientSessionReauthentication` of Java's `SaslClientAuthenticator`). After that lifetime a broker
//! closes the connection at any other request, and still accepts the handshake. The *probe* is due when no byte came for long:
//! the peer, or a connection on the way, may be gone silently.

use std::io::IoSlice;
use std::ops::Range;
use std::time::{Duration, Instant};

use milena_codec::message::ApiVersionsRequest;
use secrecy::zeroize::Zeroizing;

use super::authentication::{Authentication, LIFETIME_MIN, Next, SaslRequest};
use super::negotiation::{self, NegotiationRequest};
use super::payload::{Event, Payload};
use super::versions::Versions;
use super::{Session, SessionFault, Stage};
use crate::sasl::Outcome;

/// The session's own requests while it is ready.
pub(super) enum Maintenance {
    None,
    /// The response to the probe comes before all other requests.
    Probing {
        within: Duration,
    },
    /// The re-authentication. `stale` if no byte came for long before.
    Authenticating {
        authentication: Box<Authentication>,
        stale: bool,
    },
}

/// The times of the next re-authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reauthentication {
    /// The first request after this time starts the re-authentication.
    due: Instant,
    /// The broker takes no other request after this time.
    expires: Instant,
}

impl Reauthentication {
    /// For a lifetime from `begin` on; none where its end cannot be represented. `jitter` of 2^16 into the window.
    pub(super) fn after(begin: Instant, lifetime: Duration, jitter: u16) -> Option<Self> {
        let parts = u128::from(WINDOW_FROM) * 65_536 + u128::from(WINDOW) * u128::from(jitter);
        let due_nanos = lifetime.as_nanos() * parts / (100 * 65_536);
        let due = Duration::from_nanos(u64::try_from(due_nanos).ok()?).max(LIFETIME_MIN);
        Some(Self { due: begin.checked_add(due)?, expires: begin.checked_add(lifetime)? })
    }
}

/// The shortest delay of a re-authentication that could not start.
const RENEWAL_PAUSE_MIN: Duration = Duration::from_millis(100);

/// The begin and the length of the window, in percent of the lifetime.
const WINDOW_FROM: u8 = 85;
const WINDOW: u8 = 10;

impl<P: Payload> Session<P> {
    /// Continues with the outcome of [`Work`](crate::sasl::Work).
    pub fn resume(&mut self, outcome: Outcome, now: Instant) {
        let Some(authentication) = self.authenticating_mut() else { return };
        let next = authentication.resumed(outcome).map_err(SessionFault::Sasl);
        let gone_on = next.and_then(|next| self.go_on(next, now, now));
        if let Err(error) = gone_on
            && !self.puts_off(&error, now)
        {
            self.fail(error);
        }
    }

    /// Whether a re-authentication that could not start is tried again later: the token provider may be unavailable for a
    /// moment, and the session is still valid.
    fn puts_off(&mut self, error: &SessionFault, now: Instant) -> bool {
        let passing = matches!(error, SessionFault::Sasl(_)) && !error.is_permanent();
        let (Stage::Ready { maintenance, .. }, Some(reauthentication)) =
            (&mut self.stage, &mut self.reauthentication)
        else {
            return false;
        };
        if self.held || !passing || now >= reauthentication.expires {
            return false;
        }
        *maintenance = Maintenance::None;
        reauthentication.due =
            now + (reauthentication.expires.duration_since(now) / 2).max(RENEWAL_PAUSE_MIN);
        true
    }

    /// Requests the confirmation that the broker has handled every written request without a response (`acks=0`): the response
    /// to a request behind them. A broker reads the next request of a connection once it has handled the one before (Kafka's
    /// `SocketServer` mutes the channel meanwhile). A request that is written in part goes first, the queued requests stay.
    /// Call this after every event until [`is_confirmed`](Self::is_confirmed). The time-out is that of requests.
    ///
    /// The request is ApiVersions: every broker responds from memory, in a few bytes, to every client. Metadata would list all
    /// brokers, and other requests need a permission.
    pub fn confirm(&mut self, now: Instant) {
        if let Stage::Ready { maintenance: Maintenance::None, versions } = &self.stage
            && !self.is_confirmed()
        {
            let version = versions.pick::<ApiVersionsRequest>().unwrap_or(0);
            self.probe(version, self.config.request_timeout, now);
        }
    }

    /// Whether the broker has confirmed that it handled every written request without a response.
    ///
    /// See [`confirm`](Self::confirm).
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        !self.unconfirmed && self.write_queue.left_of_begun() == 0
    }

    /// Queues the ApiVersions request.
    pub(super) fn request_versions(&mut self, version: i16) -> Result<(), SessionFault> {
        let request = NegotiationRequest::new(version);
        let id = self.next_correlation_id();
        let frame = request.frame(&self.config, id).map_err(SessionFault::Unencodable)?;
        self.stage = Stage::Negotiating(request);
        self.slot.put(id, Zeroizing::new(frame));
        Ok(())
    }

    /// Starts the maintenance that is due before the next request.
    pub(super) fn start_maintenance(&mut self, now: Instant) {
        let stale = self.in_flight() == 0
            && now.saturating_duration_since(self.received_at) >= self.config.probe_after;
        let reauthentication = self.reauthentication.filter(|reauthentication| now >= reauthentication.due);
        if !stale && reauthentication.is_none() {
            return;
        }
        let expired = reauthentication.is_some_and(|reauthentication| now >= reauthentication.expires);
        // The broker handles the requests that were just written first.
        let busy =
            self.unconfirmed && now.saturating_duration_since(self.progress_at) < self.config.probe_after;
        let within = if busy { self.config.request_timeout } else { self.config.probe_timeout };
        match (&self.stage, reauthentication) {
            (Stage::Ready { maintenance: Maintenance::Authenticating { .. }, .. }, _) => self.held |= expired,
            (Stage::Ready { maintenance: Maintenance::None, .. }, Some(_)) => {
                self.reauthenticate(stale && !busy, expired, now)
            }
            (Stage::Ready { maintenance: Maintenance::None, versions }, None) => {
                let version = versions.pick::<ApiVersionsRequest>().unwrap_or(0);
                self.probe(version, within, now);
            }
            _ => {}
        }
    }

    fn probe(&mut self, version: i16, within: Duration, now: Instant) {
        let id = self.next_correlation_id();
        // The first request was encoded with the same names.
        let Ok(frame) = NegotiationRequest::new(version).frame(&self.config, id) else { return };
        self.slot.put(id, Zeroizing::new(frame));
        self.begin(Maintenance::Probing { within }, true, now);
    }

    fn reauthenticate(&mut self, stale: bool, expired: bool, now: Instant) {
        let (Some(sasl), Stage::Ready { versions, .. }) = (&self.config.sasl, &self.stage) else { return };
        match Authentication::begin(&self.config, sasl, versions) {
            Ok((authentication, work)) => {
                self.work = Some(work);
                let authentication = Box::new(authentication);
                self.begin(Maintenance::Authenticating { authentication, stale }, expired, now);
            }
            Err(error) => self.fail(SessionFault::Sasl(error)),
        }
    }

    fn begin(&mut self, begun: Maintenance, held: bool, now: Instant) {
        if let Stage::Ready { maintenance, .. } = &mut self.stage {
            *maintenance = begun;
        }
        self.held = held;
        self.since = now;
    }

    /// Handles the response to the session's own request.
    pub(super) fn answered_own(&mut self, body: Range<usize>) -> Result<Option<Event<P>>, SessionFault> {
        let written_at = self.slot.take_answered().unwrap_or(self.received_at);
        if let Some(authentication) = match &mut self.stage {
            Stage::Authenticating { authentication, .. }
            | Stage::Ready { maintenance: Maintenance::Authenticating { authentication, .. }, .. } => {
                Some(authentication)
            }
            _ => None,
        } {
            let next = authentication.answered(self.read_buffer.bytes(body)).map_err(SessionFault::Sasl)?;
            return self.go_on(next, written_at, self.received_at);
        }
        if let Stage::Negotiating(request) = &self.stage {
            let outcome = request.on_response(self.read_buffer.bytes(body))?;
            return self.negotiated(outcome);
        }
        // Any response to the probe proves that the broker is there.
        self.release(self.received_at);
        Ok(None)
    }

    fn negotiated(&mut self, outcome: negotiation::Outcome) -> Result<Option<Event<P>>, SessionFault> {
        match (outcome, &self.config.sasl) {
            (negotiation::Outcome::Again(version), _) => self.request_versions(version).map(|()| None),
            (negotiation::Outcome::Known(versions), None) => Ok(Some(self.ready(versions))),
            (negotiation::Outcome::Known(versions), Some(sasl)) => {
                let begun = Authentication::begin(&self.config, sasl, &versions);
                let (authentication, work) = begun.map_err(SessionFault::Sasl)?;
                self.work = Some(work);
                self.since = self.received_at;
                self.stage = Stage::Authenticating { versions, authentication: Box::new(authentication) };
                Ok(None)
            }
        }
    }

    /// Carries out the next step of an authentication. `written_at` is the time of its last request.
    fn go_on(
        &mut self,
        next: Next,
        written_at: Instant,
        now: Instant,
    ) -> Result<Option<Event<P>>, SessionFault> {
        match next {
            Next::Request(request) => self.send_sasl(&request, now).map(|()| None),
            Next::Work(work) => {
                self.work = Some(work);
                Ok(None)
            }
            Next::Done { lifetime } => {
                self.reauthentication =
                    lifetime.and_then(|lifetime| Reauthentication::after(written_at, lifetime, self.jitter));
                Ok(Some(self.authenticated(now)))
            }
        }
    }

    fn send_sasl(&mut self, request: &SaslRequest, now: Instant) -> Result<(), SessionFault> {
        let id = self.next_correlation_id();
        let frame = request.frame(id, self.config.client_id.as_deref()).map_err(SessionFault::Unencodable)?;
        self.slot.put(id, frame);
        if let (Stage::Ready { .. }, SaslRequest::Handshake(_)) = (&self.stage, request) {
            // The broker takes no other request from here on, and the time-out starts.
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
        self.stage = Stage::Ready { versions, maintenance: Maintenance::None };
        self.release(self.received_at);
        Event::Ready
    }

    /// Releases the held requests.
    fn release(&mut self, now: Instant) {
        if let Stage::Ready { maintenance, .. } = &mut self.stage {
            *maintenance = Maintenance::None;
        }
        self.held = false;
        // No other request was written while they were held, so the response was to a request behind all of them.
        self.unconfirmed = false;
        // The queued requests could not be written before.
        self.progress_at = now;
    }

    /// The authentication in progress.
    pub(super) const fn authenticating(&self) -> Option<&Authentication> {
        match &self.stage {
            Stage::Authenticating { authentication, .. }
            | Stage::Ready { maintenance: Maintenance::Authenticating { authentication, .. }, .. } => {
                Some(authentication)
            }
            _ => None,
        }
    }

    const fn authenticating_mut(&mut self) -> Option<&mut Authentication> {
        match &mut self.stage {
            Stage::Authenticating { authentication, .. }
            | Stage::Ready { maintenance: Maintenance::Authenticating { authentication, .. }, .. } => {
                Some(authentication)
            }
            _ => None,
        }
    }

    /// Whether there are bytes to write while requests are held: the rest of a request that is written in part, or the session's
    /// own request.
    pub(super) fn owes(&self) -> bool {
        !matches!(self.stage, Stage::Failed(_))
            && (self.slot.is_writing() || self.write_queue.left_of_begun() > 0)
    }

    /// Fills `slices` with these bytes.
    pub(super) fn fill_own<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        if !self.owes() {
            return 0;
        }
        let (filled, all) = self.write_queue.fill_begun(slices);
        let own = self.slot.unwritten();
        match slices.get_mut(filled) {
            Some(slice) if all && !own.is_empty() => {
                *slice = IoSlice::new(own);
                filled + 1
            }
            _ => filled,
        }
    }

    /// Notes written bytes while requests are held. Returns the number of bytes that belong to the queue.
    pub(super) fn wrote_own(&mut self, bytes: usize, now: Instant) -> usize {
        let queued = bytes.min(self.write_queue.left_of_begun());
        if bytes > queued {
            self.slot.wrote(bytes - queued, now);
        }
        let probes = matches!(self.stage, Stage::Ready { maintenance: Maintenance::Probing { .. }, .. });
        if probes && (queued > 0 || self.unconfirmed) {
            // The written requests have no response and no time-out: that of the probe begins with its last byte.
            self.since = now;
        }
        queued
    }
}
