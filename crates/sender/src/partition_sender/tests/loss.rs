//! Leaders that lost acknowledged records: the signs of it, and what is none.

use super::*;

const REJECTED: Loss = Loss { last_offset: Some(0), appended_at: None, is_first_sign: true };

#[test]
fn rejection_directly_behind_the_last_acknowledged_batch_shows_a_loss_and_the_next_epoch_follows() {
    let mut story = Story::proven();
    let (_, a) = story.fly("a");
    assert_eq!(story.refused(a, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER).loss, Some(REJECTED));
    story.pause();
    let a = story.next().unwrap();
    assert_eq!(stamp(&a), (1, 0));
    story.log.values.clear();
    let overwritten = Loss { appended_at: Some(0), is_first_sign: false, ..REJECTED };
    assert_eq!(story.served(a).loss, Some(overwritten));
    story.ends();
}

#[test]
fn rejection_of_a_batch_in_doubt_or_behind_another_or_of_an_unknown_producer_shows_no_loss() {
    let mut story = Story::proven();
    let (_, a) = story.fly("a");
    let (_, b) = story.fly("b");
    assert_eq!(story.refused(b, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER).loss, None);
    story.lost(a);
    story.pause();
    let a = story.next().unwrap();
    assert_eq!(story.refused(a, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER).loss, None, "a forgotten duplicate");
    story.goes_well();
    let (_, c) = story.fly("c");
    assert_eq!(story.refused(c, ErrorCode::UNKNOWN_PRODUCER_ID).loss, None, "retention deletes it (KIP-360)");
    story.ends();
}

#[test]
fn record_whose_offset_is_not_the_last_acknowledged_one_is_not_called_missing() {
    let mut story = Story::proven();
    let (mut b, in_flight_batch) = story.fly("b");
    story.lands(in_flight_batch, &said(ErrorCode::DUPLICATE_SEQUENCE_NUMBER));
    assert_eq!((failure(&mut b), offset(&mut b)), (None, None), "written, at an offset that is not known");
    let (_, c) = story.fly("c");
    let loss = story.refused(c, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER).loss;
    assert_eq!(
        loss,
        Some(Loss { last_offset: None, ..REJECTED }),
        "offset 0 is in the log, b alone is missing"
    );
    // The end that is known stays a bound: nothing is appended below it in a log that lost nothing.
    story.pause();
    let c = story.next().unwrap();
    let loss = story.lands(c, &at(ErrorCode::NONE, 0)).loss;
    assert_eq!(loss, Some(Loss { appended_at: Some(0), is_first_sign: false, ..REJECTED }));
    let (_, d) = story.fly("d");
    let loss = story.refused(d, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER).loss;
    assert_eq!(loss.unwrap().last_offset, Some(0), "the last acknowledged record again");
}

#[test]
fn offset_below_an_acknowledged_one_shows_a_loss_once_for_a_leader_unless_the_topic_is_another() {
    let mut story = Story::proven();
    let [old, new] = [TopicId([1; 16]), TopicId([2; 16])];
    story.partition_sender.set_topic_id(old);
    for (value, expected) in [("a", true), ("b", false)] {
        story.log.values.clear();
        let (_, in_flight_batch) = story.fly(value);
        assert_eq!(story.served(in_flight_batch).loss.is_some(), expected, "{value}");
        story.log.append_others(3);
        let (_, in_flight_batch) = story.fly("behind others");
        assert_eq!(story.served(in_flight_batch).loss, None);
    }
    story.partition_sender.set_topic_id(new);
    story.log.values.clear();
    let (_, in_flight_batch) = story.fly("c");
    assert_eq!(story.served(in_flight_batch).loss, None);
    story.ends();
}
