//! A connection for few and small requests: metadata, producer ids, questions of the command line.
//!
//! [`Control`] is a thin shell around a [`Session`]: it moves bytes between the session and the stream, one call at a
//! time, and watches the session's deadline on the runtime's clock.

mod error;
#[cfg(test)]
mod tests;

use std::fmt;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use milena_codec::message::{Message, Request};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop::has_budget_remaining;
use tokio::time::{Instant, timeout_at};

pub use error::{Breakdown, CallError, ConnectError};

use crate::clock;
use crate::endpoint::Endpoint;
use crate::exchange::{decode_response, encode_request};
use crate::sasl::Outcome;
use crate::session::{Awaits, Event, Session, SessionConfig, Versions};
use crate::transport::{BoxStream, Connector};

type Working = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A connection on which one request at a time is sent and answered.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use milena_codec::message::MetadataRequest;
/// use milena_connection::control::Control;
/// use milena_connection::session::SessionConfig;
/// use milena_connection::transport::Tcp;
///
/// let endpoint = "localhost:9092".parse()?;
/// let mut control = Control::open(&Tcp::default(), &endpoint, Arc::new(SessionConfig::default())).await?;
/// let cluster = control.call(&MetadataRequest::default()).await?;
/// println!("{} brokers", cluster.brokers.len());
/// # Ok(()) }
/// ```
pub struct Control {
    endpoint: Endpoint,
    config: Arc<SessionConfig>,
    stream: BoxStream,
    session: Session<Vec<u8>>,
    /// What the session asked for and is being done.
    work: Option<Working>,
    /// Whether the stream may hold written bytes back until it is flushed, as TLS does.
    unflushed: bool,
    /// Whether the connection broke down.
    ended: bool,
}

impl Control {
    /// Connects to a broker, negotiates versions with it, and authenticates where credentials are configured.
    ///
    /// The dial and the negotiation have the session's request time-out each, the authentication has one of its own.
    ///
    /// # Errors
    /// [`ConnectError`] with the step that failed.
    ///
    /// # Cancel safety
    /// Dropping the future closes whatever was opened.
    pub async fn open(
        connector: &dyn Connector,
        endpoint: &Endpoint,
        config: Arc<SessionConfig>,
    ) -> Result<Self, ConnectError> {
        let dialled = connector.connect(endpoint, config.request_timeout).await;
        let stream = dialled.map_err(ConnectError::Dial)?;
        Self::greet(stream, endpoint.clone(), config).await
    }

    /// Negotiates versions on a connection that stands, and authenticates where credentials are configured.
    ///
    /// # Errors
    /// [`ConnectError::Negotiation`].
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn greet(
        stream: BoxStream,
        endpoint: Endpoint,
        config: Arc<SessionConfig>,
    ) -> Result<Self, ConnectError> {
        let session = Session::new(Arc::clone(&config), clock::now());
        let mut control =
            Self { endpoint, config, stream, session, work: None, unflushed: false, ended: false };
        match control.next_event().await {
            Ok(_) => Ok(control),
            Err(breakdown) => Err(ConnectError::Negotiation { endpoint: control.endpoint, breakdown }),
        }
    }

    /// Sends a request in the highest version that both sides know, and waits for its answer.
    ///
    /// # Errors
    /// [`CallError`], which tells whether the broker may have acted on the request and whether the connection is still
    /// good.
    ///
    /// # Cancel safety
    /// Dropping the future does not take the request back: it stays in the session, is written and answered along
    /// with the next call, and its answer is dropped. Once `max_in_flight` of them are given up unanswered, calls fail
    /// with [`CallError::Busy`].
    pub async fn call<R: Request>(&mut self, request: &R) -> Result<R::Response, CallError> {
        let (version, id) = self.queue(request)?;
        let broken = |endpoint: &Endpoint, breakdown| CallError::Broken {
            endpoint: endpoint.clone(),
            api: R::KEY,
            breakdown,
        };
        let body = match self.answer_to(id).await {
            Ok(body) => body,
            Err(breakdown) => return Err(broken(&self.endpoint, breakdown)),
        };
        decode_response(self.session.bytes(body), version).map_err(|error| {
            self.ended = true;
            CallError::Malformed { endpoint: self.endpoint.clone(), api: R::KEY, version, error }
        })
    }

