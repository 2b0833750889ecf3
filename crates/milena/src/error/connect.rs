//! The error of a producer that could not be started.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use milena_connection::transport::Step;

use super::ConfigError;

/// The kind of a connect error: the step that failed, at the broker that came furthest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectErrorKind {
    /// The configuration is invalid; nothing was dialled.
    Config,
    /// No host name of a broker could be resolved.
    Name,
    /// No broker could be reached: the address refuses connections, or does not respond.
    Unreachable,
    /// A broker accepted the connection, and returned no usable response in time.
    Timeout,
    /// The server is no Kafka broker, or one of an unsupported version.
    Unsupported,
    /// TLS failed: the trust in a certificate, the client's own certificate, or the versions and cipher suites.
    Tls,
    /// A broker rejects the credentials, or they are missing.
    Authentication,
    /// A broker accepts the credentials, and denies a permission that a producer needs.
    Authorization,
    /// The producer was closed, or its runtime ended, before the cluster could be used.
    Closed,
    /// A failure of the client itself, for instance a thread that could not be started.
    Internal,
}

impl ConnectErrorKind {
    /// The name in snake case, for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Name => "name",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Unsupported => "unsupported",
            Self::Tls => "tls",
            Self::Authentication => "authentication",
            Self::Authorization => "authorization",
            Self::Closed => "closed",
            Self::Internal => "internal",
        }
    }
}

/// The kind of the step that failed; see the table of `milena_connection`.
impl From<Step> for ConnectErrorKind {
    fn from(step: Step) -> Self {
        match step {
            Step::Name => Self::Name,
            Step::Connect => Self::Unreachable,
            Step::Response => Self::Timeout,
            Step::Protocol => Self::Unsupported,
            Step::Tls => Self::Tls,
            Step::Authentication => Self::Authentication,
            Step::Authorization => Self::Authorization,
        }
    }
}

/// The source of a connect error.
pub(crate) type Cause = Arc<dyn Error + Send + Sync>;

/// No broker of the cluster could be used within `connect.timeout.ms`, or another attempt cannot succeed, or the configuration is
/// invalid.
///
/// [`source`](Error::source) is the error of the broker that came furthest.
#[derive(Clone, Debug)]
pub struct ConnectError {
    kind: ConnectErrorKind,
    message: String,
    cause: Option<Cause>,
}

impl ConnectError {
    /// With a message that names the tried addresses, and the error of each.
    pub(crate) fn new(kind: ConnectErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), cause: None }
    }

    /// The same, with a source.
    pub(crate) fn because_of(self, cause: Option<Cause>) -> Self {
        Self { cause, ..self }
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> ConnectErrorKind {
        self.kind
    }
}

/// By kind and message; the sources may be of any type.
impl PartialEq for ConnectError {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.message) == (other.kind, &other.message)
    }
}

impl Eq for ConnectError {}

impl From<ConfigError> for ConnectError {
    fn from(error: ConfigError) -> Self {
        let message = error.to_string();
        Self::new(ConnectErrorKind::Config, message).because_of(Some(Arc::new(error)))
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}
