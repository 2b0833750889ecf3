//! What goes into a request, and when.

use std::collections::BTreeMap;
use std::task::{Poll, Waker};
use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, TopicId};

use super::harness::{MAX, SenderHarness, batches, broker_senders, partitions, plain_senders};
use crate::accumulator::{AccumulatorConfig, AppendOptions};
use crate::broker_sender::{BrokerSenderConfig, Input, Output, ProduceRequest};
use crate::tests::{accumulator, is_pending, offset};

fn requests_of(bytes_max: usize) -> BrokerSenderConfig {
    BrokerSenderConfig { request_bytes_max: bytes_max, ..broker_senders() }
}

/// What a request carries, in bytes.
fn load(request: &ProduceRequest) -> usize {
    batches(request).iter().map(|(_, bytes)| bytes.len()).sum()
}

/// So many partitions, each with a run that the brokers know.
fn acked(partitions: usize, config: BrokerSenderConfig) -> SenderHarness {
    let mut harness = SenderHarness::new(partitions, accumulator(), config);
    (0..partitions).for_each(|partition| drop(harness.send(i32::try_from(partition).unwrap(), b"first")));
    harness.linger();
    while let Some(request) = harness.request(1) {
        harness.served(1, request);
    }
    harness
}

#[test]
fn no_request_takes_a_partition_twice_however_much_it_has() {
    let mut harness = acked(4, broker_senders());
    for partition in 0..4 {
        for _ in 0..30 {
            // Each is a batch of its own.
            harness.send(partition, &[7; 70_000]).unwrap();
        }
    }
    let mut out = Vec::new();
    while let Some(request) = harness.request(1) {
        let mut taken = partitions(&request);
        assert_eq!(taken.len(), 4);
        taken.dedup();
        assert_eq!(taken, [0, 1, 2, 3]);
        out.push(request);
    }
    assert_eq!(out.len(), 5, "as many as may be in flight");
    out.into_iter().for_each(|request| harness.served(1, request));
    harness.rest();
}

#[test]
fn a_request_stays_below_its_limit_and_a_larger_batch_goes_alone() {
    let mut harness = acked(6, requests_of(100_000));
    for partition in 0..6 {
        let bytes = if partition == 2 { 300_000 } else { 30_000 };
        harness.send(partition, &vec![7; bytes]).unwrap();
    }
    harness.linger();
    let mut seen = Vec::new();
    while let Some(request) = harness.request(1) {
        assert!(load(&request) <= 100_000 || partitions(&request) == [2]);
        seen.push(partitions(&request));
        harness.served(1, request);
    }
    seen.sort();
    assert_eq!(seen, [vec![0, 1], vec![2], vec![3, 4, 5]]);
    harness.rest();
}

#[test]
fn when_requests_fill_up_every_partition_has_its_turn() {
    // Batches of several sizes, and always more of them than a request takes.
    let mut harness = acked(10, requests_of(400_000));
    let sizes = [70_000, 150_000, 300_000];
    let mut taken: BTreeMap<i32, usize> = BTreeMap::new();
    for round in 0..300 {
        for (place, partition) in harness.topic.partitions().iter().enumerate() {
            if !partition.status(harness.now).ready {
                harness.send(partition.index().0, &vec![7; sizes[(round + place) % 3]]).unwrap();
            }
        }
        let request = harness.request(1).unwrap();
        partitions(&request).into_iter().for_each(|partition| *taken.entry(partition).or_default() += 1);
        harness.served(1, request);
    }
    let (least, most) = (taken.values().min().unwrap(), taken.values().max().unwrap());
    assert!(taken.len() == 10 && *most - *least <= 2, "{taken:?}");
    harness.rest();
}

#[test]
fn after_a_time_out_requests_are_half_as_large_and_grow_again_with_responses() {
    let mut harness = acked(8, requests_of(400_000));
    let fill = |harness: &SenderHarness| {
        for partition in 0..8 {
            harness.send(partition, &[7; 90_000]).unwrap();
        }
    };
    fill(&harness);
    let mut sizes = Vec::new();
    for _ in 0..3 {
        let request = harness.request(1).unwrap();
        sizes.push(batches(&request).len());
        harness.timed_out(1, vec![(request, true)]);
        harness.now += Duration::from_secs(2);
    }
    for _ in 0..4 {
        fill(&harness);
        let request = harness.request(1).unwrap();
        sizes.push(batches(&request).len());
        harness.served(1, request);
    }
    // A batch alone goes whatever the limit is.
    assert_eq!(sizes, [4, 2, 1, 1, 1, 2, 4]);
    harness.rest();
}

