//! A leader that starts anew remembers the last batch of a producer alone: what a later batch proves, and what it does
//! not.

use super::*;

/// Five batches of one record, and their callers; the leader has appended the first `appended`, and no answer came.
fn five_unanswered(appended: usize) -> (PartitionHarness, Vec<RecordHandle>) {
    let mut harness = PartitionHarness::acked();
    let (record_handles, in_flight_batches): (Vec<RecordHandle>, Vec<InFlightBatch>) =
        ["a", "b", "c", "d", "e"].map(|value| harness.send_alone(value)).into_iter().unzip();
    for in_flight_batch in in_flight_batches.iter().take(appended) {
        harness.applied(in_flight_batch, MAX);
    }
    in_flight_batches.into_iter().for_each(|in_flight_batch| harness.lost(in_flight_batch));
    harness.log.restart();
    harness.pause();
    (harness, record_handles)
}

/// The leader refuses the sequences of all but the last, and acknowledges that one at `base_offset`.
fn only_last_is_recognised(harness: &mut PartitionHarness, base_offset: i64) {
    for _ in 0..4 {
        let in_flight_batch = harness.next().unwrap();
        harness.refused(in_flight_batch, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    }
    let last = harness.next().unwrap();
    harness.respond(last, &at(ErrorCode::NONE, base_offset));
}

/// The bytes of the batch that waits under this sequence.
fn copy_of(harness: &PartitionHarness, sequence: Sequence) -> Vec<u8> {
    let entry =
        harness.partition_sender.entries.iter().find(|entry| entry.stamp.base_sequence == sequence).unwrap();
    let Bytes::Here(batch) = &entry.bytes else { panic!("it is in flight") };
    batch.pieces().collect::<Vec<_>>().concat()
}

#[test]
fn five_batches_without_a_response_are_written_once_however_many_the_leader_had() {
    for appended in 0..=5 {
        let (mut harness, mut record_handles) = five_unanswered(appended);
        harness.goes_well();
        assert_eq!(harness.log.texts(), ["first", "a", "b", "c", "d", "e"], "{appended} appended");
        let offsets: Vec<_> = record_handles.iter_mut().map(offset).collect();
        assert_eq!(offsets, [Some(1), Some(2), Some(3), Some(4), Some(5)], "{appended} appended");
        let (_, next) = harness.send_alone("next");
        assert_eq!(stamp(&next), (0, 6), "no gap, no new epoch");
        harness.served(next);
        harness.ends();
    }
}

#[test]
fn offset_is_not_returned_where_records_of_another_producer_may_be_between() {
    let (mut harness, mut record_handles) = five_unanswered(5);
    only_last_is_recognised(&mut harness, 6);
    for record_handle in &mut record_handles[..4] {
        let receipt = record_handle.poll(Waker::noop());
        assert!(matches!(receipt, Poll::Ready(Ok(receipt)) if receipt.offset.is_none()), "{receipt:?}");
    }
    assert_eq!(offset(&mut record_handles[4]), Some(6));
}

#[test]
fn leader_that_lost_the_run_and_took_a_late_copy_as_its_first_proves_nothing() {
    let (mut harness, mut record_handles) = five_unanswered(0);
    harness.log.forget_producers();
    harness.log.append_others(1);
    let late = harness.partition_sender.entries[2].stamp.base_sequence;
    let copy = copy_of(&harness, late);
    assert_eq!(harness.log.append(&copy, MAX).0, ErrorCode::NONE);
    harness.goes_well();
    let texts = harness.log.texts();
    for (value, record_handle) in ["a", "b", "c", "d", "e"].iter().zip(&mut record_handles) {
        let is_there = texts.iter().any(|text| text == value);
        let acknowledged = offset(record_handle).is_some();
        assert_eq!(is_there, acknowledged, "{value}: {texts:?}");
        assert_eq!(failure(record_handle).is_some(), !acknowledged, "{value}");
    }
    assert_eq!(failure(&mut record_handles[0]), Some((ErrorKind::OutcomeUnknown, Persisted::Maybe)));
    harness.ends();
}

#[test]
fn later_batch_without_room_for_those_before_it_does_not_prove_them() {
    for base_offset in [-1, 4] {
        let (mut harness, mut record_handles) = five_unanswered(5);
        only_last_is_recognised(&mut harness, base_offset);
        assert!(harness.next().is_none());
        for record_handle in &mut record_handles[..4] {
            assert_eq!(
                failure(record_handle),
                Some((ErrorKind::OutcomeUnknown, Persisted::Maybe)),
                "{base_offset}"
            );
        }
        let (_, next) = harness.send_alone("next");
        assert_eq!(stamp(&next), (1, 0));
    }
}

#[test]
fn later_batch_at_another_leader_does_not_prove_what_the_one_before_refused() {
    let (mut harness, mut record_handles) = five_unanswered(5);
    for _ in 0..4 {
        let in_flight_batch = harness.next().unwrap();
        harness.refused(in_flight_batch, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    }
    let last = harness.next().unwrap();
    harness.refused(last, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    harness.partition_sender.moved();
    let first = harness.next().unwrap();
    assert_eq!(values(&first), ["a"], "each is sent to the new leader");
    harness.served(first);
    harness.goes_well();
    assert!(record_handles.iter_mut().all(|record_handle| offset(record_handle).is_some()));
    assert_eq!(harness.log.texts(), ["first", "a", "b", "c", "d", "e"]);
    harness.ends();
}

#[test]
fn batches_that_no_leader_recognises_fail_as_possibly_written_with_the_reason() {
    let (mut harness, mut record_handles) = five_unanswered(0);
    for _ in 0..5 {
        let in_flight_batch = harness.next().unwrap();
        harness.refused(in_flight_batch, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    }
    let mut behind = harness.send("f");
    let next = harness.next().unwrap();
    assert_eq!((stamp(&next), values(&next)), ((1, 0), vec!["f".to_owned()]));
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((ErrorKind::OutcomeUnknown, Persisted::Maybe)));
        let text = message(record_handle);
        assert!(text.contains("OUT_OF_ORDER_SEQUENCE_NUMBER") && text.contains("may have been"), "{text}");
    }
    harness.served(next);
    assert_eq!(offset(&mut behind), Some(1));
    harness.ends();
}

#[test]
fn late_copy_of_a_batch_in_doubt_is_fenced_by_the_next_epoch() {
    let mut harness = PartitionHarness::acked();
    let (mut record_handle, in_flight_batch) = harness.send_alone("late");
    let late = bytes(&in_flight_batch);
    harness.lost(in_flight_batch);
    harness.pause();
    let again = harness.next().unwrap();
    harness.refused(again, ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::TopicAuthorizationFailed, Persisted::Maybe)));
    let (_, next) = harness.send_alone("next");
    harness.served(next);
    assert_eq!(harness.log.append(&late, MAX).0, ErrorCode::INVALID_PRODUCER_EPOCH);
    assert_eq!(harness.log.texts(), ["first", "next"]);
    harness.ends();
}

