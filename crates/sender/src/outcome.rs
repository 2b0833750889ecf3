//! The outcome of a record: written, not written, or unknown. An error names it, and whether sending the record again may help.

use std::sync::Arc;
use std::time::Instant;

use milena_codec::ErrorCode;

pub use crate::error_kind::ErrorKind;

/// Whether a record that failed is in the log all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Persisted {
    /// The record is not in the log.
    No,
    /// The record may be in the log: a broker received it and its outcome is unknown.
    Maybe,
    /// The record is in the log.
    Yes,
}

impl Persisted {
    /// The lower-case name, as reports have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Maybe => "maybe",
            Self::Yes => "yes",
        }
    }
}

/// Why a producer ends before its records are settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The caller closed it, and its time is over.
    Closed,
    /// The runtime of its driver ended.
    RuntimeEnded,
    /// Its driver panicked.
    DriverFailed,
}

impl Ending {
    /// The beginning of a sentence about a record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "the producer was closed",
            Self::RuntimeEnded => "the runtime of the producer's driver ended",
            Self::DriverFailed => "the producer's driver failed (a panic, see standard error)",
        }
    }

    pub(crate) const fn kind(self) -> ErrorKind {
        match self {
            Self::Closed | Self::RuntimeEnded => ErrorKind::Closed,
            Self::DriverFailed => ErrorKind::Internal,
        }
    }
}

/// Why some records failed: shared by all that failed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind of the failure.
    pub kind: ErrorKind,
    /// Whether the records are in the log all the same.
    pub persisted: Persisted,
    /// Whether sending them again may help.
    pub retriable: bool,
    /// Whether the producer ended before the records were settled.
    pub by_end: bool,
    /// The code that the broker returned last, if it returned one.
    pub code: Option<ErrorCode>,
    /// The text of the error.
    pub message: Arc<str>,
}

/// Why records make no progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The text of the error, without the code.
    pub message: Arc<str>,
    /// The code that a broker returned, where it did.
    pub code: Option<ErrorCode>,
}

impl<T: Into<Arc<str>>> From<T> for Obstacle {
    fn from(message: T) -> Self {
        Self { message: message.into(), code: None }
    }
}

/// A partition whose batches its leader rejects: since then none was acknowledged, the partition did not move, and the
/// connection did not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OngoingRejection {
    /// The code that was returned last.
    pub code: ErrorCode,
    /// The time of the first rejection after that.
    pub since: Instant,
}

/// The offset and timestamp of a record that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The record's offset; none when the broker returns none (`acks=0`, or a duplicate that it only recognised).
    pub offset: Option<i64>,
    /// Its timestamp in milliseconds since 1970: the broker's, if the topic keeps the time of appending.
    pub timestamp_ms: i64,
}
