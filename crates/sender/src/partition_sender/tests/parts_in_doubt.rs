//! Batches that a broker finds too large, and that may be in the log as a whole.

use super::parts::{numbers, send_many};
use super::*;

#[test]
fn parts_of_a_lost_batch_that_was_not_written_are_written() {
    let mut story = Story::proven();
    let mut record_handles = send_many(&story, 20, 1_000);
    let in_flight_batch = story.next().unwrap();
    story.lost(in_flight_batch);
    story.pause();
    let again = story.next().unwrap();
    story.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
    let first = story.next().unwrap();
    assert!(story.next().is_none(), "the leader that is reached now may not know the run");
    story.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
    story.goes_well();
    assert_eq!(story.log.texts()[1..], numbers(20));
    assert!(
        (1..).zip(&mut record_handles).all(|(place, record_handle)| offset(record_handle) == Some(place))
    );
    let (_, next) = story.fly("next");
    assert_eq!(stamp(&next), (0, 21), "the run goes on");
    story.served(next);
    story.ends();
}

#[test]
fn parts_of_a_batch_that_was_written_as_a_whole_are_not_written_beside_it() {
    let mut story = Story::proven();
    let mut record_handles = send_many(&story, 20, 1_000);
    let in_flight_batch = story.next().unwrap();
    story.applied(&in_flight_batch, MAX);
    story.lost(in_flight_batch);
    let mut behind = story.send("behind");
    story.pause();
    let again = story.next().unwrap();
    story.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
    story.goes_well();
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((FailureKind::OutcomeUnknown, Persisted::Maybe)));
    }
    assert_eq!(offset(&mut behind), Some(21));
    let mut expected = vec!["proof".to_owned()];
    expected.extend(numbers(20));
    expected.push("behind".to_owned());
    assert_eq!(story.log.texts(), expected, "once");
    story.ends();
}

#[test]
fn parts_that_may_be_written_with_their_whole_expire_as_such_and_get_no_new_stamp() {
    let mut story = Story::proven();
    let mut record_handles = send_many(&story, 20, 1_000);
    let in_flight_batch = story.next().unwrap();
    story.applied(&in_flight_batch, MAX);
    story.lost(in_flight_batch);
    story.pause();
    let again = story.next().unwrap();
    story.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
    let part = story.next().unwrap();
    let stamped = stamp(&part);
    story.refused(part, ErrorCode::NOT_ENOUGH_REPLICAS);
    story.pause();
    let part = story.next().unwrap();
    assert_eq!(stamp(&part), stamped);
    story.lost(part);
    story.deadline();
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((FailureKind::DeliveryTimeout, Persisted::Maybe)));
    }
    story.ends();
}

#[test]
fn without_sequences_a_batch_that_may_be_written_is_not_split() {
    let mut story = Story::plain();
    let mut record_handles = send_many(&story, 20, 1_000);
    let in_flight_batch = story.next().unwrap();
    story.applied(&in_flight_batch, MAX);
    story.lost(in_flight_batch);
    story.pause();
    let again = story.next().unwrap();
    story.refused(again, ErrorCode::MESSAGE_TOO_LARGE);
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((FailureKind::MessageTooLarge, Persisted::Maybe)));
    }
    assert_eq!(story.log.values.len(), 20, "once");
    story.ends();
}
