//! Batches of which a broker names the records that it does not take (KIP-467).

use super::*;

fn record_errors(places: &[u32]) -> Vec<RecordError> {
    let named = |place: &u32| RecordError { place: *place, message: Some(format!("{place} is no good")) };
    places.iter().map(named).collect()
}

fn rejecting(places: &[u32]) -> BatchResponse {
    BatchResponse::FromBroker {
        code: ErrorCode::INVALID_RECORD,
        base_offset: -1,
        append_time_ms: -1,
        message: Some("one or more records are no good".to_owned()),
        record_errors: record_errors(places),
    }
}

fn send_many(harness: &PartitionHarness, count: usize, bytes: usize) -> Vec<RecordHandle> {
    let value = |number: usize| format!("{number}{}", " ".repeat(bytes));
    (0..count).map(|number| harness.send(&value(number))).collect()
}

/// Sends `count` records as one batch, has a broker reject those at `places`, and checks that the others are written.
#[track_caller]
pub(super) fn check(mut harness: PartitionHarness, count: usize, bytes: usize, places: &[u32]) {
    let mut record_handles = send_many(&harness, count, bytes);
    let flush = harness.shared.outstanding.end_generation();
    let used = harness.used();
    let whole = harness.next().unwrap();
    let before = harness.log.values.len();
    let mut behind = harness.send("behind");
    harness.respond(whole, &rejecting(places));
    assert!(places.len() == count || !harness.shared.outstanding.is_settled(flush));
    assert!(places.len() == count || harness.partition_sender.compresses() || harness.used() >= used);
    harness.goes_well();
    let mut next = i64::try_from(before).unwrap();
    for (place, record_handle) in (0..).zip(&mut record_handles) {
        if places.contains(&place) {
            assert_eq!(failure(record_handle), Some((ErrorKind::InvalidRecord, Persisted::No)), "{place}");
            let text = message(record_handle);
            assert!(text.contains(&format!("{place} is no good")), "{text}");
        } else {
            assert_eq!(offset(record_handle), Some(next), "{place}");
            next += 1;
        }
    }
    assert_eq!(offset(&mut behind), Some(next));
    let good: Vec<String> = (0u32..)
        .take(count)
        .filter(|place| !places.contains(place))
        .map(|place| place.to_string())
        .chain(["behind".to_owned()])
        .collect();
    assert_eq!(harness.log.texts()[before..], good);
    assert_eq!(harness.completer.counters.failed, places.len() as u64);
    assert!(harness.shared.outstanding.is_settled(flush));
    harness.ends();
}

#[test]
fn rejected_records_fail_with_their_messages_and_the_others_are_written_in_order() {
    for places in [&[0][..], &[4], &[9], &[0, 9], &[3, 4, 5], &[0, 1, 8, 9], &[1, 3, 5, 7, 9]] {
        check(PartitionHarness::acked(), 10, 5, places);
        check(PartitionHarness::simple(), 10, 5, places);
        check(PartitionHarness::plain(), 10, 5, places);
    }
}

#[test]
fn each_record_fails_for_itself_when_all_are_rejected() {
    check(PartitionHarness::acked(), 3, 5, &[0, 1, 2]);
    check(PartitionHarness::acked(), 1, 5, &[0]);
}

#[test]
fn records_are_found_in_a_batch_of_many_chunks() {
    let places: Vec<u32> = (0..3_000).step_by(7).collect();
    check(PartitionHarness::acked(), 3_000, 150, &places);
}

#[test]
fn each_of_thousands_of_named_records_costs_the_same() {
    for count in [500, 4_000] {
        let mut harness = PartitionHarness::acked();
        let mut record_handles = send_many(&harness, count, 5);
        assert!(record_handles.iter_mut().all(is_pending));
        let whole = harness.next().unwrap();
        // Every other record: each is a range of its own, and each of the others goes again in a part of its own.
        let places: Vec<u32> = (0..u32::try_from(count).unwrap()).step_by(2).collect();
        harness.respond(whole, &rejecting(&places));
        assert!(record_handles.iter_mut().step_by(2).all(|record_handle| failure(record_handle).is_some()));
        assert!(record_handles.iter_mut().skip(1).step_by(2).all(is_pending));
        harness.goes_well();
        assert!(
            record_handles.iter_mut().skip(1).step_by(2).all(|record_handle| offset(record_handle).is_some())
        );
        let steps = record_handles[0].steps();
        assert!(steps < 5 * count, "{steps} slots, ranges and wakers were looked at for {count} records");
        harness.ends();
    }
}

