//! No producer came about.

use std::fmt;

use super::ConfigError;

/// Why a producer could not connect, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectErrorKind {
    /// The configuration cannot be; nothing was dialled.
    Config,
    /// No broker could be reached.
    Unreachable,
    /// A broker took the connection, and then said nothing that could be used within the time given.
    Timeout,
    /// A broker refused who we are.
    Authentication,
    /// What answers is no Kafka broker, or one too old.
    Unsupported,
    /// Something in the client itself, for instance no runtime to run on.
    Internal,
}

impl ConnectErrorKind {
    /// The name in snake case, as reports have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Authentication => "authentication",
            Self::Unsupported => "unsupported",
            Self::Internal => "internal",
        }
    }
}

/// No broker of the cluster could be used within `connect.timeout.ms`, or the configuration cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectError {
    kind: ConnectErrorKind,
    message: String,
}

impl ConnectError {
    /// With a message that names the addresses that were tried, and what each answered.
    pub(crate) fn new(kind: ConnectErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// In one word.
    #[must_use]
    pub const fn kind(&self) -> ConnectErrorKind {
        self.kind
    }
}

impl From<ConfigError> for ConnectError {
    fn from(error: ConfigError) -> Self {
        Self::new(ConnectErrorKind::Config, error.to_string())
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConnectError {}
