//! Parts that are too large themselves, and what a part says of its whole.

use super::parts::send_many;
use super::*;

#[test]
fn parts_of_parts_are_not_written_beside_a_whole_that_was_written() {
    let mut story = Story::proven();
    let mut record_handles = send_many(&story, 20, 1_000);
    let in_flight_batch = story.next().unwrap();
    story.applied(&in_flight_batch, MAX);
    story.lost(in_flight_batch);
    story.pause();
    for _ in 0..3 {
        let again = story.next().unwrap();
        story.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
    }
    story.goes_well();
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((FailureKind::OutcomeUnknown, Persisted::Maybe)));
    }
    assert_eq!(story.log.values.len(), 21, "once");
    story.ends();
}

#[test]
fn once_a_part_is_written_the_whole_was_not() {
    let mut story = Story::proven();
    let mut record_handles = send_many(&story, 20, 1_000);
    let in_flight_batch = story.next().unwrap();
    story.lost(in_flight_batch);
    story.pause();
    let again = story.next().unwrap();
    story.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
    let first = story.next().unwrap();
    story.served(first);
    let second = story.next().unwrap();
    story.refused(second, ErrorCode::NOT_ENOUGH_REPLICAS);
    story.deadline();
    assert_eq!(offset(&mut record_handles[0]), Some(1));
    assert_eq!(failure(&mut record_handles[19]), Some((FailureKind::DeliveryTimeout, Persisted::No)));
    story.ends();
}

#[test]
fn parts_of_a_part_that_was_written_are_not_written_beside_it() {
    let mut story = Story::proven();
    let mut record_handles = send_many(&story, 20, 1_000);
    let whole = story.next().unwrap();
    story.lost(whole);
    story.pause();
    let whole = story.next().unwrap();
    story.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    // The first part is appended, and its answer is lost; then it is too large as well.
    let part = story.next().unwrap();
    story.applied(&part, MAX);
    story.lost(part);
    story.pause();
    let part = story.next().unwrap();
    story.refused(part, ErrorCode::MESSAGE_TOO_LARGE);
    story.goes_well();
    assert!(
        (1..).zip(&mut record_handles).all(|(place, record_handle)| offset(record_handle) == Some(place))
    );
    assert_eq!(story.log.values.len(), 21, "once");
    story.ends();
}
