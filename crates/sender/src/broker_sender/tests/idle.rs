//! What costs nothing: partitions at rest, and time in which nothing is due.

use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::compression::Compression;
use milena_codec::ids::BrokerId;

use super::world::{World, broker_senders};
use crate::broker_sender::{Output, SenderEvent};
use crate::compression::TopicCompression;
use crate::tests::{accumulator, identity};

const BROKER: Option<BrokerId> = Some(BrokerId(1));

/// How often the broker sender looks at a partition while this is done.
fn looks(world: &mut World, what: impl FnOnce(&mut World)) -> usize {
    let before = world.broker(1).looks;
    what(world);
    world.broker(1).looks - before
}

#[test]
fn ten_thousand_idle_partitions_cost_nothing_at_a_wake() {
    let mut world = World::of(10_000);
    let arrival = looks(&mut world, |world| assert!(world.request(1).is_none()));
    assert_eq!(arrival, 10_000);
    for round in 0..100 {
        let partition = (round * 97) % 10_000;
        let busy = looks(&mut world, |world| {
            let (_, request) = world.fly(partition, "a");
            world.served(1, request);
            assert!(world.request(1).is_none());
        });
        assert!(busy <= 6, "{busy} looks for one partition's batch");
    }
    let idle = looks(&mut world, |world| {
        for _ in 0..100 {
            world.linger();
            assert!(world.request(1).is_none());
        }
    });
    assert_eq!(idle, 0);
}

#[test]
fn a_press_looks_at_partitions_with_an_open_batch_alone() {
    let mut world = World::of(10_000);
    assert!(world.request(1).is_none());
    for partition in [17, 4_711, 9_999] {
        world.send(partition, b"a").unwrap();
    }
    assert!(world.request(1).is_none(), "they linger");
    let pressed = looks(&mut world, |world| {
        world.shared.press();
        let request = world.request(1).unwrap();
        assert_eq!(request.batches(), 3);
        world.served(1, request);
    });
    assert!(pressed <= 12, "{pressed} looks for three partitions");
    let again = looks(&mut world, |world| {
        for _ in 0..10 {
            world.shared.press();
            assert!(world.request(1).is_none());
        }
    });
    assert!(again <= 6, "{again} looks for nothing");
}

#[test]
fn a_partition_has_one_timer_however_many_batches_it_sends() {
    let mut world = World::of(3);
    for _ in 0..1_000 {
        (0..3).for_each(|partition| drop(world.send(partition, b"a").unwrap()));
        assert!(world.request(1).is_none());
        world.linger();
        let request = world.request(1).unwrap();
        assert!(world.broker(1).schedule.timers() <= 3);
        world.served(1, request);
    }
    assert!(world.request(1).is_none());
    assert_eq!(world.broker(1).schedule.timers(), 0, "nothing waits");
    world.rest();
}

#[test]
fn a_broker_sender_sleeps_until_something_is_due_and_no_longer() {
    let mut world = World::simple();
    let until = |world: &mut World| match world.poll(BROKER, true) {
        Output::Idle { until, .. } => until.map(|until| until - world.now),
        _ => unreachable!("nothing is ripe"),
    };
    assert_eq!(until(&mut world), None);
    world.send(0, b"a").unwrap();
    assert_eq!(until(&mut world), Some(Duration::from_millis(5)));
    world.now += Duration::from_millis(5);
    let request = world.request(1).unwrap();
    assert_eq!(until(&mut world), Some(Duration::from_millis(119_995)), "its deadline");
    world.refuse(1, request, ErrorCode::NOT_ENOUGH_REPLICAS);
    let pause = until(&mut world).unwrap();
    assert!(pause >= Duration::from_millis(80) && pause <= Duration::from_millis(120), "{pause:?}");
    world.now += pause;
    let request = world.request(1).unwrap();
    world.served(1, request);
    assert_eq!(until(&mut world), None);
}

