//! The reason in the error of a record that expires: the code of the present leader, its silence, or the load.

use std::task::{Poll, Waker};
use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::ids::BrokerId;

use super::harness::{SenderHarness, broker_senders, plain_senders};
use crate::accumulator::AccumulatorConfig;
use crate::broker_sender::{BrokerSenderConfig, Input, ProduceRequest};
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
    let (mut harness, _) = rejected(ErrorCode::NOT_LEADER_OR_FOLLOWER);
    harness.lead(&[Some(BrokerId(2))]);
    assert_eq!(rejection(&harness), None);
    let request = harness.request(2).unwrap();
    assert_eq!(rejection(&harness), None);
    harness.refuse(2, request, ErrorCode::NOT_ENOUGH_REPLICAS);
    assert_eq!(rejection(&harness), Some(ErrorCode::NOT_ENOUGH_REPLICAS));
    harness.rest();
}

#[test]
fn rejection_is_forgotten_when_the_connection_to_the_broker_is_lost() {
    for is_in_flight in [true, false] {
        let (mut harness, _) = rejected(ErrorCode::NOT_ENOUGH_REPLICAS);
        harness.now += SECOND;
        let requests: Vec<(ProduceRequest, bool)> = match is_in_flight {
            true => harness.request(1).map(|request| (request, true)).into_iter().collect(),
            false => Vec::new(),
        };
        assert_eq!(rejection(&harness), Some(ErrorCode::NOT_ENOUGH_REPLICAS));
        harness.ended(1, requests);
        assert_eq!(rejection(&harness), None, "in in_flight_batch: {is_in_flight}");
        harness.rest();
    }
}

#[test]
fn trouble_with_the_broker_is_over_when_a_request_without_a_response_is_written() {
    let mut harness = SenderHarness::new(1, accumulator(), plain_senders());
    let (_first, request) = harness.send_alone(0, "a");
    harness.hand_in(1, Input::Unusable("the connection broke".into()));
    harness.ended(1, vec![(request, false)]);
    assert!(harness.broker(1).trouble.is_some(), "it broke over a request");
    harness.now += 2 * SECOND;
    let request = harness.request(1).unwrap();
    harness.hand_in(1, Input::Written(request));
    assert!(harness.broker(1).trouble.is_none());
    assert_eq!(harness.broker(1).mailbox.trouble(), None);
    harness.rest();
}

#[test]
fn records_of_a_silent_leader_name_its_silence_whatever_the_former_leader_returned() {
    let (mut harness, mut sent) = rejected(ErrorCode::NOT_LEADER_OR_FOLLOWER);
    let mut waiting = harness.send(0, b"waiting").unwrap();
    harness.lead(&[Some(BrokerId(2))]);
    let request = harness.request(2).unwrap();
    expire(&mut harness, 2);
    let expected = format!(
        "not acknowledged within 120s: {SILENT}; a broker returned NOT_LEADER_OR_FOLLOWER (6) before the partition moved"
    );
    assert_eq!(message(&mut sent), expected);
    assert_eq!(message(&mut waiting), format!("not sent within 120s: {SILENT}"));
    harness.ended(2, vec![(request, true)]);
}

#[test]
fn records_of_a_leader_that_rejected_a_batch_and_is_silent_since_name_both() {
    let (mut harness, mut sent) = rejected(ErrorCode::NOT_ENOUGH_REPLICAS);
    let mut waiting = harness.send(0, b"waiting").unwrap();
    harness.now += SECOND;
    let request = harness.request(1).unwrap();
    expire(&mut harness, 1);
    let (sent, waiting) = (message(&mut sent), message(&mut waiting));
    assert!(
        sent.ends_with(&format!(": {SILENT}; the broker returned NOT_ENOUGH_REPLICAS (19) last")),
        "{sent}"
    );
    let expected =
        format!(": {SILENT}; the broker returned NOT_ENOUGH_REPLICAS (19) for the batches before it");
    assert!(waiting.ends_with(&expected), "{waiting}");
    harness.ended(1, vec![(request, true)]);
}

#[test]
fn records_that_expire_behind_answered_requests_name_the_load() {
    let mut harness = slow_harness();
    let mut record_handles: Vec<RecordHandle> = (0..20).map(|_| harness.send(0, &ALONE).unwrap()).collect();
    // Each answer takes half a second; the last request goes out ten milliseconds before the records expire.
    for wait_ms in [490, 500, 500, 500] {
        let request = harness.request(1).unwrap();
        harness.now += Duration::from_millis(wait_ms);
        harness.served(1, request);
    }
    let request = harness.request(1).unwrap();
    harness.now += Duration::from_millis(10);
    harness.poll(Some(BrokerId(1)), true);
    let texts: Vec<String> = record_handles.iter_mut().filter_map(expired).collect();
    assert!(texts.len() > 10, "{texts:?}");
    for text in texts {
        assert!(text.contains(LOAD) && !text.contains(SILENT), "{text}");
    }
    harness.served(1, request);
}

#[test]
fn records_that_expire_behind_a_request_without_an_response_name_the_silence() {
    let mut harness = slow_harness();
    let mut record_handles: Vec<RecordHandle> = (0..20).map(|_| harness.send(0, &ALONE).unwrap()).collect();
    let first = harness.request(1).unwrap();
    harness.now += SECOND;
    harness.served(1, first);
    // It is silent for the second half of the time that the others have.
    let second = harness.request(1).unwrap();
    harness.now += SECOND;
    harness.poll(Some(BrokerId(1)), true);
    let texts: Vec<String> = record_handles.iter_mut().filter_map(expired).collect();
    assert!(texts.len() > 10, "{texts:?}");
    for text in texts {
        assert!(text.contains(SILENT) && !text.contains(LOAD), "{text}");
    }
    harness.ended(1, vec![(second, true)]);
}

/// A record of partition 0 whose batch broker 1 rejected with this code.
fn rejected(code: ErrorCode) -> (SenderHarness, RecordHandle) {
    let mut harness = SenderHarness::simple();
    harness.ack_first();
    let (record_handle, request) = harness.send_alone(0, "sent");
    harness.refuse(1, request, code);
    assert_eq!(rejection(&harness), Some(code));
    (harness, record_handle)
}

/// One request in flight, and two seconds for a record.
fn slow_harness() -> SenderHarness {
    let delivery_timeout = 2 * SECOND;
    let open_for_max = AccumulatorConfig::open_for_max_of(delivery_timeout);
    let accumulator = AccumulatorConfig { delivery_timeout, open_for_max, ..accumulator() };
    let partition_sender = PartitionSenderConfig { delivery_timeout, ..partition_senders() };
    let mut harness = SenderHarness::new(
        1,
        accumulator,
        BrokerSenderConfig { partition_sender, in_flight_max: 1, ..broker_senders() },
    );
    harness.ack_first();
    harness
}

fn rejection(harness: &SenderHarness) -> Option<ErrorCode> {
    harness.topic.partitions()[0].rejection().map(|rejection| rejection.code)
}

/// Two minutes pass without an answer.
fn expire(harness: &mut SenderHarness, broker: i32) {
    for step in [119 * SECOND, SECOND] {
        harness.now += step;
        harness.poll(Some(BrokerId(broker)), true);
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
