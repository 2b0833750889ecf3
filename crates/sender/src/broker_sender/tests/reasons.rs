//! The reason in the error of a record that expires: the code of the present leader, its silence, or the load.

use std::task::{Poll, Waker};
use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::ids::BrokerId;

use super::world::{World, broker_senders, plain_senders};
use crate::accumulator::AccumulatorConfig;
use crate::broker_sender::{BrokerSenderConfig, ProduceRequest};
use crate::partition_sender::PartitionSenderConfig;
use crate::sync::RecordHandle;
use crate::tests::{accumulator, partition_senders};

const SECOND: Duration = Duration::from_secs(1);
const SILENT: &str = "the broker did not respond in time";
const LOAD: &str = "its load or a quota let no more requests through in time";
/// A record that is a batch of its own.
static ALONE: [u8; 70_000] = [b'x'; 70_000];

#[test]
fn rejection_of_the_former_leader_is_not_attributed_to_the_next_one() {
    let (mut world, _) = rejected(ErrorCode::NOT_LEADER_OR_FOLLOWER);
    world.lead(&[Some(BrokerId(2))]);
    assert_eq!(rejection(&world), None);
    let request = world.request(2).unwrap();
    assert_eq!(rejection(&world), None);
    world.refuse(2, request, ErrorCode::NOT_ENOUGH_REPLICAS);
    assert_eq!(rejection(&world), Some(ErrorCode::NOT_ENOUGH_REPLICAS));
    world.rest();
}

#[test]
fn rejection_is_forgotten_when_the_connection_to_the_broker_is_lost() {
    for is_in_flight in [true, false] {
        let (mut world, _) = rejected(ErrorCode::NOT_ENOUGH_REPLICAS);
        world.now += SECOND;
        let requests: Vec<(ProduceRequest, bool)> = match is_in_flight {
            true => world.request(1).map(|request| (request, true)).into_iter().collect(),
            false => Vec::new(),
        };
        assert_eq!(rejection(&world), Some(ErrorCode::NOT_ENOUGH_REPLICAS));
        world.ended(1, requests);
        assert_eq!(rejection(&world), None, "in in_flight_batch: {is_in_flight}");
        world.rest();
    }
}

#[test]
fn trouble_with_the_broker_is_over_when_a_request_without_a_response_is_written() {
    let mut world = World::new(1, accumulator(), plain_senders());
    let (_first, request) = world.fly(0, "a");
    world.broker(1).set_trouble("the connection broke".into());
    world.ended(1, vec![(request, false)]);
    assert!(world.broker(1).trouble.is_some(), "it broke over a request");
    world.now += 2 * SECOND;
    let request = world.request(1).unwrap();
    let now = world.now;
    world.broker(1).written(now, request);
    assert!(world.broker(1).trouble.is_none());
    assert_eq!(world.broker(1).mailbox.trouble(), None);
    world.rest();
}

#[test]
fn records_of_a_silent_leader_name_its_silence_whatever_the_former_leader_returned() {
    let (mut world, mut sent) = rejected(ErrorCode::NOT_LEADER_OR_FOLLOWER);
    let mut waiting = world.send(0, b"waiting").unwrap();
    world.lead(&[Some(BrokerId(2))]);
    let request = world.request(2).unwrap();
    expire(&mut world, 2);
    let expected = format!(
        "not acknowledged within 120s: {SILENT}; a broker returned NOT_LEADER_OR_FOLLOWER (6) before the partition moved"
    );
    assert_eq!(message(&mut sent), expected);
    assert_eq!(message(&mut waiting), format!("not sent within 120s: {SILENT}"));
    world.ended(2, vec![(request, true)]);
}

