//! Partitions that change their leader, and producers that change their identity.

use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, Identity, TopicId};

use super::world::{MAX, World, run_of};
use crate::broker_sender::{Output, SenderEvent};
use crate::outcome::{FailureKind, Persisted};
use crate::tests::{failure, identity, offset};

const A: Option<BrokerId> = Some(BrokerId(1));
const B: Option<BrokerId> = Some(BrokerId(2));

#[test]
fn nothing_goes_to_a_new_leader_while_the_old_one_may_still_append() {
    let mut world = World::simple();
    world.prove();
    let (_, first) = world.fly(0, "a");
    let (_, second) = world.fly(0, "b");
    world.lead(&[B]);
    world.send(0, b"c").unwrap();
    world.linger();
    assert!(world.request(1).is_none() && world.request(2).is_none());
    world.served(1, first);
    assert!(world.request(1).is_none() && world.request(2).is_none());
    // Nobody hears of the second, which was appended.
    world.serve(&second, MAX);
    world.ended(1, vec![(second, true)]);
    let again = world.request(2).expect("at another leader it does not wait");
    assert_eq!(run_of(&again), (7, 0, 2), "under its old stamp");
    world.served(2, again);
    let third = world.request(2).unwrap();
    world.served(2, third);
    assert_eq!(world.log(0), ["proof", "a", "b", "c"]);
    world.rest();
}

#[test]
fn a_leader_that_goes_and_comes_back_repeats_and_reorders_nothing() {
    for appended in [false, true] {
        let mut world = World::simple();
        world.prove();
        let (_, first) = world.fly(0, "a");
        let (_, second) = world.fly(0, "b");
        world.lead(&[B]);
        world.lead(&[A]);
        assert!(world.request(2).is_none());
        if appended {
            world.serve(&first, MAX);
            world.serve(&second, MAX);
        }
        world.send(0, b"c").unwrap();
        world.ended(1, vec![(first, true), (second, true)]);
        // Once more, from stale metadata, and nothing is in flight.
        world.lead(&[B]);
        world.lead(&[A]);
        assert!(world.request(2).is_none());
        world.now += Duration::from_secs(2);
        while let Some(request) = world.request(1) {
            world.served(1, request);
        }
        assert_eq!(world.log(0), ["proof", "a", "b", "c"]);
        world.rest();
    }
}

#[test]
fn one_batch_alone_is_sent_on_a_new_connection_although_nothing_was_in_flight_on_the_old_one() {
    let mut world = World::simple();
    world.prove();
    world.ended(1, Vec::new());
    let (_, first) = world.fly(0, "a");
    world.send(0, b"b").unwrap();
    world.linger();
    assert!(world.request(1).is_none(), "the broker may have started anew");
    world.served(1, first);
    let second = world.request(1).expect("the leader knows the run");
    world.served(1, second);
    assert_eq!(world.log(0), ["proof", "a", "b"]);
    world.rest();
}

#[test]
fn what_waits_moves_with_its_partition_and_callers_ring_at_its_new_broker_sender() {
    let mut world = World::simple();
    world.prove();
    for number in 0..3_000 {
        world.send(0, format!("{number:0100}").as_bytes()).unwrap();
    }
    world.lead(&[B]);
    world.linger();
    assert!(world.request(1).is_none());
    let request = world.request(2).unwrap();
    world.served(2, request);
    world.send(0, b"new").unwrap();
    assert!(world.request(2).is_none(), "it lingers there");
    world.linger();
    let request = world.request(2).unwrap();
    world.served(2, request);
    assert_eq!(world.log(0).len(), 3_002);
    world.rest();
}

#[test]
fn a_partition_without_a_leader_waits_in_time_and_goes_on_with_the_next() {
    let mut world = World::of(2);
    world.prove();
    world.lead(&[None, A]);
    let mut late = world.send(0, b"late").unwrap();
    let (mut other, request) = world.fly(1, "other");
    world.served(1, request);
    assert_eq!(offset(&mut other), Some(0), "another partition is not held up");
    world.now += Duration::from_secs(2);
    world.poll(None, false);
    world.now += Duration::from_secs(100);
    let mut in_time = world.send(0, b"in time").unwrap();
    world.now += Duration::from_secs(18);
    world.poll(None, false);
    assert_eq!(failure(&mut late), Some((FailureKind::DeliveryTimeout, Persisted::No)));
    world.lead(&[B, A]);
    let request = world.request(2).unwrap();
    assert_eq!(run_of(&request), (7, 0, 1), "nothing was given up that had a stamp");
    world.served(2, request);
    assert_eq!(offset(&mut in_time), Some(1));
    world.rest();
}

#[test]
fn a_batch_that_expires_while_its_partition_leaves_goes_to_the_new_leader_before_what_follows() {
    let mut world = World::simple();
    world.prove();
    let (mut late, request) = world.fly(0, "late");
    let stamped = run_of(&request);
    world.lead(&[B]);
    world.now += Duration::from_secs(121);
    assert!(world.request(1).is_none());
    assert_eq!(failure(&mut late), Some((FailureKind::DeliveryTimeout, Persisted::Maybe)));
    let mut next = world.send(0, b"next").unwrap();
    world.linger();
    assert!(world.request(2).is_none(), "the old leader has not answered");
    world.serve(&request, MAX);
    world.ended(1, vec![(request, true)]);
    for expected in [stamped, (7, 0, 2)] {
        let request = world.request(2).unwrap();
        assert_eq!(run_of(&request), expected);
        world.served(2, request);
    }
    assert_eq!(offset(&mut next), Some(2));
    assert_eq!(world.log(0), ["proof", "late", "next"]);
    world.rest();
}

