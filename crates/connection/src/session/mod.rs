//! One connection's conversation, without the connection: bytes in, bytes out, time as an argument.
//!
//! ```text
//!             new                versions known            who we are is known
//!  (nothing) ─────▶ negotiating ───────────────▶ authenticating ──────────────▶ ready ──────────────▶ (nothing)
//!                        │                              │                      │    ▲    end              ▲
//!                        │                              │            an errand └────┘                     │
//!                        └──────── an error ────────────┴──────────────────────┴────▶ failed ─── end ─────┘
//! ```
//!
//! Without credentials nothing is authenticated. An *errand* is a conversation of the session's own on a connection
//! that is in use: to say again who we are (`errand`), or to ask for a sign of life. The one place for requests of the
//! session's own is `slot`; while one of them is out, the requests of its user wait in the queue.
//!
//! A [`Session`] keeps these promises:
//!
//! * Requests go out in the order of [`Session::send`], and only when the session is ready.
//! * Answers must come in the order of the requests, each with its correlation id; anything else ends the session, so
//!   an answer is never given to a request by its place alone.
//! * A payload has one owner. It comes back exactly once: with its answer, as written, or from [`Session::end`], which
//!   tells whether a broker may have acted on it.
//! * A request costs no allocation here; the queues and the read buffer are used again.
//!
//! A session is drained by sending nothing more until [`Session::in_flight`] is 0, and, where requests await nothing, by
//! [`Session::confirm`] until [`Session::is_confirmed`]. The shell around it turns five
//! wheels: write what [`fill`](Session::fill) gives and report it to [`wrote`](Session::wrote), read into
//! [`read_space`](Session::read_space) and report to [`received`](Session::received), take every
//! [`next_event`](Session::next_event), run the [`Work`] that comes with one and hand its outcome to
//! [`resume`](Session::resume), and call [`check`](Session::check) at the [`deadline`](Session::deadline).

mod authentication;
mod config;
mod errand;
mod error;
mod inbox;
mod negotiation;
mod outbox;
mod payload;
mod slot;
#[cfg(test)]
mod tests;
mod time;
mod versions;

use std::collections::VecDeque;
use std::fmt;
use std::io::IoSlice;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use milena_codec::frame::FrameError;

pub use config::SessionConfig;
pub use error::SessionError;
pub use payload::{Awaits, Event, Fate, Payload};
pub use versions::{VersionMismatch, Versions};

use authentication::Authentication;
use errand::Renewal;
use inbox::Inbox;
use negotiation::{ANSWER_BYTES_MAX, Question};
use outbox::{Outbox, Outgoing};
use slot::Slot;

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
/// // The question about versions is there to be written.
/// let mut slices = [IoSlice::new(&[]); 8];
/// let filled = session.fill(&mut slices);
/// let bytes: usize = slices[..filled].iter().map(|slice| slice.len()).sum();
/// session.wrote(bytes, now);
/// assert!(!session.unwritten());
/// assert!(session.next_event()?.is_none());
/// # Ok::<(), milena_connection::session::SessionError>(())
/// ```
pub struct Session<P> {
    config: Arc<SessionConfig>,
    stage: Stage,
    /// When the stage or the errand began; an errand behind other requests begins when these are answered.
    since: Instant,
    next_correlation_id: i32,
    /// The session's own request.
    slot: Slot,
    /// What the shell has to do next.
    work: Option<Work>,
    /// Whether only what is begun of the queue goes out: always, unless the session is ready and runs no errand.
    held: bool,
    /// When to say again who we are.
    renewal: Option<Renewal>,
    /// Where in its window a renewal is due, of 2^16.
    jitter: u16,
    outbox: Outbox<P>,
    /// Requests that are out and unanswered, oldest first.
    awaiting: VecDeque<Awaiting<P>>,
    /// Requests that are out and await nothing, for the next events.
    written: VecDeque<P>,
    inbox: Inbox,
    /// When the last byte went, or when there was something to write again.
    progress_at: Instant,
    /// When bytes were received last.
    heard_at: Instant,
    /// Whether a request of the session's user was ever answered.
    answered: bool,
    /// Whether a request that awaits nothing was written, and no answer to a later request has come.
    unconfirmed: bool,
    /// Whether the peer said that nothing more will come.
    closed: bool,
}

enum Stage {
    Negotiating(Question),
    Authenticating { versions: Versions, authentication: Box<Authentication> },
    Ready { versions: Versions, errand: Errand },
    Failed(SessionError),
}

/// What a session does on its own while it is ready.
enum Errand {
    None,
    /// It asks for a sign of life before it sends anything else.
    Probing {
        within: Duration,
    },
    /// It says again who we are. `stale` when nothing was heard for long before.
    Authenticating {
        authentication: Box<Authentication>,
        stale: bool,
    },
}

struct Awaiting<P> {
    correlation_id: i32,
    payload: P,
    /// When its last byte was written.
    written_at: Instant,
}

