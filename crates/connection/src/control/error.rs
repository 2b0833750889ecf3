//! Why a control connection did not come about, or a call on it failed.

use std::fmt;

use milena_codec::message::ApiKey;
use milena_codec::wire::{DecodeError, EncodeError};

use crate::connection::Breakdown;
use crate::endpoint::Endpoint;
use crate::session::{SessionError, VersionMismatch};
use crate::transport::{DialError, TlsError};

/// A control connection that did not come about. No request was sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// There is no connection.
    Dial(DialError),
    /// There was one, and the versions could not be negotiated on it.
    Negotiation {
        /// The broker.
        endpoint: Endpoint,
        /// What happened.
        breakdown: Breakdown,
    },
}

/// A call without an answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError {
    /// Broker and client have no version of the request in common. Nothing was sent; the connection is as good as
    /// before.
    Unsupported {
        /// The broker.
        endpoint: Endpoint,
        /// The versions of both.
        mismatch: VersionMismatch,
    },
    /// The version in common cannot carry the request. Nothing was sent; the connection is as good as before.
    Unencodable {
        /// The request.
        api: ApiKey,
        /// What is in the way.
        error: EncodeError,
    },
    /// Too many calls were given up before they were answered. Nothing was sent; close the connection.
    Busy {
        /// The broker.
        endpoint: Endpoint,
    },
    /// The connection broke down during the call: the broker may have acted on the request.
    Broken {
        /// The broker.
        endpoint: Endpoint,
        /// The request.
        api: ApiKey,
        /// What happened.
        breakdown: Breakdown,
    },
    /// The answer cannot be read: the broker acted on the request, and how is not known. The connection is unusable.
    Malformed {
        /// The broker.
        endpoint: Endpoint,
        /// The request.
        api: ApiKey,
        /// The version it was sent in.
        version: i16,
        /// Where the answer is wrong.
        error: DecodeError,
    },
    /// An earlier call made the connection unusable. Nothing was sent.
    Ended {
        /// The broker.
        endpoint: Endpoint,
    },
}

impl ConnectError {
    /// Whether trying again is in vain until somebody changes a setting, a certificate or the broker. In TLS 1.3 a
    /// broker refuses a client certificate, or the lack of one, only when the first request is on its way.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        match self {
            Self::Dial(error) => error.is_definite(),
            Self::Negotiation { breakdown: Breakdown::Io(error), .. } => {
                TlsError::of(error).is_some_and(TlsError::is_definite)
            }
            Self::Negotiation { .. } => false,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial(error) => write!(f, "{error}"),
            Self::Negotiation { endpoint, breakdown } => write!(f, "{endpoint}: {breakdown}"),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported { endpoint, mismatch } => write!(f, "{endpoint}: {mismatch}"),
            Self::Unencodable { api, error } => write!(f, "{api} cannot be written: {error}"),
            Self::Busy { endpoint } => {
                write!(f, "{endpoint}: too many calls were given up unanswered: open a new connection")
            }
            // These name the request.
            Self::Broken {
                endpoint,
                breakdown:
                    breakdown @ Breakdown::Session(
                        SessionError::RequestTimedOut { .. } | SessionError::NoProgress { .. },
                    ),
                ..
            } => write!(f, "{endpoint}: {breakdown}"),
            Self::Broken { endpoint, api, breakdown } => write!(f, "{endpoint}: {api}: {breakdown}"),
            Self::Malformed { endpoint, api, version, error } => {
                write!(f, "{endpoint}: the answer to {api} {version} cannot be read ({error}): report this")
            }
            Self::Ended { endpoint } => {
                write!(f, "{endpoint}: an earlier call ended the connection: open a new one")
            }
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Dial(error) => error.source(),
            Self::Negotiation { breakdown, .. } => Some(breakdown),
        }
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unencodable { error, .. } => Some(error),
            Self::Broken { breakdown, .. } => Some(breakdown),
            Self::Malformed { error, .. } => Some(error),
            Self::Unsupported { mismatch, .. } => Some(mismatch),
            Self::Busy { .. } | Self::Ended { .. } => None,
        }
    }
}
