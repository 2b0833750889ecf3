//! The control client: sends a request to one broker after the other, until one of them responds.
//!
//! The control connection is apart from the connections that carry records, so that a slow or stuck leader never delays finding
//! its successor.

use std::sync::Arc;
use std::time::{Duration, Instant};

use milena_codec::message::{Message, MetadataResponse, ProduceRequest, Request};
use milena_connection::Endpoint;
use milena_connection::RequestConnection;
use milena_connection::metadata::ClusterId;
use milena_connection::session::SessionConfig;
use milena_connection::transport::{ConnectionError, Fault};
use tokio::time::{sleep_until, timeout};

use super::failed_attempts::FailedAttempts;
use super::settings::Settings;
use super::throttle::{Throttling, throttle};
use super::versioned::Versioned;
use crate::clock;

/// The most time that a request has at one broker: another broker can be tried as well.
const RESPONSE_TIMEOUT_MAX: Duration = Duration::from_secs(10);

/// The time that each of several brokers has at first: one that hangs must not keep the others from being tried. When none of
/// them responded, the slow ones are tried once more, with more time.
const FIRST_TIMEOUT: Duration = Duration::from_secs(2);

/// Requests to the cluster, one at a time.
#[derive(Debug)]
pub(super) struct ControlClient {
    settings: Arc<Settings>,
    /// The connection to the broker that responded last.
    connection: Option<RequestConnection>,
    /// A broker that let a request time out. It is tried last, until it responds.
    avoided: Option<Endpoint>,
    /// The end of the pause that the broker of the connection returned (KIP-219).
    paused_until: Option<Instant>,
    /// The endpoint of another cluster that is in the log already.
    foreign: Option<Endpoint>,
    /// Whether a broker has to know a version of Produce.
    pub(super) needs_produce: bool,
}

impl ControlClient {
    pub(super) const fn new(settings: Arc<Settings>) -> Self {
        Self {
            settings,
            connection: None,
            avoided: None,
            paused_until: None,
            foreign: None,
            needs_produce: false,
        }
    }

    /// Sends the request to the broker that responded last, then to the candidates in turn: to each with a short timeout, and
    /// to the slow ones once more, each with its share of the rest of `within`. A response that `accept` rejects ends its
    /// connection, and the next broker is tried. Returns the endpoint that responded, and what `accept` made of the response.
    ///
    /// # Errors
    /// The errors of all attempts.
    pub(super) async fn request<R: Request<Response: Throttling + Versioned>, T>(
        &mut self,
        candidates: &[Endpoint],
        request: &R,
        within: Duration,
        accept: impl Fn(R::Response) -> Result<T, Fault>,
    ) -> Result<(Endpoint, T), FailedAttempts> {
        let started = clock::now();
        self.respect_pause(candidates, within).await;
        let brokers = candidates.len() + usize::from(self.connection.is_some());
        let share = share_of(within, brokers);
        let first = if brokers > 1 { share.min(FIRST_TIMEOUT) } else { share };
        let mut failed = FailedAttempts::default();
        if let Some(connection) = self.connection.take() {
            let endpoint = connection.endpoint().clone();
            match self.request_on(connection, request, first, &accept).await {
                Ok(accepted) => return Ok((endpoint, accepted)),
                Err(error) => failed.add(error),
            }
            if clock::now() - started >= first / 2 {
                self.avoided = Some(endpoint);
            }
        }
        let (last, candidates): (Vec<_>, Vec<_>) =
            candidates.iter().partition(|endpoint| self.avoided.as_ref() == Some(*endpoint));
        let mut slow = Vec::new();
        for endpoint in candidates.into_iter().chain(last) {
            let began = clock::now();
            match self.request_at(endpoint, request, first, &accept).await {
                Ok(accepted) => return Ok((endpoint.clone(), accepted)),
                Err(_) if first < share && clock::now() - began >= first / 2 => slow.push(endpoint),
                Err(error) => failed.add(error),
            }
        }
        let share = share_of(within.saturating_sub(clock::now() - started), slow.len());
        for endpoint in slow {
            match self.request_at(endpoint, request, share, &accept).await {
                Ok(accepted) => return Ok((endpoint.clone(), accepted)),
                Err(error) => failed.add(error),
            }
        }
        Err(failed)
    }

    /// The endpoint of the connection.
    pub(super) fn endpoint(&self) -> Option<&Endpoint> {
        self.connection.as_ref().map(RequestConnection::endpoint)
    }

    /// Whether the broker of the connection offers an API; none without a connection.
    pub(super) fn offers<M: Message>(&self) -> Option<bool> {
        let versions = self.connection.as_ref()?.versions()?;
        Some(versions.pick::<M>().is_some())
    }

    /// Closes the connection, so that the next request goes to the first candidate. Returns the endpoint of the connection.
    pub(super) fn disconnect(&mut self) -> Option<Endpoint> {
        self.connection.take().map(|connection| connection.endpoint().clone())
    }

