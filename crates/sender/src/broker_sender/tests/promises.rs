//! One promise a test.

use std::task::{Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, PartitionId};
use milena_codec::record::HEADER_BYTES;

use super::harness::{MAX, SenderHarness, batches, plain_senders, run_of};
use crate::accumulator::{AppendOptions, RecordRef};
use crate::broker_sender::{Input, Output, SenderEvent};
use crate::outcome::{ErrorKind, Persisted};
use crate::sync::RecordHandle;
use crate::tests::{At, accumulator, failure, offset};

#[test]
fn records_wait_for_the_linger_and_go_together() {
    let mut harness = SenderHarness::simple();
    let mut record_handles: Vec<RecordHandle> =
        ["a", "b", "c"].map(|value| harness.send(0, value.as_bytes()).unwrap()).into();
    assert!(harness.request(1).is_none());
    harness.linger();
    let request = harness.request(1).unwrap();
    harness.served(1, request);
    assert_eq!(
        record_handles.iter_mut().map(|record_handle| offset(record_handle).unwrap()).collect::<Vec<_>>(),
        [0, 1, 2]
    );
    assert_eq!(harness.log(0), ["a", "b", "c"]);
}

#[test]
fn a_request_takes_a_partition_at_most_once() {
    let mut harness = SenderHarness::simple();
    for _ in 0..40_000 {
        harness.send(0, &[7; 100]).unwrap();
    }
    let mut seen = 0;
    while let Some(request) = harness.request(1) {
        assert_eq!(batches(&request).len(), 1);
        seen += 1;
        harness.served(1, request);
        harness.linger();
    }
    assert!(seen > 3);
    assert_eq!(harness.log(0).len(), 40_000);
}

#[test]
fn a_batch_whose_response_was_lost_is_written_once_and_before_a_later_one() {
    let mut harness = SenderHarness::simple();
    let mut first = harness.send(0, b"first").unwrap();
    harness.linger();
    let request = harness.request(1).unwrap();
    harness.serve(&request, MAX);
    harness.ended(1, vec![(request, true)]);
    let mut second = harness.send(0, b"second").unwrap();
    harness.now += Duration::from_secs(2);
    for _ in 0..2 {
        let request = harness.request(1).unwrap();
        harness.served(1, request);
    }
    assert_eq!((offset(&mut first), offset(&mut second)), (Some(0), Some(1)));
    assert_eq!(harness.log(0), ["first", "second"]);
}

#[test]
fn a_refused_batch_breaks_the_run_and_those_behind_it_follow_in_order_under_a_new_epoch() {
    let mut harness = SenderHarness::simple();
    harness.ack_first();
    let mut requests = Vec::new();
    let mut record_handles = Vec::new();
    for value in ["a", "b", "c"] {
        record_handles.push(harness.send(0, value.as_bytes()).unwrap());
        harness.linger();
        requests.push(harness.request(1).unwrap());
    }
    let mut requests = requests.into_iter();
    harness.refuse(1, requests.next().unwrap(), ErrorCode::INVALID_RECORD);
    for request in requests {
        harness.served(1, request);
    }
    harness.now += Duration::from_secs(2);
    while let Some(request) = harness.request(1) {
        harness.served(1, request);
    }
    assert_eq!(failure(&mut record_handles[0]), Some((ErrorKind::InvalidRecord, Persisted::No)));
    assert_eq!(harness.log(0), ["first", "b", "c"]);
    assert_eq!((offset(&mut record_handles[1]), offset(&mut record_handles[2])), (Some(1), Some(2)));
}

