//! No producer came about.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::ConfigError;

/// Why a producer could not connect, in one word: the step that stopped whichever broker came furthest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectErrorKind {
    /// The configuration cannot be; nothing was dialled.
    Config,
    /// No broker's name could be resolved.
    Name,
    /// No broker could be reached: nobody listens, or nothing comes back.
    Unreachable,
    /// A broker took the connection, and then said nothing that could be used within the time given.
    Timeout,
    /// What answers is no Kafka broker, or one too old.
    Unsupported,
    /// TLS did not come about: whom to trust, who we are, or how to speak.
    Tls,
    /// A broker does not know who we are.
    Authentication,
    /// A broker knows who we are, and does not allow what a producer needs.
    Authorization,
    /// Something in the client itself, for instance no runtime to run on.
    Internal,
}

impl ConnectErrorKind {
    /// The name in snake case, as reports have it.
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
            Self::Internal => "internal",
        }
    }
}

/// What went wrong below, as its types have it.
pub(crate) type Cause = Arc<dyn Error + Send + Sync>;

/// No broker of the cluster could be used within `connect.timeout.ms`, or one said what time does not mend, or the
/// configuration cannot be.
///
/// [`source`](Error::source) is what stopped the broker that came furthest.
#[derive(Clone, Debug)]
pub struct ConnectError {
    kind: ConnectErrorKind,
    message: String,
    cause: Option<Cause>,
}

impl ConnectError {
    /// With a message that names the addresses that were tried, and what each answered.
    pub(crate) fn new(kind: ConnectErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), cause: None }
    }

    /// The same because of something.
    pub(crate) fn because_of(self, cause: Option<Cause>) -> Self {
        Self { cause, ..self }
    }

    /// In one word.
    #[must_use]
    pub const fn kind(&self) -> ConnectErrorKind {
        self.kind
    }
}

/// By what they say; what caused them may be of any type.
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
