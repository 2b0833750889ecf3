//! Sequences, epochs and identities.

use super::*;

#[test]
fn sequences_follow_each_other_over_batches() {
    let mut story = Story::simple();
    (0..3).for_each(|_| drop(story.send("a")));
    let first = story.next().unwrap();
    assert_eq!(stamp(&first), (0, 0));
    story.served(first);
    let (_, second) = story.fly("b");
    let (_, third) = story.fly("c");
    assert_eq!((stamp(&second), stamp(&third)), ((0, 3), (0, 4)));
    story.served(second);
    story.served(third);
    story.ends();
}

/// A story whose run stands shortly before its sequences wrap, and whose brokers know it there.
fn before_the_wrap(left: i32) -> Story {
    let mut story = Story::simple();
    story.partition_sender.run.next_sequence = Sequence(i32::MAX - left);
    story.send("proof");
    story.goes_well();
    story
}

#[test]
fn sequences_wrap_to_zero_between_batches_and_within_one() {
    // The proof takes the sequence before the last `left`.
    for (left, expected) in [(5, [i32::MAX - 4, 0, 5]), (3, [i32::MAX - 2, 2, 7])] {
        let mut story = before_the_wrap(left);
        let mut seen = Vec::new();
        for _ in 0..3 {
            (0..5).for_each(|_| drop(story.send("a")));
            let in_flight_batch = story.next().unwrap();
            seen.push(stamp(&in_flight_batch).1);
            story.served(in_flight_batch);
        }
        assert_eq!(seen, expected);
        assert_eq!(story.log.values.len(), 16);
        story.ends();
    }
}

#[test]
fn the_parts_of_a_batch_over_the_wrap_keep_its_sequences() {
    let mut story = before_the_wrap(2);
    (0..8).for_each(|number| drop(story.send(&format!("{number}{}", " ".repeat(100)))));
    let whole = story.next().unwrap();
    assert_eq!(stamp(&whole), (0, i32::MAX - 1));
    story.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    let parts: Vec<InFlightBatch> = std::iter::from_fn(|| story.next()).collect();
    let mut expected = Sequence(i32::MAX - 1);
    for part in &parts {
        assert_eq!(stamp(part), (0, expected.0));
        expected = expected.after(part.batch.records);
    }
    assert_eq!(expected, Sequence(6));
    assert!(parts.len() > 1 && parts[0].batch.records > 2, "the wrap lies within the first");
    parts.into_iter().for_each(|part| {
        story.served(part);
    });
    assert_eq!(story.log.texts()[1..], ["0", "1", "2", "3", "4", "5", "6", "7"]);
    story.ends();
}