impl<P: Payload> Session<P> {
    /// Begins a session on a connection that was just opened; the question about versions waits to be written.
    #[must_use]
    pub fn new(config: Arc<SessionConfig>, now: Instant) -> Self {
        let requests = config.max_in_flight.min(CAPACITY_MAX);
        let mut session = Self {
            config,
            stage: Stage::Negotiating(Question::new(Question::FIRST_VERSION)),
            since: now,
            next_correlation_id: 0,
            slot: Slot::default(),
            work: None,
            held: true,
            renewal: None,
            jitter: u16::MAX / 2,
            outbox: Outbox::with_capacity(requests),
            awaiting: VecDeque::with_capacity(requests),
            written: VecDeque::new(),
            inbox: Inbox::default(),
            progress_at: now,
            heard_at: now,
            answered: false,
            unconfirmed: false,
            closed: false,
        };
        if let Err(error) = session.ask_versions(Question::FIRST_VERSION) {
            session.fail(error);
        }
        session
    }

    /// The same session, which authenticates again at another time: `jitter` of 2^16 into the window from 85 to 95 % of
    /// the lifetime that the broker gives it. Give each session another one, so that a cluster is not asked by all at
    /// once.
    #[must_use]
    pub const fn with_jitter(mut self, jitter: u16) -> Self {
        self.jitter = jitter;
        self
    }

    /// The correlation id for the next [`send`](Self::send), which its frame must carry. Each is given once.
    pub fn next_correlation_id(&mut self) -> i32 {
        let id = self.next_correlation_id;
        self.next_correlation_id = id.checked_add(1).unwrap_or(0);
        id
    }

    /// Queues a request. Ask [`room`](Self::room) first: the queue takes whatever it is given.
    ///
    /// A request may begin an errand of the session, and wait for its end.
    pub fn send(&mut self, correlation_id: i32, payload: P, awaits: Awaits, now: Instant) {
        self.run_errands(now);
        if self.outbox.is_empty() {
            self.progress_at = now;
        }
        self.outbox.push(Outgoing { correlation_id, awaits, payload });
    }

    /// Takes note that the system took the first `bytes` of what [`fill`](Self::fill) gave.
    pub fn wrote(&mut self, bytes: usize, now: Instant) {
        if bytes == 0 {
            return;
        }
        self.progress_at = now;
        let bytes = if self.held { self.wrote_own(bytes, now) } else { bytes };
        self.outbox.wrote(bytes, |Outgoing { correlation_id, awaits, payload }| match awaits {
            Awaits::Answer => self.awaiting.push_back(Awaiting { correlation_id, payload, written_at: now }),
            Awaits::Nothing => {
                self.unconfirmed = true;
                self.written.push_back(payload);
            }
        });
    }

    /// Where the next read goes to. Ends the life of every body that an event named.
    ///
    /// The space is never empty as long as all events are taken before each read.
    pub fn read_space(&mut self) -> &mut [u8] {
        let limit = self.frame_limit();
        self.inbox.space(limit)
    }

    /// Takes note that `bytes` were read into [`read_space`](Self::read_space); 0 says that the peer closed the
    /// connection, which ends the session once the answers that did come are taken.
    pub fn received(&mut self, bytes: usize, now: Instant) {
        self.heard_at = now;
        self.closed |= bytes == 0;
        self.inbox.received(bytes);
    }

    /// What happened, one event at a time; none when more has to be written or read first.
    ///
    /// # Errors
    /// [`SessionError`] when the session is over, the same one from then on. Take [`end`](Self::end).
    pub fn next_event(&mut self) -> Result<Option<Event<P>>, SessionError> {
        if let Some(payload) = self.written.pop_front() {
            return Ok(Some(Event::Written { payload }));
        }
        let event = self.read_event();
        if let Err(error) = &event {
            self.fail(error.clone());
        }
        event
    }