#[test]
fn a_connection_that_ends_without_a_time_out_does_not_make_requests_smaller() {
    let mut harness = acked(4, requests_of(400_000));
    (0..4).for_each(|partition| drop(harness.send(partition, &[7; 90_000]).unwrap()));
    for whole in [true, false] {
        let request = harness.request(1).unwrap();
        assert_eq!(batches(&request).len(), 4);
        harness.ended(1, vec![(request, whole)]);
        harness.now += Duration::from_secs(2);
    }
    harness.rest();
}

#[test]
fn so_many_requests_are_in_flight_and_a_broker_sender_that_can_send_none_is_deaf() {
    let mut harness = acked(1, BrokerSenderConfig { in_flight_max: 3, ..broker_senders() });
    let mut out = Vec::new();
    for value in ["a", "b", "c"] {
        out.push(harness.send_alone(0, value).1);
    }
    assert_eq!(harness.broker(1).in_flight(), 3);
    harness.send(0, b"d").unwrap();
    harness.linger();
    assert!(matches!(harness.poll(Some(BrokerId(1)), true), Output::Idle { ignores_offers: true, .. }));
    harness.served(1, out.remove(0));
    out.push(harness.request(1).unwrap());
    out.into_iter().for_each(|request| harness.served(1, request));
    assert!(matches!(harness.poll(Some(BrokerId(1)), true), Output::Idle { ignores_offers: false, .. }));
    harness.rest();
}

#[test]
fn without_room_nothing_is_taken_and_without_a_connection_every_offer_is_heard() {
    let mut harness = SenderHarness::simple();
    let mut record_handle = harness.send(0, b"a").unwrap();
    harness.linger();
    assert!(matches!(harness.poll(Some(BrokerId(1)), false), Output::Idle { ignores_offers: true, .. }));
    harness.hand_in(1, Input::Disconnected { requests: Vec::new(), timed_out: false });
    assert!(matches!(harness.poll(Some(BrokerId(1)), true), Output::Idle { ignores_offers: false, .. }));
    harness.ended(1, Vec::new());
    let request = harness.request(1).unwrap();
    harness.served(1, request);
    assert_eq!(offset(&mut record_handle), Some(0));
    harness.rest();
}

#[test]
fn every_frame_is_as_long_as_its_length_says_though_requests_take_the_memory_of_earlier_ones() {
    let mut harness = SenderHarness::simple();
    for round in 0..20 {
        let (_, request) = harness.send_alone(0, "value");
        let length: [u8; 4] = request.piece(0)[..4].try_into().unwrap();
        let pieces: usize = (0..request.pieces()).map(|index| request.piece(index).len()).sum();
        let told = usize::try_from(u32::from_be_bytes(length)).unwrap() + length.len();
        assert_eq!((told, pieces), (request.bytes(), request.bytes()), "request {round}");
        harness.served(1, request);
    }
}

#[test]
fn topics_are_named_by_their_ids_where_they_have_one() {
    for (id, version) in [(TopicId::ZERO, 12), (TopicId([5; 16]), 13)] {
        let mut harness = SenderHarness::simple();
        harness.version = 13;
        harness.ended(1, Vec::new());
        harness.topic_id = id;
        harness.lead(&[Some(BrokerId(1))]);
        let (mut record_handle, request) = harness.send_alone(0, "a");
        assert_eq!(request.version(), version);
        harness.served(1, request);
        assert_eq!(offset(&mut record_handle), Some(0));
        harness.rest();
    }
}

#[test]
fn acks_0_record_is_complete_when_it_is_written_to_the_connection() {
    let mut harness = SenderHarness::new(1, accumulator(), plain_senders());
    let (mut first, request) = harness.send_alone(0, "a");
    // The connection ended before it could be written.
    harness.ended(1, vec![(request, false)]);
    harness.now += Duration::from_secs(2);
    let request = harness.request(1).unwrap();
    assert!(harness.request(1).is_none());
    harness.hand_in(1, Input::Written(request));
    let receipt = first.poll(Waker::noop());
    assert!(matches!(receipt, Poll::Ready(Ok(receipt)) if receipt.offset.is_none()), "{receipt:?}");
    harness.rest();
}

#[test]
fn so_many_records_go_without_a_linger() {
    let config = AccumulatorConfig { flush_records: Some(10), ..accumulator() };
    let mut harness = SenderHarness::new(3, config, broker_senders());
    for number in 0..10 {
        assert!(harness.request(1).is_none());
        harness.send(number % 3, b"a").unwrap();
    }
    let request = harness.request(1).unwrap();
    assert_eq!(partitions(&request), [0, 1, 2]);
    harness.served(1, request);
    assert_eq!(harness.log(0).len() + harness.log(1).len() + harness.log(2).len(), 10);
    harness.rest();
}

