//! Sequences, epochs and identities.

use super::*;

#[test]
fn sequences_follow_each_other_over_batches() {
    let mut harness = PartitionHarness::simple();
    (0..3).for_each(|_| drop(harness.send("a")));
    let first = harness.next().unwrap();
    assert_eq!(stamp(&first), (0, 0));
    harness.served(first);
    let (_, second) = harness.send_alone("b");
    let (_, third) = harness.send_alone("c");
    assert_eq!((stamp(&second), stamp(&third)), ((0, 3), (0, 4)));
    harness.served(second);
    harness.served(third);
    harness.ends();
}

/// A story whose run stands shortly before its sequences wrap, and whose brokers know it there.
fn before_the_wrap(left: i32) -> PartitionHarness {
    let mut harness = PartitionHarness::simple();
    harness.partition_sender.run.next_sequence = Sequence(i32::MAX - left);
    harness.send("first");
    harness.goes_well();
    harness
}

#[test]
fn sequences_wrap_to_zero_between_batches_and_within_one() {
    // The first takes the sequence before the last `left`.
    for (left, expected) in [(5, [i32::MAX - 4, 0, 5]), (3, [i32::MAX - 2, 2, 7])] {
        let mut harness = before_the_wrap(left);
        let mut seen = Vec::new();
        for _ in 0..3 {
            (0..5).for_each(|_| drop(harness.send("a")));
            let in_flight_batch = harness.next().unwrap();
            seen.push(stamp(&in_flight_batch).1);
            harness.served(in_flight_batch);
        }
        assert_eq!(seen, expected);
        assert_eq!(harness.log.values.len(), 16);
        harness.ends();
    }
}

#[test]
fn the_parts_of_a_batch_over_the_wrap_keep_its_sequences() {
    let mut harness = before_the_wrap(2);
    (0..8).for_each(|number| drop(harness.send(&format!("{number}{}", " ".repeat(100)))));
    let whole = harness.next().unwrap();
    assert_eq!(stamp(&whole), (0, i32::MAX - 1));
    harness.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    let parts: Vec<InFlightBatch> = std::iter::from_fn(|| harness.next()).collect();
    let mut expected = Sequence(i32::MAX - 1);
    for part in &parts {
        assert_eq!(stamp(part), (0, expected.0));
        expected = expected.after(part.batch.records);
    }
    assert_eq!(expected, Sequence(6));
    assert!(parts.len() > 1 && parts[0].batch.records > 2, "the wrap lies within the first");
    parts.into_iter().for_each(|part| {
        harness.served(part);
    });
    assert_eq!(harness.log.texts()[1..], ["0", "1", "2", "3", "4", "5", "6", "7"]);
    harness.ends();
}

