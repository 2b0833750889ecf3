//! The session: the conversation on one connection, as a state machine of bytes, with time as an argument.
//!
//! ```text
//!             new                versions known            authenticated
//!  (nothing) ─────▶ negotiating ───────────────▶ authenticating ────────▶ ready ──────────────▶ (nothing)
//!                        │                              │                │    ▲     end            ▲
//!                        │                              │    maintenance └────┘                    │
//!                        └──────── an error ────────────┴────────────────┴────▶ failed ─── end ────┘
//! ```
//!
//! Without credentials the session does not authenticate. *Maintenance* are the session's own requests on a ready connection:
//! the re-authentication (KIP-368) and the probe. `slot` is the one place for requests of the session itself; while the
//! session is held by one of them, the requests of its user wait in the queue.
//!
//! A [`Session`] keeps these promises:
//!
//! * Requests go out in the order of [`Session::send`], and only while the session is ready.
//! * Responses must come in the order of the requests, each with its correlation id; any other response ends the session. So
//!   no response is matched to a request by its position alone.
//! * A payload has one owner. It comes back exactly once: with its response, as written, or from [`Session::end`] with its
//!   [`Disposition`].
//! * A request costs no allocation here; the queues and the read buffer are used again.
//!
//! To drain a session, send nothing more until [`Session::in_flight`] is 0. Where requests have no responses (`acks=0`), call
//! [`Session::confirm`] until [`Session::is_confirmed`]. [`Connection`](crate::Connection) is the I/O around a session: it
//! writes the slices of [`fill`](Session::fill) and reports to [`wrote`](Session::wrote), reads into
//! [`read_space`](Session::read_space) and reports to [`received`](Session::received), takes every
//! [`next_event`](Session::next_event), runs the [`Work`] of an event and passes its outcome to [`resume`](Session::resume),
//! and calls [`check`](Session::check) at the [`deadline`](Session::deadline).

mod authentication;
mod config;
mod maintenance;
mod negotiation;
mod payload;
mod read_buffer;
mod slot;
#[cfg(test)]
mod tests;
mod time;
mod versions;
mod write_queue;

use std::collections::VecDeque;
use std::fmt;
use std::io::IoSlice;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use milena_codec::frame::FrameError;

pub use crate::error::{SessionFault, VersionMismatch};
pub use config::SessionConfig;
pub use payload::{Disposition, Event, Payload, ResponseExpected};
pub use versions::Versions;

use authentication::Authentication;
use maintenance::{Maintenance, Reauthentication};
use negotiation::{FIRST_RESPONSE_BYTES_MAX, NegotiationRequest};
use read_buffer::ReadBuffer;
use slot::Slot;
use write_queue::{QueuedRequest, WriteQueue};

use crate::sasl::{SaslError, Work};

/// The state machine of one connection.
///
/// ```
/// use std::io::IoSlice;
/// use std::sync::Arc;
/// use milena_connection::session::{Session, SessionConfig};
///
/// # #[expect(clippy::disallowed_methods, reason = "an example")]
/// let now = std::time::Instant::now();
/// let mut session: Session<Vec<u8>> = Session::new(Arc::new(SessionConfig::default()), now);
/// // The ApiVersions request is there to be written.
/// let mut slices = [IoSlice::new(&[]); 8];
/// let filled = session.fill(&mut slices);
/// let bytes: usize = slices[..filled].iter().map(|slice| slice.len()).sum();
/// session.wrote(bytes, now);
/// assert!(!session.unwritten());
/// assert!(session.next_event()?.is_none());
/// # Ok::<(), milena_connection::session::SessionFault>(())
/// ```
pub struct Session<P> {
    config: Arc<SessionConfig>,
    stage: Stage,
    /// The begin of the stage or of the maintenance. Maintenance behind other requests begins with their last response.
    since: Instant,
    next_correlation_id: i32,
    /// The session's own request.
    slot: Slot,
    /// The work for the next event.
    work: Option<Work>,
    /// Whether of the queue only the rest of a request that is written in part goes out: always, unless the session is ready
    /// and has no maintenance.
    held: bool,
    /// The next re-authentication.
    reauthentication: Option<Reauthentication>,
    /// The place of a re-authentication in its window, of 2^16.
    jitter: u16,
    write_queue: WriteQueue<P>,
    /// Requests that are written and have no response yet, oldest first.
    awaiting: VecDeque<SentRequest<P>>,
    /// Requests without a response that are written, for the next events.
    written: VecDeque<P>,
    read_buffer: ReadBuffer,
    /// The time of the last written byte, or of the first request in an empty queue.
    progress_at: Instant,
    /// The time of the last received byte.
    received_at: Instant,
    /// Whether the broker ever responded to a request of the session's user.
    answered: bool,
    /// Whether a request without a response was written, and no response to a later request has come.
    unconfirmed: bool,
    /// Whether the peer closed its side.
    closed: bool,
}

