//! Parts that are too large themselves, and what a part says of its whole.

use super::parts::send_many;
use super::*;

#[test]
fn parts_of_parts_are_not_written_beside_a_whole_that_was_written() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles = send_many(&harness, 20, 1_000);
    let in_flight_batch = harness.next().unwrap();
    harness.applied(&in_flight_batch, MAX);
    harness.lost(in_flight_batch);
    harness.pause();
    for _ in 0..3 {
        let again = harness.next().unwrap();
        harness.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
    }
    harness.goes_well();
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((ErrorKind::OutcomeUnknown, Persisted::Maybe)));
    }
    assert_eq!(harness.log.values.len(), 21, "once");
    harness.ends();
}

#[test]
fn once_a_part_is_written_the_whole_was_not() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles = send_many(&harness, 20, 1_000);
    let in_flight_batch = harness.next().unwrap();
    harness.lost(in_flight_batch);
    harness.pause();
    let again = harness.next().unwrap();
    harness.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
    let first = harness.next().unwrap();
    harness.served(first);
    let second = harness.next().unwrap();
    harness.refused(second, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.deadline();
    assert_eq!(offset(&mut record_handles[0]), Some(1));
    assert_eq!(failure(&mut record_handles[19]), Some((ErrorKind::DeliveryTimeout, Persisted::No)));
    harness.ends();
}

#[test]
fn parts_of_a_part_that_was_written_are_not_written_beside_it() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles = send_many(&harness, 20, 1_000);
    let whole = harness.next().unwrap();
    harness.lost(whole);
    harness.pause();
    let whole = harness.next().unwrap();
    harness.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    // The first part is appended, and its answer is lost; then it is too large as well.
    let part = harness.next().unwrap();
    harness.applied(&part, MAX);
    harness.lost(part);
    harness.pause();
    let part = harness.next().unwrap();
    harness.refused(part, ErrorCode::MESSAGE_TOO_LARGE);
    harness.goes_well();
    assert!(
        (1..).zip(&mut record_handles).all(|(place, record_handle)| offset(record_handle) == Some(place))
    );
    assert_eq!(harness.log.values.len(), 21, "once");
    harness.ends();
}
