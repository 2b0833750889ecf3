//! The outcome with which a batch comes back from a connection.

use milena_codec::ErrorCode;

use crate::ids::ProduceVersion;

/// The outcome with which a batch comes back.
#[derive(Clone, Debug)]
pub enum BatchResponse {
    /// The broker's response.
    FromBroker {
        /// Its code.
        code: ErrorCode,
        /// Where the batch stands, after a success.
        base_offset: i64,
        /// When it was appended, if the topic keeps that time; -1 otherwise.
        append_time_ms: i64,
        /// The broker's message.
        message: Option<String>,
        /// The records that the broker rejected (KIP-467). Invariant: in their order, each once.
        record_errors: Vec<RecordError>,
    },
    /// There is no response (`acks=0`): it was written to the connection.
    Written,
    /// It was not sent: the broker's newest version of Produce does not carry its codec.
    CodecTooNew {
        /// The version of the connection.
        produce: ProduceVersion,
    },
    /// The connection ended first. A broker that had the whole request may have appended the batch.
    Lost {
        /// Whether it had all of it.
        whole: bool,
        /// Whether the broker did not respond within `request.timeout.ms`.
        timed_out: bool,
    },
}

impl BatchResponse {
    /// The code that the broker returned.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::FromBroker { code, .. } => Some(*code),
            Self::Written | Self::CodecTooNew { .. } | Self::Lost { .. } => None,
        }
    }
}

/// A record that the broker does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    /// Its place in the batch.
    pub place: u32,
    /// The reason, in words.
    pub message: Option<String>,
}

/// The broker's code and message, for an error.
pub(super) fn words(response: &BatchResponse) -> (Option<ErrorCode>, String) {
    match response {
        BatchResponse::FromBroker { code, message, .. } => (Some(*code), returned(*code, message.as_deref())),
        BatchResponse::Lost { timed_out: true, .. } => {
            (None, "the broker did not respond within `request.timeout.ms`".to_owned())
        }
        _ => (None, "the connection ended before the broker responded".to_owned()),
    }
}

/// The broker's code and words, in which the code need not stand once more.
pub(super) fn returned(code: ErrorCode, words: Option<&str>) -> String {
    let words = words.unwrap_or_default().replace(&code.to_string(), "");
    let words = match code.name() {
        Some(name) => words.replace(name, ""),
        None => words,
    };
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ").replace(" :", ":");
    let number = code.0.to_string();
    match words.trim_matches([' ', ':', ';', '.']) {
        words if words.is_empty() || words == number => format!("the broker returned {code}"),
        words => format!("the broker returned {code}: {words}"),
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_code_stands_once_in_the_words() {
        let code = ErrorCode::INVALID_RECORD;
        for (words, text) in [
            (None, "the broker returned INVALID_RECORD (87)"),
            (Some(""), "the broker returned INVALID_RECORD (87)"),
            (Some("INVALID_RECORD (87)"), "the broker returned INVALID_RECORD (87)"),
            (Some("INVALID_RECORD: no key"), "the broker returned INVALID_RECORD (87): no key"),
            (Some("INVALID_RECORD"), "the broker returned INVALID_RECORD (87)"),
            (Some("Error INVALID_RECORD: no key"), "the broker returned INVALID_RECORD (87): Error: no key"),
            (Some("no key."), "the broker returned INVALID_RECORD (87): no key"),
        ] {
            assert_eq!(returned(code, words), text);
        }
    }
}
