//! The meaning of a broker's error code for a batch: one row a code.
//!
//! Sources of the rows: `Sender.java` and `Errors.java` of Apache Kafka; KIP-98, KIP-360, KIP-467, KIP-951.

use milena_codec::ErrorCode;

use crate::outcome::FailureKind;

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
    DropRejected(FailureKind),
    /// The leader does not take its sequence: a batch before it is missing, or was written already and is forgotten.
    BumpEpoch,
    /// The leader does not take its producer id or its epoch: another id is needed.
    ResetProducerId,
    /// Not again: its records fail.
    Fail(FailureKind),
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
    use FailureKind as Kind;
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
const fn fail(kind: FailureKind) -> (Verdict, Appended) {
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
    fn an_response_leaves_the_outcome_open_where_the_broker_may_have_appended_the_batch() {
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
            check(code, plain, (Verdict::Fail(FailureKind::Refused), Appended::NotThisAttempt));
        }
    }

    #[test]
    fn an_epoch_or_an_id_that_the_broker_does_not_take_needs_another_id_and_tells_nothing_of_earlier_tries() {
        for code in [ErrorCode::INVALID_PRODUCER_EPOCH, ErrorCode::INVALID_PRODUCER_ID_MAPPING] {
            check(code, CASE, (Verdict::ResetProducerId, Appended::NotThisAttempt));
            let plain = Case { idempotent: false, ..CASE };
            check(code, plain, (Verdict::Fail(FailureKind::Refused), Appended::NotThisAttempt));
        }
    }

    #[test]
    fn a_batch_of_one_record_is_not_split() {
        check(ErrorCode::MESSAGE_TOO_LARGE, CASE, (Verdict::Split, Appended::NotThisAttempt));
        let one = Case { records: 1, ..CASE };
        check(
            ErrorCode::MESSAGE_TOO_LARGE,
            one,
            (Verdict::Fail(FailureKind::MessageTooLarge), Appended::NotThisAttempt),
        );
    }

    #[test]
    fn records_that_are_to_blame_fail_alone() {
        let has_record_errors = Case { has_record_errors: true, ..CASE };
        for (code, kind) in [(32, FailureKind::InvalidTimestamp), (87, FailureKind::InvalidRecord)] {
            check(
                ErrorCode(code),
                has_record_errors,
                (Verdict::DropRejected(kind), Appended::NotThisAttempt),
            );
            check(ErrorCode(code), CASE, (Verdict::Fail(kind), Appended::NotThisAttempt));
        }
        let refused = (Verdict::Fail(FailureKind::Refused), Appended::NotThisAttempt);
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
        check(ErrorCode(999), CASE, (Verdict::Fail(FailureKind::Refused), Appended::NotThisAttempt));
    }
}
