//! Batches that a broker finds too large.

use super::*;

/// Sends `count` records of `bytes` each, as one batch.
pub(super) fn send_many(harness: &PartitionHarness, count: usize, bytes: usize) -> Vec<RecordHandle> {
    let value = |number: usize| format!("{number}{}", " ".repeat(bytes));
    (0..count).map(|number| harness.send(&value(number))).collect()
}

pub(super) fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

/// A broker that takes batches of at most `max` bytes takes all that waits. Returns how many batches it took.
fn goes_to(harness: &mut PartitionHarness, max: usize) -> usize {
    let mut taken = 0;
    for _ in 0..1_000 {
        let Some(in_flight_batch) = harness.next() else { break };
        let response = harness.applied(&in_flight_batch, max);
        taken += usize::from(matches!(&response, BatchResponse::FromBroker { code: ErrorCode::NONE, .. }));
        harness.respond(in_flight_batch, &response);
        if harness.partition_sender.not_before().is_some() {
            harness.pause();
        }
    }
    taken
}

#[test]
fn a_batch_that_is_too_large_goes_in_parts_under_its_own_sequences_and_uses_no_try() {
    let mut harness = PartitionHarness::acked();
    harness.config.retries = 0;
    let mut record_handles = send_many(&harness, 20, 1_000);
    let whole = harness.next().unwrap();
    let response = harness.applied(&whole, 14_000);
    let before = harness.now;
    harness.respond(whole, &response);
    let parts: Vec<InFlightBatch> = std::iter::from_fn(|| harness.next()).collect();
    assert_eq!(harness.now, before, "no pause");
    assert!(parts.len() > 1 && parts.iter().all(|part| part.batch.bytes() <= 14_000));
    let mut expected = 1;
    for part in &parts {
        assert_eq!(stamp(part), (0, expected));
        expected += i32::try_from(part.batch.records).unwrap();
    }
    assert_eq!(expected, 21);
    parts.into_iter().for_each(|part| {
        harness.served(part);
    });
    assert_eq!(harness.log.texts()[1..], numbers(20));
    assert!(
        (1..).zip(&mut record_handles).all(|(place, record_handle)| offset(record_handle) == Some(place))
    );
    assert_eq!(harness.completer.counters.retries, 0);
    let (_, next) = harness.send_alone("next");
    assert_eq!(stamp(&next), (0, 21));
    harness.served(next);
    harness.ends();
}

#[test]
fn batch_behind_a_split_one_keeps_its_place_and_its_stamp() {
    let mut harness = PartitionHarness::acked();
    send_many(&harness, 20, 1_000);
    let whole = harness.next().unwrap();
    let (_, behind) = harness.send_alone("behind");
    let stamped = stamp(&behind);
    harness.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    harness.refused(behind, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    harness.send("new");
    let mut again = Vec::new();
    while let Some(in_flight_batch) = harness.next() {
        again.push((stamp(&in_flight_batch), values(&in_flight_batch)));
        harness.served(in_flight_batch);
    }
    assert!(again.contains(&(stamped, vec!["behind".to_owned()])), "{again:?}");
    let mut expected = vec!["first".to_owned()];
    expected.extend(numbers(20));
    expected.extend(["behind".to_owned(), "new".to_owned()]);
    assert_eq!(harness.log.texts(), expected);
    harness.ends();
}

#[test]
fn parts_that_are_too_large_again_end_at_the_record_that_is() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles = send_many(&harness, 8, 100);
    let mut large = harness.send(&"x".repeat(5_000));
    record_handles.extend(send_many(&harness, 8, 100));
    goes_to(&mut harness, 2_000);
    assert_eq!(failure(&mut large), Some((ErrorKind::MessageTooLarge, Persisted::No)));
    let offsets: Vec<i64> =
        record_handles.iter_mut().map(|record_handle| offset(record_handle).unwrap()).collect();
    assert_eq!(offsets, (1..=16).collect::<Vec<i64>>());
    assert_eq!(harness.log.values.len(), 17);
    harness.ends();
}

#[test]
fn a_broker_that_takes_no_batch_at_all_fails_each_record_for_itself() {
    let mut harness = PartitionHarness::simple();
    let mut record_handles = send_many(&harness, 13, 10);
    assert_eq!(goes_to(&mut harness, 0), 0);
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((ErrorKind::MessageTooLarge, Persisted::No)));
    }
    assert_eq!(harness.completer.counters.failed, 13);
    harness.ends();
}

