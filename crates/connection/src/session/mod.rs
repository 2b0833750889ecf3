//! One connection's conversation, without the connection: bytes in, bytes out, time as an argument.
//!
//! ```text
//!             new                versions known                     end
//!  (nothing) ─────▶ negotiating ────────────────▶ ready ──────────────────────▶ (nothing)
//!                        │                          │                              ▲
//!                        └───── an error ───────────┴────▶ failed ────── end ──────┘
//! ```
//!
//! A [`Session`] keeps these promises:
//!
//! * Requests go out in the order of [`Session::send`], and only after the versions were negotiated.
//! * Answers must come in the order of the requests, each with its correlation id; anything else ends the session, so
//!   an answer is never given to a request by its place alone.
//! * A payload has one owner. It comes back exactly once: with its answer, as written, or from [`Session::end`], which
//!   tells whether a broker may have acted on it.
//! * A request costs no allocation here; the queues and the read buffer are used again.
//!
//! A session is drained by sending nothing more until [`Session::in_flight`] is 0. The shell around it turns four
//! wheels: write what [`fill`](Session::fill) gives and report it to [`wrote`](Session::wrote), read into
//! [`read_space`](Session::read_space) and report to [`received`](Session::received), take every
//! [`next_event`](Session::next_event), and call [`check`](Session::check) at the [`deadline`](Session::deadline).

mod config;
mod error;
mod inbox;
mod negotiation;
mod outbox;
mod payload;
#[cfg(test)]
mod tests;
mod versions;

use std::collections::VecDeque;
use std::fmt;
use std::io::IoSlice;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use milena_codec::frame::FrameError;

pub use config::SessionConfig;
pub use error::SessionError;
pub use payload::{Awaits, Event, Fate, Payload};
pub use versions::Versions;

use inbox::Inbox;
use negotiation::{ANSWER_BYTES_MAX, Outcome, Question};
use outbox::{Outbox, Outgoing};
use payload::api_of;

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
/// assert_eq!(session.next_event(), Ok(None));
/// ```
pub struct Session<P> {
    config: Arc<SessionConfig>,
    stage: Stage,
    next_correlation_id: i32,
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
    /// Whether the peer said that nothing more will come.
    closed: bool,
}