enum Stage {
    Negotiating(NegotiationRequest),
    Authenticating { versions: Versions, authentication: Box<Authentication> },
    Ready { versions: Versions, maintenance: Maintenance },
    Failed(SessionFault),
}

struct SentRequest<P> {
    correlation_id: i32,
    payload: P,
    /// The time of its last byte.
    written_at: Instant,
}

impl<P: Payload> Session<P> {
    /// A session on a connection that was just opened. The ApiVersions request waits to be written.
    #[must_use]
    pub fn new(config: Arc<SessionConfig>, now: Instant) -> Self {
        let requests = config.max_in_flight.min(CAPACITY_MAX);
        let mut session = Self {
            config,
            stage: Stage::Negotiating(NegotiationRequest::new(NegotiationRequest::FIRST_VERSION)),
            since: now,
            next_correlation_id: 0,
            slot: Slot::default(),
            work: None,
            held: true,
            reauthentication: None,
            jitter: u16::MAX / 2,
            write_queue: WriteQueue::with_capacity(requests),
            awaiting: VecDeque::with_capacity(requests),
            written: VecDeque::new(),
            read_buffer: ReadBuffer::default(),
            progress_at: now,
            received_at: now,
            answered: false,
            unconfirmed: false,
            closed: false,
        };
        if let Err(error) = session.request_versions(NegotiationRequest::FIRST_VERSION) {
            session.fail(error);
        }
        session
    }

    /// The same session, with a re-authentication at `jitter` of 2^16 into the window from 85 to 95 % of its lifetime. Sessions
    /// with different values do not authenticate all at once.
    #[must_use]
    pub const fn with_jitter(mut self, jitter: u16) -> Self {
        self.jitter = jitter;
        self
    }

    /// The same session with a broker that has responded to requests at this address before, if `known`: when it closes the
    /// connection, that is no sign of missing credentials.
    #[must_use]
    pub const fn with_known_broker(mut self, known: bool) -> Self {
        self.answered = known;
        self
    }

    /// The correlation id for the next [`send`](Self::send), which the frame must carry. Each is returned once.
    pub fn next_correlation_id(&mut self) -> i32 {
        let id = self.next_correlation_id;
        self.next_correlation_id = id.checked_add(1).unwrap_or(0);
        id
    }

    /// Queues a request. Check [`room`](Self::room) first: the queue has no bound of its own.
    ///
    /// A request may start maintenance, and wait for its end.
    pub fn send(&mut self, correlation_id: i32, payload: P, awaits: ResponseExpected, now: Instant) {
        self.start_maintenance(now);
        if self.write_queue.is_empty() {
            self.progress_at = now;
        }
        self.write_queue.push(QueuedRequest { correlation_id, awaits, payload });
    }

    /// Notes that the stream took the first `bytes` of the slices of [`fill`](Self::fill).
    pub fn wrote(&mut self, bytes: usize, now: Instant) {
        if bytes == 0 {
            return;
        }
        self.progress_at = now;
        let bytes = if self.held { self.wrote_own(bytes, now) } else { bytes };
        self.write_queue.wrote(bytes, |QueuedRequest { correlation_id, awaits, payload }| match awaits {
            ResponseExpected::Yes => {
                self.awaiting.push_back(SentRequest { correlation_id, payload, written_at: now })
            }
            ResponseExpected::No => {
                self.unconfirmed = true;
                self.written.push_back(payload);
            }
        });
    }

