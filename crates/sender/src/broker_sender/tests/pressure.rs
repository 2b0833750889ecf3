//! Batches in doubt past their deadline, and callers that wait for the room that they hold.

use std::task::Waker;
use std::time::Duration;

use milena_codec::ids::BrokerId;

use super::harness::{SenderHarness, broker_senders, run_of};
use crate::accumulator::{ChooseError, Refusal};
use crate::broker_sender::{BrokerSenderConfig, Input, Output, ProduceRequest};
use crate::outcome::{ErrorKind, Persisted};
use crate::sync::{RecordHandle, Ticket};
use crate::tests::{KIB, accumulator, failure, offset};

const SECOND: Duration = Duration::from_secs(1);
const LATE: Option<(ErrorKind, Persisted)> = Some((ErrorKind::DeliveryTimeout, Persisted::Maybe));

#[test]
fn batch_in_flight_past_its_deadline_gives_way_once_its_connection_is_reset_and_the_run_goes_on() {
    let (mut harness, mut record_handle, request) = all_of_the_budget_in_flight(broker_senders());
    let mut waiting = wait(&harness, 1);
    harness.now += 119 * SECOND;
    assert!(!wants_reset(&mut harness) && failure(&mut record_handle).is_none());
    harness.now += SECOND;
    assert!(wants_reset(&mut harness));
    assert_eq!(failure(&mut record_handle), LATE);
    assert!(!has_room(&mut waiting), "its bytes are read by the connection");

    harness.ended(1, vec![(request, true)]);
    assert!(!wants_reset(&mut harness));
    assert!(has_room(&mut waiting));
    drop(waiting);
    let (mut next, request) = harness.send_alone(0, "next");
    assert_eq!(run_of(&request), (7, 1, 0), "late copies are fenced");
    harness.served(1, request);
    assert_eq!(offset(&mut next), Some(1));
    harness.rest();
}

#[test]
fn batch_that_waits_to_be_sent_again_past_its_deadline_gives_way_without_a_reset() {
    let (mut harness, mut record_handle, request) = all_of_the_budget_in_flight(broker_senders());
    harness.hand_in(1, Input::Disconnected { requests: vec![(request, true)], timed_out: false });
    let mut waiting = wait(&harness, 1);
    harness.now += 120 * SECOND;
    assert!(!wants_reset(&mut harness));
    assert_eq!(failure(&mut record_handle), LATE);
    assert!(has_room(&mut waiting));
    drop(waiting);
    harness.ended(1, Vec::new());
    harness.rest();
}

#[test]
fn batch_that_no_caller_waits_behind_is_kept_past_its_deadline() {
    let (mut harness, mut record_handle, request) = all_of_the_budget_in_flight(broker_senders());
    harness.now += 130 * SECOND;
    assert!(!wants_reset(&mut harness));
    assert_eq!(failure(&mut record_handle), LATE);
    harness.served(1, request);
    harness.poll(Some(BrokerId(1)), false);
    let (_, next) = harness.send_alone(0, "next");
    assert_eq!(run_of(&next), (7, 0, 2), "the run goes on");
    harness.served(1, next);
    harness.rest();
}

#[test]
fn broker_that_responds_has_five_seconds_before_its_connection_is_reset() {
    let (mut harness, _, request) = all_of_the_budget_in_flight(broker_senders());
    harness.now += 120 * SECOND;
    let answered = harness.now - 3 * SECOND;
    harness.broker(1).silent_since = Some(answered);
    let waiting = wait(&harness, 1);
    assert!(!wants_reset(&mut harness));
    harness.now += 2 * SECOND;
    assert!(wants_reset(&mut harness));
    drop(waiting);
    harness.served(1, request);
    harness.rest();
}

#[test]
fn response_counts_as_a_sign_of_life() {
    let mut harness = SenderHarness::of(1);
    harness.ack_first();
    let (_, first) = harness.send_alone(0, "a");
    let sent = harness.now;
    let (_, second) = harness.send_alone(0, "b");
    assert_eq!(harness.broker(1).silent_since, Some(sent));
    harness.now += SECOND;
    let answered = harness.now;
    harness.served(1, first);
    assert_eq!(harness.broker(1).silent_since, Some(answered));
    harness.served(1, second);
    assert_eq!(harness.broker(1).silent_since, None);
    harness.rest();
}

#[test]
fn connection_without_responses_is_not_reset() {
    let (mut harness, _, request) =
        all_of_the_budget_in_flight(BrokerSenderConfig { awaits_responses: false, ..broker_senders() });
    let waiting = wait(&harness, 1);
    harness.now += 130 * SECOND;
    assert!(!wants_reset(&mut harness), "what was written counts as delivered");
    drop(waiting);
    harness.served(1, request);
    harness.rest();
}

#[test]
fn nothing_gives_way_to_callers_of_a_partition_that_has_its_share() {
    let mut harness = SenderHarness::with_budget(2, accumulator(), broker_senders(), 128 * KIB);
    harness.ack_first();
    harness.poll(Some(BrokerId(1)), false);
    let (_, request) = harness.send_alone(0, &"x".repeat(60_000));
    let waiting = wait_for(&harness, 0, &"x".repeat(60_000));
    harness.now += 130 * SECOND;
    assert!(!wants_reset(&mut harness), "the others have room");
    drop(waiting);
    harness.served(1, request);
    harness.rest();
}

#[test]
fn partition_that_moves_with_a_batch_past_its_deadline_gives_way_at_its_next_broker() {
    let (mut harness, _, request) = all_of_the_budget_in_flight(broker_senders());
    harness.lead(&[Some(BrokerId(2)), Some(BrokerId(1))]);
    harness.now += 120 * SECOND;
    harness.poll(Some(BrokerId(1)), false);
    harness.ended(1, vec![(request, true)]);
    let mut waiting = wait(&harness, 1);
    harness.poll(Some(BrokerId(2)), false);
    assert!(has_room(&mut waiting));
    drop(waiting);
    harness.rest();
}

/// A record of partition 0 that needs the whole budget, on its way to a broker that does not answer.
fn all_of_the_budget_in_flight(
    broker_senders: BrokerSenderConfig,
) -> (SenderHarness, RecordHandle, ProduceRequest) {
    let mut harness = SenderHarness::with_budget(2, accumulator(), broker_senders, 64 * KIB);
    harness.ack_first();
    harness.poll(Some(BrokerId(1)), false);
    let (record_handle, request) = harness.send_alone(0, &"x".repeat(60_000));
    (harness, record_handle, request)
}

/// A caller waits for room in a partition.
fn wait(harness: &SenderHarness, partition: usize) -> Ticket {
    wait_for(harness, partition, &"x".repeat(10_000))
}

fn wait_for(harness: &SenderHarness, partition: usize, value: &str) -> Ticket {
    let place = i32::try_from(partition).unwrap();
    let Err(ChooseError::Refused(Refusal::Full { bytes }, _)) = harness.send(place, value.as_bytes()) else {
        panic!("there is room");
    };
    let ticket = harness.topic.partitions()[partition].wait_for_room(bytes, Waker::noop());
    harness.shared.request_flush();
    ticket
}

fn has_room(ticket: &mut Ticket) -> bool {
    ticket.poll(Waker::noop()).is_ready()
}

fn wants_reset(harness: &mut SenderHarness) -> bool {
    matches!(harness.poll(Some(BrokerId(1)), false), Output::Reset)
}
