//! Partitions that change their leader, and producers that change their identity.

use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, ProducerIdAndEpoch, TopicId};

use super::harness::{MAX, SenderHarness, run_of};
use crate::broker_sender::{Input, Output, PartitionCommand, SenderEvent};
use crate::outcome::{ErrorKind, Persisted};
use crate::tests::{failure, identity, offset};

const A: Option<BrokerId> = Some(BrokerId(1));
const B: Option<BrokerId> = Some(BrokerId(2));

#[test]
fn nothing_goes_to_a_new_leader_while_the_old_one_may_still_append() {
    let mut harness = SenderHarness::simple();
    harness.ack_first();
    let (_, first) = harness.send_alone(0, "a");
    let (_, second) = harness.send_alone(0, "b");
    harness.lead(&[B]);
    harness.send(0, b"c").unwrap();
    harness.linger();
    assert!(harness.request(1).is_none() && harness.request(2).is_none());
    harness.served(1, first);
    assert!(harness.request(1).is_none() && harness.request(2).is_none());
    // Nobody hears of the second, which was appended.
    harness.serve(&second, MAX);
    harness.ended(1, vec![(second, true)]);
    let again = harness.request(2).expect("at another leader it does not wait");
    assert_eq!(run_of(&again), (7, 0, 2), "under its old stamp");
    harness.served(2, again);
    let third = harness.request(2).unwrap();
    harness.served(2, third);
    assert_eq!(harness.log(0), ["first", "a", "b", "c"]);
    harness.rest();
}

#[test]
fn a_leader_that_goes_and_comes_back_repeats_and_reorders_nothing() {
    for appended in [false, true] {
        let mut harness = SenderHarness::simple();
        harness.ack_first();
        let (_, first) = harness.send_alone(0, "a");
        let (_, second) = harness.send_alone(0, "b");
        harness.lead(&[B]);
        harness.lead(&[A]);
        assert!(harness.request(2).is_none());
        if appended {
            harness.serve(&first, MAX);
            harness.serve(&second, MAX);
        }
        harness.send(0, b"c").unwrap();
        harness.ended(1, vec![(first, true), (second, true)]);
        // Once more, from stale metadata, and nothing is in flight.
        harness.lead(&[B]);
        harness.lead(&[A]);
        assert!(harness.request(2).is_none());
        harness.now += Duration::from_secs(2);
        while let Some(request) = harness.request(1) {
            harness.served(1, request);
        }
        assert_eq!(harness.log(0), ["first", "a", "b", "c"]);
        harness.rest();
    }
}

#[test]
fn one_batch_alone_is_sent_on_a_new_connection_although_nothing_was_in_flight_on_the_old_one() {
    let mut harness = SenderHarness::simple();
    harness.ack_first();
    harness.ended(1, Vec::new());
    let (_, first) = harness.send_alone(0, "a");
    harness.send(0, b"b").unwrap();
    harness.linger();
    assert!(harness.request(1).is_none(), "the broker may have started anew");
    harness.served(1, first);
    let second = harness.request(1).expect("the leader knows the run");
    harness.served(1, second);
    assert_eq!(harness.log(0), ["first", "a", "b"]);
    harness.rest();
}

#[test]
fn waiting_batches_move_with_their_partition_and_callers_wake_its_new_broker_sender() {
    let mut harness = SenderHarness::simple();
    harness.ack_first();
    for number in 0..3_000 {
        harness.send(0, format!("{number:0100}").as_bytes()).unwrap();
    }
    harness.lead(&[B]);
    harness.linger();
    assert!(harness.request(1).is_none());
    let request = harness.request(2).unwrap();
    harness.served(2, request);
    harness.send(0, b"new").unwrap();
    assert!(harness.request(2).is_none(), "it lingers there");
    harness.linger();
    let request = harness.request(2).unwrap();
    harness.served(2, request);
    assert_eq!(harness.log(0).len(), 3_002);
    harness.rest();
}

