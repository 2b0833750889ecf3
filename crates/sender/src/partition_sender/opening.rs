//! Why a batch that was sent and rejected is opened by a job.

use milena_codec::ErrorCode;

use super::verdict::RecordError;
use crate::outcome::ErrorKind;

/// Why a batch that was sent is in a job.
#[derive(Debug)]
pub(super) enum Opening {
    /// A broker rejected it as too large.
    Cut,
    /// A broker rejected some of its records: they fail then.
    Drop(Rejection),
}

/// A broker's rejection of single records.
#[derive(Debug)]
pub(super) struct Rejection {
    pub(super) kind: ErrorKind,
    pub(super) code: ErrorCode,
    pub(super) records: Vec<RecordError>,
    /// The broker's words about the batch.
    pub(super) message: String,
}
