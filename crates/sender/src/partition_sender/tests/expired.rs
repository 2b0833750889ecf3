//! Batches whose deliveries are settled because it is too late, and that may stand in the log.

use super::*;

/// `a` has expired, and `b`, which is younger, has not; nobody answered about either.
fn expired_and_lost() -> (Story, [RecordHandle; 2], [Vec<u8>; 2]) {
    let mut story = Story::proven();
    let (mut late, first) = story.fly("a");
    story.now += Duration::from_secs(1);
    let (record_handle, second) = story.fly("b");
    story.now += story.config.delivery_timeout - Duration::from_secs(1);
    story.expire();
    assert_eq!(failure(&mut late), Some((FailureKind::DeliveryTimeout, Persisted::Maybe)));
    let sent = [bytes(&first), bytes(&second)];
    story.lost(first);
    story.lost(second);
    (story, [late, record_handle], sent)
}

#[test]
fn an_expired_batch_that_nobody_answered_goes_again_as_it_was_before_those_behind_it() {
    for appended in [0, 1, 2] {
        let (mut story, [_, mut second], sent) = expired_and_lost();
        for bytes in &sent[..appended] {
            story.log.append(bytes, MAX);
        }
        story.send("c");
        assert!(story.next().is_none(), "not without a pause");
        // Shorter than it takes for the second to be too late.
        story.now += PAUSE;
        let failed = story.completer.counters.failed;
        for sent in &sent {
            let again = story.next().unwrap();
            assert_eq!(&bytes(&again), sent);
            story.served(again);
        }
        assert_eq!(offset(&mut second), Some(2));
        let next = story.next().unwrap();
        assert_eq!((stamp(&next), values(&next)), ((0, 3), vec!["c".to_owned()]), "no gap, no new epoch");
        story.served(next);
        assert_eq!(story.log.texts(), ["proof", "a", "b", "c"]);
        assert_eq!(story.completer.counters.failed, failed, "no caller is told twice");
        story.ends();
    }
}

#[test]
fn what_a_broker_takes_up_late_of_an_expired_batch_and_of_those_behind_it_is_written_once() {
    // How many answers come before the broker gets to what the connection had that ended.
    for answers in [0, 1, 2] {
        let (mut story, _, sent) = expired_and_lost();
        story.now += PAUSE;
        for _ in 0..answers {
            let again = story.next().unwrap();
            story.served(again);
        }
        let again = story.next();
        for bytes in &sent {
            story.log.append(bytes, MAX);
        }
        if let Some(in_flight_batch) = again {
            story.served(in_flight_batch);
        }
        story.goes_well();
        assert_eq!(story.log.texts(), ["proof", "a", "b"]);
        story.ends();
    }
}

#[test]
fn batch_behind_an_expired_one_that_is_refused_is_in_doubt_itself_and_a_new_epoch_follows() {
    let rows = [
        // A broker that lost what it knew, and one that does not take the batch any more.
        said(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER),
        said(ErrorCode::TOPIC_AUTHORIZATION_FAILED),
    ];
    for answer in rows {
        let (mut story, [_, mut second], _) = expired_and_lost();
        story.now += PAUSE;
        let again = story.next().unwrap();
        story.lands(again, &answer);
        let behind = story.next().unwrap();
        assert_eq!((stamp(&behind), values(&behind)), ((0, 2), vec!["b".to_owned()]));
        story.served(behind);
        story.goes_well();
        assert_eq!(failure(&mut second), Some((FailureKind::OutcomeUnknown, Persisted::Maybe)));
        assert_eq!(story.log.texts(), ["proof"], "{answer:?}");
        let (_, next) = story.fly("c");
        assert_eq!(stamp(&next), (1, 0));
        story.served(next);
        story.ends();
    }
}

#[test]
fn an_expired_batch_is_no_longer_sent_once_as_much_time_has_passed_again() {
    let mut story = Story::proven();
    let (mut late, mut in_flight_batch) = story.fly("late");
    let sent = bytes(&in_flight_batch);
    story.deadline();
    assert_eq!(failure(&mut late), Some((FailureKind::DeliveryTimeout, Persisted::Maybe)));
    let given_up = story.partition_sender.deadline(&story.config).unwrap();
    while story.now + PAUSE * 20 < given_up {
        story.lost(in_flight_batch);
        story.pause();
        story.expire();
        in_flight_batch = story.next().unwrap();
        assert_eq!(bytes(&in_flight_batch), sent);
    }
    story.now = given_up;
    story.expire();
    assert!(story.used() > 0, "the connection may still read the bytes");
    assert_eq!(story.partition_sender.deadline(&story.config), None, "nothing more can be given up");
    story.lost(in_flight_batch);
    assert_eq!(story.used(), 0);
    let (_, next) = story.fly("next");
    assert_eq!(stamp(&next), (1, 0));
    story.served(next);
    story.ends();
}

#[test]
fn at_the_end_an_expired_batch_holds_nothing() {
    let (mut story, ..) = expired_and_lost();
    assert!(story.used() > 0);
    story.partition_sender.abort(&mut story.completer).unwrap();
    story.completer.finish();
    assert_eq!(story.used(), 0);
    story.ends();
}

#[test]
fn an_expired_batch_without_a_stamp_is_not_written_twice() {
    let mut story = Story::plain();
    let (mut late, in_flight_batch) = story.fly("late");
    story.applied(&in_flight_batch, MAX);
    story.deadline();
    assert_eq!(failure(&mut late), Some((FailureKind::DeliveryTimeout, Persisted::Maybe)));
    story.lost(in_flight_batch);
    assert_eq!(story.used(), 0);
    story.goes_well();
    assert_eq!(story.log.texts(), ["late"]);
    story.ends();
}

#[test]
fn record_that_was_never_sent_is_not_called_unacknowledged() {
    let mut story = Story::proven();
    let (mut sent, in_flight_batch) = story.fly("sent");
    let mut waiting = story.send("waiting");
    story.deadline();
    let (sent, waiting) = (message(&mut sent), message(&mut waiting));
    assert!(sent.contains("not acknowledged within 120s: too late"), "{sent}");
    assert!(waiting.contains("not sent within 120s: too late"), "{waiting}");
    story.served(in_flight_batch);
    story.ends();
}