enum Stage {
    Negotiating { question: Question, since: Instant },
    Ready(Versions),
    Failed(SessionError),
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
        let stage = match Question::new(&config, Question::FIRST_VERSION, 0) {
            Ok(question) => Stage::Negotiating { question, since: now },
            Err(error) => Stage::Failed(SessionError::Unencodable(error)),
        };
        let requests = config.max_in_flight.min(CAPACITY_MAX);
        Self {
            config,
            stage,
            next_correlation_id: 1,
            outbox: Outbox::with_capacity(requests),
            awaiting: VecDeque::with_capacity(requests),
            written: VecDeque::new(),
            inbox: Inbox::default(),
            progress_at: now,
            heard_at: now,
            closed: false,
        }
    }

    /// The correlation id for the next [`send`](Self::send), which its frame must carry. Each is given once.
    pub fn next_correlation_id(&mut self) -> i32 {
        let id = self.next_correlation_id;
        self.next_correlation_id = id.checked_add(1).unwrap_or(0);
        id
    }

    /// Queues a request. Ask [`room`](Self::room) first: the queue takes whatever it is given.
    pub fn send(&mut self, correlation_id: i32, payload: P, awaits: Awaits, now: Instant) {
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
        if let Stage::Negotiating { question, .. } = &mut self.stage {
            return question.wrote(bytes);
        }
        self.outbox.wrote(bytes, |Outgoing { correlation_id, awaits, payload }| match awaits {
            Awaits::Answer => self.awaiting.push_back(Awaiting { correlation_id, payload, written_at: now }),
            Awaits::Nothing => self.written.push_back(payload),
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
            self.stage = Stage::Failed(error.clone());
        }
        event
    }

    /// What the broker understands; none unless the session is ready.
    #[must_use]
    pub const fn versions(&self) -> Option<&Versions> {
        match &self.stage {
            Stage::Ready(versions) => Some(versions),
            Stage::Negotiating { .. } | Stage::Failed(_) => None,
        }
    }

    /// Whether there is something to write now.
    #[must_use]
    pub fn unwritten(&self) -> bool {
        match &self.stage {
            Stage::Negotiating { question, .. } => !question.unwritten().is_empty(),
            Stage::Ready(_) => !self.outbox.is_empty(),
            Stage::Failed(_) => false,
        }
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
        match (&self.stage, slices) {
            (Stage::Ready(_), slices) => self.outbox.fill(slices),
            (Stage::Negotiating { question, .. }, [first, ..]) if !question.unwritten().is_empty() => {
                *first = IoSlice::new(question.unwritten());
                1
            }
            _ => 0,
        }
    }

    /// The bytes of an answer, until the next [`read_space`](Self::read_space).
    #[must_use]
    pub fn bytes(&self, body: Range<usize>) -> &[u8] {
        self.inbox.bytes(body)
    }

    /// The next time at which [`check`](Self::check) may fail, if nothing happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let since = match &self.stage {
            Stage::Negotiating { since, .. } => Some(*since),
            Stage::Ready(_) => {
                let answer = self.awaiting.front().map(|oldest| oldest.written_at);
                let progress = (!self.outbox.is_empty()).then_some(self.progress_at);
                answer.into_iter().chain(progress).min()
            }
            Stage::Failed(_) => None,
        };
        since?.checked_add(self.config.request_timeout)
    }

    /// Whether something takes too long.
    ///
    /// # Errors
    /// [`SessionError`] that says what does, or why the session is over anyway. Take [`end`](Self::end).
    pub fn check(&self, now: Instant) -> Result<(), SessionError> {
        let timeout = self.config.request_timeout;
        let late = |since: Instant| now.saturating_duration_since(since) >= timeout;
        match &self.stage {
            Stage::Failed(error) => return Err(error.clone()),
            Stage::Negotiating { since, .. } if late(*since) => {
                return Err(SessionError::NegotiationTimedOut { timeout });
            }
            Stage::Negotiating { .. } => return Ok(()),
            Stage::Ready(_) => {}
        }
        if let Some(oldest) = self.awaiting.front().filter(|oldest| late(oldest.written_at)) {
            let (api, correlation_id) = (api_of(&oldest.payload), oldest.correlation_id);
            return Err(SessionError::RequestTimedOut { api, correlation_id, timeout });
        }
        if let Some(stuck) = self.outbox.front().filter(|_| late(self.progress_at)) {
            let (api, correlation_id) = (api_of(&stuck.payload), stuck.correlation_id);
            return Err(SessionError::NoProgress { api, correlation_id, timeout });
        }
        Ok(())
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

    /// Gives an answer to whom it belongs; no event when the negotiation goes on.
    fn answered(&mut self, found: i32, body: Range<usize>) -> Result<Option<Event<P>>, SessionError> {
        let Stage::Negotiating { question, .. } = &mut self.stage else {
            let oldest = self.awaiting.front().map(|oldest| oldest.correlation_id);
            expect_id(oldest, found)?;
            let oldest = self.awaiting.pop_front();
            return Ok(oldest.map(|Awaiting { correlation_id, payload, .. }| Event::Answered {
                correlation_id,
                payload,
                body,
            }));
        };
        expect_id(question.unwritten().is_empty().then_some(question.correlation_id), found)?;
        let outcome = question.answered(self.inbox.bytes(body))?;
        self.negotiated(outcome)
    }

    fn negotiated(&mut self, outcome: Outcome) -> Result<Option<Event<P>>, SessionError> {
        match outcome {
            Outcome::Known(versions) => {
                self.stage = Stage::Ready(versions);
                // What was queued until now could not have been written before.
                self.progress_at = self.heard_at;
                Ok(Some(Event::Ready))
            }
            Outcome::Again(version) => {
                let id = self.next_correlation_id();
                let again = Question::new(&self.config, version, id).map_err(SessionError::Unencodable)?;
                if let Stage::Negotiating { question, .. } = &mut self.stage {
                    *question = again;
                }
                Ok(None)
            }
        }
    }

    fn frame_limit(&self) -> usize {
        match self.stage {
            Stage::Negotiating { .. } => ANSWER_BYTES_MAX.min(self.config.frame_bytes_max),
            Stage::Ready(_) | Stage::Failed(_) => self.config.frame_bytes_max,
        }
    }

    fn frame_error(&self, error: FrameError) -> SessionError {
        match self.stage {
            Stage::Negotiating { .. } if error.spoken.is_none() => {
                SessionError::FirstAnswerTooLarge { length: error.length, limit: error.limit }
            }
            _ => SessionError::Frame(error),
        }
    }

    fn peer_closed(&self) -> SessionError {
        SessionError::PeerClosed {
            negotiating: matches!(self.stage, Stage::Negotiating { .. }),
            unanswered: self.awaiting.len(),
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
            Stage::Negotiating { .. } => "negotiating",
            Stage::Ready(_) => "ready",
            Stage::Failed(_) => "failed",
        };
        f.debug_struct("Session")
            .field("stage", &stage)
            .field("next_correlation_id", &self.next_correlation_id)
            .field("awaiting", &self.awaiting.len())
            .finish_non_exhaustive()
    }
}
