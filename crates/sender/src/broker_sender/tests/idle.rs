//! What costs nothing: partitions at rest, and time in which nothing is due.

use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::compression::Compression;
use milena_codec::ids::BrokerId;

use super::harness::{SenderHarness, broker_senders};
use crate::broker_sender::{Input, Output, PartitionCommand, SenderEvent};
use crate::compression::TopicCompression;
use crate::tests::{accumulator, identity};

const BROKER: Option<BrokerId> = Some(BrokerId(1));

/// How often the broker sender polls a partition while this is done.
fn polls(harness: &mut SenderHarness, what: impl FnOnce(&mut SenderHarness)) -> usize {
    let before = harness.broker(1).polls;
    what(harness);
    harness.broker(1).polls - before
}

#[test]
fn ten_thousand_idle_partitions_cost_nothing_at_a_wake() {
    let mut harness = SenderHarness::of(10_000);
    let arrival = polls(&mut harness, |harness| assert!(harness.request(1).is_none()));
    assert_eq!(arrival, 10_000);
    for round in 0..100 {
        let partition = (round * 97) % 10_000;
        let busy = polls(&mut harness, |harness| {
            let (_, request) = harness.send_alone(partition, "a");
            harness.served(1, request);
            assert!(harness.request(1).is_none());
        });
        assert!(busy <= 6, "{busy} polls for one partition's batch");
    }
    let idle = polls(&mut harness, |harness| {
        for _ in 0..100 {
            harness.linger();
            assert!(harness.request(1).is_none());
        }
    });
    assert_eq!(idle, 0);
}

#[test]
fn flush_polls_partitions_with_an_open_batch_alone() {
    let mut harness = SenderHarness::of(10_000);
    assert!(harness.request(1).is_none());
    for partition in [17, 4_711, 9_999] {
        harness.send(partition, b"a").unwrap();
    }
    assert!(harness.request(1).is_none(), "they linger");
    let flushed = polls(&mut harness, |harness| {
        harness.shared.request_flush();
        let request = harness.request(1).unwrap();
        assert_eq!(request.batches(), 3);
        harness.served(1, request);
    });
    assert!(flushed <= 12, "{flushed} polls for three partitions");
    let again = polls(&mut harness, |harness| {
        for _ in 0..10 {
            harness.shared.request_flush();
            assert!(harness.request(1).is_none());
        }
    });
    assert!(again <= 6, "{again} polls for nothing");
}

#[test]
fn a_partition_has_one_timer_however_many_batches_it_sends() {
    let mut harness = SenderHarness::of(3);
    for _ in 0..1_000 {
        (0..3).for_each(|partition| drop(harness.send(partition, b"a").unwrap()));
        assert!(harness.request(1).is_none());
        harness.linger();
        let request = harness.request(1).unwrap();
        assert!(harness.broker(1).schedule.timers() <= 3);
        harness.served(1, request);
    }
    assert!(harness.request(1).is_none());
    assert_eq!(harness.broker(1).schedule.timers(), 0, "nothing waits");
    harness.rest();
}

#[test]
fn a_broker_sender_sleeps_until_something_is_due_and_no_longer() {
    let mut harness = SenderHarness::simple();
    let until = |harness: &mut SenderHarness| match harness.poll(BROKER, true) {
        Output::Idle { until, .. } => until.map(|until| until - harness.now),
        _ => unreachable!("nothing is ready"),
    };
    assert_eq!(until(&mut harness), None);
    harness.send(0, b"a").unwrap();
    assert_eq!(until(&mut harness), Some(Duration::from_millis(5)));
    harness.now += Duration::from_millis(5);
    let request = harness.request(1).unwrap();
    assert_eq!(until(&mut harness), Some(Duration::from_millis(119_995)), "its deadline");
    harness.refuse(1, request, ErrorCode::NOT_ENOUGH_REPLICAS);
    let pause = until(&mut harness).unwrap();
    assert!(pause >= Duration::from_millis(80) && pause <= Duration::from_millis(120), "{pause:?}");
    harness.now += pause;
    let request = harness.request(1).unwrap();
    harness.served(1, request);
    assert_eq!(until(&mut harness), None);
}

