//! What goes into a request, and when.

use std::collections::BTreeMap;
use std::task::{Poll, Waker};
use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, TopicId};

use super::world::{MAX, World, batches, broker_senders, partitions, plain_senders};
use crate::accumulator::{AccumulatorConfig, AppendOptions};
use crate::broker_sender::{BrokerSenderConfig, Output, ProduceRequest};
use crate::tests::{accumulator, is_pending, offset};

fn requests_of(bytes_max: usize) -> BrokerSenderConfig {
    BrokerSenderConfig { request_bytes_max: bytes_max, ..broker_senders() }
}

/// What a request carries, in bytes.
fn load(request: &ProduceRequest) -> usize {
    batches(request).iter().map(|(_, bytes)| bytes.len()).sum()
}

/// So many partitions, each with a run that the brokers know.
fn proven(partitions: usize, config: BrokerSenderConfig) -> World {
    let mut world = World::new(partitions, accumulator(), config);
    (0..partitions).for_each(|partition| drop(world.send(i32::try_from(partition).unwrap(), b"proof")));
    world.linger();
    while let Some(request) = world.request(1) {
        world.served(1, request);
    }
    world
}

#[test]
fn no_request_takes_a_partition_twice_however_much_it_has() {
    let mut world = proven(4, broker_senders());
    for partition in 0..4 {
        for _ in 0..30 {
            // Each is a batch of its own.
            world.send(partition, &[7; 70_000]).unwrap();
        }
    }
    let mut out = Vec::new();
    while let Some(request) = world.request(1) {
        let mut taken = partitions(&request);
        assert_eq!(taken.len(), 4);
        taken.dedup();
        assert_eq!(taken, [0, 1, 2, 3]);
        out.push(request);
    }
    assert_eq!(out.len(), 5, "as many as may be in flight");
    out.into_iter().for_each(|request| world.served(1, request));
    world.rest();
}

#[test]
fn a_request_stays_below_its_limit_and_a_larger_batch_goes_alone() {
    let mut world = proven(6, requests_of(100_000));
    for partition in 0..6 {
        let bytes = if partition == 2 { 300_000 } else { 30_000 };
        world.send(partition, &vec![7; bytes]).unwrap();
    }
    world.linger();
    let mut seen = Vec::new();
    while let Some(request) = world.request(1) {
        assert!(load(&request) <= 100_000 || partitions(&request) == [2]);
        seen.push(partitions(&request));
        world.served(1, request);
    }
    seen.sort();
    assert_eq!(seen, [vec![0, 1], vec![2], vec![3, 4, 5]]);
    world.rest();
}

#[test]
fn when_requests_fill_up_every_partition_has_its_turn() {
    // Batches of several sizes, and always more of them than a request takes.
    let mut world = proven(10, requests_of(400_000));
    let sizes = [70_000, 150_000, 300_000];
    let mut taken: BTreeMap<i32, usize> = BTreeMap::new();
    for round in 0..300 {
        for (place, partition) in world.topic.partitions().iter().enumerate() {
            if !partition.standing(world.now).ripe {
                world.send(partition.index().0, &vec![7; sizes[(round + place) % 3]]).unwrap();
            }
        }
        let request = world.request(1).unwrap();
        partitions(&request).into_iter().for_each(|partition| *taken.entry(partition).or_default() += 1);
        world.served(1, request);
    }
    let (least, most) = (taken.values().min().unwrap(), taken.values().max().unwrap());
    assert!(taken.len() == 10 && *most - *least <= 2, "{taken:?}");
    world.rest();
}

#[test]
fn after_a_time_out_requests_are_half_as_large_and_grow_again_with_answers() {
    let mut world = proven(8, requests_of(400_000));
    let fill = |world: &World| {
        for partition in 0..8 {
            world.send(partition, &[7; 90_000]).unwrap();
        }
    };
    fill(&world);
    let mut sizes = Vec::new();
    for _ in 0..3 {
        let request = world.request(1).unwrap();
        sizes.push(batches(&request).len());
        world.timed_out(1, vec![(request, true)]);
        world.now += Duration::from_secs(2);
    }
    for _ in 0..4 {
        fill(&world);
        let request = world.request(1).unwrap();
        sizes.push(batches(&request).len());
        world.served(1, request);
    }
    // A batch alone goes whatever the limit is.
    assert_eq!(sizes, [4, 2, 1, 1, 1, 2, 4]);
    world.rest();
}

