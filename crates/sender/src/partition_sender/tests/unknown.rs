//! The error of a record whose outcome stays unknown: why it was in doubt, and which rejection ended the run.

use super::*;

const SEQUENCE: ErrorCode = ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER;
const UNANSWERED: BatchResponse = BatchResponse::Lost { whole: true, timed_out: false };

#[test]
fn error_names_the_reason_of_the_doubt_and_the_rejection_that_ended_the_run() {
    let no_response = "an attempt got no response";
    let rejected = "the leader rejected the sequence of the last attempt (OUT_OF_ORDER_SEQUENCE_NUMBER (45))";
    check(&UNANSWERED, SEQUENCE, no_response, rejected);
    let unknown = "the leader did not know the producer id of the last attempt (UNKNOWN_PRODUCER_ID (59))";
    check(&UNANSWERED, ErrorCode::UNKNOWN_PRODUCER_ID, no_response, unknown);
    for (code, name) in [
        (6, "NOT_LEADER_OR_FOLLOWER"),
        (7, "REQUEST_TIMED_OUT"),
        (20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND"),
        (56, "KAFKA_STORAGE_ERROR"),
    ] {
        let doubt = format!(
            "a broker returned {name} ({code}) for an attempt, which leaves open whether the batch was appended"
        );
        check(&coded(ErrorCode(code)), SEQUENCE, &doubt, rejected);
    }
    let doubt = "a broker returned NOT_ENOUGH_REPLICAS (19) for an attempt, which leaves open whether the batch was appended";
    check(&at(ErrorCode::NOT_ENOUGH_REPLICAS, 1), SEQUENCE, doubt, rejected);
    for (code, name) in [(47, "INVALID_PRODUCER_EPOCH"), (49, "INVALID_PRODUCER_ID_MAPPING")] {
        let rejected =
            format!("brokers rejected the producer id or epoch of the last 5 attempts ({name} ({code}))");
        check(&UNANSWERED, ErrorCode(code), no_response, &rejected);
        check(&coded(ErrorCode::KAFKA_STORAGE_ERROR), ErrorCode(code), "KAFKA_STORAGE_ERROR", &rejected);
    }
}

#[test]
fn records_of_a_part_name_the_doubt_of_their_batch() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles = parts::send_many(&harness, 20, 1_000);
    let in_flight_batch = harness.next().unwrap();
    harness.applied(&in_flight_batch, MAX);
    harness.refused(in_flight_batch, ErrorCode::REQUEST_TIMED_OUT);
    harness.pause();
    let again = harness.next().unwrap();
    harness.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
    harness.goes_well();
    for record_handle in &mut record_handles {
        let text = message(record_handle);
        assert!(text.starts_with("a broker returned REQUEST_TIMED_OUT (7) for an attempt"), "{text}");
    }
    harness.ends();
}

/// A batch is in doubt by `response`; from then on each try is rejected with `code`.
#[track_caller]
fn check(response: &BatchResponse, code: ErrorCode, doubt: &str, rejected: &str) {
    let mut harness = PartitionHarness::acked();
    let (mut record_handle, in_flight_batch) = harness.send_alone("a");
    harness.respond(in_flight_batch, response);
    harness.pause();
    while let Some(in_flight_batch) = harness.next() {
        harness.refused(in_flight_batch, code);
        harness.pause();
    }
    harness.given = Some(identity(8));
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::OutcomeUnknown, Persisted::Maybe)));
    let text = message(&mut record_handle);
    assert!(text.contains(doubt), "{text}");
    assert!(
        text.contains(&format!(", and {rejected}: the batch may have been written by an earlier attempt")),
        "{text}"
    );
    harness.ends();
}