#[test]
fn a_partition_without_a_leader_waits_in_time_and_goes_on_with_the_next() {
    let mut harness = SenderHarness::of(2);
    harness.ack_first();
    harness.lead(&[None, A]);
    let mut late = harness.send(0, b"late").unwrap();
    let (mut other, request) = harness.send_alone(1, "other");
    harness.served(1, request);
    assert_eq!(offset(&mut other), Some(0), "another partition is not held up");
    harness.now += Duration::from_secs(2);
    harness.poll(None, false);
    harness.now += Duration::from_secs(100);
    let mut in_time = harness.send(0, b"in time").unwrap();
    harness.now += Duration::from_secs(18);
    harness.poll(None, false);
    assert_eq!(failure(&mut late), Some((ErrorKind::DeliveryTimeout, Persisted::No)));
    harness.lead(&[B, A]);
    let request = harness.request(2).unwrap();
    assert_eq!(run_of(&request), (7, 0, 1), "nothing was given up that had a stamp");
    harness.served(2, request);
    assert_eq!(offset(&mut in_time), Some(1));
    harness.rest();
}

#[test]
fn a_batch_that_expires_while_its_partition_leaves_goes_to_the_new_leader_before_what_follows() {
    let mut harness = SenderHarness::simple();
    harness.ack_first();
    let (mut late, request) = harness.send_alone(0, "late");
    let stamped = run_of(&request);
    harness.lead(&[B]);
    harness.now += Duration::from_secs(121);
    assert!(harness.request(1).is_none());
    assert_eq!(failure(&mut late), Some((ErrorKind::DeliveryTimeout, Persisted::Maybe)));
    let mut next = harness.send(0, b"next").unwrap();
    harness.linger();
    assert!(harness.request(2).is_none(), "the old leader has not answered");
    harness.serve(&request, MAX);
    harness.ended(1, vec![(request, true)]);
    for expected in [stamped, (7, 0, 2)] {
        let request = harness.request(2).unwrap();
        assert_eq!(run_of(&request), expected);
        harness.served(2, request);
    }
    assert_eq!(offset(&mut next), Some(2));
    assert_eq!(harness.log(0), ["first", "late", "next"]);
    harness.rest();
}

#[test]
fn a_flush_does_not_wait_for_the_linger_of_a_partition_that_was_between_two_broker_senders() {
    let mut harness = SenderHarness::simple();
    harness.ack_first();
    let serial = harness.topic.partitions()[0].serial();
    harness.hand_in(1, Input::Partition(PartitionCommand::Leave(serial)));
    let Some(SenderEvent::Released(partition_sender)) = harness.broker(1).events().next() else {
        panic!("nothing of it is in flight")
    };
    harness.send(0, b"b").unwrap();
    let flush = harness.shared.outstanding.end_generation();
    harness.shared.request_flush();
    assert!(harness.request(1).is_none() && harness.request(2).is_none(), "nobody has it");
    harness.hand_in(2, Input::Partition(PartitionCommand::Adopt(partition_sender)));
    let request = harness.request(2).expect("without any time having passed");
    harness.served(2, request);
    assert!(harness.shared.outstanding.is_settled(flush));
    harness.rest();
}

#[test]
fn a_partition_that_was_ready_and_comes_back_stands_in_a_request_once() {
    let mut harness = SenderHarness::simple();
    harness.ack_first();
    harness.hand_in(1, Input::Disconnected { requests: Vec::new(), timed_out: false });
    (0..3).for_each(|_| drop(harness.send(0, &[7; 70_000]).unwrap()));
    assert!(harness.request(1).is_none(), "it is ready, and there is no connection");
    harness.lead(&[None]);
    harness.lead(&[A]);
    harness.ended(1, Vec::new());
    for _ in 0..3 {
        let request = harness.request(1).unwrap();
        assert_eq!(request.batches(), 1);
        harness.served(1, request);
    }
    harness.rest();
}

#[test]
fn a_partition_has_its_timer_wherever_it_is() {
    let mut harness = SenderHarness::simple();
    let until = |harness: &mut SenderHarness, broker_sender| match harness.poll(broker_sender, true) {
        Output::Idle { until, .. } => until.map(|until| until - harness.now),
        _ => panic!("nothing is due"),
    };
    harness.send(0, b"a").unwrap();
    let linger = Some(Duration::from_millis(5));
    for (leader, other) in [(A, B), (B, A), (A, B)] {
        harness.lead(&[leader]);
        assert_eq!([until(&mut harness, leader), until(&mut harness, other)], [linger, None]);
    }
    harness.rest();
}

