//! A record that could not be taken without waiting.

use std::fmt;

use super::SendError;
use crate::record::Record;

/// Why a record was not taken, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TryEnqueueErrorKind {
    /// The topic is being looked up. Try again after something was awaited.
    NotReady,
    /// `buffer.memory` is full. Try again after something was awaited.
    Full,
    /// The record can never be taken: see the [`SendError`].
    Refused,
}

/// The record comes back, so that it can be tried again or put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TryEnqueueError(Box<Refusal>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Refusal {
    kind: TryEnqueueErrorKind,
    record: Record,
    error: Option<SendError>,
}

impl TryEnqueueError {
    /// The topic is not known yet.
    pub(crate) fn not_ready(record: Record) -> Self {
        Self(Box::new(Refusal { kind: TryEnqueueErrorKind::NotReady, record, error: None }))
    }

    /// No room.
    pub(crate) fn full(record: Record) -> Self {
        Self(Box::new(Refusal { kind: TryEnqueueErrorKind::Full, record, error: None }))
    }

    /// It would be refused however long one waits.
    pub(crate) fn refused(record: Record, error: SendError) -> Self {
        Self(Box::new(Refusal { kind: TryEnqueueErrorKind::Refused, record, error: Some(error) }))
    }

    /// In one word.
    #[must_use]
    pub fn kind(&self) -> TryEnqueueErrorKind {
        self.0.kind
    }

    /// Why the record can never be taken.
    #[must_use]
    pub fn error(&self) -> Option<&SendError> {
        self.0.error.as_ref()
    }

    /// The record, back.
    #[must_use]
    pub fn into_record(self) -> Record {
        self.0.record
    }
}

impl fmt::Display for TryEnqueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topic = &self.0.record.topic;
        match (self.0.kind, &self.0.error) {
            (TryEnqueueErrorKind::NotReady, _) => write!(
                f,
                "topic {topic}: its metadata is being requested: use `enqueue`, which waits, or try again after another await"
            ),
            (TryEnqueueErrorKind::Full, _) => write!(
                f,
                "topic {topic}: no room in buffer.memory: use `enqueue`, which waits, or await deliveries and try again"
            ),
            (TryEnqueueErrorKind::Refused, Some(error)) => error.fmt(f),
            (TryEnqueueErrorKind::Refused, None) => write!(f, "topic {topic}: a record was refused"),
        }
    }
}

impl std::error::Error for TryEnqueueError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.error.as_ref().map(|error| error as _)
    }
}
