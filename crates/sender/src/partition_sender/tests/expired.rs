//! Batches whose deliveries are settled because it is too late, and that may stand in the log.

use super::*;

/// `a` has expired, and `b`, which is younger, has not; nobody answered about either.
fn expired_and_lost() -> (PartitionHarness, [RecordHandle; 2], [Vec<u8>; 2]) {
    let mut harness = PartitionHarness::acked();
    let (mut late, first) = harness.send_alone("a");
    harness.now += Duration::from_secs(1);
    let (record_handle, second) = harness.send_alone("b");
    harness.now += harness.config.delivery_timeout - Duration::from_secs(1);
    harness.expire();
    assert_eq!(failure(&mut late), Some((ErrorKind::DeliveryTimeout, Persisted::Maybe)));
    let sent = [bytes(&first), bytes(&second)];
    harness.lost(first);
    harness.lost(second);
    (harness, [late, record_handle], sent)
}

#[test]
fn an_expired_batch_that_nobody_answered_goes_again_as_it_was_before_those_behind_it() {
    for appended in [0, 1, 2] {
        let (mut harness, [_, mut second], sent) = expired_and_lost();
        for bytes in &sent[..appended] {
            harness.log.append(bytes, MAX);
        }
        harness.send("c");
        assert!(harness.next().is_none(), "not without a pause");
        // Shorter than it takes for the second to be too late.
        harness.now += PAUSE;
        let failed = harness.completer.counters.failed;
        for sent in &sent {
            let again = harness.next().unwrap();
            assert_eq!(&bytes(&again), sent);
            harness.served(again);
        }
        assert_eq!(offset(&mut second), Some(2));
        let next = harness.next().unwrap();
        assert_eq!((stamp(&next), values(&next)), ((0, 3), vec!["c".to_owned()]), "no gap, no new epoch");
        harness.served(next);
        assert_eq!(harness.log.texts(), ["first", "a", "b", "c"]);
        assert_eq!(harness.completer.counters.failed, failed, "no caller is told twice");
        harness.ends();
    }
}

#[test]
fn late_copies_of_an_expired_batch_and_of_those_behind_it_are_written_once() {
    // How many answers come before the broker gets to what the connection had that ended.
    for responses in [0, 1, 2] {
        let (mut harness, _, sent) = expired_and_lost();
        harness.now += PAUSE;
        for _ in 0..responses {
            let again = harness.next().unwrap();
            harness.served(again);
        }
        let again = harness.next();
        for bytes in &sent {
            harness.log.append(bytes, MAX);
        }
        if let Some(in_flight_batch) = again {
            harness.served(in_flight_batch);
        }
        harness.goes_well();
        assert_eq!(harness.log.texts(), ["first", "a", "b"]);
        harness.ends();
    }
}

#[test]
fn batch_behind_an_expired_one_that_is_refused_is_in_doubt_itself_and_a_new_epoch_follows() {
    let rows = [
        // A broker that lost what it knew, and one that does not take the batch any more.
        coded(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER),
        coded(ErrorCode::TOPIC_AUTHORIZATION_FAILED),
    ];
    for response in rows {
        let (mut harness, [_, mut second], _) = expired_and_lost();
        harness.now += PAUSE;
        let again = harness.next().unwrap();
        harness.respond(again, &response);
        let behind = harness.next().unwrap();
        assert_eq!((stamp(&behind), values(&behind)), ((0, 2), vec!["b".to_owned()]));
        harness.served(behind);
        harness.goes_well();
        assert_eq!(failure(&mut second), Some((ErrorKind::OutcomeUnknown, Persisted::Maybe)));
        assert_eq!(harness.log.texts(), ["first"], "{response:?}");
        let (_, next) = harness.send_alone("c");
        assert_eq!(stamp(&next), (1, 0));
        harness.served(next);
        harness.ends();
    }
}

#[test]
fn an_expired_batch_is_no_longer_sent_once_as_much_time_has_passed_again() {
    let mut harness = PartitionHarness::acked();
    let (mut late, mut in_flight_batch) = harness.send_alone("late");
    let sent = bytes(&in_flight_batch);
    harness.deadline();
    assert_eq!(failure(&mut late), Some((ErrorKind::DeliveryTimeout, Persisted::Maybe)));
    let given_up = harness.partition_sender.deadline(&harness.config).unwrap();
    while harness.now + PAUSE * 20 < given_up {
        harness.lost(in_flight_batch);
        harness.pause();
        harness.expire();
        in_flight_batch = harness.next().unwrap();
        assert_eq!(bytes(&in_flight_batch), sent);
    }
    harness.now = given_up;
    harness.expire();
    assert!(harness.used() > 0, "the connection may still read the bytes");
    assert_eq!(harness.partition_sender.deadline(&harness.config), None, "nothing more can be given up");
    harness.lost(in_flight_batch);
    assert_eq!(harness.used(), 0);
    let (_, next) = harness.send_alone("next");
    assert_eq!(stamp(&next), (1, 0));
    harness.served(next);
    harness.ends();
}

#[test]
fn at_the_end_an_expired_batch_holds_nothing() {
    let (mut harness, ..) = expired_and_lost();
    assert!(harness.used() > 0);
    harness.partition_sender.abort(&mut harness.completer).unwrap();
    harness.completer.finish();
    assert_eq!(harness.used(), 0);
    harness.ends();
}

#[test]
fn an_expired_batch_without_a_stamp_is_not_written_twice() {
    let mut harness = PartitionHarness::plain();
    let (mut late, in_flight_batch) = harness.send_alone("late");
    harness.applied(&in_flight_batch, MAX);
    harness.deadline();
    assert_eq!(failure(&mut late), Some((ErrorKind::DeliveryTimeout, Persisted::Maybe)));
    harness.lost(in_flight_batch);
    assert_eq!(harness.used(), 0);
    harness.goes_well();
    assert_eq!(harness.log.texts(), ["late"]);
    harness.ends();
}

#[test]
fn record_that_was_never_sent_is_not_called_unacknowledged() {
    let mut harness = PartitionHarness::acked();
    let (mut sent, in_flight_batch) = harness.send_alone("sent");
    let mut waiting = harness.send("waiting");
    harness.deadline();
    let (sent, waiting) = (message(&mut sent), message(&mut waiting));
    assert!(sent.contains("not acknowledged within 120s: too late"), "{sent}");
    assert!(waiting.contains("not sent within 120s: too late"), "{waiting}");
    harness.served(in_flight_batch);
    harness.ends();
}