#[test]
fn a_topic_made_again_goes_on_under_its_new_id() {
    let [old, new] = [TopicId([1; 16]), TopicId([2; 16])];
    let mut harness = SenderHarness::simple();
    harness.version = 13;
    harness.ended(1, Vec::new());
    harness.topic_id = old;
    harness.lead(&[A]);
    harness.ack_first();
    let requests: Vec<_> = ["a", "b", "c"].map(|value| harness.send_alone(0, value).1).into();
    harness.logs[0] = Default::default();
    for request in requests {
        harness.refuse(1, request, ErrorCode::UNKNOWN_TOPIC_ID);
    }
    harness.topic_id = new;
    harness.lead(&[A]);
    harness.now += Duration::from_secs(2);
    let first = harness.request(1).unwrap();
    assert!(harness.request(1).is_none(), "one at a time");
    harness.served(1, first);
    harness.now += Duration::from_secs(2);
    while let Some(request) = harness.request(1) {
        harness.served(1, request);
    }
    assert_eq!(harness.log(0), ["a", "b", "c"]);
    harness.rest();
}

#[test]
fn batches_of_a_topic_that_was_created_again_linger_no_longer() {
    let mut harness = SenderHarness::simple();
    harness.topic_id = TopicId([1; 16]);
    harness.lead(&[A]);
    harness.ack_first();
    harness.send(0, b"before").unwrap();
    assert!(harness.request(1).is_none(), "it lingers");
    harness.topic_id = TopicId([2; 16]);
    harness.lead(&[A]);
    let request = harness.request(1).unwrap();
    harness.served(1, request);
    assert_eq!(harness.log(0), ["first", "before"]);
    harness.rest();
}

#[test]
fn when_the_epochs_are_used_up_another_identity_is_asked_for_and_only_its_partition_waits() {
    let mut harness = SenderHarness::of(2);
    harness.assignment.identity(ProducerIdAndEpoch { epoch: 32_766.into(), ..identity(7) });
    harness.obey();
    harness.ack_first();
    let (_, request) = harness.send_alone(1, "first");
    harness.served(1, request);
    let (mut has_gap, request) = harness.send_alone(0, "a");
    harness.refuse(1, request, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    harness.now += Duration::from_secs(2);
    assert!(harness.request(1).is_none());
    let exhausted: Vec<_> = harness.events.drain(..).collect();
    assert!(
        matches!(exhausted[..], [SenderEvent::Loss { .. }, SenderEvent::ProducerIdExhausted(id)] if id == 7.into()),
        "{exhausted:?}"
    );
    let (mut other, request) = harness.send_alone(1, "b");
    harness.served(1, request);
    assert_eq!(offset(&mut other), Some(1));

    harness.assignment.producer_id_exhausted(7.into());
    assert!(harness.assignment.take_producer_id_request());
    harness.assignment.identity(identity(8));
    harness.obey();
    let request = harness.request(1).unwrap();
    assert_eq!(run_of(&request), (8, 0, 0));
    harness.served(1, request);
    assert_eq!(offset(&mut has_gap), Some(1));
    harness.rest();
}

#[test]
fn thousand_partitions_that_move_at_once_leave_the_lists_in_one_go_and_keep_their_order() {
    let mut harness = SenderHarness::of(1_000);
    let mut record_handles: Vec<_> =
        (0..1_000).map(|partition| harness.send(partition, b"before").unwrap()).collect();
    harness.linger();
    let now = harness.now;
    harness.broker(1).poll(now, false);
    let before = harness.broker(1).schedule.clears;
    harness.lead(&vec![Some(BrokerId(2)); 1_000]);
    harness.broker(1).poll(now, false);
    assert_eq!(harness.broker(1).schedule.clears, before + 1);
    assert!(!harness.broker(1).has_ready(), "nothing of them is listed");
    while let Some(request) = harness.request(2) {
        harness.served(2, request);
    }
    assert!(record_handles.iter_mut().all(|record_handle| offset(record_handle) == Some(0)));
}
