//! Batches in doubt past their deadline, and callers that wait for the room that they hold.

use std::task::Waker;
use std::time::Duration;

use milena_codec::ids::BrokerId;

use super::world::{World, broker_senders, run_of};
use crate::accumulator::{ChooseError, Refusal};
use crate::broker_sender::{BrokerSenderConfig, Output, ProduceRequest};
use crate::outcome::{FailureKind, Persisted};
use crate::sync::{RecordHandle, Ticket};
use crate::tests::{KIB, accumulator, failure, offset};

const SECOND: Duration = Duration::from_secs(1);
const LATE: Option<(FailureKind, Persisted)> = Some((FailureKind::DeliveryTimeout, Persisted::Maybe));

#[test]
fn batch_in_flight_past_its_deadline_gives_way_once_its_connection_is_reset_and_the_run_goes_on() {
    let (mut world, mut record_handle, request) = all_of_the_budget_in_flight(broker_senders());
    let mut waiting = wait(&world, 1);
    world.now += 119 * SECOND;
    assert!(!wants_reset(&mut world) && failure(&mut record_handle).is_none());
    world.now += SECOND;
    assert!(wants_reset(&mut world));
    assert_eq!(failure(&mut record_handle), LATE);
    assert!(!has_room(&mut waiting), "its bytes are read by the connection");

    world.ended(1, vec![(request, true)]);
    assert!(!wants_reset(&mut world));
    assert!(has_room(&mut waiting));
    drop(waiting);
    let (mut next, request) = world.fly(0, "next");
    assert_eq!(run_of(&request), (7, 1, 0), "late copies are fenced");
    world.served(1, request);
    assert_eq!(offset(&mut next), Some(1));
    world.rest();
}

#[test]
fn batch_that_waits_to_be_sent_again_past_its_deadline_gives_way_without_a_reset() {
    let (mut world, mut record_handle, request) = all_of_the_budget_in_flight(broker_senders());
    let now = world.now;
    world.broker(1).ended(now, vec![(request, true)], false);
    let mut waiting = wait(&world, 1);
    world.now += 120 * SECOND;
    assert!(!wants_reset(&mut world));
    assert_eq!(failure(&mut record_handle), LATE);
    assert!(has_room(&mut waiting));
    drop(waiting);
    world.ended(1, Vec::new());
    world.rest();
}

#[test]
fn batch_that_no_caller_waits_behind_is_kept_past_its_deadline() {
    let (mut world, mut record_handle, request) = all_of_the_budget_in_flight(broker_senders());
    world.now += 130 * SECOND;
    assert!(!wants_reset(&mut world));
    assert_eq!(failure(&mut record_handle), LATE);
    world.served(1, request);
    world.poll(Some(BrokerId(1)), false);
    let (_, next) = world.fly(0, "next");
    assert_eq!(run_of(&next), (7, 0, 2), "the run goes on");
    world.served(1, next);
    world.rest();
}

#[test]
fn broker_that_answers_is_given_five_seconds_before_its_connection_is_reset() {
    let (mut world, _, request) = all_of_the_budget_in_flight(broker_senders());
    world.now += 120 * SECOND;
    let answered = world.now - 3 * SECOND;
    world.broker(1).silent_since = Some(answered);
    let waiting = wait(&world, 1);
    assert!(!wants_reset(&mut world));
    world.now += 2 * SECOND;
    assert!(wants_reset(&mut world));
    drop(waiting);
    world.served(1, request);
    world.rest();
}

#[test]
fn answer_counts_as_a_sign_of_life() {
    let mut world = World::of(1);
    world.prove();
    let (_, first) = world.fly(0, "a");
    let sent = world.now;
    let (_, second) = world.fly(0, "b");
    assert_eq!(world.broker(1).silent_since, Some(sent));
    world.now += SECOND;
    let answered = world.now;
    world.served(1, first);
    assert_eq!(world.broker(1).silent_since, Some(answered));
    world.served(1, second);
    assert_eq!(world.broker(1).silent_since, None);
    world.rest();
}

#[test]
fn connection_without_answers_is_not_reset() {
    let (mut world, _, request) =
        all_of_the_budget_in_flight(BrokerSenderConfig { awaits_answers: false, ..broker_senders() });
    let waiting = wait(&world, 1);
    world.now += 130 * SECOND;
    assert!(!wants_reset(&mut world), "what was written counts as delivered");
    drop(waiting);
    world.served(1, request);
    world.rest();
}

#[test]
fn nothing_gives_way_to_callers_of_a_partition_that_has_its_share() {
    let mut world = World::with_budget(2, accumulator(), broker_senders(), 128 * KIB);
    world.prove();
    world.poll(Some(BrokerId(1)), false);
    let (_, request) = world.fly(0, &"x".repeat(60_000));
    let waiting = wait_for(&world, 0, &"x".repeat(60_000));
    world.now += 130 * SECOND;
    assert!(!wants_reset(&mut world), "the others have room");
    drop(waiting);
    world.served(1, request);
    world.rest();
}

#[test]
fn partition_that_moves_with_a_batch_past_its_deadline_gives_way_at_its_next_broker() {
    let (mut world, _, request) = all_of_the_budget_in_flight(broker_senders());
    world.lead(&[Some(BrokerId(2)), Some(BrokerId(1))]);
    world.now += 120 * SECOND;
    world.poll(Some(BrokerId(1)), false);
    world.ended(1, vec![(request, true)]);
    let mut waiting = wait(&world, 1);
    world.poll(Some(BrokerId(2)), false);
    assert!(has_room(&mut waiting));
    drop(waiting);
    world.rest();
}

/// A record of partition 0 that needs the whole budget, on its way to a broker that does not answer.
fn all_of_the_budget_in_flight(broker_senders: BrokerSenderConfig) -> (World, RecordHandle, ProduceRequest) {
    let mut world = World::with_budget(2, accumulator(), broker_senders, 64 * KIB);
    world.prove();
    world.poll(Some(BrokerId(1)), false);
    let (record_handle, request) = world.fly(0, &"x".repeat(60_000));
    (world, record_handle, request)
}

/// A caller waits for room in a partition.
fn wait(world: &World, partition: usize) -> Ticket {
    wait_for(world, partition, &"x".repeat(10_000))
}

fn wait_for(world: &World, partition: usize, value: &str) -> Ticket {
    let place = i32::try_from(partition).unwrap();
    let Err(ChooseError::Refused(Refusal::Full { bytes }, _)) = world.send(place, value.as_bytes()) else {
        panic!("there is room");
    };
    let ticket = world.topic.partitions()[partition].wait_for_room(bytes, Waker::noop());
    world.shared.press();
    ticket
}

fn has_room(ticket: &mut Ticket) -> bool {
    ticket.poll(Waker::noop()).is_ready()
}

fn wants_reset(world: &mut World) -> bool {
    matches!(world.poll(Some(BrokerId(1)), false), Output::Reset)
}
