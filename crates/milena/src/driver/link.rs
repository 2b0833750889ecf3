//! A broker sender's connection: dialled when it is needed, dialled again with backoff when it breaks.

mod broken;
mod ending;

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use milena_backoff::Backoff;
use milena_connection::session::{Event, Fate, Session, SessionError};
use milena_connection::transport::{BoxStream, Connector, DialError};
use milena_connection::{Connection, Endpoint};
use tokio::time::timeout;

use super::frame::Frame;
use super::settings::Settings;
use super::trouble::Trouble;
use crate::error::ConnectErrorKind;
pub(super) use broken::Broken;
use ending::Ending;

type Dialling = Pin<Box<dyn Future<Output = Result<BoxStream, DialError>> + Send>>;

/// The connection to one broker.
pub(super) struct Link {
    settings: Arc<Settings>,
    /// Where the broker listens; none when it is not part of the cluster.
    endpoint: Option<Endpoint>,
    /// Where it was dialled last.
    dialled: Option<Endpoint>,
    state: State,
    /// In a row, of dials and of connections that broke before their versions were negotiated.
    failures: u32,
    /// How long after a failure the next dial begins.
    backoff: Backoff,
    /// How long a dial may take: longer after each failure, for a network that is slow rather than gone (KIP-601).
    setup: Backoff,
    /// Dials in a row that brought no connection.
    failed_dials: u32,
    /// Whether requests could be sent on the last connection.
    stood: bool,
    /// Whether the broker at this address ever answered a request.
    answered: bool,
    /// Whether the last connection ended because nobody used it: the next one is opened when it is needed.
    dormant: bool,
    /// See [`Session::with_jitter`].
    jitter: u16,
}

enum State {
    Closed {
        /// Not dialled before.
        not_before: Option<Instant>,
    },
    Dialling(Dialling),
    Open {
        connection: Box<Connection<Frame>>,
        /// It ends in order.
        ending: Option<Ending>,
    },
}

/// Why a connection ended, and what was on it.
pub(super) struct Ended {
    pub(super) requests: Vec<(Frame, Fate)>,
    pub(super) timed_out: bool,
    /// Whether requests could be sent on it.
    pub(super) stood: bool,
    /// Whether the broker may not have handled all that was written without an answer to wait for.
    pub(super) unconfirmed: bool,
    pub(super) trouble: Trouble,
}

impl Link {
    pub(super) fn new(settings: Arc<Settings>, seed: u64) -> Self {
        let config = &settings.core.config;
        let backoff = Backoff::new(config.reconnect_backoff, config.reconnect_backoff_max, seed);
        // The seeds of brokers lie side by side; their high bits shall not.
        let jitter = u16::try_from(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48).unwrap_or_default();
        let setup = Backoff::new(config.socket_setup_timeout, config.socket_setup_timeout_max, !seed);
        Self {
            settings,
            endpoint: None,
            dialled: None,
            state: State::Closed { not_before: None },
            failures: 0,
            backoff,
            setup,
            failed_dials: 0,
            stood: false,
            answered: false,
            dormant: false,
            jitter,
        }
    }

