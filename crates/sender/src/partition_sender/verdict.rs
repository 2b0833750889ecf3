//! The outcome with which a batch comes back, and its meaning: one row for each error code of a broker.
//!
//! Sources of the rows: `Sender.java` and `Errors.java` of Apache Kafka; KIP-98, KIP-360, KIP-467, KIP-951.

use milena_codec::ErrorCode;

use crate::ids::ProduceVersion;
use crate::outcome::ErrorKind;

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

/// The next step for a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is in the log.
    Written,
    /// The same bytes again, here, after a while.
    Retry,
    /// The same bytes again, to the broker that leads the partition then.
    RetryAtLeader,
    /// In smaller parts.
    Split,
    /// Without the records that the broker named; those fail.
    DropRejected(ErrorKind),
    /// The leader does not take its sequence: a batch before it is missing, or was written already and is forgotten.
    BumpEpoch,
    /// The leader does not take its producer id or its epoch: another id is needed.
    ResetProducerId,
    /// Not again: its records fail.
    Fail(ErrorKind),
}

/// The fate of the attempt that a response is about. A response shows nothing of earlier attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Appended {
    /// This try left nothing in the log.
    NotThisAttempt,
    /// This try may be in the log.
    Maybe,
}

/// The facts beside the code that a verdict depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    /// How many records the batch has.
    pub(super) records: u32,
    /// Whether batches carry sequences.
    pub(super) idempotent: bool,
    /// Whether the response names records that the broker rejected.
    pub(super) has_record_errors: bool,
    /// How often the broker found it corrupt before.
    pub(super) corrupted: u32,
}

/// How often a batch that the broker finds corrupt is sent again.
const CORRUPT_ATTEMPTS_MAX: u32 = 5;

/// Reads the table.
pub(super) fn verdict(code: ErrorCode, case: Case) -> (Verdict, Appended) {
    use Appended::{Maybe, NotThisAttempt};
    use ErrorKind as Kind;
    use Verdict::{BumpEpoch, DropRejected, Fail, ResetProducerId, Retry, RetryAtLeader, Split, Written};

    match code {
        ErrorCode::NONE | ErrorCode::DUPLICATE_SEQUENCE_NUMBER => (Written, Maybe),

        // The leader appended it, and its followers were too late for the response.
        ErrorCode::REQUEST_TIMED_OUT | ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND => (Retry, Maybe),
        // Bytes that were garbled on their way are fine the next time; a batch that is corrupt stays so.
        ErrorCode::CORRUPT_MESSAGE if case.corrupted >= CORRUPT_ATTEMPTS_MAX => fail(Kind::Refused),
        ErrorCode::NOT_ENOUGH_REPLICAS
        | ErrorCode::CORRUPT_MESSAGE
        | ErrorCode::UNKNOWN_LEADER_EPOCH
        | ErrorCode::CONCURRENT_TRANSACTIONS
        | ErrorCode::COORDINATOR_LOAD_IN_PROGRESS
        | ErrorCode::COORDINATOR_NOT_AVAILABLE
        | ErrorCode::THROTTLING_QUOTA_EXCEEDED => (Retry, NotThisAttempt),
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
        | ErrorCode::LEADER_NOT_AVAILABLE
        | ErrorCode::BROKER_NOT_AVAILABLE
        | ErrorCode::REPLICA_NOT_AVAILABLE
        | ErrorCode::LISTENER_NOT_FOUND
        | ErrorCode::FENCED_LEADER_EPOCH
        | ErrorCode::PREFERRED_LEADER_NOT_AVAILABLE
        | ErrorCode::ELIGIBLE_LEADERS_NOT_AVAILABLE
        | ErrorCode::ELECTION_NOT_NEEDED
        | ErrorCode::UNKNOWN_TOPIC_ID
        | ErrorCode::INCONSISTENT_TOPIC_ID => (RetryAtLeader, NotThisAttempt),
        // A leader that loses the partition while a batch waits for its followers returns NOT_LEADER_OR_FOLLOWER for it, and
        // they may have it (`DelayedProduce.scala`).
        ErrorCode::NOT_LEADER_OR_FOLLOWER | ErrorCode::NETWORK_EXCEPTION | ErrorCode::KAFKA_STORAGE_ERROR => {
            (RetryAtLeader, Maybe)
        }

        ErrorCode::MESSAGE_TOO_LARGE | ErrorCode::RECORD_LIST_TOO_LARGE if case.records > 1 => {
            (Split, NotThisAttempt)
        }
        ErrorCode::MESSAGE_TOO_LARGE | ErrorCode::RECORD_LIST_TOO_LARGE => fail(Kind::MessageTooLarge),

        // A broker looks at sequences after it has looked for a duplicate among the batches that it remembers: five, or,
        // after a restart, the last one (`ProducerStateManager.java`, its snapshots).
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER | ErrorCode::UNKNOWN_PRODUCER_ID if case.idempotent => {
            (BumpEpoch, NotThisAttempt)
        }
        // A duplicate under an older epoch, or under an id that is gone, is not recognised as one. No batch goes out under
        // an epoch that was raised since: another client writes under the id.
        ErrorCode::INVALID_PRODUCER_EPOCH | ErrorCode::INVALID_PRODUCER_ID_MAPPING if case.idempotent => {
            (ResetProducerId, NotThisAttempt)
        }

        ErrorCode::INVALID_TIMESTAMP if case.has_record_errors => {
            (DropRejected(Kind::InvalidTimestamp), NotThisAttempt)
        }
        ErrorCode::INVALID_RECORD if case.has_record_errors => {
            (DropRejected(Kind::InvalidRecord), NotThisAttempt)
        }
        ErrorCode::INVALID_TOPIC_EXCEPTION => fail(Kind::InvalidTopic),
        ErrorCode::TOPIC_AUTHORIZATION_FAILED => fail(Kind::TopicAuthorizationFailed),
        ErrorCode::CLUSTER_AUTHORIZATION_FAILED => fail(Kind::ClusterAuthorizationFailed),
        ErrorCode::INVALID_TIMESTAMP => fail(Kind::InvalidTimestamp),
        ErrorCode::INVALID_RECORD => fail(Kind::InvalidRecord),
        ErrorCode::UNSUPPORTED_COMPRESSION_TYPE => fail(Kind::UnsupportedCompression),
        ErrorCode::UNKNOWN_SERVER_ERROR => (Fail(Kind::Refused), Maybe),
        _ => fail(Kind::Refused),
    }
}

