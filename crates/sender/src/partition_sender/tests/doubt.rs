//! Batches of which nobody knows whether they stand in the log, and deadlines.

use super::*;

#[test]
fn an_unanswered_batch_goes_again_byte_for_byte_and_is_written_once() {
    for appended in [true, false] {
        let mut harness = PartitionHarness::acked();
        let (mut record_handle, in_flight_batch) = harness.send_alone("a");
        let sent = bytes(&in_flight_batch);
        if appended {
            harness.applied(&in_flight_batch, MAX);
        }
        harness.lost(in_flight_batch);
        harness.send("b");
        harness.pause();
        let again = harness.next().unwrap();
        assert_eq!(bytes(&again), sent);
        harness.served(again);
        harness.goes_well();
        assert_eq!(offset(&mut record_handle), Some(1));
        assert_eq!(harness.log.texts(), ["first", "a", "b"]);
        harness.ends();
    }
}

#[test]
fn a_leader_without_its_followers_is_asked_again_and_nothing_is_doubled() {
    for code in [ErrorCode::REQUEST_TIMED_OUT, ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND] {
        let mut harness = PartitionHarness::acked();
        let (mut record_handle, in_flight_batch) = harness.send_alone("a");
        harness.applied(&in_flight_batch, MAX);
        harness.refused(in_flight_batch, code);
        harness.goes_well();
        assert_eq!(offset(&mut record_handle), Some(1));
        assert_eq!(harness.log.texts(), ["first", "a"]);
        harness.ends();
    }
}

#[test]
fn a_batch_that_expires_in_flight_may_be_written_and_its_bytes_stay_until_the_response() {
    let mut harness = PartitionHarness::acked();
    let (mut record_handle, in_flight_batch) = harness.send_alone("late");
    let sent = bytes(&in_flight_batch);
    let used = harness.used();
    harness.deadline();
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::DeliveryTimeout, Persisted::Maybe)));
    assert_eq!(harness.used(), used, "the connection may still read them");
    assert_eq!(bytes(&in_flight_batch), sent);

    // It was written after all: no gap, no new epoch, and nobody is told twice.
    let (_, next) = harness.send_alone("next");
    assert_eq!(stamp(&next), (0, 2));
    let counters = harness.completer.counters;
    harness.served(in_flight_batch);
    assert_eq!(harness.completer.counters, counters);
    harness.served(next);
    assert_eq!(harness.log.texts(), ["first", "late", "next"]);
    harness.ends();
}

#[test]
fn when_the_first_of_five_expires_and_the_others_are_written_the_run_goes_on() {
    let mut harness = PartitionHarness::acked();
    let (mut late, first) = harness.send_alone("a");
    harness.now += Duration::from_secs(1);
    let others: Vec<(RecordHandle, InFlightBatch)> =
        ["b", "c", "d", "e"].map(|value| harness.send_alone(value)).into();
    harness.now += harness.config.delivery_timeout - Duration::from_secs(1);
    harness.expire();
    assert_eq!(failure(&mut late), Some((ErrorKind::DeliveryTimeout, Persisted::Maybe)));
    harness.served(first);
    for (mut record_handle, in_flight_batch) in others {
        harness.served(in_flight_batch);
        assert!(offset(&mut record_handle).is_some());
    }
    let (_, next) = harness.send_alone("f");
    assert_eq!(stamp(&next), (0, 6));
    harness.served(next);
    harness.ends();
}

#[test]
fn a_doubtful_batch_under_an_identity_that_brokers_do_not_know_goes_again_as_it_was_and_then_stays_in_doubt()
{
    for code in [ErrorCode::INVALID_PRODUCER_EPOCH, ErrorCode::INVALID_PRODUCER_ID_MAPPING] {
        let mut harness = PartitionHarness::acked();
        let (mut record_handle, in_flight_batch) = harness.send_alone("a");
        let before = stamp(&in_flight_batch);
        harness.lost(in_flight_batch);
        let mut behind = harness.send("b");
        harness.given = Some(identity(8));
        for _ in 0..5 {
            assert!(is_pending(&mut record_handle), "{code}");
            assert!(harness.next().is_none(), "{code}: not at once");
            harness.pause();
            let again = harness.next().unwrap();
            assert_eq!(stamp(&again), before);
            harness.refused(again, code);
        }
        let follows = harness.next().unwrap();
        assert_eq!(
            failure(&mut record_handle),
            Some((ErrorKind::OutcomeUnknown, Persisted::Maybe)),
            "{code}"
        );
        assert_eq!(full_stamp(&follows), Stamp { identity: identity(8), base_sequence: Sequence(0) });
        harness.served(follows);
        assert_eq!(offset(&mut behind), Some(1));
        assert_eq!(harness.log.texts(), ["first", "b"]);
        harness.ends();
    }
}