#[test]
fn limited_retries_never_report_records_as_not_written_that_a_broker_takes_up_late() {
    let mut harness =
        PartitionHarness::new(accumulator(), PartitionSenderConfig { retries: 1, ..partition_senders() })
            .ack_first();
    let (mut record_handle, in_flight_batch) = harness.send_alone("a");
    let late = bytes(&in_flight_batch);
    harness.lost(in_flight_batch);
    harness.pause();
    let again = harness.next().unwrap();
    harness.refused(again, ErrorCode::NOT_ENOUGH_REPLICAS);
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::RetriesExhausted, Persisted::Maybe)));
    assert_eq!(harness.log.append(&late, MAX).0, ErrorCode::NONE);
    harness.ends();
}

#[test]
fn no_new_batch_is_taken_while_one_is_in_doubt() {
    let mut harness = PartitionHarness::acked();
    let (_, first) = harness.send_alone("a");
    // The leader knows the run, and took a perhaps.
    harness.refused(first, ErrorCode::REQUEST_TIMED_OUT);
    harness.send("b");
    harness.pause();
    let again = harness.next().unwrap();
    assert_eq!(values(&again), ["a"]);
    assert!(harness.next().is_none());
    harness.served(again);
    assert_eq!(values(&harness.next().unwrap()), ["b"]);
}