#[test]
fn a_gap_at_the_oldest_batch_begins_the_run_again_and_a_gap_behind_it_waits_for_it() {
    let mut harness = PartitionHarness::acked();
    let (_, first) = harness.send_alone("a");
    let (_, second) = harness.send_alone("b");
    // The second lands first, and the first was refused for a while.
    harness.refused(second, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    harness.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.pause();
    let again = [harness.next().unwrap(), harness.next().unwrap()];
    assert_eq!([stamp(&again[0]), stamp(&again[1])], [(0, 1), (0, 2)]);
    let [first, second] = again;

    // The brokers have lost what was before.
    harness.refused(first, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    harness.refused(second, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    harness.pause();
    let first = harness.next().unwrap();
    assert_eq!((stamp(&first), values(&first)), ((1, 0), vec!["a".to_owned()]));
    harness.served(first);
    let second = harness.next().unwrap();
    assert_eq!((stamp(&second), values(&second)), ((1, 1), vec!["b".to_owned()]));
    harness.served(second);
    assert_eq!(harness.log.texts(), ["first", "a", "b"]);
    harness.ends();
}

#[test]
fn an_unknown_producer_begins_its_run_again_without_an_error() {
    let mut harness = PartitionHarness::acked();
    let (mut record_handle, in_flight_batch) = harness.send_alone("a");
    harness.log.forget_producers();
    harness.refused(in_flight_batch, ErrorCode::UNKNOWN_PRODUCER_ID);
    harness.pause();
    let in_flight_batch = harness.next().unwrap();
    assert_eq!(stamp(&in_flight_batch), (1, 0));
    harness.served(in_flight_batch);
    assert_eq!(offset(&mut record_handle), Some(1));
    harness.ends();
}

#[test]
fn the_last_epoch_is_followed_by_another_identity_and_order_is_kept() {
    let mut harness = PartitionHarness::acked();
    harness.partition_sender.run.identity = Some(ProducerIdAndEpoch { epoch: 32_766.into(), ..identity(7) });
    let (mut first, refused) = harness.send_alone("a");
    let (mut second, behind) = harness.send_alone("b");
    harness.refused(refused, ErrorCode::INVALID_TOPIC_EXCEPTION);
    harness.refused(behind, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    harness.pause();
    assert_eq!(harness.exhausted(), Some(ProducerId(7)), "the producer has to ask for another");
    assert_eq!(harness.exhausted(), None, "once");
    assert!(harness.next().is_none(), "the old one again is none");

    harness.given = Some(identity(8));
    let mut third = harness.send("c");
    let in_flight_batch = harness.next().unwrap();
    assert_eq!(full_stamp(&in_flight_batch), Stamp { identity: identity(8), base_sequence: Sequence(0) });
    harness.served(in_flight_batch);
    harness.goes_well();
    assert_eq!(failure(&mut first), Some((ErrorKind::InvalidTopic, Persisted::No)));
    assert_eq!([offset(&mut second), offset(&mut third)], [Some(1), Some(2)]);
    harness.ends();
}

#[test]
fn an_identity_that_has_come_meanwhile_is_taken_when_the_epochs_are_used_up() {
    let mut harness = PartitionHarness::acked();
    harness.partition_sender.run.identity = Some(ProducerIdAndEpoch { epoch: 32_766.into(), ..identity(7) });
    harness.given = Some(identity(8));
    let (_, in_flight_batch) = harness.send_alone("a");
    harness.refused(in_flight_batch, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    harness.pause();
    assert_eq!(harness.exhausted(), None, "nobody has to ask");
    assert_eq!(full_stamp(&harness.next().unwrap()).identity, identity(8));
}

#[test]
fn producer_id_that_brokers_do_not_know_or_that_others_use_is_reported_once_and_replaced() {
    for code in [ErrorCode::INVALID_PRODUCER_ID_MAPPING, ErrorCode::INVALID_PRODUCER_EPOCH] {
        let mut harness = PartitionHarness::acked();
        let (mut first, one) = harness.send_alone("a");
        let (mut second, two) = harness.send_alone("b");
        assert!(harness.refused(one, code).producer_id_exhausted);
        assert_eq!(harness.partition_sender.exhausted(), Some(ProducerId(7)));
        assert!(!harness.refused(two, code).producer_id_exhausted);
        harness.pause();
        assert!(harness.next().is_none());
        harness.given = Some(identity(8));
        let in_flight_batch = harness.next().unwrap();
        assert_eq!(full_stamp(&in_flight_batch), Stamp { identity: identity(8), base_sequence: Sequence(0) });
        harness.served(in_flight_batch);
        harness.goes_well();
        assert_eq!([offset(&mut first), offset(&mut second)], [Some(1), Some(2)]);
        harness.ends();
    }
}

#[test]
fn a_batch_that_is_surely_not_written_gets_as_many_identities_as_it_takes() {
    let mut harness = PartitionHarness::acked();
    let (mut record_handle, mut in_flight_batch) = harness.send_alone("a");
    for id in 8..20 {
        harness.refused(in_flight_batch, ErrorCode::INVALID_PRODUCER_EPOCH);
        harness.given = Some(identity(id));
        harness.pause();
        in_flight_batch = harness.next().unwrap();
        assert_eq!(
            full_stamp(&in_flight_batch),
            Stamp { identity: identity(id), base_sequence: Sequence(0) }
        );
    }
    harness.served(in_flight_batch);
    assert_eq!(offset(&mut record_handle), Some(1));
    harness.ends();
}

#[test]
fn without_an_identity_nothing_goes() {
    let mut harness = PartitionHarness::simple();
    harness.given = None;
    harness.send("a");
    assert!(harness.next().is_none());
    harness.given = Some(identity(7));
    assert_eq!(stamp(&harness.next().unwrap()), (0, 0));
}

#[test]
fn without_idempotence_batches_have_no_stamp_and_a_gap_is_an_error() {
    let mut harness = PartitionHarness::plain();
    let (mut record_handle, in_flight_batch) = harness.send_alone("a");
    assert_eq!(full_stamp(&in_flight_batch), Stamp::NONE);
    harness.refused(in_flight_batch, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::Refused, Persisted::No)));
    let (_, next) = harness.send_alone("b");
    assert_eq!(full_stamp(&next), Stamp::NONE);
    harness.served(next);
    harness.ends();
}

#[test]
fn a_duplicate_that_the_broker_recognised_is_a_success() {
    let mut harness = PartitionHarness::acked();
    let (mut record_handle, in_flight_batch) = harness.send_alone("a");
    harness.refused(in_flight_batch, ErrorCode::DUPLICATE_SEQUENCE_NUMBER);
    let receipt = record_handle.poll(Waker::noop());
    assert!(matches!(receipt, Poll::Ready(Ok(receipt)) if receipt.offset.is_none()), "{receipt:?}");
    let (mut record_handle, next) = harness.send_alone("b");
    assert_eq!(stamp(&next), (0, 2), "the run goes on");
    // With the time of appending, but without an offset.
    let response = BatchResponse::FromBroker {
        code: ErrorCode::DUPLICATE_SEQUENCE_NUMBER,
        base_offset: -1,
        append_time_ms: 1_234,
        message: None,
        record_errors: Vec::new(),
    };
    harness.respond(next, &response);
    let receipt = record_handle.poll(Waker::noop());
    assert!(matches!(receipt, Poll::Ready(Ok(receipt)) if receipt.offset.is_none()), "{receipt:?}");
}

#[test]
fn append_time_is_returned_where_the_topic_keeps_it() {
    let mut harness = PartitionHarness::simple();
    let (mut record_handle, in_flight_batch) = harness.send_alone("a");
    let response = BatchResponse::FromBroker {
        code: ErrorCode::NONE,
        base_offset: 5,
        append_time_ms: 1_234,
        message: None,
        record_errors: Vec::new(),
    };
    harness.respond(in_flight_batch, &response);
    let Poll::Ready(Ok(receipt)) = record_handle.poll(Waker::noop()) else { panic!("it was written") };
    assert_eq!((receipt.offset, receipt.timestamp_ms), (Some(5), 1_234));
}