#[test]
fn a_doubtful_batch_whose_identity_one_broker_does_not_know_is_written_once_where_another_does() {
    for appended in [false, true] {
        let mut harness = PartitionHarness::acked();
        let (mut record_handle, in_flight_batch) = harness.send_alone("a");
        if appended {
            harness.applied(&in_flight_batch, MAX);
        }
        harness.lost(in_flight_batch);
        for _ in 0..3 {
            for _ in 0..4 {
                harness.pause();
                let again = harness.next().unwrap();
                harness.refused(again, ErrorCode::INVALID_PRODUCER_ID_MAPPING);
            }
            harness.pause();
            let again = harness.next().unwrap();
            harness.lost(again);
        }
        harness.pause();
        let again = harness.next().unwrap();
        harness.served(again);
        assert_eq!((offset(&mut record_handle), harness.log.texts().len()), (Some(1), 2));
        harness.given = Some(identity(8));
        harness.ends();
    }
}

#[test]
fn a_batch_that_waits_in_the_queue_expires_as_not_written_and_leaves_no_gap() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles: Vec<RecordHandle> = Vec::new();
    for _ in 0..3 {
        record_handles.push(harness.send("a"));
        harness.now += Duration::from_secs(1);
        harness.partition_sender.partition().poll(harness.now, true, false, usize::MAX).unwrap();
    }
    harness.deadline();
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((ErrorKind::DeliveryTimeout, Persisted::No)));
    }
    assert_eq!(harness.used(), 0);
    let (mut next, in_flight_batch) = harness.send_alone("b");
    assert_eq!(stamp(&in_flight_batch), (0, 1));
    harness.served(in_flight_batch);
    assert_eq!(offset(&mut next), Some(1));
    harness.ends();
}

#[test]
fn only_what_is_too_late_expires() {
    let mut harness = PartitionHarness::simple();
    let mut early = harness.send("a");
    harness.now += Duration::from_secs(30);
    harness.partition_sender.partition().poll(harness.now, true, false, usize::MAX).unwrap();
    let mut late = harness.send("b");
    let opened = harness.now;
    harness.now = opened + harness.config.delivery_timeout - Duration::from_nanos(1);
    harness.partition_sender.partition().poll(harness.now, true, false, usize::MAX).unwrap();
    harness.expire();
    assert!(failure(&mut early).is_some() && is_pending(&mut late));
    harness.now += Duration::from_nanos(1);
    harness.expire();
    assert!(failure(&mut late).is_some());
    harness.ends();
}

#[test]
fn a_batch_that_was_refused_expires_as_not_written_and_an_unanswered_one_as_perhaps_written() {
    let rows = [
        (coded(ErrorCode::NOT_ENOUGH_REPLICAS), Persisted::No),
        (BatchResponse::Lost { whole: false, timed_out: false }, Persisted::No),
        (BatchResponse::Lost { whole: true, timed_out: false }, Persisted::Maybe),
        (coded(ErrorCode::REQUEST_TIMED_OUT), Persisted::Maybe),
        (coded(ErrorCode::NETWORK_EXCEPTION), Persisted::Maybe),
    ];
    for (response, persisted) in rows {
        let mut harness = PartitionHarness::acked();
        let (mut record_handle, in_flight_batch) = harness.send_alone("a");
        harness.respond(in_flight_batch, &response);
        harness.deadline();
        assert_eq!(
            failure(&mut record_handle),
            Some((ErrorKind::DeliveryTimeout, persisted)),
            "{response:?}"
        );
        let again = harness.next();
        assert_eq!(
            again.is_some(),
            persisted == Persisted::Maybe,
            "{response:?}: only a doubt is worth another try"
        );
        let follows = if again.is_some() { (0, 2) } else { (1, 0) };
        again.into_iter().for_each(|in_flight_batch| {
            harness.served(in_flight_batch);
        });
        let (_, next) = harness.send_alone("b");
        assert_eq!(stamp(&next), follows, "{response:?}");
        harness.served(next);
        harness.ends();
    }
}

