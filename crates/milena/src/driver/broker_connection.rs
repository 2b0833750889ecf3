//! The connection of a broker sender: dialled when it is needed, and dialled again with backoff when it failed.

mod ending;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use milena_backoff::Backoff;
use milena_codec::ids::BrokerId;
use milena_connection::session::{Disposition, Event, Session, SessionFault};
use milena_connection::transport::{BoxStream, ConnectionError, Fault, dial};
use milena_connection::{Connection, Endpoint};

use super::frame::Frame;
use super::settings::Settings;
use crate::connectivity::BrokerState;
use crate::error::ConnectErrorKind;
use crate::metrics::BrokerRecorder;
use ending::Ending;

type Dialling = Pin<Box<dyn Future<Output = Result<BoxStream, ConnectionError>> + Send>>;

/// The connection to one broker.
pub(super) struct BrokerConnection {
    settings: Arc<Settings>,
    recorder: BrokerRecorder,
    /// The endpoint of the broker; none while the broker is not part of the cluster.
    endpoint: Option<Endpoint>,
    /// The endpoint that was dialled last.
    dialled: Option<Endpoint>,
    state: State,
    /// The failures in a row: dials, and connections that failed before their versions were negotiated.
    failures: u32,
    /// The pause between a failure and the next dial.
    backoff: Backoff,
    /// The time-out of a dial. It grows with each failure, for slow networks (KIP-601).
    setup: Backoff,
    /// The failed dials in a row.
    failed_dials: u32,
    /// Whether the last connection was ready for requests.
    was_ready: bool,
    /// Whether the broker at this address ever responded to a request.
    answered: bool,
    /// Whether the last connection ended because it was idle: the next one is opened when it is needed.
    dormant: bool,
    /// See [`Session::with_jitter`].
    jitter: u16,
    /// The connection in the status of the producer.
    status: BrokerState,
}

enum State {
    Closed {
        /// The next dial begins at this time at the earliest.
        not_before: Option<Instant>,
    },
    Dialling {
        endpoint: Endpoint,
        dialling: Dialling,
    },
    Open {
        endpoint: Endpoint,
        connection: Box<Connection<Frame>>,
        /// The orderly end, once it has begun.
        ending: Option<Ending>,
    },
}

/// A connection that ended.
pub(super) struct Ended {
    /// The requests that were on the connection.
    pub(super) requests: Vec<(Frame, Disposition)>,
    /// Whether the broker let a request time out.
    pub(super) timed_out: bool,
    /// Whether the connection was ready for requests.
    pub(super) was_ready: bool,
    /// Whether the broker may not have handled all requests without a response (`acks=0`).
    pub(super) unconfirmed: bool,
    pub(super) reason: ConnectionError,
}

impl BrokerConnection {
    pub(super) fn new(
        settings: Arc<Settings>,
        broker: Option<BrokerId>,
        recorder: BrokerRecorder,
        seed: u64,
    ) -> Self {
        let config = &settings.core.config;
        let backoff = Backoff::new(config.reconnect_backoff, config.reconnect_backoff_max, seed);
        // The seeds of brokers differ in the low bits alone; the multiplication spreads them over the high bits.
        let jitter = u16::try_from(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48).unwrap_or_default();
        let setup = Backoff::new(config.socket_setup_timeout, config.socket_setup_timeout_max, !seed);
        let status = BrokerState::new(Arc::clone(&settings.core.connectivity), broker);
        Self {
            settings,
            recorder,
            endpoint: None,
            dialled: None,
            state: State::Closed { not_before: None },
            failures: 0,
            backoff,
            setup,
            failed_dials: 0,
            was_ready: false,
            answered: false,
            dormant: false,
            jitter,
            status,
        }
    }

    /// Sets the endpoint of the broker. A connection to another endpoint ends, even if the broker was gone in between; a connection
    /// to a broker that is gone stays until it fails.
    pub(super) fn set_endpoint(&mut self, now: Instant, endpoint: Option<Endpoint>) -> Option<Ended> {
        let moved = endpoint.is_some() && self.dialled.is_some() && self.dialled != endpoint;
        self.endpoint = endpoint;
        if !moved {
            return None;
        }
        self.dialled = None;
        self.answered = false;
        (self.failures, self.failed_dials) = (0, 0);
        let until = now + self.settings.core.config.request_timeout;
        self.begin_end(until, Fault::Moved)
    }

