//! The reason why a connection broke, and its words for the errors of records and for the log.

use std::fmt;
use std::io;

use milena_codec::ErrorCode;
use milena_connection::control::Breakdown;
use milena_connection::session::{SessionError, VersionMismatch};
use milena_connection::transport::TlsError;
use milena_sender::broker_sender::ResponseError;

use crate::driver::trouble::{Verdict, of_io, of_session};
use crate::error::ConnectErrorKind;

/// What broke a connection.
#[derive(Debug)]
pub(in crate::driver) enum Broken {
    Io(io::Error),
    Session(SessionError),
    Answer(ResponseError),
    Version(VersionMismatch),
    /// It holds batches that give way to callers that wait for room.
    GaveWay,
}

impl Broken {
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Io(error) => of_io(error),
            Self::Session(error) => of_session(error),
            Self::Answer(_) | Self::Version(_) => (ConnectErrorKind::Unsupported, false),
            Self::GaveWay => (ConnectErrorKind::Timeout, false),
        }
    }

    /// The same at an address that has answered requests: it does not ask for credentials that are not configured.
    pub(super) fn authenticated(self) -> Self {
        match self {
            Self::Session(SessionError::PeerClosed { negotiating, unanswered, partial, .. }) => {
                Self::Session(SessionError::PeerClosed {
                    negotiating,
                    unauthenticated: false,
                    unanswered,
                    partial,
                })
            }
            other => other,
        }
    }

    pub(super) const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Session(error) => error.code(),
            Self::Io(_) | Self::Answer(_) | Self::Version(_) | Self::GaveWay => None,
        }
    }

    pub(super) const fn is_timeout(&self) -> bool {
        matches!(self, Self::Session(SessionError::RequestTimedOut { .. } | SessionError::NoProgress { .. }))
    }
}

impl From<Breakdown> for Broken {
    fn from(breakdown: Breakdown) -> Self {
        match breakdown {
            Breakdown::Io(error) => Self::Io(error),
            Breakdown::Session(error) => Self::Session(error),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) if TlsError::of(error).is_some() => write!(f, "{error}"),
            Self::Io(error) => write!(f, "the connection broke: {error}"),
            Self::Session(error) => error.fmt(f),
            Self::Answer(error) => write!(f, "the answer to Produce is no good: {error}"),
            Self::Version(mismatch) => mismatch.fmt(f),
            Self::GaveWay => write!(
                f,
                "connection: the broker does not respond to batches whose delivery timeout is over, while callers wait for \
                 room in buffer.memory: reset"
            ),
        }
    }
}