    /// The space for the next read. The bodies of earlier events are gone.
    ///
    /// The space is never empty as long as all events are taken before each read.
    pub fn read_space(&mut self) -> &mut [u8] {
        let limit = self.frame_limit();
        self.read_buffer.space(limit)
    }

    /// Notes that `bytes` were read into [`read_space`](Self::read_space). 0 means that the peer closed the connection, which
    /// ends the session once all received responses are taken.
    pub fn received(&mut self, bytes: usize, now: Instant) {
        self.received_at = now;
        self.closed |= bytes == 0;
        self.read_buffer.received(bytes);
    }

    /// The next event; none until more is written or read.
    ///
    /// # Errors
    /// [`SessionFault`] once the session is over, the same one from then on. Call [`end`](Self::end).
    pub fn next_event(&mut self) -> Result<Option<Event<P>>, SessionFault> {
        if let Some(payload) = self.written.pop_front() {
            return Ok(Some(Event::Written { payload }));
        }
        let event = self.read_event();
        if let Err(error) = &event {
            self.fail(error.clone());
        }
        event
    }

    /// The versions that the broker knows; none unless the session is ready.
    #[must_use]
    pub const fn versions(&self) -> Option<&Versions> {
        match &self.stage {
            Stage::Ready { versions, .. } => Some(versions),
            Stage::Negotiating(_) | Stage::Authenticating { .. } | Stage::Failed(_) => None,
        }
    }

    /// Whether there is something to write now.
    #[must_use]
    pub fn unwritten(&self) -> bool {
        match self.held {
            false => !self.write_queue.is_empty(),
            true => self.owes(),
        }
    }

