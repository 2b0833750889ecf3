//! When batches are claimed and compressed, and how long they grow.

use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::compression::Compression;
use milena_codec::ids::BrokerId;
use milena_codec::record::RecordBatch;

use super::world::{World, batches, lanes, partitions};
use crate::accumulator::AccumulatorConfig;
use crate::compression::TopicCompression;
use crate::lane::{Output, ProduceRequest};
use crate::outcome::{FailureKind, Persisted};
use crate::tests::{KIB, accumulator, failure, offset};

const ONE: Option<BrokerId> = Some(BrokerId(1));

#[test]
fn short_batch_grows_until_a_request_can_take_it_and_is_compressed_then() {
    let mut world = world(Compression::Lz4, 1);
    let (_, under_way) = world.fly(0, "first");
    world.send(0, &event(1)).unwrap();
    world.linger();
    // Nothing else may be sent before the first is acknowledged.
    assert!(matches!(world.poll(ONE, true), Output::Idle { .. }));
    world.send(0, &event(2)).unwrap();
    world.served(1, under_way);
    let request = world.request(1).unwrap();
    assert_eq!(records(&request), [2], "the second record came before it was claimed");
}

#[test]
fn long_batch_is_compressed_while_nothing_can_be_sent_and_the_next_one_gathers_behind_it() {
    let mut world = world(Compression::Gzip, 1);
    let (_, under_way) = world.fly(0, "first");
    world.defers_jobs = true;
    send_events(&mut world, 2_000);
    assert!(matches!(world.poll(ONE, false), Output::Idle { .. }));
    assert_eq!(world.jobs.len(), 1, "it is claimed without a request that could take it");
    send_events(&mut world, 3_000);
    assert!(matches!(world.poll(ONE, false), Output::Idle { .. }));
    assert_eq!(world.jobs.len(), 1, "one batch of a partition is claimed at a time");

    world.run_job(0);
    world.poll(ONE, false);
    assert_eq!(world.jobs.len(), 0, "the compressed one waits");
    world.served(1, under_way);
    let request = world.request(1).unwrap();
    assert_eq!(records(&request), [2_000]);
    world.poll(ONE, false);
    assert_eq!(world.jobs.len(), 1, "its place is free");
}

#[test]
fn short_batches_are_not_claimed_while_every_slot_of_the_broker_is_taken() {
    let mut config = lanes();
    config.in_flight_max = 1;
    let compression = TopicCompression::new(Compression::Lz4, None);
    let mut world = World::compressed(2, accumulator(), config, 32 << 20, compression);
    let (_, under_way) = world.fly(0, "first");
    world.send(1, &event(1)).unwrap();
    world.linger();
    assert!(matches!(world.poll(ONE, true), Output::Idle { .. }));
    world.send(1, &event(2)).unwrap();
    world.served(1, under_way);
    let request = world.request(1).unwrap();
    assert_eq!((partitions(&request), records(&request)), (vec![1], vec![2]));
}

#[test]
fn offered_batch_that_becomes_long_is_reported_even_to_a_sender_that_is_deaf_to_offers() {
    let mut world = world(Compression::Lz4, 1);
    let (_, _under_way) = world.fly(0, "first");
    world.defers_jobs = true;
    send_events(&mut world, 300);
    let port = crate::sync::Arc::clone(world.broker(1).port());
    let Output::Idle { until, deaf } = world.poll(ONE, false) else { panic!("it waits for the answer") };
    assert!(deaf && world.jobs.is_empty());
    let waker = std::task::Waker::noop();
    assert!(port.sleep(waker, until, deaf));
    send_events(&mut world, 3_000);
    assert!(!port.sleep(waker, until, deaf), "it has something to look at");
    world.poll(ONE, false);
    assert_eq!(world.jobs.len(), 1);
}

#[test]
fn partition_stays_until_its_job_is_done() {
    let mut world = world(Compression::Zstd, 1);
    world.defers_jobs = true;
    send_events(&mut world, 3_000);
    world.poll(ONE, true);
    assert_eq!(world.jobs.len(), 1);
    world.lead(&[Some(BrokerId(2))]);
    send_events(&mut world, 3_000);
    world.poll(ONE, true);
    assert!(world.broker(1).has_partitions());
    world.run_job(0);
    world.poll(ONE, true);
    assert!(!world.broker(1).has_partitions());
    assert!(world.jobs.is_empty(), "it claims nothing more here");
    world.defers_jobs = false;
    let request = world.request(2).unwrap();
    assert_eq!(records(&request), [3_000], "the other sender has it, compressed");
    world.served(2, request);
    world.rest();
}