    /// Where the broker listens now. A connection to another place ends, even if the broker was gone in between; one to
    /// a broker that is gone is of use as long as it stands.
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
        self.begin_end(until, Trouble::new(ConnectErrorKind::Unreachable, "the broker moved"))
    }

    /// Works towards a connection. Ready with an error when an attempt failed.
    pub(super) fn poll_open(&mut self, now: Instant, cx: &mut Context<'_>) -> Poll<Result<(), Trouble>> {
        loop {
            match &mut self.state {
                State::Open { .. } => return Poll::Ready(Ok(())),
                State::Closed { not_before } if not_before.is_some_and(|not_before| now < not_before) => {
                    return Poll::Pending;
                }
                State::Closed { .. } => {
                    let Some(endpoint) = self.endpoint.clone() else { return Poll::Pending };
                    (self.dormant, self.stood) = (false, false);
                    self.dialled = Some(endpoint.clone());
                    let within = self.setup.after(self.failed_dials);
                    self.state = State::Dialling(dial(&self.settings.connector, endpoint, within));
                }
                State::Dialling(dialling) => match dialling.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(stream)) => {
                        self.failed_dials = 0;
                        self.settings.core.metrics.add_connection();
                        let session = Session::new(Arc::clone(&self.settings.session), now);
                        let connection = Box::new(Connection::new(stream, session.with_jitter(self.jitter)));
                        self.state = State::Open { connection, ending: None };
                    }
                    Poll::Ready(Err(error)) => {
                        self.failed_dials = self.failed_dials.saturating_add(1);
                        self.back_off(now);
                        return Poll::Ready(Err(error.into()));
                    }
                },
            }
        }
    }

    /// When to poll again, if nothing else happens.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Closed { not_before } => self.endpoint.as_ref().and(*not_before),
            State::Dialling(_) => None,
            State::Open { connection, ending: None } => connection.session().deadline(),
            State::Open { connection, ending: Some(ending) } => Some(ending.deadline(connection.session())),
        }
    }

    /// Where the broker listens.
    pub(super) const fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref()
    }

    /// The session, while there is a connection.
    pub(super) fn session(&mut self) -> Option<&mut Session<Frame>> {
        match &mut self.state {
            State::Open { connection, .. } => Some(connection.session_mut()),
            State::Closed { .. } | State::Dialling(_) => None,
        }
    }

    /// The versions are negotiated: the next failure is the first again.
    pub(super) const fn prove(&mut self) {
        self.stood = true;
        self.failures = 0;
    }

    /// A request was answered.
    pub(super) const fn note_answer(&mut self) {
        self.answered = true;
    }

    /// Writes what the session has to write, as far as the connection takes it.
    pub(super) fn write(&mut self, now: Instant, cx: &mut Context<'_>) -> io::Result<()> {
        let State::Open { connection, .. } = &mut self.state else { return Ok(()) };
        let metrics = &self.settings.core.metrics;
        connection.write(now, cx, |bytes| metrics.add_bytes(bytes as u64))
    }

    /// The next event, reading for it if there is none yet. Pending when the connection has nothing.
    pub(super) fn poll_event(
        &mut self,
        now: Instant,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Event<Frame>, Broken>> {
        match &mut self.state {
            State::Open { connection, .. } => connection.poll_event(now, cx).map_err(Broken::from),
            State::Closed { .. } | State::Dialling(_) => Poll::Pending,
        }
    }

    /// Closes a connection that broke. It is dialled again after a backoff. One that nobody uses begins to end.
    pub(super) fn broken(&mut self, now: Instant, broken: Broken) -> Option<Ended> {
        if self.is_ending() {
            return self.end_begun();
        }
        let broken = if self.answered { broken.authenticated() } else { broken };
        let is_timeout = broken.is_timeout();
        let mut trouble = Trouble::new(broken.verdict().0, &broken).with_code(broken.code());
        if let Some(endpoint) = &self.dialled {
            trouble = trouble.at(endpoint);
        }
        if let Broken::Session(SessionError::Idle { .. }) = broken {
            return self.begin_idle_end(now + self.settings.core.config.request_timeout, trouble);
        }
        let ended = self.end(trouble, is_timeout);
        // An idle connection that turns out to be dead says nothing about the broker.
        if !matches!(broken, Broken::Session(error) if error.is_staleness()) {
            self.back_off(now);
        }
        ended
    }

    /// Whether a connection is opened only for something to send.
    pub(super) const fn is_dormant(&self) -> bool {
        self.dormant && self.endpoint.is_some()
    }

    fn back_off(&mut self, now: Instant) {
        let wait = self.backoff.after(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.state = State::Closed { not_before: Some(now + wait) };
    }
}

/// Opens a connection within its time, even if the connector forgets it.
fn dial(connector: &Arc<dyn Connector>, endpoint: Endpoint, within: Duration) -> Dialling {
    let connector = Arc::clone(connector);
    Box::pin(async move {
        // A little more, so that the connector comes first and says what it waited for.
        let dialled = timeout(within + within / 10, connector.connect(&endpoint, within)).await;
        dialled.unwrap_or_else(|_| {
            let error = io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {within:?}"));
            Err(DialError::Other { endpoint: endpoint.clone(), error: error.into() })
        })
    })
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("endpoint", &self.endpoint)
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}