#[test]
fn batch_that_was_refused_behind_another_is_asked_for_again_once_that_one_is_written() {
    let mut harness = PartitionHarness::acked();
    let (record_handles, in_flight_batches): (Vec<RecordHandle>, Vec<InFlightBatch>) =
        ["d", "e", "f"].map(|value| harness.send_alone(value)).into_iter().unzip();
    in_flight_batches.into_iter().for_each(|in_flight_batch| harness.lost(in_flight_batch));
    harness.pause();
    let d = harness.next().unwrap();
    harness.served(d);
    let (e, f) = (harness.next().unwrap(), harness.next().unwrap());
    harness.refused(e, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.refused(f, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    harness.goes_well();
    assert_eq!(
        record_handles.into_iter().map(|mut record_handle| offset(&mut record_handle)).collect::<Vec<_>>(),
        [Some(1), Some(2), Some(3)]
    );
    assert_eq!(harness.log.texts(), ["first", "d", "e", "f"]);
    harness.ends();
}

#[test]
fn leader_that_loses_the_partition_after_it_appended_leaves_the_batch_in_doubt() {
    for (code, offset) in
        [(ErrorCode::NOT_LEADER_OR_FOLLOWER, -1), (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, 1)]
    {
        let mut harness = PartitionHarness::acked();
        let (mut record_handle, in_flight_batch) = harness.send_alone("a");
        harness.applied(&in_flight_batch, MAX);
        harness.respond(in_flight_batch, &at(code, offset));
        harness.partition_sender.moved();
        harness.deadline();
        assert_eq!(
            failure(&mut record_handle),
            Some((ErrorKind::DeliveryTimeout, Persisted::Maybe)),
            "{code}"
        );
        harness.goes_well();
        assert_eq!(harness.log.texts(), ["first", "a"]);
        harness.ends();
    }
}

#[test]
fn leader_that_does_not_know_the_topic_may_not_know_the_run_of_the_next_one() {
    let mut harness = PartitionHarness::acked();
    let (_, a) = harness.send_alone("a");
    let (_, b) = harness.send_alone("b");
    harness.refused(a, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    harness.refused(b, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    harness.pause();
    assert!(harness.next().is_some());
    assert!(harness.next().is_none(), "a topic created anew would take b as the first");
}

#[test]
fn batch_before_the_last_acknowledged_one_is_not_proven_by_the_next() {
    let mut harness = PartitionHarness::acked();
    let (mut record_handle, a) = harness.send_alone("a");
    let (_, b) = harness.send_alone("b");
    let (_, c) = harness.send_alone("c");
    // No room for a before b, and none is needed between b and c.
    harness.respond(b, &at(ErrorCode::NONE, 1));
    harness.respond(c, &at(ErrorCode::NONE, 2));
    assert!(is_pending(&mut record_handle));
    harness.refused(a, ErrorCode::INVALID_RECORD);
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::InvalidRecord, Persisted::No)));
}

#[test]
fn batch_that_was_refused_on_every_try_is_not_proven_by_a_later_one() {
    let mut harness = PartitionHarness::acked();
    let (mut record_handle, a) = harness.send_alone("a");
    let (_, b) = harness.send_alone("b");
    harness.refused(a, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.respond(b, &at(ErrorCode::NONE, 2));
    assert!(is_pending(&mut record_handle), "the room is that of another producer's record");
}

#[test]
fn batch_that_was_refused_on_every_try_and_is_in_flight_again_is_not_proven_by_a_later_one() {
    let mut harness = PartitionHarness::acked();
    let (mut record_handle, a) = harness.send_alone("a");
    let (_, b) = harness.send_alone("b");
    harness.refused(a, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.pause();
    let a = harness.next().unwrap();
    assert_eq!(values(&a), ["a"]);
    harness.respond(b, &at(ErrorCode::NONE, 2));
    assert!(is_pending(&mut record_handle), "its second try stands behind b on the connection");
    harness.refused(a, ErrorCode::INVALID_RECORD);
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::InvalidRecord, Persisted::No)));
}

#[test]
fn leader_elected_at_any_moment_while_batches_in_doubt_are_asked_for_loses_no_proof() {
    for written in 1..=5 {
        for moment in 0..20 {
            let (mut harness, mut record_handles) = five_unanswered(written);
            let mut steps = 0;
            for _ in 0..100 {
                harness.pause();
                while let Some(in_flight_batch) = harness.next() {
                    if steps == moment {
                        harness.partition_sender.leader_changed();
                    }
                    harness.served(in_flight_batch);
                    steps += 1;
                    if steps == moment + 1 {
                        harness.partition_sender.leader_changed();
                    }
                }
            }
            let offsets: Vec<_> = record_handles.iter_mut().map(offset).collect();
            assert_eq!(
                offsets,
                [Some(1), Some(2), Some(3), Some(4), Some(5)],
                "{written} written, at {moment}"
            );
            harness.ends();
        }
    }
}
