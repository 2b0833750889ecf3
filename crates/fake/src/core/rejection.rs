//! Why a batch is not appended: the code, the words, and the records to blame.

use milena_codec::ErrorCode;

/// Why a batch is not appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) code: ErrorCode,
    pub(crate) message: Option<String>,
    /// The records to blame, and why (KIP-467).
    pub(crate) records: Vec<(i32, String)>,
}

impl From<ErrorCode> for Rejection {
    fn from(code: ErrorCode) -> Self {
        Self { code, message: None, records: Vec::new() }
    }
}

impl Rejection {
    pub(crate) fn new(code: ErrorCode, message: &str) -> Self {
        Self { message: Some(message.to_owned()), ..Self::from(code) }
    }
}
