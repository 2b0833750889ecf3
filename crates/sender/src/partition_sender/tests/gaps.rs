//! Batches behind one that is missing in the log: which of them were surely not written.

use super::*;

#[test]
fn batch_behind_one_in_doubt_is_sent_under_its_stamp_before_any_gets_a_new_one() {
    let mut harness = PartitionHarness::acked();
    let (mut first, a) = harness.send_alone("a");
    let (mut second, b) = harness.send_alone("b");
    let (_, c) = harness.send_alone("c");
    harness.lost(a);
    harness.lost(b);
    harness.send("d");
    harness.pause();
    let a = harness.next().unwrap();
    assert!(harness.next().is_none(), "the leader that is reached now may not know the run");
    harness.refused(c, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    // The first try of a may still be appended.
    harness.refused(a, ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    assert_eq!(failure(&mut first), Some((ErrorKind::TopicAuthorizationFailed, Persisted::Maybe)));
    let b = harness.next().unwrap();
    assert_eq!((stamp(&b), values(&b)), ((0, 2), vec!["b".to_owned()]));
    harness.refused(b, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    let c = harness.next().unwrap();
    assert_eq!(failure(&mut second), Some((ErrorKind::OutcomeUnknown, Persisted::Maybe)));
    assert_eq!((stamp(&c), values(&c)), ((1, 0), vec!["c".to_owned()]), "it was refused on every try");
    harness.served(c);
    harness.goes_well();
    assert_eq!(harness.log.texts(), ["first", "c", "d"]);
    harness.ends();
}

#[test]
fn batch_in_doubt_behind_a_missing_one_was_not_written_and_gets_a_new_stamp_at_once() {
    let mut harness = PartitionHarness::acked();
    let (_, refused) = harness.send_alone("a");
    let (_, lost) = harness.send_alone("b");
    harness.refused(refused, ErrorCode::INVALID_RECORD);
    harness.lost(lost);
    harness.pause();
    let b = harness.next().unwrap();
    assert_eq!((stamp(&b), values(&b)), ((1, 0), vec!["b".to_owned()]));
    harness.served(b);
    assert_eq!(harness.log.texts(), ["first", "b"]);
    harness.ends();
}

#[test]
fn batch_in_doubt_behind_a_missing_one_stays_in_doubt_where_its_leader_may_not_know_the_run() {
    let mut harness = PartitionHarness::acked();
    let (_, a) = harness.send_alone("a");
    let (mut second, b) = harness.send_alone("b");
    harness.refused(a, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    harness.refused(b, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    harness.partition_sender.moved();
    let a = harness.next().unwrap();
    harness.refused(a, ErrorCode::INVALID_RECORD);
    harness.pause();
    // A leader that lost the run takes b, whatever its sequence.
    harness.log.forget_producers();
    let b = harness.next().unwrap();
    assert_eq!(stamp(&b), (1, 0));
    harness.applied(&b, MAX);
    harness.lost(b);
    harness.pause();
    let again = harness.next().unwrap();
    harness.served(again);
    assert_eq!(offset(&mut second), Some(1));
    assert_eq!(harness.log.texts(), ["first", "b"]);
    harness.ends();
}
