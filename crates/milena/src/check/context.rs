//! The settings of a check, its connectors, and its time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use milena_codec::message::ApiKey;
use milena_connection::session::SessionConfig;
use milena_connection::tls::TlsSession;
use milena_connection::transport::{ConnectionError, Connector, Fault, Tcp, dial};
use milena_connection::{Endpoint, RequestConnection};
use tokio::time::timeout;

use super::report::{CheckStep, Finding};
use super::{GROUPS_MAX, RESPONSE_BYTES_MAX};
use crate::clock;
use crate::config::{ProducerBuilder, ProducerConfig};
use crate::driver::session_config;
use crate::error::ConfigError;
use crate::producer::{tcp_options, with_tls};

/// The settings of a check, and the end of its time.
pub(super) struct Context {
    pub(super) config: ProducerConfig,
    /// Plain TCP, with names and addresses; none where the application has a connector of its own.
    pub(super) tcp: Option<Tcp>,
    /// The connector below TLS.
    pub(super) transport: Arc<dyn Connector>,
    connector: Arc<dyn Connector>,
    session: SessionConfig,
    deadline: Instant,
}

impl Context {
    /// The context, and the bootstrap servers.
    ///
    /// # Errors
    /// The finding that there is nothing to check with these settings.
    pub(super) fn new(
        builder: Result<ProducerBuilder, ConfigError>,
    ) -> Result<(Self, Vec<Endpoint>), Box<Finding>> {
        let invalid = |text: String| {
            let text = text.strip_prefix("config: ").unwrap_or(&text);
            Box::new(Finding::of_text(CheckStep::Config, "settings", text))
        };
        let mut builder = builder.map_err(|error| invalid(error.to_string()))?;
        let custom = builder.take_connector();
        let config = builder.validate().map_err(|error| invalid(error.to_string()))?;
        let servers = Endpoint::list(&config.bootstrap_servers);
        let servers = servers.map_err(|error| invalid(format!("`bootstrap.servers`: {error}")))?;
        if tokio::runtime::Handle::try_current().is_err() {
            let text = "there is no tokio runtime here: check inside of one, built with `enable_all()`";
            return Err(invalid(text.to_owned()));
        }
        let tcp = custom.is_none().then(|| Tcp::new(tcp_options(&config)));
        let transport = custom.unwrap_or_else(|| Arc::new(tcp.clone().unwrap_or_default()));
        let connector =
            with_tls(Arc::clone(&transport), &config).map_err(|error| invalid(error.to_string()))?;
        let session = bounded(session_config(&config), config.connect_timeout);
        let deadline = clock::now() + config.connect_timeout.saturating_mul(GROUPS_MAX).min(TIME_MAX);
        Ok((Self { config, tcp, transport, connector, session, deadline }, servers))
    }

    /// The time of a group of steps that begins now; zero once the time of the check is over.
    pub(super) fn within(&self) -> Duration {
        let left = self.deadline.saturating_duration_since(clock::now());
        self.config.connect_timeout.min(left)
    }

    /// Whether the time of the check is over.
    pub(super) fn is_over(&self) -> bool {
        self.within().is_zero()
    }

    /// Connects to one address.
    pub(super) async fn connect(&self, address: SocketAddr) -> Result<(), ConnectionError> {
        let endpoint = Endpoint { host: address.ip().to_string(), port: address.port() };
        dial(&*self.transport, &endpoint, self.within()).await.map(drop)
    }

    /// Opens a connection, with TLS if it is configured, negotiates versions, and authenticates if `authenticates`.
    pub(super) async fn open(
        &self,
        endpoint: &Endpoint,
        authenticates: bool,
    ) -> (Option<TlsSession>, Result<RequestConnection, ConnectionError>) {
        let within = self.within();
        let mut stream = match dial(&*self.connector, endpoint, within).await {
            Ok(stream) => stream,
            Err(error) => return (None, Err(error)),
        };
        let tls = TlsSession::of(&mut stream);
        let sasl = self.session.sasl.clone().filter(|_| authenticates);
        let session = Arc::new(SessionConfig { sasl, ..self.session.clone() });
        let opening = RequestConnection::over(stream, endpoint, session);
        (tls, self.bounded(endpoint, opening).await)
    }

    /// Bounds a request by the time of a group.
    pub(super) async fn bounded<T>(
        &self,
        endpoint: &Endpoint,
        request: impl Future<Output = Result<T, ConnectionError>>,
    ) -> Result<T, ConnectionError> {
        let within = self.within();
        let timed_out = || Err(ConnectionError::new(endpoint.clone(), Fault::NoResponse { timeout: within }));
        timeout(within, request).await.unwrap_or_else(|_| timed_out())
    }
}

/// The longest check, whatever `connect.timeout.ms` is; adding more to a clock may overflow.
const TIME_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The settings of a session whose timeouts end within a group of steps, so that its error names the step.
fn bounded(session: SessionConfig, within: Duration) -> SessionConfig {
    SessionConfig {
        request_timeout: session.request_timeout.min(within),
        write_timeout: session.write_timeout.min(within),
        authentication_timeout: session.authentication_timeout.min(within),
        frame_bytes_max: session.frame_bytes_max.min(RESPONSE_BYTES_MAX),
        ..session
    }
}

/// The error of a code in a response.
pub(super) const fn rejected(
    endpoint: Endpoint,
    api: ApiKey,
    code: milena_codec::ErrorCode,
) -> ConnectionError {
    ConnectionError::new(endpoint, Fault::Rejected { api, code })
}