#[test]
fn partition_that_is_to_leave_claims_nothing_more() {
    let mut world = world(Compression::Gzip, 1);
    let (_, under_way) = world.fly(0, "first");
    world.lead(&[Some(BrokerId(2))]);
    world.defers_jobs = true;
    send_events(&mut world, 3_000);
    world.poll(ONE, true);
    assert!(world.jobs.is_empty());
    world.served(1, under_way);
    assert!(!world.broker(1).has_partitions());
}

#[test]
fn batches_of_many_partitions_are_compressed_in_any_order_and_sent_in_one_request() {
    let mut world = world(Compression::Gzip, 4);
    world.defers_jobs = true;
    for partition in 0..4 {
        (0..1_000).for_each(|number| drop(world.send(partition, &event(number)).unwrap()));
    }
    world.linger();
    world.poll(ONE, true);
    assert_eq!(world.jobs.len(), 4);
    (0..4).rev().for_each(|place| world.run_job(place));
    let request = world.request(1).unwrap();
    assert_eq!(partitions(&request), [0, 1, 2, 3]);
    world.served(1, request);
    world.rest();
}

#[test]
fn batches_grow_by_their_ratio_and_stay_within_the_limit_on_the_wire() {
    let config = AccumulatorConfig { record_bytes_max: 50_000, ..accumulator() };
    let mut world = compressed(Compression::Zstd, 1, config);
    let mut plain = Vec::new();
    for _ in 0..20 {
        send_events(&mut world, 10_000);
        while let Some(request) = world.request(1) {
            assert!(batches(&request)[0].1.len() <= 50_000);
            plain.extend(records(&request));
            world.served(1, request);
        }
    }
    let longest = plain.iter().max().unwrap() * EVENT_BYTES;
    assert!(longest > 150_000, "{longest} plain bytes at most");
    world.rest();
}

#[test]
fn topic_with_a_low_limit_takes_long_batches_of_text_once_the_limit_is_found() {
    let mut world = world(Compression::Zstd, 1);
    let mut rejected = Vec::new();
    let mut last = Vec::new();
    for _ in 0..40 {
        for number in 0..1_200 {
            world.send(0, &line(number)).unwrap();
        }
        world.linger();
        last.clear();
        rejected.push(0);
        while let Some(request) = world.request(1) {
            let body = world.serve(&request, 100_000);
            let bytes = batches(&request)[0].1.len();
            *rejected.last_mut().unwrap() += usize::from(bytes > 100_000);
            last.push((bytes, records(&request)[0] * 1_000));
            world.answered(1, request, &body);
        }
        world.now += Duration::from_secs(2);
    }
    assert!(rejected.iter().sum::<usize>() <= 12 && rejected[30..].iter().all(|count| *count == 0));
    let (wire, plain) = *last.iter().max().unwrap();
    assert!(wire <= 100_000 && plain > 500_000, "{plain} bytes became {wire}");
    world.rest();
}

#[test]
fn estimate_that_was_too_bold_is_cut_before_a_broker_sees_it() {
    let config = AccumulatorConfig { record_bytes_max: 50_000, ..accumulator() };
    let mut world = compressed(Compression::Lz4, 1, config);
    for _ in 0..10 {
        send_events(&mut world, 2_000);
        served(&mut world);
    }
    let mut dice = fastrand::Rng::with_seed(1);
    let mut seats: Vec<_> = (0..400)
        .map(|_| {
            let value: Vec<u8> = (0..200).map(|_| dice.u8(..)).collect();
            world.send(0, &value).unwrap()
        })
        .collect();
    world.linger();
    let sent = served(&mut world);
    assert!(sent.len() > 1 && sent.iter().all(|bytes| *bytes <= 50_000), "{sent:?}");
    let first = offset(&mut seats[0]).unwrap();
    assert!(seats.iter_mut().zip(first..).all(|(seat, expected)| offset(seat) == Some(expected)));
    world.rest();
}

#[test]
fn batch_beyond_the_limit_is_compressed_even_when_its_turn_is_to_be_skipped() {
    let config = AccumulatorConfig { record_bytes_max: 50_000, ..accumulator() };
    let mut world = compressed(Compression::Lz4, 1, config);
    for _ in 0..10 {
        send_events(&mut world, 2_000);
        served(&mut world);
    }
    world.defers_jobs = true;
    let mut dice = fastrand::Rng::with_seed(1);
    let noise: Vec<u8> = (0..40_000).map(|_| dice.u8(..)).collect();
    world.send(0, &noise).unwrap();
    world.linger();
    world.poll(ONE, false);
    world.poll(ONE, true);
    assert_eq!(world.jobs.len(), 1);
    send_events(&mut world, 1_500);
    world.run_job(0);
    world.defers_jobs = false;
    let sent = served(&mut world);
    assert!(sent.iter().all(|bytes| *bytes <= 50_000), "{sent:?}");
    world.rest();
}