    /// The next request goes to another broker than the one at this endpoint, if there is another.
    pub(super) fn avoid(&mut self, endpoint: Endpoint) {
        self.connection.take_if(|connection| *connection.endpoint() == endpoint);
        self.avoided = Some(endpoint);
    }

    /// Sends the request on a new connection.
    async fn request_at<R: Request<Response: Throttling + Versioned>, T>(
        &mut self,
        endpoint: &Endpoint,
        request: &R,
        within: Duration,
        accept: &impl Fn(R::Response) -> Result<T, Fault>,
    ) -> Result<T, ConnectionError> {
        let attempt = async {
            let config = session_config(&self.settings.session, within);
            let setup = nine_tenths(within).min(self.settings.core.config.socket_setup_timeout);
            let connector = &*self.settings.connector;
            let connection = RequestConnection::open(connector, endpoint, setup, Arc::new(config)).await?;
            if self.needs_produce {
                let version = connection.require::<ProduceRequest>();
                version.map_err(|fault| ConnectionError::new(endpoint.clone(), fault))?;
            }
            self.request_on(connection, request, within, accept).await
        };
        timeout(within, attempt).await.unwrap_or_else(|_| Err(no_response(endpoint, within)))
    }

    /// Sends the request on a connection, which is kept if the response is accepted.
    async fn request_on<R: Request<Response: Throttling + Versioned>, T>(
        &mut self,
        mut connection: RequestConnection,
        request: &R,
        within: Duration,
        accept: &impl Fn(R::Response) -> Result<T, Fault>,
    ) -> Result<T, ConnectionError> {
        let endpoint = connection.endpoint().clone();
        let response = timeout(within, connection.call(request)).await;
        let mut response = response.unwrap_or_else(|_| Err(no_response(&endpoint, within)))?;
        let version = connection.versions().and_then(|versions| versions.pick::<R>());
        response.keep_reliable(version.unwrap_or_default());
        let pause = throttle(response.throttle_ms());
        match accept(response) {
            Ok(accepted) => {
                self.avoided.take_if(|avoided| *avoided == endpoint);
                self.paused_until = pause.map(|pause| clock::now() + pause);
                self.connection = Some(connection);
                Ok(accepted)
            }
            Err(fault) => Err(self.rejected(endpoint, fault)),
        }
    }

    /// Keeps the pause of the broker of the connection: another broker is tried meanwhile, if there is one.
    async fn respect_pause(&mut self, candidates: &[Endpoint], within: Duration) {
        let now = clock::now();
        let Some(until) = self.paused_until.filter(|until| *until > now) else { return };
        let Some(connection) = &self.connection else { return };
        if candidates.iter().any(|candidate| candidate != connection.endpoint()) {
            self.avoided = self.disconnect();
        } else {
            sleep_until((until.min(now + within / 2)).into()).await;
        }
    }

    /// The error of a response that is not accepted. Another cluster is logged once for each endpoint.
    fn rejected(&mut self, endpoint: Endpoint, fault: Fault) -> ConnectionError {
        let is_foreign = matches!(fault, Fault::ForeignCluster(_));
        let error = ConnectionError::new(endpoint.clone(), fault);
        if is_foreign && self.foreign.as_ref() != Some(&endpoint) {
            tracing::error!(reason = %error, "metadata: ignoring metadata of another cluster (cluster id mismatch)");
            self.foreign = Some(endpoint);
        }
        error
    }
}

/// Accepts metadata of the known cluster alone.
pub(super) fn of_cluster(cluster: ClusterId) -> impl Fn(MetadataResponse) -> Result<MetadataResponse, Fault> {
    move |response| match cluster.check(response.cluster_id.as_deref()) {
        Ok(()) => Ok(response),
        Err(error) => Err(Fault::ForeignCluster(error)),
    }
}

/// The time that each of so many brokers has.
fn share_of(within: Duration, brokers: usize) -> Duration {
    within / u32::try_from(brokers).unwrap_or(u32::MAX).max(1)
}

/// The session times out a little before `within` is over, so that the error names the request.
fn session_config(common: &SessionConfig, within: Duration) -> SessionConfig {
    let max = common.request_timeout.min(RESPONSE_TIMEOUT_MAX);
    SessionConfig {
        request_timeout: nine_tenths(within).clamp(Duration::from_millis(1), max),
        ..common.clone()
    }
}

fn nine_tenths(within: Duration) -> Duration {
    Duration::from_millis(u64::try_from(within.as_millis()).unwrap_or(u64::MAX) / 10 * 9)
}

fn no_response(endpoint: &Endpoint, timeout: Duration) -> ConnectionError {
    ConnectionError::new(endpoint.clone(), Fault::NoResponse { timeout })
}
