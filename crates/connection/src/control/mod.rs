//! A connection for few and small requests: metadata, producer ids, questions of the command line.
//!
//! [`Control`] makes one call at a time on a [`Connection`], and watches the session's deadline on the runtime's clock.

mod error;
#[cfg(test)]
mod tests;

use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::Range;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use milena_codec::message::{Message, Request};
use tokio::time::{Instant, Sleep, sleep_until};

pub use crate::connection::Breakdown;
pub use error::{CallError, ConnectError};

use crate::clock;
use crate::connection::Connection;
use crate::endpoint::Endpoint;
use crate::exchange::{decode_response, encode_request};
use crate::session::{Awaits, Event, Session, SessionConfig, Versions};
use crate::transport::{BoxStream, Connector};

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
    connection: Connection<Vec<u8>>,
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
        let connection = Connection::new(stream, session);
        let mut control = Self { endpoint, config, connection, ended: false };
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
        decode_response(self.connection.session().bytes(body), version).map_err(|error| {
            self.ended = true;
            CallError::Malformed { endpoint: self.endpoint.clone(), api: R::KEY, version, error }
        })
    }

    /// What the broker understands; none once the connection is unusable.
    #[must_use]
    pub const fn versions(&self) -> Option<&Versions> {
        self.connection.session().versions()
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
        if self.connection.session().room() == 0 {
            return Err(CallError::Busy { endpoint: self.endpoint.clone() });
        }
        self.check::<R>()?;
        let Some(version) = self.versions().and_then(Versions::pick::<R>) else {
            return Err(CallError::Ended { endpoint: self.endpoint.clone() });
        };
        let session = self.connection.session_mut();
        let id = session.next_correlation_id();
        let frame = encode_request(request, version, id, self.config.client_id.as_deref())
            .map_err(|error| CallError::Unencodable { api: R::KEY, error })?;
        session.send(id, frame, Awaits::Answer, clock::now());
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

    /// Moves bytes until there is an event. After an error the connection is unusable.
    async fn next_event(&mut self) -> Result<Event<Vec<u8>>, Breakdown> {
        let mut timer = pin!(sleep_until(Instant::from_std(clock::now())));
        let event = poll_fn(|cx| self.poll_event(timer.as_mut(), cx)).await;
        self.ended |= event.is_err();
        event
    }

    fn poll_event(
        &mut self,
        mut timer: Pin<&mut Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Event<Vec<u8>>, Breakdown>> {
        loop {
            let now = clock::now();
            self.connection.write(now, cx, drop).map_err(Breakdown::Io)?;
            if let Poll::Ready(event) = self.connection.poll_event(now, cx) {
                return Poll::Ready(event);
            }
            // Requests of the session itself may follow from the bytes that were read.
            self.connection.write(now, cx, drop).map_err(Breakdown::Io)?;
            self.connection.check(now)?;
            let Some(deadline) = self.connection.session().deadline() else { return Poll::Pending };
            timer.as_mut().reset(Instant::from_std(deadline));
            ready!(timer.as_mut().poll(cx));
        }
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("endpoint", &self.endpoint)
            .field("connection", &self.connection)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