#[test]
fn a_second_batch_waits_until_the_first_of_its_run_was_written() {
    let mut harness = SenderHarness::simple();
    harness.send(0, b"a").unwrap();
    harness.linger();
    let first = harness.request(1).unwrap();
    harness.send(0, b"b").unwrap();
    harness.linger();
    assert!(harness.request(1).is_none());
    harness.refuse(1, first, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.now += Duration::from_secs(2);
    for _ in 0..2 {
        let request = harness.request(1).unwrap();
        harness.served(1, request);
    }
    assert_eq!(harness.log(0), ["a", "b"]);
}

#[test]
fn a_batch_that_expires_in_flight_may_be_written_and_its_bytes_stay_until_the_response() {
    let mut harness = SenderHarness::simple();
    let free = harness.shared.memory.free();
    let mut record_handle = harness.send(0, b"late").unwrap();
    harness.linger();
    let request = harness.request(1).unwrap();
    harness.now += Duration::from_secs(121);
    assert!(harness.request(1).is_none());
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::DeliveryTimeout, Persisted::Maybe)));
    assert!(harness.shared.memory.free() < free, "the connection may still read the bytes");
    harness.ended(1, vec![(request, true)]);
    assert!(harness.request(1).is_none(), "not without a pause");
    assert!(harness.shared.memory.free() < free, "nobody knows whether it is written");

    // Two minutes later still nobody does. What follows begins a new run: the old sequence may be in the log.
    harness.now += Duration::from_secs(120);
    assert!(harness.request(1).is_none());
    assert_eq!(harness.shared.memory.free(), free);
    harness.send(0, b"next").unwrap();
    harness.linger();
    let request = harness.request(1).unwrap();
    assert_eq!(run_of(&request), (7, 1, 0));
}

#[test]
fn a_batch_that_was_never_sent_expires_as_not_written() {
    let mut harness = SenderHarness::simple();
    harness.lead(&[None]);
    let mut record_handle = harness.send(0, b"nowhere").unwrap();
    harness.now += Duration::from_secs(2);
    let now = harness.now;
    harness.broker_senders.get_mut(&None).unwrap().poll(now, false);
    poll_leaderless_after(&mut harness, 118);
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::DeliveryTimeout, Persisted::No)));
}

#[test]
fn batch_that_was_never_sent_and_is_found_late_has_one_request_timeout_more() {
    let mut harness = SenderHarness::simple();
    harness.lead(&[None]);
    let mut record_handle = harness.send(0, b"nowhere").unwrap();
    poll_leaderless_after(&mut harness, 122);
    assert_eq!(failure(&mut record_handle), None);
    poll_leaderless_after(&mut harness, 29);
    assert_eq!(failure(&mut record_handle), None);
    poll_leaderless_after(&mut harness, 3);
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::DeliveryTimeout, Persisted::No)), "once");
}

/// The broker sender without a broker polls its partitions, and sees what it did.
fn poll_leaderless_after(harness: &mut SenderHarness, seconds: u64) {
    harness.now += Duration::from_secs(seconds);
    let now = harness.now;
    for _ in 0..2 {
        harness.broker_senders.get_mut(&None).unwrap().poll(now, false);
    }
}

#[test]
fn a_grown_batch_that_is_too_large_goes_in_parts_and_the_next_ones_stay_smaller() {
    let mut harness = SenderHarness::simple();
    let mut record_handles: Vec<RecordHandle> =
        (0..5_000).map(|number| harness.send(0, format!("{number:0100}").as_bytes()).unwrap()).collect();
    let max = 100_000;
    served_to_the_end(&mut harness, max);
    let expected: Vec<String> = (0..5_000).map(|number| format!("{number:0100}")).collect();
    assert_eq!(harness.log(0), expected);
    assert!(
        record_handles
            .iter_mut()
            .enumerate()
            .all(|(index, record_handle)| offset(record_handle) == i64::try_from(index).ok())
    );

    for _ in 0..5_000 {
        harness.send(0, &[b'x'; 100]).unwrap();
    }
    let longest = served_to_the_end(&mut harness, max);
    assert!(longest <= max && longest > max / 2, "the limit was learned: {longest}");
}

/// A broker with this `max.message.bytes` takes all that waits. Returns the length of the longest batch that was sent.
fn served_to_the_end(harness: &mut SenderHarness, max: usize) -> usize {
    let mut longest = 0;
    for _ in 0..100 {
        harness.now += Duration::from_secs(2);
        let Some(request) = harness.request(1) else { break };
        longest = batches(&request).iter().map(|(_, bytes)| bytes.len()).fold(longest, usize::max);
        let body = harness.serve(&request, max);
        harness.answered(1, request, &body);
    }
    longest
}

