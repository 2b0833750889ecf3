//! The outcome with which a batch comes back from a connection.

use milena_codec::ErrorCode;

/// The outcome with which a batch comes back.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The broker's answer.
    Said {
        /// Its code.
        code: ErrorCode,
        /// Where the batch stands, after a success.
        base_offset: i64,
        /// When it was appended, if the topic keeps that time; -1 otherwise.
        append_time_ms: i64,
        /// The broker's message.
        message: Option<String>,
        /// The records that are to blame for a refusal (KIP-467). Invariant: in their order, each once.
        culprits: Vec<Culprit>,
    },
    /// There is no response (`acks=0`): it was written to the connection.
    Written,
    /// It was not sent: the broker's newest version of Produce does not carry its codec.
    CodecTooNew {
        /// The version of the connection.
        produce: i16,
    },
    /// The connection ended first. A broker that had the whole request may have appended the batch.
    Lost {
        /// Whether it had all of it.
        whole: bool,
    },
}

impl Answer {
    /// The code that the broker returned.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Said { code, .. } => Some(*code),
            Self::Written | Self::CodecTooNew { .. } | Self::Lost { .. } => None,
        }
    }
}

/// A record that the broker does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Culprit {
    /// Its place in the batch.
    pub place: u32,
    /// The trouble with it, in words.
    pub message: Option<String>,
}

/// The broker's code and message, for an error.
pub(super) fn words(answer: &Answer) -> (Option<ErrorCode>, String) {
    match answer {
        Answer::Said { code, message, .. } => {
            let said = message.as_deref().map(|message| format!(": {message}")).unwrap_or_default();
            (Some(*code), format!("the broker returned {code}{said}"))
        }
        _ => (None, "the connection ended before the broker responded".to_owned()),
    }
}