#[test]
fn records_of_a_leader_that_rejected_a_batch_and_is_silent_since_name_both() {
    let (mut world, mut sent) = rejected(ErrorCode::NOT_ENOUGH_REPLICAS);
    let mut waiting = world.send(0, b"waiting").unwrap();
    world.now += SECOND;
    let request = world.request(1).unwrap();
    expire(&mut world, 1);
    let (sent, waiting) = (message(&mut sent), message(&mut waiting));
    assert!(
        sent.ends_with(&format!(": {SILENT}; the broker returned NOT_ENOUGH_REPLICAS (19) last")),
        "{sent}"
    );
    let expected =
        format!(": {SILENT}; the broker returned NOT_ENOUGH_REPLICAS (19) for the batches before it");
    assert!(waiting.ends_with(&expected), "{waiting}");
    world.ended(1, vec![(request, true)]);
}

#[test]
fn records_that_expire_behind_answered_requests_name_the_load() {
    let mut world = slow_world();
    let mut record_handles: Vec<RecordHandle> = (0..20).map(|_| world.send(0, &ALONE).unwrap()).collect();
    // Each answer takes half a second; the last request goes out ten milliseconds before the records expire.
    for wait_ms in [490, 500, 500, 500] {
        let request = world.request(1).unwrap();
        world.now += Duration::from_millis(wait_ms);
        world.served(1, request);
    }
    let request = world.request(1).unwrap();
    world.now += Duration::from_millis(10);
    world.poll(Some(BrokerId(1)), true);
    let texts: Vec<String> = record_handles.iter_mut().filter_map(expired).collect();
    assert!(texts.len() > 10, "{texts:?}");
    for text in texts {
        assert!(text.contains(LOAD) && !text.contains(SILENT), "{text}");
    }
    world.served(1, request);
}

#[test]
fn records_that_expire_behind_a_request_without_an_answer_name_the_silence() {
    let mut world = slow_world();
    let mut record_handles: Vec<RecordHandle> = (0..20).map(|_| world.send(0, &ALONE).unwrap()).collect();
    let first = world.request(1).unwrap();
    world.now += SECOND;
    world.served(1, first);
    // It is silent for the second half of the time that the others have.
    let second = world.request(1).unwrap();
    world.now += SECOND;
    world.poll(Some(BrokerId(1)), true);
    let texts: Vec<String> = record_handles.iter_mut().filter_map(expired).collect();
    assert!(texts.len() > 10, "{texts:?}");
    for text in texts {
        assert!(text.contains(SILENT) && !text.contains(LOAD), "{text}");
    }
    world.ended(1, vec![(second, true)]);
}

/// A record of partition 0 whose batch broker 1 rejected with this code.
fn rejected(code: ErrorCode) -> (World, RecordHandle) {
    let mut world = World::simple();
    world.prove();
    let (record_handle, request) = world.fly(0, "sent");
    world.refuse(1, request, code);
    assert_eq!(rejection(&world), Some(code));
    (world, record_handle)
}

/// One request in flight, and two seconds for a record.
fn slow_world() -> World {
    let delivery_timeout = 2 * SECOND;
    let open_for_max = AccumulatorConfig::open_for_max_of(delivery_timeout);
    let accumulator = AccumulatorConfig { delivery_timeout, open_for_max, ..accumulator() };
    let partition_sender = PartitionSenderConfig { delivery_timeout, ..partition_senders() };
    let mut world = World::new(
        1,
        accumulator,
        BrokerSenderConfig { partition_sender, in_flight_max: 1, ..broker_senders() },
    );
    world.prove();
    world
}

fn rejection(world: &World) -> Option<ErrorCode> {
    world.topic.partitions()[0].rejection().map(|rejection| rejection.code)
}

/// Two minutes pass without an answer.
fn expire(world: &mut World, broker: i32) {
    for step in [119 * SECOND, SECOND] {
        world.now += step;
        world.poll(Some(BrokerId(broker)), true);
    }
}

fn message(record_handle: &mut RecordHandle) -> String {
    expired(record_handle).unwrap()
}

fn expired(record_handle: &mut RecordHandle) -> Option<String> {
    match record_handle.poll(Waker::noop()) {
        Poll::Ready(Err(failure)) => Some(failure.message.to_string()),
        _ => None,
    }
}