#[test]
fn records_that_do_not_compress_are_tried_now_and_then_alone() {
    let mut world = world(Compression::Lz4, 1);
    let mut dice = fastrand::Rng::with_seed(1);
    for _ in 0..200 {
        let value: Vec<u8> = (0..2_000).map(|_| dice.u8(..)).collect();
        world.send(0, &value).unwrap();
        world.linger();
        served(&mut world);
    }
    let counters = world.broker(1).counters().compression;
    assert!((180..195).contains(&counters.skipped), "{counters:?}");
    assert_eq!((counters.compressed, counters.wire_bytes), (0, counters.plain_bytes));

    for number in 0..200 {
        world.send(0, &line(number)).unwrap();
        world.linger();
        served(&mut world);
    }
    let compressed = world.broker(1).counters().compression.compressed;
    assert!(compressed > 100, "{compressed} batches were compressed once the records did again");
    world.rest();
}

#[test]
fn zstd_fails_at_once_where_produce_is_too_old_for_it() {
    let mut world = world(Compression::Zstd, 1);
    world.version = 6;
    world.ended(1, Vec::new());
    let mut seat = world.send(0, &line(1)).unwrap();
    world.linger();
    assert!(world.request(1).is_none());
    assert_eq!(failure(&mut seat), Some((FailureKind::UnsupportedCompression, Persisted::No)));

    // What does not become smaller is not compressed, and goes.
    let mut seat = world.send(0, b"short").unwrap();
    world.linger();
    let request = world.request(1).unwrap();
    world.served(1, request);
    assert_eq!(offset(&mut seat), Some(0));
    world.rest();
}

#[test]
fn broker_without_the_codec_fails_the_batch_for_good() {
    let mut world = world(Compression::Gzip, 1);
    let mut seat = world.send(0, &line(1)).unwrap();
    world.linger();
    let request = world.request(1).unwrap();
    world.refuse(1, request, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
    assert_eq!(failure(&mut seat), Some((FailureKind::UnsupportedCompression, Persisted::No)));
    world.rest();
}

#[test]
fn end_with_jobs_under_way_fails_their_records_and_gives_their_bytes_back() {
    let mut world = world(Compression::Gzip, 2);
    world.defers_jobs = true;
    let mut seats = [0, 1].map(|partition| {
        (0..1_000).for_each(|number| drop(world.send(partition, &event(number)).unwrap()));
        world.send(partition, &event(0)).unwrap()
    });
    world.linger();
    world.poll(ONE, true);
    assert_eq!(world.jobs.len(), 2);
    world.broker(1).abort();
    for seat in &mut seats {
        assert_eq!(failure(seat), Some((FailureKind::Closed, Persisted::No)));
    }
    (0..2).for_each(|_| world.run_job(0));
    world.poll(ONE, true);
    world.shared.check_at_rest();
}

const EVENT_BYTES: usize = 60;

fn event(number: usize) -> Vec<u8> {
    format!(
        "{number:010} event of user {:08}, paid {:06}, again",
        number * 7919 % 100_000,
        number * 31 % 9_973
    )
    .into()
}

/// A thousand bytes that compress to about a tenth.
fn line(number: usize) -> Vec<u8> {
    let mut dice = fastrand::Rng::with_seed(number as u64);
    let start: String = (0..110).map(|_| dice.alphanumeric()).collect();
    format!("{start}{:890}", "the rest of the line is always the same; ").into()
}

fn world(codec: Compression, partitions: usize) -> World {
    compressed(codec, partitions, accumulator())
}

fn compressed(codec: Compression, partitions: usize, config: AccumulatorConfig) -> World {
    let compression = TopicCompression::new(codec, None);
    World::compressed(partitions, config, lanes(), 32 << 20, compression)
}

fn send_events(world: &mut World, count: usize) {
    (0..count).for_each(|number| drop(world.send(0, &event(number)).unwrap()));
    world.linger();
}

/// Sends all that waits. Returns the lengths of the batches.
fn served(world: &mut World) -> Vec<usize> {
    let mut sent = Vec::new();
    while let Some(request) = world.request(1) {
        sent.extend(batches(&request).iter().map(|(_, bytes)| bytes.len()));
        world.served(1, request);
    }
    assert!(sent.iter().sum::<usize>() < 1_000 * KIB);
    sent
}

/// How many records each batch of a request has.
fn records(request: &ProduceRequest) -> Vec<usize> {
    let count = |bytes: &Vec<u8>| RecordBatch::parse(bytes).unwrap().header.records;
    batches(request).iter().map(|(_, bytes)| usize::try_from(count(bytes)).unwrap()).collect()
}