#[test]
fn a_connection_that_ends_without_a_time_out_does_not_make_requests_smaller() {
    let mut world = proven(4, requests_of(400_000));
    (0..4).for_each(|partition| drop(world.send(partition, &[7; 90_000]).unwrap()));
    for whole in [true, false] {
        let request = world.request(1).unwrap();
        assert_eq!(batches(&request).len(), 4);
        world.ended(1, vec![(request, whole)]);
        world.now += Duration::from_secs(2);
    }
    world.rest();
}

#[test]
fn so_many_requests_are_in_flight_and_a_broker_sender_that_can_send_none_is_deaf() {
    let mut world = proven(1, BrokerSenderConfig { in_flight_max: 3, ..broker_senders() });
    let mut out = Vec::new();
    for value in ["a", "b", "c"] {
        out.push(world.fly(0, value).1);
    }
    assert_eq!(world.broker(1).in_flight(), 3);
    world.send(0, b"d").unwrap();
    world.linger();
    assert!(matches!(world.poll(Some(BrokerId(1)), true), Output::Idle { deaf: true, .. }));
    world.served(1, out.remove(0));
    out.push(world.request(1).unwrap());
    out.into_iter().for_each(|request| world.served(1, request));
    assert!(matches!(world.poll(Some(BrokerId(1)), true), Output::Idle { deaf: false, .. }));
    world.rest();
}

#[test]
fn without_room_nothing_is_taken_and_without_a_connection_every_offer_is_heard() {
    let mut world = World::simple();
    let mut record_handle = world.send(0, b"a").unwrap();
    world.linger();
    assert!(matches!(world.poll(Some(BrokerId(1)), false), Output::Idle { deaf: true, .. }));
    let now = world.now;
    world.broker(1).ended(now, Vec::new(), false);
    assert!(matches!(world.poll(Some(BrokerId(1)), true), Output::Idle { deaf: false, .. }));
    world.ended(1, Vec::new());
    let request = world.request(1).unwrap();
    world.served(1, request);
    assert_eq!(offset(&mut record_handle), Some(0));
    world.rest();
}

#[test]
fn every_frame_is_as_long_as_its_length_says_though_requests_take_the_memory_of_earlier_ones() {
    let mut world = World::simple();
    for round in 0..20 {
        let (_, request) = world.fly(0, "value");
        let length: [u8; 4] = request.piece(0)[..4].try_into().unwrap();
        let pieces: usize = (0..request.pieces()).map(|index| request.piece(index).len()).sum();
        let told = usize::try_from(u32::from_be_bytes(length)).unwrap() + length.len();
        assert_eq!((told, pieces), (request.bytes(), request.bytes()), "request {round}");
        world.served(1, request);
    }
}

#[test]
fn topics_are_named_by_their_ids_where_they_have_one() {
    for (id, version) in [(TopicId::ZERO, 12), (TopicId([5; 16]), 13)] {
        let mut world = World::simple();
        world.version = 13;
        world.ended(1, Vec::new());
        world.topic_id = id;
        world.lead(&[Some(BrokerId(1))]);
        let (mut record_handle, request) = world.fly(0, "a");
        assert_eq!(request.version(), version);
        world.served(1, request);
        assert_eq!(offset(&mut record_handle), Some(0));
        world.rest();
    }
}

#[test]
fn a_record_that_nobody_answers_for_is_done_when_it_is_written_to_the_connection() {
    let mut world = World::new(1, accumulator(), plain_senders());
    let (mut first, request) = world.fly(0, "a");
    // The connection ended before it could be written.
    world.ended(1, vec![(request, false)]);
    world.now += Duration::from_secs(2);
    let request = world.request(1).unwrap();
    assert!(world.request(1).is_none());
    let now = world.now;
    world.broker(1).written(now, request);
    let receipt = first.poll(Waker::noop());
    assert!(matches!(receipt, Poll::Ready(Ok(receipt)) if receipt.offset.is_none()), "{receipt:?}");
    world.rest();
}

