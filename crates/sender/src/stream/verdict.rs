//! What the broker's answer about a batch means: one row a code.
//!
//! Sources of the rows: `Sender.java` and `Errors.java` of Apache Kafka; KIP-98, KIP-360, KIP-467, KIP-951.

use milena_codec::ErrorCode;

use crate::outcome::FailureKind;

/// What to do about a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is in the log.
    Written,
    /// The same bytes again, here, after a while.
    Retry,
    /// The same bytes again, to whoever leads the partition now.
    RetryAtLeader,
    /// Refused because a batch before it is missing: again, after that one.
    Behind,
    /// In smaller parts.
    Split,
    /// Without the records that the broker named; those fail.
    Cull(FailureKind),
    /// The run of sequences is broken: a new epoch, and numbers from 0 on.
    Renumber,
    /// The producer id is worth nothing any more: another one, and numbers from 0 on.
    NewIdentity,
    /// Never.
    Fail(FailureKind),
}

/// What an answer says about whether the batch stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trace {
    /// This try left nothing there; an earlier one may have.
    NotThisTime,
    /// Neither this try nor an earlier one.
    Never,
    /// It may stand there.
    Maybe,
}

/// What else the verdict depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    /// How many records the batch has.
    pub(super) records: u32,
    /// Whether batches carry sequences.
    pub(super) idempotent: bool,
    /// Whether every batch before it in its partition is settled.
    pub(super) first: bool,
    /// Whether the broker named records that are to blame.
    pub(super) blames: bool,
    /// Whether it is part of a batch that may stand in the log as a whole.
    pub(super) in_part: bool,
}