#[test]
fn named_records_that_stand_together_fail_together_where_the_message_is_the_same() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles = send_many(&harness, 8, 5);
    let whole = harness.next().unwrap();
    let same = |place: u32| RecordError { place, message: Some("no key".to_owned()) };
    let other = RecordError { place: 5, message: Some("too old".to_owned()) };
    let record_errors = vec![same(1), same(2), same(3), other, same(6), same(7)];
    let response = BatchResponse::FromBroker {
        code: ErrorCode::INVALID_RECORD,
        base_offset: -1,
        append_time_ms: -1,
        message: None,
        record_errors,
    };
    harness.respond(whole, &response);
    let (total, failed) = harness.shared.failures.since(0, 10);
    let records: Vec<_> = failed.iter().map(|failed| failed.records).collect();
    assert_eq!((total, records), (6, vec![3, 1, 2]));
    harness.goes_well();
    let offsets: Vec<_> = record_handles.iter_mut().map(offset).collect();
    assert_eq!(offsets, [Some(1), None, None, None, Some(2), None, None, None]);
    assert!(
        message(&mut record_handles[5]).contains("too old")
            && message(&mut record_handles[7]).contains("no key")
    );
    harness.ends();
}

#[test]
fn the_others_go_under_a_new_run_after_all_that_is_out_has_come_back() {
    let mut harness = PartitionHarness::acked();
    send_many(&harness, 4, 5);
    let whole = harness.next().unwrap();
    let (_, behind) = harness.send_alone("behind");
    harness.respond(whole, &rejecting(&[1]));
    assert!(harness.next().is_none());
    harness.refused(behind, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    let mut again = Vec::new();
    while let Some(in_flight_batch) = harness.next() {
        again.push((stamp(&in_flight_batch), values(&in_flight_batch)));
        harness.served(in_flight_batch);
    }
    let expected = [((1, 0), vec!["0"]), ((1, 1), vec!["2", "3"]), ((1, 3), vec!["behind"])];
    let expected = expected.map(|(stamp, values)| (stamp, values.into_iter().map(str::to_owned).collect()));
    assert_eq!(again, expected);
    harness.ends();
}

#[test]
fn a_part_may_be_blamed_again() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles = send_many(&harness, 6, 5);
    let whole = harness.next().unwrap();
    harness.respond(whole, &rejecting(&[2]));
    let first = harness.next().unwrap();
    harness.served(first);
    let second = harness.next().unwrap();
    assert_eq!(values(&second), ["3", "4", "5"]);
    harness.respond(second, &rejecting(&[1]));
    harness.goes_well();
    let offsets: Vec<_> = record_handles.iter_mut().map(offset).collect();
    assert_eq!(offsets, [Some(1), Some(2), None, Some(3), None, Some(4)]);
    harness.ends();
}

#[test]
fn record_error_outside_of_the_batch_does_not_count_and_the_whole_batch_fails() {
    for places in [&[][..], &[10], &[3, 10], &[u32::MAX]] {
        let mut harness = PartitionHarness::acked();
        let mut record_handles = send_many(&harness, 10, 5);
        let whole = harness.next().unwrap();
        harness.respond(whole, &rejecting(places));
        for record_handle in &mut record_handles {
            assert_eq!(failure(record_handle), Some((ErrorKind::InvalidRecord, Persisted::No)));
        }
        harness.ends();
    }
}

#[test]
fn batch_that_may_be_written_is_not_sent_again_without_its_rejected_records() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles = send_many(&harness, 10, 5);
    let in_flight_batch = harness.next().unwrap();
    harness.applied(&in_flight_batch, MAX);
    harness.lost(in_flight_batch);
    harness.pause();
    let again = harness.next().unwrap();
    harness.respond(again, &rejecting(&[1]));
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((ErrorKind::InvalidRecord, Persisted::Maybe)));
    }
    harness.goes_well();
    assert_eq!(harness.log.values.len(), 11);
    harness.ends();
}

#[test]
fn an_expired_batch_settles_nobody_twice() {
    let mut harness = PartitionHarness::acked();
    send_many(&harness, 10, 5);
    let in_flight_batch = harness.next().unwrap();
    harness.deadline();
    harness.respond(in_flight_batch, &rejecting(&[1]));
    assert_eq!((harness.used(), harness.completer.counters.failed), (0, 10));
    harness.ends();
}

#[test]
fn a_record_error_without_words_of_its_own_fails_with_those_of_the_batch() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles = send_many(&harness, 2, 5);
    let whole = harness.next().unwrap();
    let response = BatchResponse::FromBroker {
        code: ErrorCode::INVALID_TIMESTAMP,
        base_offset: -1,
        append_time_ms: -1,
        message: Some("too far from now".to_owned()),
        record_errors: vec![RecordError { place: 1, message: None }],
    };
    harness.respond(whole, &response);
    assert_eq!(failure(&mut record_handles[1]), Some((ErrorKind::InvalidTimestamp, Persisted::No)));
    assert!(message(&mut record_handles[1]).contains("too far from now"));
    harness.goes_well();
    assert_eq!(offset(&mut record_handles[0]), Some(1));
    harness.ends();
}