#[test]
fn a_flush_waits_for_every_part() {
    let mut harness = PartitionHarness::acked();
    send_many(&harness, 20, 1_000);
    let flush = harness.shared.outstanding.end_generation();
    let whole = harness.next().unwrap();
    harness.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    let mut parts = Vec::new();
    while let Some(in_flight_batch) = harness.next() {
        parts.push(in_flight_batch);
    }
    while let Some(part) = parts.pop() {
        assert!(!harness.shared.outstanding.is_settled(flush));
        harness.served(part);
    }
    // Those behind the last answer were refused as out of order, and go again.
    harness.goes_well();
    assert!(harness.shared.outstanding.is_settled(flush));
    harness.ends();
}

#[test]
fn parts_hold_what_their_batch_cost_until_each_is_settled() {
    let mut harness = PartitionHarness::acked();
    send_many(&harness, 20, 1_000);
    let used = harness.used();
    let whole = harness.next().unwrap();
    harness.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    assert_eq!(harness.used(), used);
    let parts: Vec<InFlightBatch> = std::iter::from_fn(|| harness.next()).collect();
    let mut left: usize = parts.iter().map(|part| part.batch.bytes()).sum();
    for part in parts {
        left -= part.batch.bytes();
        harness.served(part);
        assert!(harness.used() >= left, "{} of {left} bytes", harness.used());
    }
    assert_eq!(harness.used(), 0);
    harness.ends();
}

#[test]
fn next_batches_stay_within_two_thirds_of_a_rejected_length() {
    let mut harness = PartitionHarness::acked();
    send_many(&harness, 400, 1_000);
    let whole = harness.next().unwrap();
    let refused = whole.batch.bytes();
    assert!(refused > 400_000);
    harness.refused(whole, ErrorCode::RECORD_LIST_TOO_LARGE);
    harness.goes_well();
    send_many(&harness, 400, 1_000);
    let in_flight_batches: Vec<InFlightBatch> = std::iter::from_fn(|| harness.next()).collect();
    assert!(
        in_flight_batches
            .iter()
            .all(|in_flight_batch| in_flight_batch.batch.bytes() <= refused - refused / 3)
    );
    in_flight_batches.into_iter().for_each(|in_flight_batch| {
        harness.served(in_flight_batch);
    });
    harness.ends();
}

#[test]
fn a_batch_of_many_chunks_is_split_between_its_records() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles = send_many(&harness, 3_000, 150);
    let whole = harness.next().unwrap();
    assert!(whole.batch.piece_count() > 4);
    let response = harness.applied(&whole, 50_000);
    harness.respond(whole, &response);
    goes_to(&mut harness, 50_000);
    assert_eq!(harness.log.texts()[1..], numbers(3_000));
    assert!(
        (1..).zip(&mut record_handles).all(|(place, record_handle)| offset(record_handle) == Some(place))
    );
    harness.ends();
}

#[test]
fn an_expired_batch_is_not_split() {
    let mut harness = PartitionHarness::acked();
    send_many(&harness, 20, 1_000);
    let in_flight_batch = harness.next().unwrap();
    harness.deadline();
    harness.refused(in_flight_batch, ErrorCode::MESSAGE_TOO_LARGE);
    assert!(harness.next().is_none());
    assert_eq!((harness.used(), harness.completer.counters.failed), (0, 20));
    harness.ends();
}

#[test]
fn parts_of_a_batch_without_a_stamp_go_one_by_one_without_one() {
    let mut harness = PartitionHarness::plain();
    send_many(&harness, 20, 1_000);
    let whole = harness.next().unwrap();
    harness.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    let part = harness.next().unwrap();
    assert!(harness.next().is_none());
    assert_eq!(full_stamp(&part), Stamp::NONE);
    harness.served(part);
    harness.goes_well();
    assert_eq!(harness.log.texts(), numbers(20));
    harness.ends();
}

#[test]
fn each_of_thousands_of_parts_costs_the_same() {
    for count in [500, 4_000] {
        let mut harness = PartitionHarness::acked();
        send_many(&harness, count, 30);
        let mut sent = 0;
        while let Some(in_flight_batch) = harness.next() {
            sent += 1;
            let response = harness.applied(&in_flight_batch, 130);
            harness.respond(in_flight_batch, &response);
            // As its broker sender asks after each answer.
            assert!(
                harness.partition_sender.deadline(&harness.config).is_some()
                    || harness.partition_sender.entries.is_empty()
            );
        }
        assert!(sent > count, "{sent} sent");
        let walked = harness.partition_sender.walked.get();
        assert!(walked < 10 * count, "{walked} entries were walked over for {count} parts");
        harness.ends();
    }
}
