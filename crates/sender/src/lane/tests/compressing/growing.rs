//! How long batches grow by the ratio of their partition, and what happens where the ratio changes.

use std::time::Duration;

use super::*;
use crate::tests::offset;

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