    /// What the broker understands; none unless the session is ready.
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
            false => !self.outbox.is_empty(),
            true => self.owes(),
        }
    }

    /// Whether requests have to wait for the session itself: it is not ready, or runs an errand. What is sent
    /// meanwhile is queued.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.held
    }

    /// How many requests are out and unanswered.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.awaiting.len()
    }

    /// How many requests are queued, or out and unanswered.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.outbox.len() + self.awaiting.len()
    }

    /// How many more requests may be sent before one is answered.
    #[must_use]
    pub fn room(&self) -> usize {
        self.config.max_in_flight.saturating_sub(self.in_flight())
    }

    /// Puts what is to be written into `slices`, from where the last write stopped, and tells how many it filled.
    pub fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        match self.held {
            false => self.outbox.fill(slices),
            true => self.fill_own(slices),
        }
    }

    /// The bytes of an answer, until the next [`read_space`](Self::read_space).
    #[must_use]
    pub fn bytes(&self, body: Range<usize>) -> &[u8] {
        self.inbox.bytes(body)
    }

    /// Ends the session, whatever its state, and gives back what it still has, in the order in which it was sent; what
    /// awaits nothing and is written comes first.
    ///
    /// Close the connection before anything of this is sent again.
    #[must_use]
    pub fn end(self) -> Vec<(P, Fate)> {
        let written = self.written.into_iter().map(|payload| (payload, Fate::Written));
        let awaiting = self.awaiting.into_iter().map(|sent| (sent.payload, Fate::Unanswered));
        let queued = self.outbox.into_payloads().map(|payload| (payload, Fate::NotSent));
        written.chain(awaiting).chain(queued).collect()
    }

    /// Takes frames until one is worth an event.
    fn read_event(&mut self) -> Result<Option<Event<P>>, SessionError> {
        loop {
            if let Stage::Failed(error) = &self.stage {
                return Err(error.clone());
            }
            if let Some(work) = self.work.take() {
                return Ok(Some(Event::Work(work)));
            }
            let limit = self.frame_limit();
            let Some(content) = self.inbox.take_frame(limit).map_err(|error| self.frame_error(error))? else {
                return if self.closed { Err(self.peer_closed()) } else { Ok(None) };
            };
            let Some(id) = self.inbox.bytes(content.clone()).first_chunk().map(|id| i32::from_be_bytes(*id))
            else {
                return Err(SessionError::AnswerTooShort { bytes: content.len() });
            };
            let body = content.start + size_of::<i32>()..content.end;
            if let Some(event) = self.answered(id, body)? {
                return Ok(Some(event));
            }
        }
    }

    /// Gives an answer to whom it belongs; no event when the session goes on by itself.
    fn answered(&mut self, found: i32, body: Range<usize>) -> Result<Option<Event<P>>, SessionError> {
        // A broker answers in order, and what is out was written before the session's own request.
        let Some(oldest) = self.awaiting.front() else {
            expect_id(self.slot.awaited(), found)?;
            return self.answered_own(body);
        };
        expect_id(Some(oldest.correlation_id), found)?;
        let oldest = self.awaiting.pop_front();
        self.answered = true;
        if self.held && self.awaiting.is_empty() {
            // Only now the session's own request is the broker's next.
            self.since = self.heard_at;
        }
        Ok(oldest.map(|Awaiting { correlation_id, payload, .. }| Event::Answered {
            correlation_id,
            payload,
            body,
        }))
    }

    fn fail(&mut self, error: SessionError) {
        self.stage = Stage::Failed(error);
        self.held = true;
        self.work = None;
    }

    /// Only requests of a ready session are answered at length.
    fn frame_limit(&self) -> usize {
        let own = match self.stage {
            Stage::Negotiating(_) | Stage::Authenticating { .. } => true,
            Stage::Ready { .. } | Stage::Failed(_) => self.held && self.awaiting.is_empty(),
        };
        if own { ANSWER_BYTES_MAX.min(self.config.frame_bytes_max) } else { self.config.frame_bytes_max }
    }

    fn frame_error(&self, error: FrameError) -> SessionError {
        let FrameError { length, limit, .. } = error;
        match self.stage {
            _ if error.detected.is_some() => SessionError::Frame(error),
            Stage::Negotiating(_) => SessionError::FirstAnswerTooLarge { length, limit },
            Stage::Authenticating { .. } => SessionError::Sasl(SaslError::TooLarge { bytes: length, limit }),
            Stage::Ready { .. } | Stage::Failed(_) => SessionError::Frame(error),
        }
    }

    fn peer_closed(&self) -> SessionError {
        if self.authenticating().is_some() && self.awaiting.is_empty() {
            return SessionError::Sasl(SaslError::Closed);
        }
        let unanswered = self.awaiting.len();
        SessionError::PeerClosed {
            negotiating: matches!(self.stage, Stage::Negotiating(_)),
            unauthenticated: unanswered > 0
                && !self.answered
                && self.inbox.pending() == 0
                && self.config.sasl.is_none(),
            unanswered,
            partial: self.inbox.pending(),
        }
    }
}

/// How many requests the queues have room for from the start; with more in flight they grow.
const CAPACITY_MAX: usize = 64;

fn expect_id(expected: Option<i32>, found: i32) -> Result<(), SessionError> {
    match expected {
        Some(expected) if expected == found => Ok(()),
        Some(expected) => Err(SessionError::WrongCorrelationId { expected, found }),
        None => Err(SessionError::Unsolicited { correlation_id: found }),
    }
}

impl<P> fmt::Debug for Session<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Negotiating(_) => "negotiating",
            Stage::Authenticating { .. } => "authenticating",
            Stage::Ready { errand: Errand::None, .. } => "ready",
            Stage::Ready { errand: Errand::Probing { .. }, .. } => "probing",
            Stage::Ready { errand: Errand::Authenticating { .. }, .. } => "authenticating again",
            Stage::Failed(_) => "failed",
        };
        f.debug_struct("Session")
            .field("stage", &stage)
            .field("next_correlation_id", &self.next_correlation_id)
            .field("awaiting", &self.awaiting.len())
            .finish_non_exhaustive()
    }
}