#[test]
fn a_gap_at_the_oldest_batch_begins_the_run_again_and_a_gap_behind_it_waits_for_it() {
    let mut story = Story::proven();
    let (_, first) = story.fly("a");
    let (_, second) = story.fly("b");
    // The second lands first, and the first was refused for a while.
    story.refused(second, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    story.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
    story.pause();
    let again = [story.next().unwrap(), story.next().unwrap()];
    assert_eq!([stamp(&again[0]), stamp(&again[1])], [(0, 1), (0, 2)]);
    let [first, second] = again;

    // The brokers have lost what was before.
    story.refused(first, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    story.refused(second, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    story.pause();
    let first = story.next().unwrap();
    assert_eq!((stamp(&first), values(&first)), ((1, 0), vec!["a".to_owned()]));
    story.served(first);
    let second = story.next().unwrap();
    assert_eq!((stamp(&second), values(&second)), ((1, 1), vec!["b".to_owned()]));
    story.served(second);
    assert_eq!(story.log.texts(), ["proof", "a", "b"]);
    story.ends();
}

#[test]
fn an_unknown_producer_begins_its_run_again_without_an_error() {
    let mut story = Story::proven();
    let (mut record_handle, in_flight_batch) = story.fly("a");
    story.log.forget_producers();
    story.refused(in_flight_batch, ErrorCode::UNKNOWN_PRODUCER_ID);
    story.pause();
    let in_flight_batch = story.next().unwrap();
    assert_eq!(stamp(&in_flight_batch), (1, 0));
    story.served(in_flight_batch);
    assert_eq!(offset(&mut record_handle), Some(1));
    story.ends();
}

#[test]
fn the_last_epoch_is_followed_by_another_identity_and_order_is_kept() {
    let mut story = Story::proven();
    story.partition_sender.run.identity = Some(Identity { epoch: 32_766.into(), ..identity(7) });
    let (mut first, refused) = story.fly("a");
    let (mut second, behind) = story.fly("b");
    story.refused(refused, ErrorCode::INVALID_TOPIC_EXCEPTION);
    story.refused(behind, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    story.pause();
    assert_eq!(story.spent(), Some(ProducerId(7)), "the producer has to ask for another");
    assert_eq!(story.spent(), None, "once");
    assert!(story.next().is_none(), "the old one again is none");

    story.given = Some(identity(8));
    let mut third = story.send("c");
    let in_flight_batch = story.next().unwrap();
    assert_eq!(full_stamp(&in_flight_batch), Stamp { identity: identity(8), base_sequence: Sequence(0) });
    story.served(in_flight_batch);
    story.goes_well();
    assert_eq!(failure(&mut first), Some((FailureKind::InvalidTopic, Persisted::No)));
    assert_eq!([offset(&mut second), offset(&mut third)], [Some(1), Some(2)]);
    story.ends();
}

#[test]
fn an_identity_that_has_come_meanwhile_is_taken_when_the_epochs_are_used_up() {
    let mut story = Story::proven();
    story.partition_sender.run.identity = Some(Identity { epoch: 32_766.into(), ..identity(7) });
    story.given = Some(identity(8));
    let (_, in_flight_batch) = story.fly("a");
    story.refused(in_flight_batch, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    story.pause();
    assert_eq!(story.spent(), None, "nobody has to ask");
    assert_eq!(full_stamp(&story.next().unwrap()).identity, identity(8));
}

#[test]
fn a_producer_id_that_brokers_do_not_know_or_that_others_use_is_told_once_and_replaced() {
    for code in [ErrorCode::INVALID_PRODUCER_ID_MAPPING, ErrorCode::INVALID_PRODUCER_EPOCH] {
        let mut story = Story::proven();
        let (mut first, one) = story.fly("a");
        let (mut second, two) = story.fly("b");
        assert!(story.refused(one, code).identity_spent);
        assert_eq!(story.partition_sender.spent(), Some(ProducerId(7)));
        assert!(!story.refused(two, code).identity_spent);
        story.pause();
        assert!(story.next().is_none());
        story.given = Some(identity(8));
        let in_flight_batch = story.next().unwrap();
        assert_eq!(full_stamp(&in_flight_batch), Stamp { identity: identity(8), base_sequence: Sequence(0) });
        story.served(in_flight_batch);
        story.goes_well();
        assert_eq!([offset(&mut first), offset(&mut second)], [Some(1), Some(2)]);
        story.ends();
    }
}

#[test]
fn a_batch_that_is_surely_not_written_gets_as_many_identities_as_it_takes() {
    let mut story = Story::proven();
    let (mut record_handle, mut in_flight_batch) = story.fly("a");
    for id in 8..20 {
        story.refused(in_flight_batch, ErrorCode::INVALID_PRODUCER_EPOCH);
        story.given = Some(identity(id));
        story.pause();
        in_flight_batch = story.next().unwrap();
        assert_eq!(
            full_stamp(&in_flight_batch),
            Stamp { identity: identity(id), base_sequence: Sequence(0) }
        );
    }
    story.served(in_flight_batch);
    assert_eq!(offset(&mut record_handle), Some(1));
    story.ends();
}

#[test]
fn without_an_identity_nothing_goes() {
    let mut story = Story::simple();
    story.given = None;
    story.send("a");
    assert!(story.next().is_none());
    story.given = Some(identity(7));
    assert_eq!(stamp(&story.next().unwrap()), (0, 0));
}

#[test]
fn without_idempotence_batches_have_no_stamp_and_a_gap_is_an_error() {
    let mut story = Story::plain();
    let (mut record_handle, in_flight_batch) = story.fly("a");
    assert_eq!(full_stamp(&in_flight_batch), Stamp::NONE);
    story.refused(in_flight_batch, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_eq!(failure(&mut record_handle), Some((FailureKind::Refused, Persisted::No)));
    let (_, next) = story.fly("b");
    assert_eq!(full_stamp(&next), Stamp::NONE);
    story.served(next);
    story.ends();
}

#[test]
fn a_duplicate_that_the_broker_recognised_is_a_success() {
    let mut story = Story::proven();
    let (mut record_handle, in_flight_batch) = story.fly("a");
    story.refused(in_flight_batch, ErrorCode::DUPLICATE_SEQUENCE_NUMBER);
    let receipt = record_handle.poll(Waker::noop());
    assert!(matches!(receipt, Poll::Ready(Ok(receipt)) if receipt.offset.is_none()), "{receipt:?}");
    let (mut record_handle, next) = story.fly("b");
    assert_eq!(stamp(&next), (0, 2), "the run goes on");
    // With the time of appending, but without an offset.
    let answer = Answer::Said {
        code: ErrorCode::DUPLICATE_SEQUENCE_NUMBER,
        base_offset: -1,
        append_time_ms: 1_234,
        message: None,
        record_errors: Vec::new(),
    };
    story.lands(next, &answer);
    let receipt = record_handle.poll(Waker::noop());
    assert!(matches!(receipt, Poll::Ready(Ok(receipt)) if receipt.offset.is_none()), "{receipt:?}");
}

#[test]
fn the_time_of_appending_is_told_where_the_topic_keeps_it() {
    let mut story = Story::simple();
    let (mut record_handle, in_flight_batch) = story.fly("a");
    let answer = Answer::Said {
        code: ErrorCode::NONE,
        base_offset: 5,
        append_time_ms: 1_234,
        message: None,
        record_errors: Vec::new(),
    };
    story.lands(in_flight_batch, &answer);
    let Poll::Ready(Ok(receipt)) = record_handle.poll(Waker::noop()) else { panic!("it was written") };
    assert_eq!((receipt.offset, receipt.timestamp_ms), (Some(5), 1_234));
}