#[test]
fn one_record_that_is_too_large_fails_alone() {
    let mut harness = SenderHarness::simple();
    let mut record_handle = harness.send(0, &[0; 20_000]).unwrap();
    let request = harness.request(1).unwrap();
    let body = harness.serve(&request, 10_000);
    harness.answered(1, request, &body);
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::MessageTooLarge, Persisted::No)));
    let Poll::Ready(Err(told)) = record_handle.poll(Waker::noop()) else { panic!("it failed") };
    assert!(told.message.contains("max.message.bytes"), "{}", told.message);
}

#[test]
fn a_partition_changes_broker_senders_only_when_nothing_of_it_is_in_flight() {
    let mut harness = SenderHarness::simple();
    harness.send(0, b"a").unwrap();
    harness.linger();
    let request = harness.request(1).unwrap();
    harness.lead(&[Some(BrokerId(2))]);
    harness.send(0, b"b").unwrap();
    harness.linger();
    assert!(harness.request(2).is_none() && harness.request(1).is_none());
    harness.refuse(1, request, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    assert!(matches!(harness.events.first(), Some(SenderEvent::Stale { .. })));
    for _ in 0..2 {
        let request = harness.request(2).unwrap();
        harness.served(2, request);
    }
    assert_eq!(harness.log(0), ["a", "b"]);
}

#[test]
fn without_sequences_one_batch_of_a_partition_is_out() {
    let mut harness = SenderHarness::new(1, accumulator(), plain_senders());
    harness.send(0, b"a").unwrap();
    harness.linger();
    let first = harness.request(1).unwrap();
    harness.send(0, b"b").unwrap();
    harness.linger();
    assert!(harness.request(1).is_none());
    harness.served(1, first);
    assert!(harness.request(1).is_some());
}

#[test]
fn a_lost_producer_id_is_replaced_and_nothing_is_lost() {
    let mut harness = SenderHarness::simple();
    harness.send(0, b"a").unwrap();
    harness.linger();
    let request = harness.request(1).unwrap();
    harness.refuse(1, request, ErrorCode::INVALID_PRODUCER_ID_MAPPING);
    harness.now += Duration::from_secs(2);
    assert!(harness.request(1).is_none(), "there is no identity to write under");
    let Some(SenderEvent::ProducerIdExhausted(exhausted)) = harness.events.pop() else {
        panic!("the assignment has to know")
    };
    harness.assignment.producer_id_exhausted(exhausted);
    assert!(harness.assignment.take_producer_id_request() && !harness.assignment.take_producer_id_request());
    let fresh = milena_codec::ids::ProducerIdAndEpoch { producer_id: 8.into(), epoch: 0.into() };
    harness.assignment.identity(fresh);
    harness.obey();
    let request = harness.request(1).unwrap();
    harness.served(1, request);
    assert_eq!(harness.log(0), ["a"]);
}

#[test]
fn an_abort_settles_everything_and_gives_the_budget_back() {
    let mut harness = SenderHarness::simple();
    let free = harness.shared.memory.free();
    let mut record_handle = harness.send(0, &[0; HEADER_BYTES]).unwrap();
    harness.hand_in(1, Input::Abort);
    assert!(matches!(harness.poll(Some(BrokerId(1)), false), Output::Done));
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::Closed, Persisted::No)));
    assert_eq!(harness.shared.memory.free(), free);
    assert_eq!(harness.shared.failures.total(), 1);
}

#[test]
fn a_large_shared_value_is_sent_from_where_it_lies() {
    let mut harness = SenderHarness::simple();
    let free = harness.shared.memory.free();
    let value = Bytes::from(vec![7; 100_000]);
    let record = RecordRef {
        key: Some(b"k"),
        value: Some(&value),
        shared_value: Some(&value),
        ..RecordRef::default()
    };
    let place = Some(PartitionId(0));
    harness.topic.append::<_, false>(place, &record, &At(harness.now), AppendOptions::default()).unwrap();
    assert!(free - harness.shared.memory.free() >= value.len(), "it counts against the budget");

    let request = harness.request(1).unwrap();
    let pieces = (0..request.pieces()).map(|index| request.piece(index));
    assert_eq!(pieces.filter(|piece| piece.as_ptr() == value.as_ptr()).count(), 1);
    harness.served(1, request);
    assert_eq!(harness.logs[0].values, [value.to_vec()]);
    assert!(harness.request(1).is_none());
    assert_eq!(harness.shared.memory.free(), free);
    assert!(value.is_unique(), "nobody holds it once it is settled");
}