#[test]
fn an_open_batch_that_cannot_go_is_looked_at_when_it_takes_no_more_records() {
    let mut harness = SenderHarness::simple();
    harness.hand_in(1, Input::Disconnected { requests: Vec::new(), timed_out: false });
    let opened = harness.now;
    harness.send(0, b"a").unwrap();
    let mut wakes = Vec::new();
    for _ in 0..3 {
        let Output::Idle { until: Some(until), .. } = harness.poll(BROKER, true) else { unreachable!() };
        wakes.push(until - opened);
        harness.now = until;
    }
    assert_eq!(wakes, [5, 1_000, 120_000].map(Duration::from_millis));
    harness.poll(BROKER, true);
    assert_eq!(harness.shared.failures.total(), 1);
}

#[test]
fn broker_sender_reports_once_a_partition_that_a_dormant_topic_has_records() {
    let mut harness = SenderHarness::of(2);
    harness.ack_first();
    let uses = harness.topic.uses();
    assert!(!harness.topic.make_dormant(uses - 1), "one came meanwhile");
    harness.send(0, b"a").unwrap();
    harness.linger();
    let request = harness.request(1).unwrap();
    assert!(harness.events.is_empty(), "it is active");
    assert!(harness.topic.make_dormant(uses + 1));
    // It polls all of them.
    harness.hand_in(1, Input::ProducerId(identity(7)));
    harness.poll(BROKER, true);
    assert!(harness.events.is_empty(), "there is nothing to send");
    // One that goes again, and one that is new.
    harness.refuse(1, request, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.send(1, b"b").unwrap();
    harness.poll(BROKER, true);
    let told: Vec<_> = harness.events.drain(..).collect();
    assert!(
        matches!(&told[..], [SenderEvent::TopicHasRecords(_), SenderEvent::TopicHasRecords(_)]),
        "{told:?}"
    );
    let uses = harness.topic.uses();
    assert!(harness.topic.make_dormant(uses));
    harness.topic.make_active();
    harness.send(1, b"d").unwrap();
    harness.poll(BROKER, true);
    assert!(harness.events.is_empty());
    harness.rest();
}

#[test]
fn partition_is_at_rest_when_nothing_of_it_is_queued_in_flight_or_in_doubt() {
    let mut harness = SenderHarness::simple();
    assert!(is_at_rest(&mut harness), "it is new");
    harness.send(0, b"a").unwrap();
    assert!(!is_at_rest(&mut harness), "queued");
    harness.linger();
    let request = harness.request(1).unwrap();
    assert!(!is_at_rest(&mut harness), "in flight");
    harness.ended(1, vec![(request, true)]);
    assert!(!is_at_rest(&mut harness), "in doubt");
    harness.now += Duration::from_secs(130);
    harness.poll(BROKER, false);
    assert_eq!(harness.shared.failures.total(), 1);
    assert!(!is_at_rest(&mut harness), "in doubt, and its caller was told");
    let request = harness.request(1).unwrap();
    harness.served(1, request);
    assert!(harness.request(1).is_none());
    assert!(is_at_rest(&mut harness));
}

#[test]
fn parts_of_a_batch_that_are_charged_nothing_keep_their_partition_from_rest() {
    let compression = TopicCompression::new(Compression::Zstd, None);
    let mut harness = SenderHarness::compressed(1, accumulator(), broker_senders(), 32 << 20, compression);
    let noise: Vec<u8> = {
        let mut dice = fastrand::Rng::with_seed(1);
        (0..100).map(|_| dice.u8(..)).collect()
    };
    (0..100).for_each(|_| drop(harness.send(0, &noise).unwrap()));
    harness.linger();
    // The same a hundred times is compressed to little more than once; a broker takes no two of them in one batch.
    let mut charged_nothing = 0;
    while let Some(request) = harness.request(1) {
        let body = harness.serve(&request, 172);
        harness.answered(1, request, &body);
        harness.poll(BROKER, false);
        harness.linger();
        let has_batches =
            harness.broker(1).partition_senders.values().any(|scheduled| !scheduled.sender.is_at_rest());
        if has_batches && harness.shared.memory.free() == harness.shared.memory.budget() {
            charged_nothing += 1;
            assert!(!is_at_rest(&mut harness));
        }
    }
    assert!(charged_nothing > 0);
    assert!(is_at_rest(&mut harness));
}

/// Whether the broker sender says so when it is asked.
fn is_at_rest(harness: &mut SenderHarness) -> bool {
    let serial = harness.topic.partitions()[0].serial();
    harness.hand_in(1, Input::Partition(PartitionCommand::ReportRest(serial)));
    harness.broker(1).events().any(|event| matches!(event, SenderEvent::AtRest(..)))
}