#[test]
fn no_refusal_ends_a_doubt() {
    let rows = [
        (ErrorCode::NOT_ENOUGH_REPLICAS, ErrorKind::DeliveryTimeout),
        (ErrorCode::NOT_LEADER_OR_FOLLOWER, ErrorKind::DeliveryTimeout),
        (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, ErrorKind::OutcomeUnknown),
        (ErrorCode::UNKNOWN_PRODUCER_ID, ErrorKind::OutcomeUnknown),
    ];
    for (code, kind) in rows {
        let mut harness = PartitionHarness::acked();
        let (mut record_handle, in_flight_batch) = harness.send_alone("a");
        harness.lost(in_flight_batch);
        harness.pause();
        let again = harness.next().unwrap();
        harness.refused(again, code);
        assert!(harness.next().is_none());
        harness.deadline();
        assert_eq!(failure(&mut record_handle), Some((kind, Persisted::Maybe)), "{code}");
        harness.ends();
    }
}

#[test]
fn a_refusal_for_good_after_an_unanswered_try_says_that_it_may_be_written() {
    let mut harness = PartitionHarness::acked();
    let (mut record_handle, in_flight_batch) = harness.send_alone("a");
    harness.lost(in_flight_batch);
    harness.pause();
    let again = harness.next().unwrap();
    harness.refused(again, ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::TopicAuthorizationFailed, Persisted::Maybe)));
    harness.ends();
}

#[test]
fn error_of_an_expired_batch_names_the_last_code() {
    let mut harness = PartitionHarness::acked();
    let (mut record_handle, in_flight_batch) = harness.send_alone("a");
    harness.refused(in_flight_batch, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.deadline();
    let text = message(&mut record_handle);
    assert!(text.contains("too late") && text.contains("NOT_ENOUGH_REPLICAS"), "{text}");
}

#[test]
fn a_batch_that_did_not_fit_its_request_expires_as_not_written() {
    let mut harness = PartitionHarness::acked();
    let (mut record_handle, in_flight_batch) = harness.send_alone("a");
    harness.partition_sender.put_back(in_flight_batch, &mut harness.completer);
    harness.deadline();
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::DeliveryTimeout, Persisted::No)));
    harness.ends();
}

#[test]
fn at_the_end_everything_fails_once_and_bytes_in_flight_come_back_later() {
    let mut harness = PartitionHarness::acked();
    let (mut out, in_flight_batch) = harness.send_alone("a");
    let (mut waiting, refused) = harness.send_alone("b");
    harness.refused(refused, ErrorCode::NOT_ENOUGH_REPLICAS);
    let mut queued = harness.send("c");
    harness.partition_sender.abort(&mut harness.completer).unwrap();
    harness.completer.finish();
    assert_eq!(failure(&mut out), Some((ErrorKind::Closed, Persisted::Maybe)));
    assert_eq!(failure(&mut waiting), Some((ErrorKind::Closed, Persisted::No)));
    assert_eq!(failure(&mut queued), Some((ErrorKind::Closed, Persisted::No)));
    assert!(harness.used() > 0);
    assert_eq!(harness.shared.failures.total(), 3);
    harness.served(in_flight_batch);
    assert_eq!((harness.used(), harness.completer.counters.failed), (0, 3));
    harness.ends();
}

#[test]
fn a_record_written_to_a_connection_without_an_response_has_no_offset() {
    let mut harness = PartitionHarness::plain();
    let (mut record_handle, in_flight_batch) = harness.send_alone("a");
    assert!(is_pending(&mut record_handle));
    harness.respond(in_flight_batch, &BatchResponse::Written);
    let receipt = record_handle.poll(Waker::noop());
    assert!(matches!(receipt, Poll::Ready(Ok(receipt)) if receipt.offset.is_none()), "{receipt:?}");
    harness.ends();
}