#[test]
fn an_awaited_record_goes_at_once_and_joins_the_next_request_while_one_is_out() {
    let mut harness = SenderHarness::simple();
    harness.ack_first();
    let skip_linger = || AppendOptions { skip_linger: true, ..AppendOptions::default() };
    harness.send_as(0, b"a", skip_linger()).unwrap();
    let first = harness.request(1).unwrap();
    for value in ["b", "c"] {
        harness.send_as(0, value.as_bytes(), skip_linger()).unwrap();
        assert!(harness.request(1).is_none());
    }
    harness.served(1, first);
    let second = harness.request(1).unwrap();
    harness.served(1, second);
    assert_eq!(harness.log(0), ["first", "a", "b", "c"]);
    harness.rest();
}

#[test]
fn a_batch_that_waits_for_a_connection_is_given_up_in_time_and_not_before() {
    let mut harness = SenderHarness::simple();
    harness.hand_in(1, Input::Disconnected { requests: Vec::new(), timed_out: false });
    harness.hand_in(1, Input::Unusable("nobody listens at b1:9092".into()));
    let mut record_handle = harness.send(0, b"a").unwrap();
    // The broker sender wakes at the time of its last output alone.
    let deadline = harness.now + Duration::from_secs(120);
    while let Output::Idle { until: Some(until), .. } = harness.poll(Some(BrokerId(1)), true) {
        assert!(is_pending(&mut record_handle) && until > harness.now && until <= deadline);
        harness.now = until;
    }
    assert_eq!(harness.now, deadline);
    let text = record_handle.poll(Waker::noop()).map(|outcome| outcome.unwrap_err().message.to_string());
    assert!(matches!(&text, Poll::Ready(text) if text.contains("nobody listens at b1:9092")), "{text:?}");
    harness.ended(1, Vec::new());
    harness.rest();
}

/// Whatever is tried, the record expires; what it says about the broker.
fn said_at_the_end(trouble: impl FnOnce(&mut SenderHarness)) -> String {
    let mut harness = SenderHarness::simple();
    let mut record_handle =
        harness.send_as(0, b"a", AppendOptions { skip_linger: true, ..AppendOptions::default() }).unwrap();
    trouble(&mut harness);
    while let Output::Idle { until: Some(until), .. } = harness.poll(Some(BrokerId(1)), false) {
        harness.now = until;
    }
    match record_handle.poll(Waker::noop()) {
        Poll::Ready(outcome) => outcome.unwrap_err().message.to_string(),
        Poll::Pending => panic!("it does not expire"),
    }
}

#[test]
fn a_broker_that_breaks_a_connection_over_a_request_is_told_of_though_it_takes_another_one() {
    let has_gap = said_at_the_end(|harness| {
        let request = harness.request(1).unwrap();
        harness.hand_in(1, Input::Unusable("b1:9092 answered nonsense".into()));
        harness.ended(1, vec![(request, true)]);
    });
    assert!(has_gap.contains("b1:9092 answered nonsense"), "{has_gap}");
    let idle = said_at_the_end(|harness| {
        harness.hand_in(1, Input::Unusable("b1:9092 closed an idle connection".into()));
        harness.ended(1, Vec::new());
    });
    assert!(idle.contains("its load or a quota"), "nothing was unanswered: {idle}");
}

#[test]
fn one_faulty_partition_does_not_hold_up_the_others() {
    let mut harness = acked(3, broker_senders());
    let mut good = 0;
    for round in 0..20 {
        (0..3).for_each(|partition| drop(harness.send(partition, format!("{round}").as_bytes()).unwrap()));
        harness.linger();
        let Some(request) = harness.request(1) else { continue };
        // Partition 1 breaks its run again and again.
        let responses: Vec<_> = batches(&request)
            .into_iter()
            .map(|(partition, bytes)| {
                let log = &mut harness.logs[usize::try_from(partition).unwrap()];
                let (code, offset) = match partition {
                    1 => (ErrorCode::INVALID_RECORD, -1),
                    _ => log.append(&bytes, MAX),
                };
                good += usize::from(code.is_ok());
                (partition, code, offset)
            })
            .collect();
        let body = super::bodies::response(request.version(), TopicId::ZERO, &responses);
        harness.answered(1, request, &body);
    }
    assert_eq!(good, 40);
    harness.rest();
}
