//! Why no connection came about: which step failed, at which address, and what to look at.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::TlsError;
use crate::endpoint::Endpoint;

/// A connection that could not be opened. Nothing was sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum DialError {
    /// The host's name could not be resolved.
    Name {
        /// Whom the dial was for.
        endpoint: Endpoint,
        /// What the resolver said.
        error: io::Error,
    },
    /// The resolver did not answer in time.
    NameTimedOut {
        /// Whom the dial was for.
        endpoint: Endpoint,
        /// How long was waited.
        timeout: Duration,
    },
    /// The name has no address.
    NoAddress {
        /// Whom the dial was for.
        endpoint: Endpoint,
    },
    /// No address of the host took the connection.
    Tcp {
        /// Whom the dial was for.
        endpoint: Endpoint,
        /// Every address that was tried, in order; at least one.
        attempts: Vec<Attempt>,
    },
    /// The connection stood, but TLS did not come about.
    Tls {
        /// Whom the dial was for.
        endpoint: Endpoint,
        /// Why.
        error: TlsError,
    },
    /// Whatever a connector of another kind has to say.
    Other {
        /// Whom the dial was for.
        endpoint: Endpoint,
        /// What happened.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// One address that was tried in vain.
#[derive(Debug)]
pub struct Attempt {
    /// The address.
    pub address: SocketAddr,
    /// Why there is no connection to it; [`io::ErrorKind::TimedOut`] when nothing came back in time.
    pub error: io::Error,
}

impl DialError {
    /// Whom the dial was for.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        match self {
            Self::Name { endpoint, .. }
            | Self::NameTimedOut { endpoint, .. }
            | Self::NoAddress { endpoint }
            | Self::Tcp { endpoint, .. }
            | Self::Tls { endpoint, .. }
            | Self::Other { endpoint, .. } => endpoint,
        }
    }

    /// Whether trying again is in vain until somebody changes a setting, a certificate or the broker: this client and
    /// the broker refuse each other in TLS. Whatever may pass by itself is not definite, names that are not resolved
    /// among it.
    #[must_use]
    pub const fn is_definite(&self) -> bool {
        match self {
            Self::Tls { error, .. } => error.is_definite(),
            Self::Name { .. }
            | Self::NameTimedOut { .. }
            | Self::NoAddress { .. }
            | Self::Tcp { .. }
            | Self::Other { .. } => false,
        }
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { endpoint, error } => write!(
                f,
                "{endpoint}: the name of the host was not resolved ({error}): check its spelling and the DNS of this host"
            ),
            Self::NameTimedOut { endpoint, timeout } => write!(
                f,
                "{endpoint}: the name of the host was not resolved within {timeout:?}: check the DNS of this host"
            ),
            Self::NoAddress { endpoint } => {
                write!(f, "{endpoint}: the name of the host has no address: check its DNS entry")
            }
            Self::Tcp { endpoint, attempts } => {
                write!(f, "{endpoint}: no TCP connection")?;
                for (index, Attempt { address, error }) in attempts.iter().enumerate() {
                    f.write_str(if index == 0 { ": " } else { ", " })?;
                    // An address that was given as one need not be named again.
                    if address.to_string() != endpoint.to_string() {
                        write!(f, "{address}: ")?;
                    }
                    write!(f, "{error}")?;
                }
                f.write_str(
                    "; check that the broker runs, listens on this port, and that no firewall is between",
                )
            }
            Self::Tls { endpoint, error } => write!(f, "{endpoint}: {error}"),
            Self::Other { endpoint, error } => write!(f, "{endpoint}: {error}"),
        }
    }
}

impl std::error::Error for DialError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Name { error, .. } => Some(error),
            Self::Tcp { attempts, .. } => {
                attempts.last().map(|attempt| &attempt.error as &(dyn std::error::Error + 'static))
            }
            Self::Tls { error, .. } => Some(error),
            Self::Other { error, .. } => Some(&**error),
            Self::NameTimedOut { .. } | Self::NoAddress { .. } => None,
        }
    }
}
