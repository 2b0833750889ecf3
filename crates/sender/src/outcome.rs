//! The outcome of a record: written, not written, or unknown. An error names it, and whether sending the record again may help.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use milena_codec::ErrorCode;

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

/// The kind of a record's failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// `delivery.timeout.ms` passed first.
    DeliveryTimeout,
    /// `retries` were used up.
    RetriesExhausted,
    /// The broker takes no record of this size.
    MessageTooLarge,
    /// The broker found something wrong with the record or with its batch.
    InvalidRecord,
    /// The broker finds the timestamp too far from now.
    InvalidTimestamp,
    /// The broker does not support the codec of the batch.
    UnsupportedCompression,
    /// The broker does not know such a topic, or reserves its name.
    InvalidTopic,
    /// The topic has no such partition any more.
    InvalidPartition,
    /// The producer may not write to the topic.
    TopicAuthorizationFailed,
    /// The producer may not write to the cluster.
    ClusterAuthorizationFailed,
    /// An attempt got no response, and later responses do not show its outcome.
    OutcomeUnknown,
    /// The broker rejected the record for another reason, and would again.
    Refused,
    /// The producer was closed first, or the runtime of its driver ended.
    Closed,
    /// The driver of the producer failed first.
    DriverFailed,
    /// A fault of the client itself.
    Internal,
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

    pub(crate) const fn kind(self) -> FailureKind {
        match self {
            Self::Closed | Self::RuntimeEnded => FailureKind::Closed,
            Self::DriverFailed => FailureKind::DriverFailed,
        }
    }
}

impl FailureKind {
    /// The name in snake case, as reports have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeliveryTimeout => "delivery_timeout",
            Self::RetriesExhausted => "retries_exhausted",
            Self::MessageTooLarge => "message_too_large",
            Self::InvalidRecord => "invalid_record",
            Self::InvalidTimestamp => "invalid_timestamp",
            Self::UnsupportedCompression => "unsupported_compression",
            Self::InvalidTopic => "invalid_topic",
            Self::InvalidPartition => "invalid_partition",
            Self::TopicAuthorizationFailed => "topic_authorization_failed",
            Self::ClusterAuthorizationFailed => "cluster_authorization_failed",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Refused => "refused",
            Self::Closed => "closed",
            Self::DriverFailed => "driver_failed",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why some records failed: shared by all that failed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind of the failure.
    pub kind: FailureKind,
    /// Whether the records are in the log all the same.
    pub persisted: Persisted,
    /// Whether sending them again may help.
    pub retriable: bool,
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