    /// Whether requests wait for the session itself: it is not ready, or has maintenance. Requests are queued meanwhile.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.held
    }

    /// The number of written requests without a response.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.awaiting.len()
    }

    /// The number of requests that are queued, or written and without a response.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.write_queue.len() + self.awaiting.len()
    }

    /// The number of further requests before the next response.
    #[must_use]
    pub fn room(&self) -> usize {
        self.config.max_in_flight.saturating_sub(self.in_flight())
    }

    /// Fills `slices` with the next bytes to write. Returns the number of filled slices.
    pub fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        match self.held {
            false => self.write_queue.fill(slices),
            true => self.fill_own(slices),
        }
    }

    /// The bytes of a response, until the next [`read_space`](Self::read_space).
    #[must_use]
    pub fn bytes(&self, body: Range<usize>) -> &[u8] {
        self.read_buffer.bytes(body)
    }

    /// Ends the session in any state, and returns its requests in the order of [`send`](Self::send); written requests without
    /// a response come first.
    ///
    /// Close the connection before a request is sent again.
    #[must_use]
    pub fn end(self) -> Vec<(P, Disposition)> {
        let written = self.written.into_iter().map(|payload| (payload, Disposition::Written));
        let awaiting = self.awaiting.into_iter().map(|sent| (sent.payload, Disposition::Unanswered));
        let queued = self.write_queue.into_payloads().map(|payload| (payload, Disposition::NotSent));
        written.chain(awaiting).chain(queued).collect()
    }

    /// Takes frames until there is an event.
    fn read_event(&mut self) -> Result<Option<Event<P>>, SessionFault> {
        loop {
            if let Stage::Failed(error) = &self.stage {
                return Err(error.clone());
            }
            if let Some(work) = self.work.take() {
                return Ok(Some(Event::Work(work)));
            }
            let limit = self.frame_limit();
            let Some(content) =
                self.read_buffer.take_frame(limit).map_err(|error| self.frame_error(error))?
            else {
                return if self.closed { Err(self.peer_closed()) } else { Ok(None) };
            };
            let Some(id) =
                self.read_buffer.bytes(content.clone()).first_chunk().map(|id| i32::from_be_bytes(*id))
            else {
                return Err(SessionFault::ResponseTooShort { bytes: content.len() });
            };
            let body = content.start + size_of::<i32>()..content.end;
            if let Some(event) = self.answered(id, body)? {
                return Ok(Some(event));
            }
        }
    }

    /// Matches a response to its request; no event for a request of the session itself.
    fn answered(&mut self, found: i32, body: Range<usize>) -> Result<Option<Event<P>>, SessionFault> {
        // A broker responds in order, and the requests of the user were written before the session's own.
        let Some(oldest) = self.awaiting.front() else {
            expect_id(self.slot.awaited(), found)?;
            return self.answered_own(body);
        };
        expect_id(Some(oldest.correlation_id), found)?;
        let oldest = self.awaiting.pop_front();
        self.answered = true;
        if self.held && self.awaiting.is_empty() {
            // The broker turns to the session's own request at this moment.
            self.since = self.received_at;
        }
        Ok(oldest.map(|SentRequest { correlation_id, payload, .. }| Event::Response {
            correlation_id,
            payload,
            body,
        }))
    }

    fn fail(&mut self, error: SessionFault) {
        self.stage = Stage::Failed(error);
        self.held = true;
        self.work = None;
    }

    /// Responses to the session's own requests are short.
    fn frame_limit(&self) -> usize {
        let own = match self.stage {
            Stage::Negotiating(_) | Stage::Authenticating { .. } => true,
            Stage::Ready { .. } | Stage::Failed(_) => self.held && self.awaiting.is_empty(),
        };
        if own {
            FIRST_RESPONSE_BYTES_MAX.min(self.config.frame_bytes_max)
        } else {
            self.config.frame_bytes_max
        }
    }

    fn frame_error(&self, error: FrameError) -> SessionFault {
        let FrameError { length, limit, .. } = error;
        match self.stage {
            _ if error.detected.is_some() => SessionFault::Frame(error),
            Stage::Negotiating(_) => SessionFault::FirstResponseTooLarge { length, limit },
            Stage::Authenticating { .. } => SessionFault::Sasl(SaslError::TooLarge { bytes: length, limit }),
            Stage::Ready { .. } | Stage::Failed(_) => SessionFault::Frame(error),
        }
    }

    fn peer_closed(&self) -> SessionFault {
        if self.authenticating().is_some() && self.awaiting.is_empty() {
            return SessionFault::Sasl(SaslError::Closed);
        }
        let unanswered = self.awaiting.len();
        SessionFault::PeerClosed {
            negotiating: matches!(self.stage, Stage::Negotiating(_)),
            unauthenticated: unanswered > 0
                && !self.answered
                && self.read_buffer.pending() == 0
                && self.config.sasl.is_none(),
            unanswered,
            partial: self.read_buffer.pending(),
        }
    }
}

/// The queues' capacity for requests at the start, at most; with more in flight they grow.
const CAPACITY_MAX: usize = 64;

fn expect_id(expected: Option<i32>, found: i32) -> Result<(), SessionFault> {
    match expected {
        Some(expected) if expected == found => Ok(()),
        Some(expected) => Err(SessionFault::WrongCorrelationId { expected, found }),
        None => Err(SessionFault::Unsolicited { correlation_id: found }),
    }
}

impl<P> fmt::Debug for Session<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Negotiating(_) => "negotiating",
            Stage::Authenticating { .. } => "authenticating",
            Stage::Ready { maintenance: Maintenance::None, .. } => "ready",
            Stage::Ready { maintenance: Maintenance::Probing { .. }, .. } => "probing",
            Stage::Ready { maintenance: Maintenance::Authenticating { .. }, .. } => "authenticating again",
            Stage::Failed(_) => "failed",
        };
        f.debug_struct("Session")
            .field("stage", &stage)
            .field("next_correlation_id", &self.next_correlation_id)
            .field("awaiting", &self.awaiting.len())
            .finish_non_exhaustive()
    }
}
