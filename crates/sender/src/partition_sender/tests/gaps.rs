//! Batches behind one that is missing in the log: which of them were surely not written.

use super::*;

#[test]
fn batch_behind_one_in_doubt_is_sent_under_its_stamp_before_any_gets_a_new_one() {
    let mut story = Story::proven();
    let (mut first, a) = story.fly("a");
    let (mut second, b) = story.fly("b");
    let (_, c) = story.fly("c");
    story.lost(a);
    story.lost(b);
    story.send("d");
    story.pause();
    let a = story.next().unwrap();
    assert!(story.next().is_none(), "the leader that is reached now may not know the run");
    story.refused(c, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    // The first try of a may still be appended.
    story.refused(a, ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    assert_eq!(failure(&mut first), Some((FailureKind::TopicAuthorizationFailed, Persisted::Maybe)));
    let b = story.next().unwrap();
    assert_eq!((stamp(&b), values(&b)), ((0, 2), vec!["b".to_owned()]));
    story.refused(b, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    let c = story.next().unwrap();
    assert_eq!(failure(&mut second), Some((FailureKind::OutcomeUnknown, Persisted::Maybe)));
    assert_eq!((stamp(&c), values(&c)), ((1, 0), vec!["c".to_owned()]), "it was refused on every try");
    story.served(c);
    story.goes_well();
    assert_eq!(story.log.texts(), ["proof", "c", "d"]);
    story.ends();
}

#[test]
fn batch_in_doubt_behind_a_missing_one_was_not_written_and_gets_a_new_stamp_at_once() {
    let mut story = Story::proven();
    let (_, refused) = story.fly("a");
    let (_, lost) = story.fly("b");
    story.refused(refused, ErrorCode::INVALID_RECORD);
    story.lost(lost);
    story.pause();
    let b = story.next().unwrap();
    assert_eq!((stamp(&b), values(&b)), ((1, 0), vec!["b".to_owned()]));
    story.served(b);
    assert_eq!(story.log.texts(), ["proof", "b"]);
    story.ends();
}

#[test]
fn batch_in_doubt_behind_a_missing_one_stays_in_doubt_where_its_leader_may_not_know_the_run() {
    let mut story = Story::proven();
    let (_, a) = story.fly("a");
    let (mut second, b) = story.fly("b");
    story.refused(a, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    story.refused(b, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    story.partition_sender.moved();
    let a = story.next().unwrap();
    story.refused(a, ErrorCode::INVALID_RECORD);
    story.pause();
    // A leader that lost the run takes b, whatever its sequence.
    story.log.forget_producers();
    let b = story.next().unwrap();
    assert_eq!(stamp(&b), (1, 0));
    story.applied(&b, MAX);
    story.lost(b);
    story.pause();
    let again = story.next().unwrap();
    story.served(again);
    assert_eq!(offset(&mut second), Some(1));
    assert_eq!(story.log.texts(), ["proof", "b"]);
    story.ends();
}