#[test]
fn so_many_records_go_without_a_linger() {
    let config = AccumulatorConfig { flush_records: Some(10), ..accumulator() };
    let mut world = World::new(3, config, broker_senders());
    for number in 0..10 {
        assert!(world.request(1).is_none());
        world.send(number % 3, b"a").unwrap();
    }
    let request = world.request(1).unwrap();
    assert_eq!(partitions(&request), [0, 1, 2]);
    world.served(1, request);
    assert_eq!(world.log(0).len() + world.log(1).len() + world.log(2).len(), 10);
    world.rest();
}

#[test]
fn an_awaited_record_goes_at_once_and_joins_the_next_request_while_one_is_out() {
    let mut world = World::simple();
    world.prove();
    let urgent = || AppendOptions { urgent: true, ..AppendOptions::default() };
    world.send_as(0, b"a", urgent()).unwrap();
    let first = world.request(1).unwrap();
    for value in ["b", "c"] {
        world.send_as(0, value.as_bytes(), urgent()).unwrap();
        assert!(world.request(1).is_none());
    }
    world.served(1, first);
    let second = world.request(1).unwrap();
    world.served(1, second);
    assert_eq!(world.log(0), ["proof", "a", "b", "c"]);
    world.rest();
}

#[test]
fn a_batch_that_waits_for_a_connection_is_given_up_in_time_and_not_before() {
    let mut world = World::simple();
    let now = world.now;
    world.broker(1).ended(now, Vec::new(), false);
    world.broker(1).set_trouble("nobody listens at b1:9092".into());
    let mut record_handle = world.send(0, b"a").unwrap();
    // The broker sender wakes only when it said it would.
    let deadline = world.now + Duration::from_secs(120);
    while let Output::Idle { until: Some(until), .. } = world.poll(Some(BrokerId(1)), true) {
        assert!(is_pending(&mut record_handle) && until > world.now && until <= deadline);
        world.now = until;
    }
    assert_eq!(world.now, deadline);
    let said = record_handle.poll(Waker::noop()).map(|outcome| outcome.unwrap_err().message.to_string());
    assert!(matches!(&said, Poll::Ready(said) if said.contains("nobody listens at b1:9092")), "{said:?}");
    world.ended(1, Vec::new());
    world.rest();
}

/// Whatever is tried, the record expires; what it says about the broker.
fn said_at_the_end(trouble: impl FnOnce(&mut World)) -> String {
    let mut world = World::simple();
    let mut record_handle =
        world.send_as(0, b"a", AppendOptions { urgent: true, ..AppendOptions::default() }).unwrap();
    trouble(&mut world);
    while let Output::Idle { until: Some(until), .. } = world.poll(Some(BrokerId(1)), false) {
        world.now = until;
    }
    match record_handle.poll(Waker::noop()) {
        Poll::Ready(outcome) => outcome.unwrap_err().message.to_string(),
        Poll::Pending => panic!("it does not expire"),
    }
}

#[test]
fn a_broker_that_breaks_a_connection_over_a_request_is_told_of_though_it_takes_another_one() {
    let broken = said_at_the_end(|world| {
        let request = world.request(1).unwrap();
        world.broker(1).set_trouble("b1:9092 answered nonsense".into());
        world.ended(1, vec![(request, true)]);
    });
    assert!(broken.contains("b1:9092 answered nonsense"), "{broken}");
    let idle = said_at_the_end(|world| {
        world.broker(1).set_trouble("b1:9092 closed an idle connection".into());
        world.ended(1, Vec::new());
    });
    assert!(idle.contains("its load or a quota"), "nothing was unanswered: {idle}");
}

#[test]
fn one_faulty_partition_does_not_hold_up_the_others() {
    let mut world = proven(3, broker_senders());
    let mut good = 0;
    for round in 0..20 {
        (0..3).for_each(|partition| drop(world.send(partition, format!("{round}").as_bytes()).unwrap()));
        world.linger();
        let Some(request) = world.request(1) else { continue };
        // Partition 1 breaks its run again and again.
        let answers: Vec<_> = batches(&request)
            .into_iter()
            .map(|(partition, bytes)| {
                let log = &mut world.logs[usize::try_from(partition).unwrap()];
                let (code, offset) = match partition {
                    1 => (ErrorCode::INVALID_RECORD, -1),
                    _ => log.append(&bytes, MAX),
                };
                good += usize::from(code.is_ok());
                (partition, code, offset)
            })
            .collect();
        let body = super::responses::response(request.version(), TopicId::ZERO, &answers);
        world.answered(1, request, &body);
    }
    assert_eq!(good, 40);
    world.rest();
}
