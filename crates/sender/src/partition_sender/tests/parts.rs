//! Batches that a broker finds too large.

use super::*;

/// Sends `count` records of `bytes` each, as one batch.
pub(super) fn send_many(story: &Story, count: usize, bytes: usize) -> Vec<RecordHandle> {
    let value = |number: usize| format!("{number}{}", " ".repeat(bytes));
    (0..count).map(|number| story.send(&value(number))).collect()
}

pub(super) fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

/// A broker that takes batches of at most `max` bytes takes all that waits. Returns how many batches it took.
fn goes_to(story: &mut Story, max: usize) -> usize {
    let mut taken = 0;
    for _ in 0..1_000 {
        let Some(in_flight_batch) = story.next() else { break };
        let answer = story.applied(&in_flight_batch, max);
        taken += usize::from(matches!(&answer, Answer::Said { code: ErrorCode::NONE, .. }));
        story.lands(in_flight_batch, &answer);
        if story.partition_sender.not_before().is_some() {
            story.pause();
        }
    }
    taken
}

#[test]
fn a_batch_that_is_too_large_goes_in_parts_under_its_own_sequences_and_uses_no_try() {
    let mut story = Story::proven();
    story.config.retries = 0;
    let mut record_handles = send_many(&story, 20, 1_000);
    let whole = story.next().unwrap();
    let answer = story.applied(&whole, 14_000);
    let before = story.now;
    story.lands(whole, &answer);
    let parts: Vec<InFlightBatch> = std::iter::from_fn(|| story.next()).collect();
    assert_eq!(story.now, before, "no pause");
    assert!(parts.len() > 1 && parts.iter().all(|part| part.batch.bytes() <= 14_000));
    let mut expected = 1;
    for part in &parts {
        assert_eq!(stamp(part), (0, expected));
        expected += i32::try_from(part.batch.records).unwrap();
    }
    assert_eq!(expected, 21);
    parts.into_iter().for_each(|part| {
        story.served(part);
    });
    assert_eq!(story.log.texts()[1..], numbers(20));
    assert!(
        (1..).zip(&mut record_handles).all(|(place, record_handle)| offset(record_handle) == Some(place))
    );
    assert_eq!(story.completer.counters.retries, 0);
    let (_, next) = story.fly("next");
    assert_eq!(stamp(&next), (0, 21));
    story.served(next);
    story.ends();
}

#[test]
fn what_is_behind_a_split_batch_keeps_its_place_and_its_stamp() {
    let mut story = Story::proven();
    send_many(&story, 20, 1_000);
    let whole = story.next().unwrap();
    let (_, behind) = story.fly("behind");
    let stamped = stamp(&behind);
    story.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    story.refused(behind, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    story.send("new");
    let mut again = Vec::new();
    while let Some(in_flight_batch) = story.next() {
        again.push((stamp(&in_flight_batch), values(&in_flight_batch)));
        story.served(in_flight_batch);
    }
    assert!(again.contains(&(stamped, vec!["behind".to_owned()])), "{again:?}");
    let mut expected = vec!["proof".to_owned()];
    expected.extend(numbers(20));
    expected.extend(["behind".to_owned(), "new".to_owned()]);
    assert_eq!(story.log.texts(), expected);
    story.ends();
}

#[test]
fn parts_that_are_too_large_again_end_at_the_record_that_is() {
    let mut story = Story::proven();
    let mut record_handles = send_many(&story, 8, 100);
    let mut large = story.send(&"x".repeat(5_000));
    record_handles.extend(send_many(&story, 8, 100));
    goes_to(&mut story, 2_000);
    assert_eq!(failure(&mut large), Some((FailureKind::MessageTooLarge, Persisted::No)));
    let offsets: Vec<i64> =
        record_handles.iter_mut().map(|record_handle| offset(record_handle).unwrap()).collect();
    assert_eq!(offsets, (1..=16).collect::<Vec<i64>>());
    assert_eq!(story.log.values.len(), 17);
    story.ends();
}

#[test]
fn a_broker_that_takes_no_batch_at_all_fails_each_record_for_itself() {
    let mut story = Story::simple();
    let mut record_handles = send_many(&story, 13, 10);
    assert_eq!(goes_to(&mut story, 0), 0);
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((FailureKind::MessageTooLarge, Persisted::No)));
    }
    assert_eq!(story.completer.counters.failed, 13);
    story.ends();
}

