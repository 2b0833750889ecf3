//! The request connection: a connection for few and small requests, such as those for metadata and producer ids.
//!
//! [`RequestConnection`] has one call at a time on a [`Connection`], and the timer for the deadline of the session.

#[cfg(test)]
mod tests;

use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::Range;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use milena_codec::message::{Message, Request};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::clock;
use crate::connection::Connection;
use crate::endpoint::Endpoint;
use crate::error::{ConnectionError, Fault};
use crate::exchange::{decode_response, encode_request};
use crate::session::{Event, ResponseExpected, Session, SessionConfig, Versions};
use crate::transport::{BoxStream, Connector, dial};

/// A connection with one request at a time.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use std::time::Duration;
/// use milena_codec::message::MetadataRequest;
/// use milena_connection::RequestConnection;
/// use milena_connection::session::SessionConfig;
/// use milena_connection::transport::Tcp;
///
/// let (endpoint, config) = ("localhost:9092".parse()?, Arc::new(SessionConfig::default()));
/// let mut connection =
///     RequestConnection::open(&Tcp::default(), &endpoint, Duration::from_secs(10), config).await?;
/// let cluster = connection.call(&MetadataRequest::default()).await?;
/// println!("{} brokers", cluster.brokers.len());
/// # Ok(()) }
/// ```
pub struct RequestConnection {
    endpoint: Endpoint,
    config: Arc<SessionConfig>,
    connection: Connection<Vec<u8>>,
    /// Whether the connection is unusable.
    ended: bool,
}

impl RequestConnection {
    /// Dials a broker within this time, negotiates versions with it, and authenticates where credentials are configured.
    ///
    /// # Errors
    /// [`ConnectionError`] of the dial or the negotiation.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn open(
        connector: &dyn Connector,
        endpoint: &Endpoint,
        within: Duration,
        config: Arc<SessionConfig>,
    ) -> Result<Self, ConnectionError> {
        Self::over(dial(connector, endpoint, within).await?, endpoint, config).await
    }

    /// Negotiates versions over an open stream to this endpoint, and authenticates where credentials are configured.
    ///
    /// # Errors
    /// [`ConnectionError`] of the negotiation or the authentication.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn over(
        stream: BoxStream,
        endpoint: &Endpoint,
        config: Arc<SessionConfig>,
    ) -> Result<Self, ConnectionError> {
        let session = Session::new(Arc::clone(&config), clock::now());
        let connection = Connection::new(stream, session);
        let mut opened = Self { endpoint: endpoint.clone(), config, connection, ended: false };
        match opened.next_event().await {
            Ok(_) => Ok(opened),
            Err(fault) => Err(ConnectionError::new(opened.endpoint, fault)),
        }
    }

    /// Sends a request in the highest version that both sides know, and returns its response.
    ///
    /// # Errors
    /// [`ConnectionError`]. The request was not sent when the fault is [`Fault::Version`], [`Fault::Unencodable`],
    /// [`Fault::TooManyAbandoned`] or [`Fault::Ended`]; after every other fault the broker may have acted on the request.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request: it stays in the session, is written along with the next request, and its
    /// response is dropped. Once `max_in_flight` requests are abandoned, calls fail with [`Fault::TooManyAbandoned`].
    pub async fn call<R: Request>(&mut self, request: &R) -> Result<R::Response, ConnectionError> {
        let response = self.try_call(request).await;
        response.map_err(|fault| ConnectionError::new(self.endpoint.clone(), fault).during(R::KEY))
    }

    async fn try_call<R: Request>(&mut self, request: &R) -> Result<R::Response, Fault> {
        let version = self.require::<R>()?;
        let id = self.send(request, version)?;
        let body = self.response_to(id).await?;
        decode_response(self.connection.session().bytes(body), version).map_err(|error| {
            self.ended = true;
            Fault::InvalidResponse { api: R::KEY, version: Some(version), error: error.into() }
        })
    }

    /// The versions that the broker knows; none once the session is over.
    #[must_use]
    pub const fn versions(&self) -> Option<&Versions> {
        self.connection.session().versions()
    }

    /// The highest version of a request that both sides know.
    ///
    /// # Errors
    /// [`Fault::Version`] if there is none, and [`Fault::Ended`] once the connection is unusable.
    pub fn require<R: Message>(&self) -> Result<i16, Fault> {
        let versions = self.versions().filter(|_| !self.ended).ok_or(Fault::Ended)?;
        versions.require::<R>().map_err(Fault::Version)
    }

    /// The endpoint that was dialled.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whether calls can still be made.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        !self.ended
    }

    /// Queues a request in the session, and returns its correlation id.
    fn send<R: Request>(&mut self, request: &R, version: i16) -> Result<i32, Fault> {
        let session = self.connection.session_mut();
        if session.room() == 0 {
            return Err(Fault::TooManyAbandoned);
        }
        let id = session.next_correlation_id();
        let frame = encode_request(request, version, id, self.config.client_id.as_deref())
            .map_err(|error| Fault::Unencodable { api: R::KEY, error })?;
        session.send(id, frame, ResponseExpected::Yes, clock::now());
        Ok(id)
    }

    /// Waits for a response, and drops the responses of abandoned requests.
    async fn response_to(&mut self, id: i32) -> Result<Range<usize>, Fault> {
        loop {
            match self.next_event().await? {
                Event::Response { correlation_id, body, .. } if correlation_id == id => return Ok(body),
                _ => {}
            }
        }
    }

    /// Moves bytes until there is an event. After an error the connection is unusable.
    async fn next_event(&mut self) -> Result<Event<Vec<u8>>, Fault> {
        let mut timer = pin!(sleep_until(Instant::from_std(clock::now())));
        let event = poll_fn(|cx| self.poll_event(timer.as_mut(), cx)).await;
        self.ended |= event.is_err();
        event
    }

    fn poll_event(
        &mut self,
        mut timer: Pin<&mut Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Event<Vec<u8>>, Fault>> {
        loop {
            let now = clock::now();
            self.connection.write(now, cx, drop)?;
            if let Poll::Ready(event) = self.connection.poll_event(now, cx) {
                return Poll::Ready(event);
            }
            // Requests of the session itself may follow from the bytes that were read.
            self.connection.write(now, cx, drop)?;
            self.connection.check(now)?;
            let Some(deadline) = self.connection.session().deadline() else { return Poll::Pending };
            timer.as_mut().reset(Instant::from_std(deadline));
            ready!(timer.as_mut().poll(cx));
        }
    }
}

impl fmt::Debug for RequestConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestConnection")
            .field("endpoint", &self.endpoint)
            .field("connection", &self.connection)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