/// The batch fails, and this attempt left nothing in the log.
const fn fail(kind: ErrorKind) -> (Verdict, Appended) {
    (Verdict::Fail(kind), Appended::NotThisAttempt)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: Case = Case { records: 3, idempotent: true, has_record_errors: false, corrupted: 0 };

    #[track_caller]
    fn check(code: ErrorCode, case: Case, expected: (Verdict, Appended)) {
        assert_eq!(verdict(code, case), expected, "{code}");
    }

    #[test]
    fn response_leaves_the_outcome_open_where_the_broker_may_have_appended_the_batch() {
        let open: Vec<i16> = ErrorCode::ALL
            .iter()
            .filter(|code| verdict(**code, CASE).1 == Appended::Maybe)
            .map(|code| code.0)
            .collect();
        assert_eq!(open, [-1, 0, 6, 7, 13, 20, 46, 56]);
    }

    #[test]
    fn an_out_of_order_sequence_is_an_error_without_idempotence() {
        for code in [ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, ErrorCode::UNKNOWN_PRODUCER_ID] {
            check(code, CASE, (Verdict::BumpEpoch, Appended::NotThisAttempt));
            let plain = Case { idempotent: false, ..CASE };
            check(code, plain, (Verdict::Fail(ErrorKind::Refused), Appended::NotThisAttempt));
        }
    }

    #[test]
    fn rejected_epoch_or_id_needs_another_id_and_shows_nothing_of_earlier_attempts() {
        for code in [ErrorCode::INVALID_PRODUCER_EPOCH, ErrorCode::INVALID_PRODUCER_ID_MAPPING] {
            check(code, CASE, (Verdict::ResetProducerId, Appended::NotThisAttempt));
            let plain = Case { idempotent: false, ..CASE };
            check(code, plain, (Verdict::Fail(ErrorKind::Refused), Appended::NotThisAttempt));
        }
    }

    #[test]
    fn a_batch_of_one_record_is_not_split() {
        check(ErrorCode::MESSAGE_TOO_LARGE, CASE, (Verdict::Split, Appended::NotThisAttempt));
        let one = Case { records: 1, ..CASE };
        check(
            ErrorCode::MESSAGE_TOO_LARGE,
            one,
            (Verdict::Fail(ErrorKind::MessageTooLarge), Appended::NotThisAttempt),
        );
    }

    #[test]
    fn rejected_records_fail_alone() {
        let has_record_errors = Case { has_record_errors: true, ..CASE };
        for (code, kind) in [(32, ErrorKind::InvalidTimestamp), (87, ErrorKind::InvalidRecord)] {
            check(
                ErrorCode(code),
                has_record_errors,
                (Verdict::DropRejected(kind), Appended::NotThisAttempt),
            );
            check(ErrorCode(code), CASE, (Verdict::Fail(kind), Appended::NotThisAttempt));
        }
        let refused = (Verdict::Fail(ErrorKind::Refused), Appended::NotThisAttempt);
        check(ErrorCode::POLICY_VIOLATION, has_record_errors, refused);
    }

    #[test]
    fn a_time_out_at_the_leader_keeps_the_stamp_because_the_batch_may_be_there() {
        check(ErrorCode::REQUEST_TIMED_OUT, CASE, (Verdict::Retry, Appended::Maybe));
    }

    #[test]
    fn leadership_errors_go_to_the_leader_and_a_code_of_the_future_fails() {
        for code in [3, 5, 74, 100] {
            check(ErrorCode(code), CASE, (Verdict::RetryAtLeader, Appended::NotThisAttempt));
        }
        check(ErrorCode::NOT_LEADER_OR_FOLLOWER, CASE, (Verdict::RetryAtLeader, Appended::Maybe));
        check(ErrorCode(999), CASE, (Verdict::Fail(ErrorKind::Refused), Appended::NotThisAttempt));
    }

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