#[test]
fn a_flush_waits_for_every_part() {
    let mut story = Story::proven();
    send_many(&story, 20, 1_000);
    let flush = story.shared.outstanding.end_generation();
    let whole = story.next().unwrap();
    story.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    let mut parts = Vec::new();
    while let Some(in_flight_batch) = story.next() {
        parts.push(in_flight_batch);
    }
    while let Some(part) = parts.pop() {
        assert!(!story.shared.outstanding.is_settled(flush));
        story.served(part);
    }
    // Those behind the last answer were refused as out of order, and go again.
    story.goes_well();
    assert!(story.shared.outstanding.is_settled(flush));
    story.ends();
}

#[test]
fn parts_hold_what_their_batch_cost_until_each_is_settled() {
    let mut story = Story::proven();
    send_many(&story, 20, 1_000);
    let used = story.used();
    let whole = story.next().unwrap();
    story.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    assert_eq!(story.used(), used);
    let parts: Vec<InFlightBatch> = std::iter::from_fn(|| story.next()).collect();
    let mut left: usize = parts.iter().map(|part| part.batch.bytes()).sum();
    for part in parts {
        left -= part.batch.bytes();
        story.served(part);
        assert!(story.used() >= left, "{} of {left} bytes", story.used());
    }
    assert_eq!(story.used(), 0);
    story.ends();
}

#[test]
fn next_batches_stay_within_two_thirds_of_a_rejected_length() {
    let mut story = Story::proven();
    send_many(&story, 400, 1_000);
    let whole = story.next().unwrap();
    let refused = whole.batch.bytes();
    assert!(refused > 400_000);
    story.refused(whole, ErrorCode::RECORD_LIST_TOO_LARGE);
    story.goes_well();
    send_many(&story, 400, 1_000);
    let in_flight_batches: Vec<InFlightBatch> = std::iter::from_fn(|| story.next()).collect();
    assert!(
        in_flight_batches
            .iter()
            .all(|in_flight_batch| in_flight_batch.batch.bytes() <= refused - refused / 3)
    );
    in_flight_batches.into_iter().for_each(|in_flight_batch| {
        story.served(in_flight_batch);
    });
    story.ends();
}

#[test]
fn a_batch_of_many_chunks_is_split_between_its_records() {
    let mut story = Story::proven();
    let mut record_handles = send_many(&story, 3_000, 150);
    let whole = story.next().unwrap();
    assert!(whole.batch.piece_count() > 4);
    let answer = story.applied(&whole, 50_000);
    story.lands(whole, &answer);
    goes_to(&mut story, 50_000);
    assert_eq!(story.log.texts()[1..], numbers(3_000));
    assert!(
        (1..).zip(&mut record_handles).all(|(place, record_handle)| offset(record_handle) == Some(place))
    );
    story.ends();
}

#[test]
fn an_expired_batch_is_not_split() {
    let mut story = Story::proven();
    send_many(&story, 20, 1_000);
    let in_flight_batch = story.next().unwrap();
    story.deadline();
    story.refused(in_flight_batch, ErrorCode::MESSAGE_TOO_LARGE);
    assert!(story.next().is_none());
    assert_eq!((story.used(), story.completer.counters.failed), (0, 20));
    story.ends();
}

#[test]
fn parts_of_a_batch_without_a_stamp_go_one_by_one_without_one() {
    let mut story = Story::plain();
    send_many(&story, 20, 1_000);
    let whole = story.next().unwrap();
    story.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    let part = story.next().unwrap();
    assert!(story.next().is_none());
    assert_eq!(full_stamp(&part), Stamp::NONE);
    story.served(part);
    story.goes_well();
    assert_eq!(story.log.texts(), numbers(20));
    story.ends();
}

#[test]
fn each_of_thousands_of_parts_costs_the_same() {
    for count in [500, 4_000] {
        let mut story = Story::proven();
        send_many(&story, count, 30);
        let mut sent = 0;
        while let Some(in_flight_batch) = story.next() {
            sent += 1;
            let answer = story.applied(&in_flight_batch, 130);
            story.lands(in_flight_batch, &answer);
            // As its broker sender asks after each answer.
            assert!(
                story.partition_sender.deadline(&story.config).is_some()
                    || story.partition_sender.entries.is_empty()
            );
        }
        assert!(sent > count, "{sent} sent");
        let walked = story.partition_sender.walked.get();
        assert!(walked < 10 * count, "{walked} entries were walked over for {count} parts");
        story.ends();
    }
}
