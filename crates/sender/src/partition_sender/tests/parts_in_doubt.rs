//! Batches that a broker finds too large, and that may be in the log as a whole.

use super::parts::{numbers, send_many};
use super::*;

#[test]
fn parts_of_a_lost_batch_that_was_not_written_are_written() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles = send_many(&harness, 20, 1_000);
    let in_flight_batch = harness.next().unwrap();
    harness.lost(in_flight_batch);
    harness.pause();
    let again = harness.next().unwrap();
    harness.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
    let first = harness.next().unwrap();
    assert!(harness.next().is_none(), "the leader that is reached now may not know the run");
    harness.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.goes_well();
    assert_eq!(harness.log.texts()[1..], numbers(20));
    assert!(
        (1..).zip(&mut record_handles).all(|(place, record_handle)| offset(record_handle) == Some(place))
    );
    let (_, next) = harness.send_alone("next");
    assert_eq!(stamp(&next), (0, 21), "the run goes on");
    harness.served(next);
    harness.ends();
}

#[test]
fn parts_of_a_batch_that_was_written_as_a_whole_are_not_written_beside_it() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles = send_many(&harness, 20, 1_000);
    let in_flight_batch = harness.next().unwrap();
    harness.applied(&in_flight_batch, MAX);
    harness.lost(in_flight_batch);
    let mut behind = harness.send("behind");
    harness.pause();
    let again = harness.next().unwrap();
    harness.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
    harness.goes_well();
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((ErrorKind::OutcomeUnknown, Persisted::Maybe)));
    }
    assert_eq!(offset(&mut behind), Some(21));
    let mut expected = vec!["first".to_owned()];
    expected.extend(numbers(20));
    expected.push("behind".to_owned());
    assert_eq!(harness.log.texts(), expected, "once");
    harness.ends();
}

#[test]
fn parts_that_may_be_written_with_their_whole_expire_as_such_and_get_no_new_stamp() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles = send_many(&harness, 20, 1_000);
    let in_flight_batch = harness.next().unwrap();
    harness.applied(&in_flight_batch, MAX);
    harness.lost(in_flight_batch);
    harness.pause();
    let again = harness.next().unwrap();
    harness.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
    let part = harness.next().unwrap();
    let stamped = stamp(&part);
    harness.refused(part, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.pause();
    let part = harness.next().unwrap();
    assert_eq!(stamp(&part), stamped);
    harness.lost(part);
    harness.deadline();
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((ErrorKind::DeliveryTimeout, Persisted::Maybe)));
    }
    harness.ends();
}

#[test]
fn without_sequences_a_batch_that_may_be_written_is_not_split() {
    let mut harness = PartitionHarness::plain();
    let mut record_handles = send_many(&harness, 20, 1_000);
    let in_flight_batch = harness.next().unwrap();
    harness.applied(&in_flight_batch, MAX);
    harness.lost(in_flight_batch);
    harness.pause();
    let again = harness.next().unwrap();
    harness.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((ErrorKind::MessageTooLarge, Persisted::Maybe)));
    }
    assert_eq!(harness.log.values.len(), 20, "once");
    harness.ends();
}