#[test]
fn a_flush_does_not_wait_for_the_linger_of_a_partition_that_was_between_two_broker_senders() {
    let mut world = World::simple();
    world.prove();
    let serial = world.topic.partitions()[0].serial();
    world.broker(1).leave(serial);
    let Some(SenderEvent::Released(partition_sender)) = world.broker(1).events().next() else {
        panic!("nothing of it is in flight")
    };
    world.send(0, b"b").unwrap();
    let flush = world.shared.outstanding.end_generation();
    world.shared.press();
    assert!(world.request(1).is_none() && world.request(2).is_none(), "nobody has it");
    world.broker(2).adopt(partition_sender);
    let request = world.request(2).expect("without any time having passed");
    world.served(2, request);
    assert!(world.shared.outstanding.is_settled(flush));
    world.rest();
}

#[test]
fn a_partition_that_was_ready_and_comes_back_stands_in_a_request_once() {
    let mut world = World::simple();
    world.prove();
    let now = world.now;
    world.broker(1).ended(now, Vec::new(), false);
    (0..3).for_each(|_| drop(world.send(0, &[7; 70_000]).unwrap()));
    assert!(world.request(1).is_none(), "it is ready, and there is no connection");
    world.lead(&[None]);
    world.lead(&[A]);
    world.ended(1, Vec::new());
    for _ in 0..3 {
        let request = world.request(1).unwrap();
        assert_eq!(request.batches(), 1);
        world.served(1, request);
    }
    world.rest();
}

#[test]
fn a_partition_has_its_timer_wherever_it_is() {
    let mut world = World::simple();
    let until = |world: &mut World, broker_sender| match world.poll(broker_sender, true) {
        Output::Idle { until, .. } => until.map(|until| until - world.now),
        _ => panic!("nothing is due"),
    };
    world.send(0, b"a").unwrap();
    let linger = Some(Duration::from_millis(5));
    for (leader, other) in [(A, B), (B, A), (A, B)] {
        world.lead(&[leader]);
        assert_eq!([until(&mut world, leader), until(&mut world, other)], [linger, None]);
    }
    world.rest();
}

#[test]
fn a_topic_made_again_goes_on_under_its_new_id() {
    let [old, new] = [TopicId([1; 16]), TopicId([2; 16])];
    let mut world = World::simple();
    world.version = 13;
    world.ended(1, Vec::new());
    world.topic_id = old;
    world.lead(&[A]);
    world.prove();
    let requests: Vec<_> = ["a", "b", "c"].map(|value| world.fly(0, value).1).into();
    world.logs[0] = Default::default();
    for request in requests {
        world.refuse(1, request, ErrorCode::UNKNOWN_TOPIC_ID);
    }
    world.topic_id = new;
    world.lead(&[A]);
    world.now += Duration::from_secs(2);
    let first = world.request(1).unwrap();
    assert!(world.request(1).is_none(), "one at a time");
    world.served(1, first);
    world.now += Duration::from_secs(2);
    while let Some(request) = world.request(1) {
        world.served(1, request);
    }
    assert_eq!(world.log(0), ["a", "b", "c"]);
    world.rest();
}

#[test]
fn what_waited_for_a_topic_that_was_made_again_lingers_no_longer() {
    let mut world = World::simple();
    world.topic_id = TopicId([1; 16]);
    world.lead(&[A]);
    world.prove();
    world.send(0, b"before").unwrap();
    assert!(world.request(1).is_none(), "it lingers");
    world.topic_id = TopicId([2; 16]);
    world.lead(&[A]);
    let request = world.request(1).unwrap();
    world.served(1, request);
    assert_eq!(world.log(0), ["proof", "before"]);
    world.rest();
}

#[test]
fn when_the_epochs_are_used_up_another_identity_is_asked_for_and_only_its_partition_waits() {
    let mut world = World::of(2);
    world.assignment.identity(Identity { epoch: 32_766.into(), ..identity(7) });
    world.obey();
    world.prove();
    let (_, request) = world.fly(1, "proof");
    world.served(1, request);
    let (mut broken, request) = world.fly(0, "a");
    world.refuse(1, request, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    world.now += Duration::from_secs(2);
    assert!(world.request(1).is_none());
    let spent: Vec<_> = world.events.drain(..).collect();
    assert!(
        matches!(spent[..], [SenderEvent::Loss { .. }, SenderEvent::IdentitySpent(id)] if id == 7.into()),
        "{spent:?}"
    );
    let (mut other, request) = world.fly(1, "b");
    world.served(1, request);
    assert_eq!(offset(&mut other), Some(1));

    world.assignment.identity_spent(7.into());
    assert!(world.assignment.asks_identity());
    world.assignment.identity(identity(8));
    world.obey();
    let request = world.request(1).unwrap();
    assert_eq!(run_of(&request), (8, 0, 0));
    world.served(1, request);
    assert_eq!(offset(&mut broken), Some(1));
    world.rest();
}

#[test]
fn thousand_partitions_that_move_at_once_leave_the_lists_in_one_go_and_keep_their_order() {
    let mut world = World::of(1_000);
    let mut record_handles: Vec<_> =
        (0..1_000).map(|partition| world.send(partition, b"before").unwrap()).collect();
    world.linger();
    let now = world.now;
    world.broker(1).poll(now, false);
    let before = world.broker(1).schedule.clears;
    world.lead(&vec![Some(BrokerId(2)); 1_000]);
    world.broker(1).poll(now, false);
    assert_eq!(world.broker(1).schedule.clears, before + 1);
    assert!(!world.broker(1).has_ready(), "nothing of them is listed");
    while let Some(request) = world.request(2) {
        world.served(2, request);
    }
    assert!(record_handles.iter_mut().all(|record_handle| offset(record_handle) == Some(0)));
}