#[test]
fn an_open_batch_that_cannot_go_is_looked_at_when_it_takes_no_more_records() {
    let mut world = World::simple();
    let now = world.now;
    world.broker(1).ended(now, Vec::new(), false);
    let opened = world.now;
    world.send(0, b"a").unwrap();
    let mut wakes = Vec::new();
    for _ in 0..3 {
        let Output::Idle { until: Some(until), .. } = world.poll(BROKER, true) else { unreachable!() };
        wakes.push(until - opened);
        world.now = until;
    }
    assert_eq!(wakes, [5, 1_000, 120_000].map(Duration::from_millis));
    world.poll(BROKER, true);
    assert_eq!(world.shared.failures.total(), 1);
}

#[test]
fn a_broker_sender_tells_once_a_partition_that_there_is_something_to_send_to_a_dormant_topic() {
    let mut world = World::of(2);
    world.prove();
    let uses = world.topic.uses();
    assert!(!world.topic.make_dormant(uses - 1), "one came meanwhile");
    world.send(0, b"a").unwrap();
    world.linger();
    let request = world.request(1).unwrap();
    assert!(world.events.is_empty(), "it is active");
    assert!(world.topic.make_dormant(uses + 1));
    // It looks at all of them.
    world.broker(1).set_identity(identity(7));
    world.poll(BROKER, true);
    assert!(world.events.is_empty(), "there is nothing to send");
    // One that goes again, and one that is new.
    world.refuse(1, request, ErrorCode::NOT_ENOUGH_REPLICAS);
    world.send(1, b"b").unwrap();
    world.poll(BROKER, true);
    let told: Vec<_> = world.events.drain(..).collect();
    assert!(matches!(&told[..], [SenderEvent::Awake(_), SenderEvent::Awake(_)]), "{told:?}");
    let uses = world.topic.uses();
    assert!(world.topic.make_dormant(uses));
    world.topic.make_active();
    world.send(1, b"d").unwrap();
    world.poll(BROKER, true);
    assert!(world.events.is_empty());
    world.rest();
}

#[test]
fn partition_is_at_rest_when_nothing_of_it_is_queued_in_flight_or_in_doubt() {
    let mut world = World::simple();
    assert!(is_at_rest(&mut world), "it is new");
    world.send(0, b"a").unwrap();
    assert!(!is_at_rest(&mut world), "queued");
    world.linger();
    let request = world.request(1).unwrap();
    assert!(!is_at_rest(&mut world), "in flight");
    world.ended(1, vec![(request, true)]);
    assert!(!is_at_rest(&mut world), "in doubt");
    world.now += Duration::from_secs(130);
    world.poll(BROKER, false);
    assert_eq!(world.shared.failures.total(), 1);
    assert!(!is_at_rest(&mut world), "in doubt, and its caller was told");
    let request = world.request(1).unwrap();
    world.served(1, request);
    assert!(world.request(1).is_none());
    assert!(is_at_rest(&mut world));
}

#[test]
fn parts_of_a_batch_that_are_charged_nothing_keep_their_partition_from_rest() {
    let compression = TopicCompression::new(Compression::Zstd, None);
    let mut world = World::compressed(1, accumulator(), broker_senders(), 32 << 20, compression);
    let noise: Vec<u8> = {
        let mut dice = fastrand::Rng::with_seed(1);
        (0..100).map(|_| dice.u8(..)).collect()
    };
    (0..100).for_each(|_| drop(world.send(0, &noise).unwrap()));
    world.linger();
    // The same a hundred times is compressed to little more than once; a broker takes no two of them in one batch.
    let mut charged_nothing = 0;
    while let Some(request) = world.request(1) {
        let body = world.serve(&request, 172);
        world.answered(1, request, &body);
        world.poll(BROKER, false);
        world.linger();
        let has_batches =
            world.broker(1).partition_senders.values().any(|partition_sender| !partition_sender.is_at_rest());
        if has_batches && world.shared.memory.free() == world.shared.memory.budget() {
            charged_nothing += 1;
            assert!(!is_at_rest(&mut world));
        }
    }
    assert!(charged_nothing > 0);
    assert!(is_at_rest(&mut world));
}

/// Whether the broker sender says so when it is asked.
fn is_at_rest(world: &mut World) -> bool {
    let serial = world.topic.partitions()[0].serial();
    world.broker(1).report_rest(serial);
    world.broker(1).events().any(|event| matches!(event, SenderEvent::AtRest(..)))
}
