//! [`ScopeError`]: the failures of a producer that lives as long as a closure.

use std::error::Error as StdError;
use std::fmt;

use super::{ConnectError, FlushError};

/// Why [`Producer::scope`](crate::Producer::scope) failed: `E` is the error of its closure.
///
/// The text names both the error of the closure and the records that failed in the close. [`source`](StdError::source) is that of
/// the error which the text begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopeError<E> {
    /// The producer could not be started; the closure did not run.
    Connect(ConnectError),
    /// The closure returned an error.
    Body {
        /// The error of the closure.
        error: E,
        /// The records that were accepted and failed, if there are any.
        close: Option<FlushError>,
    },
    /// The closure succeeded, and records that it had enqueued failed.
    Close(FlushError),
}

impl<E> ScopeError<E> {
    /// The error of the closure, if the closure returned one.
    pub fn body(&self) -> Option<&E> {
        match self {
            Self::Body { error, .. } => Some(error),
            Self::Connect(_) | Self::Close(_) => None,
        }
    }

    /// The records that were accepted and failed, if there are any.
    pub fn close(&self) -> Option<&FlushError> {
        match self {
            Self::Body { close, .. } => close.as_ref(),
            Self::Close(error) => Some(error),
            Self::Connect(_) => None,
        }
    }
}

impl<E: fmt::Display> fmt::Display for ScopeError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => error.fmt(f),
            Self::Body { error, close: None } => error.fmt(f),
            Self::Body { error, close: Some(close) } => {
                write!(f, "{error}; and when the producer was closed: {close}")
            }
            Self::Close(error) => error.fmt(f),
        }
    }
}

impl<E: StdError> StdError for ScopeError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Connect(error) => error.source(),
            Self::Body { error, .. } => error.source(),
            Self::Close(error) => error.source(),
        }
    }
}