/// Reads the table.
pub(super) fn verdict(code: ErrorCode, case: Case) -> (Verdict, Trace) {
    use FailureKind as Kind;
    use Trace::{Maybe, Never, NotThisTime};
    use Verdict::{Behind, Cull, Fail, NewIdentity, Renumber, Retry, RetryAtLeader, Split, Written};

    match code {
        ErrorCode::NONE | ErrorCode::DUPLICATE_SEQUENCE_NUMBER => (Written, Maybe),

        // The leader appended it and could not say so in time for its followers.
        ErrorCode::REQUEST_TIMED_OUT | ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND => (Retry, Maybe),
        ErrorCode::NOT_ENOUGH_REPLICAS
        | ErrorCode::CORRUPT_MESSAGE
        | ErrorCode::UNKNOWN_LEADER_EPOCH
        | ErrorCode::CONCURRENT_TRANSACTIONS
        | ErrorCode::COORDINATOR_LOAD_IN_PROGRESS
        | ErrorCode::COORDINATOR_NOT_AVAILABLE
        | ErrorCode::THROTTLING_QUOTA_EXCEEDED => (Retry, NotThisTime),
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
        | ErrorCode::LEADER_NOT_AVAILABLE
        | ErrorCode::NOT_LEADER_OR_FOLLOWER
        | ErrorCode::BROKER_NOT_AVAILABLE
        | ErrorCode::REPLICA_NOT_AVAILABLE
        | ErrorCode::LISTENER_NOT_FOUND
        | ErrorCode::FENCED_LEADER_EPOCH
        | ErrorCode::PREFERRED_LEADER_NOT_AVAILABLE
        | ErrorCode::ELIGIBLE_LEADERS_NOT_AVAILABLE
        | ErrorCode::ELECTION_NOT_NEEDED
        | ErrorCode::UNKNOWN_TOPIC_ID
        | ErrorCode::INCONSISTENT_TOPIC_ID => (RetryAtLeader, NotThisTime),
        ErrorCode::NETWORK_EXCEPTION | ErrorCode::KAFKA_STORAGE_ERROR => (RetryAtLeader, Maybe),

        ErrorCode::MESSAGE_TOO_LARGE | ErrorCode::RECORD_LIST_TOO_LARGE if case.records > 1 => {
            (Split, NotThisTime)
        }
        ErrorCode::MESSAGE_TOO_LARGE | ErrorCode::RECORD_LIST_TOO_LARGE => {
            (Fail(Kind::MessageTooLarge), NotThisTime)
        }

        // A broker looks at sequences only after it has looked for a duplicate: these two say that there is none.
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER if case.idempotent && !case.first => (Behind, Never),
        // Of the whole in the log, or for another reason.
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER | ErrorCode::UNKNOWN_PRODUCER_ID if case.in_part => {
            (Fail(Kind::Refused), NotThisTime)
        }
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER | ErrorCode::UNKNOWN_PRODUCER_ID if case.idempotent => {
            (Renumber, Never)
        }
        // A duplicate under an older epoch, or under an id that is gone, is not recognised as one. No batch goes out under
        // an epoch that was raised since: somebody else writes under the id.
        ErrorCode::INVALID_PRODUCER_EPOCH | ErrorCode::INVALID_PRODUCER_ID_MAPPING if case.idempotent => {
            (NewIdentity, NotThisTime)
        }

        ErrorCode::INVALID_TIMESTAMP if case.blames => (Cull(Kind::InvalidTimestamp), NotThisTime),
        ErrorCode::INVALID_RECORD if case.blames => (Cull(Kind::InvalidRecord), NotThisTime),
        ErrorCode::INVALID_TOPIC_EXCEPTION => (Fail(Kind::InvalidTopic), NotThisTime),
        ErrorCode::TOPIC_AUTHORIZATION_FAILED => (Fail(Kind::TopicAuthorizationFailed), NotThisTime),
        ErrorCode::CLUSTER_AUTHORIZATION_FAILED => (Fail(Kind::ClusterAuthorizationFailed), NotThisTime),
        ErrorCode::INVALID_TIMESTAMP => (Fail(Kind::InvalidTimestamp), NotThisTime),
        ErrorCode::INVALID_RECORD => (Fail(Kind::InvalidRecord), NotThisTime),
        ErrorCode::UNSUPPORTED_COMPRESSION_TYPE => (Fail(Kind::UnsupportedCompression), NotThisTime),
        ErrorCode::UNKNOWN_SERVER_ERROR => (Fail(Kind::Refused), Maybe),
        _ => (Fail(Kind::Refused), NotThisTime),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: Case = Case { records: 3, idempotent: true, first: true, blames: false, in_part: false };

    #[track_caller]
    fn check(code: ErrorCode, case: Case, expected: (Verdict, Trace)) {
        assert_eq!(verdict(code, case), expected, "{code}");
    }

    #[test]
    fn only_an_answer_that_looked_for_a_duplicate_rules_out_an_earlier_try() {
        let never: Vec<i16> = ErrorCode::ALL
            .iter()
            .filter(|code| verdict(**code, CASE).1 == Trace::Never)
            .map(|code| code.0)
            .collect();
        assert_eq!(never, [45, 59]);
    }

    #[test]
    fn a_sequence_gap_is_the_fault_of_the_first_batch_alone() {
        let gap = ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER;
        check(gap, CASE, (Verdict::Renumber, Trace::Never));
        check(gap, Case { first: false, ..CASE }, (Verdict::Behind, Trace::Never));
        check(
            gap,
            Case { idempotent: false, ..CASE },
            (Verdict::Fail(FailureKind::Refused), Trace::NotThisTime),
        );
    }

    #[test]
    fn an_epoch_or_an_id_that_the_broker_does_not_take_needs_another_id_and_tells_nothing_of_earlier_tries() {
        for code in [ErrorCode::INVALID_PRODUCER_EPOCH, ErrorCode::INVALID_PRODUCER_ID_MAPPING] {
            check(code, CASE, (Verdict::NewIdentity, Trace::NotThisTime));
            let plain = Case { idempotent: false, ..CASE };
            check(code, plain, (Verdict::Fail(FailureKind::Refused), Trace::NotThisTime));
        }
    }

    #[test]
    fn a_part_that_is_out_of_order_is_perhaps_written_with_its_whole() {
        let part = Case { in_part: true, ..CASE };
        for code in [45, 59] {
            check(ErrorCode(code), part, (Verdict::Fail(FailureKind::Refused), Trace::NotThisTime));
        }
        let behind = Case { first: false, ..part };
        check(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, behind, (Verdict::Behind, Trace::Never));
    }

    #[test]
    fn a_batch_of_one_record_is_not_split() {
        check(ErrorCode::MESSAGE_TOO_LARGE, CASE, (Verdict::Split, Trace::NotThisTime));
        let one = Case { records: 1, ..CASE };
        check(
            ErrorCode::MESSAGE_TOO_LARGE,
            one,
            (Verdict::Fail(FailureKind::MessageTooLarge), Trace::NotThisTime),
        );
    }

    #[test]
    fn records_that_are_to_blame_fail_alone() {
        let blames = Case { blames: true, ..CASE };
        for (code, kind) in [(32, FailureKind::InvalidTimestamp), (87, FailureKind::InvalidRecord)] {
            check(ErrorCode(code), blames, (Verdict::Cull(kind), Trace::NotThisTime));
            check(ErrorCode(code), CASE, (Verdict::Fail(kind), Trace::NotThisTime));
        }
        let refused = (Verdict::Fail(FailureKind::Refused), Trace::NotThisTime);
        check(ErrorCode::POLICY_VIOLATION, blames, refused);
    }

    #[test]
    fn a_time_out_at_the_leader_keeps_the_stamp_because_the_batch_may_be_there() {
        check(ErrorCode::REQUEST_TIMED_OUT, CASE, (Verdict::Retry, Trace::Maybe));
    }

    #[test]
    fn leadership_errors_go_to_the_leader_and_a_code_of_the_future_fails() {
        for code in [3, 5, 6, 74, 100] {
            check(ErrorCode(code), CASE, (Verdict::RetryAtLeader, Trace::NotThisTime));
        }
        check(ErrorCode(999), CASE, (Verdict::Fail(FailureKind::Refused), Trace::NotThisTime));
    }
}