    /// What the broker understands; none once the connection is unusable.
    #[must_use]
    pub const fn versions(&self) -> Option<&Versions> {
        self.session.versions()
    }

    /// Whether the broker has a version of a request in common with this client.
    ///
    /// # Errors
    /// [`CallError::Unsupported`], and [`CallError::Ended`] once the connection is unusable.
    pub fn check<R: Message>(&self) -> Result<(), CallError> {
        let endpoint = || self.endpoint.clone();
        let versions = self.versions().ok_or_else(|| CallError::Ended { endpoint: endpoint() })?;
        versions.check::<R>().map_err(|mismatch| CallError::Unsupported { endpoint: endpoint(), mismatch })
    }

    /// The broker, as it was dialled.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whether calls can still be made.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        !self.ended
    }

    /// Puts a request into the session, and tells its version and correlation id.
    fn queue<R: Request>(&mut self, request: &R) -> Result<(i16, i32), CallError> {
        if self.ended {
            return Err(CallError::Ended { endpoint: self.endpoint.clone() });
        }
        if self.session.room() == 0 {
            return Err(CallError::Busy { endpoint: self.endpoint.clone() });
        }
        self.check::<R>()?;
        let Some(version) = self.versions().and_then(Versions::pick::<R>) else {
            return Err(CallError::Ended { endpoint: self.endpoint.clone() });
        };
        let id = self.session.next_correlation_id();
        let frame = encode_request(request, version, id, self.config.client_id.as_deref())
            .map_err(|error| CallError::Unencodable { api: R::KEY, error })?;
        self.session.send(id, frame, Awaits::Answer, clock::now());
        Ok((version, id))
    }

    /// Waits for an answer, dropping those of calls that were given up.
    async fn answer_to(&mut self, id: i32) -> Result<Range<usize>, Breakdown> {
        loop {
            match self.next_event().await? {
                Event::Answered { correlation_id, body, .. } if correlation_id == id => return Ok(body),
                _ => {}
            }
        }
    }

    /// Moves bytes until the session has something to tell. After an error the connection is unusable.
    async fn next_event(&mut self) -> Result<Event<Vec<u8>>, Breakdown> {
        let event = self.try_next_event().await;
        self.ended |= event.is_err();
        event
    }

    async fn try_next_event(&mut self) -> Result<Event<Vec<u8>>, Breakdown> {
        loop {
            match self.session.next_event().map_err(Breakdown::Session)? {
                Some(Event::Work(work)) => self.work = Some(Box::pin(work.run())),
                Some(event) => return Ok(event),
                None => {}
            }
            let deadline = self.session.deadline();
            let moved = poll_fn(|context| self.poll_move(context));
            let moved = match deadline {
                Some(deadline) => timeout_at(Instant::from_std(deadline), moved).await.ok(),
                None => Some(moved.await),
            };
            match moved {
                Some(moved) => moved.map_err(Breakdown::Io)?,
                // Without budget tokio reports every socket as empty, and has the task polled again at once.
                None if !has_budget_remaining() => {}
                // There was nothing to read: an answer that lies in the socket is in time.
                None => self.session.check(clock::now()).map_err(Breakdown::Session)?,
            }
        }
    }

    /// Works, writes once or reads once, whichever can be done.
    fn poll_move(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(work) = &mut self.work
            && let Poll::Ready(outcome) = work.as_mut().poll(context)
        {
            self.work = None;
            self.session.resume(outcome, clock::now());
            return Poll::Ready(Ok(()));
        }
        if self.session.unwritten() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let filled = self.session.fill(&mut slices);
            let written = Pin::new(&mut self.stream).poll_write_vectored(context, &slices[..filled])?;
            if let Poll::Ready(bytes) = written {
                self.session.wrote(bytes, clock::now());
                self.unflushed = true;
                return Poll::Ready(if bytes == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(()) });
            }
        }
        if self.unflushed {
            self.unflushed = Pin::new(&mut self.stream).poll_flush(context)?.is_pending();
        }
        let mut space = ReadBuf::new(self.session.read_space());
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut space))?;
        let bytes = space.filled().len();
        self.session.received(bytes, clock::now());
        Poll::Ready(Ok(()))
    }
}

/// Slices a write: a call has one, and those given up before it may still wait.
const SLICES: usize = 8;

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("endpoint", &self.endpoint)
            .field("session", &self.session)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