    /// Works towards a connection. Ready once it is open, and with an error when an attempt failed.
    pub(super) fn poll_open(
        &mut self,
        now: Instant,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), ConnectionError>> {
        loop {
            match &mut self.state {
                State::Open { .. } => return Poll::Ready(Ok(())),
                State::Closed { not_before } if not_before.is_some_and(|not_before| now < not_before) => {
                    return Poll::Pending;
                }
                State::Closed { .. } => {
                    let Some(endpoint) = self.endpoint.clone() else { return Poll::Pending };
                    (self.dormant, self.was_ready) = (false, false);
                    self.dialled = Some(endpoint.clone());
                    let within = self.setup.after(self.failed_dials);
                    let (settings, to) = (Arc::clone(&self.settings), endpoint.clone());
                    let dialling = Box::pin(async move { dial(&*settings.connector, &to, within).await });
                    self.state = State::Dialling { endpoint, dialling };
                }
                State::Dialling { endpoint, dialling } => match ready!(dialling.as_mut().poll(cx)) {
                    Ok(stream) => {
                        let endpoint = endpoint.clone();
                        self.failed_dials = 0;
                        self.recorder.add_connection();
                        let session = Session::new(Arc::clone(&self.settings.session), now)
                            .with_jitter(self.jitter)
                            .with_known_broker(self.answered);
                        let connection = Box::new(Connection::new(stream, session));
                        self.state = State::Open { endpoint, connection, ending: None };
                    }
                    Err(error) => {
                        self.failed_dials = self.failed_dials.saturating_add(1);
                        self.back_off(now);
                        return Poll::Ready(Err(error));
                    }
                },
            }
        }
    }

    /// The time of the next poll, if nothing else happens.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Closed { not_before } => self.endpoint.as_ref().and(*not_before),
            State::Dialling { .. } => None,
            State::Open { connection, ending: None, .. } => connection.session().deadline(),
            State::Open { connection, ending: Some(ending), .. } => {
                Some(ending.deadline(connection.session()))
            }
        }
    }

    /// The endpoint of the broker.
    pub(super) const fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref()
    }

    /// The session of an open connection.
    pub(super) fn session(&mut self) -> Option<&mut Session<Frame>> {
        match &mut self.state {
            State::Open { connection, .. } => Some(connection.session_mut()),
            State::Closed { .. } | State::Dialling { .. } => None,
        }
    }

    /// Notes that the connection is ready for requests: the next failure is the first again.
    pub(super) fn note_ready(&mut self) {
        self.was_ready = true;
        self.failures = 0;
        if let State::Open { endpoint, .. } = &self.state {
            self.status.connected(endpoint.clone());
        }
    }

    /// Notes why the broker cannot be used.
    pub(super) fn note_unusable(&self, step: ConnectErrorKind, message: Arc<str>, at: Instant) {
        self.status.failed(step, message, at);
    }

    /// Notes a response.
    pub(super) const fn note_response(&mut self) {
        self.answered = true;
    }

    /// Writes what the session has to write, as far as the stream takes it.
    pub(super) fn write(&mut self, now: Instant, cx: &mut Context<'_>) -> Result<(), Fault> {
        let State::Open { connection, .. } = &mut self.state else { return Ok(()) };
        let recorder = &self.recorder;
        Ok(connection.write(now, cx, |bytes| recorder.add_bytes(bytes))?)
    }

    /// The next event; pending while there is none.
    pub(super) fn poll_event(
        &mut self,
        now: Instant,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Event<Frame>, Fault>> {
        match &mut self.state {
            State::Open { connection, .. } => connection.poll_event(now, cx),
            State::Closed { .. } | State::Dialling { .. } => Poll::Pending,
        }
    }

    /// Ends a connection that failed; the next dial follows after a backoff. The orderly end of an idle connection begins.
    pub(super) fn failed(&mut self, now: Instant, fault: Fault) -> Option<Ended> {
        if self.is_ending() {
            return self.end_begun();
        }
        if let Fault::Session(SessionFault::Idle { .. }) = fault {
            return self.begin(now + self.settings.core.config.request_timeout, fault, true);
        }
        // An idle connection that turns out to be dead is no sign of a broken broker.
        let is_stale = matches!(&fault, Fault::Session(fault) if fault.is_stale());
        let ended = self.end(fault);
        if !is_stale {
            self.back_off(now);
        }
        ended
    }

    /// Whether the next connection is opened only when there is a request to send.
    pub(super) const fn is_dormant(&self) -> bool {
        self.dormant && self.endpoint.is_some()
    }

    fn back_off(&mut self, now: Instant) {
        let wait = self.backoff.after(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.state = State::Closed { not_before: Some(now + wait) };
    }
}

impl fmt::Debug for BrokerConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerConnection")
            .field("endpoint", &self.endpoint)
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}
