//! How long batches grow by the ratio of their partition, and what happens where the ratio changes.

use std::time::Duration;

use super::*;
use crate::tests::offset;

#[test]
fn batches_grow_by_their_ratio_and_stay_within_the_limit_on_the_wire() {
    let config = AccumulatorConfig { record_bytes_max: 50_000, ..accumulator() };
    let mut harness = compressed(Compression::Zstd, 1, config);
    let mut plain = Vec::new();
    for _ in 0..20 {
        send_events(&mut harness, 10_000);
        while let Some(request) = harness.request(1) {
            assert!(batches(&request)[0].1.len() <= 50_000);
            plain.extend(records(&request));
            harness.served(1, request);
        }
    }
    let longest = plain.iter().max().unwrap() * EVENT_BYTES;
    assert!(longest > 150_000, "{longest} plain bytes at most");
    harness.rest();
}

#[test]
fn topic_with_a_low_limit_takes_long_batches_of_text_once_the_limit_is_found() {
    let mut harness = harness(Compression::Zstd, 1);
    let mut rejected = Vec::new();
    let mut last = Vec::new();
    for _ in 0..40 {
        for number in 0..1_200 {
            harness.send(0, &line(number)).unwrap();
        }
        harness.linger();
        last.clear();
        rejected.push(0);
        while let Some(request) = harness.request(1) {
            let body = harness.serve(&request, 100_000);
            let bytes = batches(&request)[0].1.len();
            *rejected.last_mut().unwrap() += usize::from(bytes > 100_000);
            last.push((bytes, records(&request)[0] * 1_000));
            harness.answered(1, request, &body);
        }
        harness.now += Duration::from_secs(2);
    }
    assert!(rejected.iter().sum::<usize>() <= 12 && rejected[30..].iter().all(|count| *count == 0));
    let (wire, plain) = *last.iter().max().unwrap();
    assert!(wire <= 100_000 && plain > 500_000, "{plain} bytes became {wire}");
    harness.rest();
}

#[test]
fn estimate_that_was_too_bold_is_cut_before_a_broker_sees_it() {
    let config = AccumulatorConfig { record_bytes_max: 50_000, ..accumulator() };
    let mut harness = compressed(Compression::Lz4, 1, config);
    for _ in 0..10 {
        send_events(&mut harness, 2_000);
        served(&mut harness);
    }
    let mut dice = fastrand::Rng::with_seed(1);
    let mut record_handles: Vec<_> = (0..400)
        .map(|_| {
            let value: Vec<u8> = (0..200).map(|_| dice.u8(..)).collect();
            harness.send(0, &value).unwrap()
        })
        .collect();
    harness.linger();
    let sent = served(&mut harness);
    assert!(sent.len() > 1 && sent.iter().all(|bytes| *bytes <= 50_000), "{sent:?}");
    let first = offset(&mut record_handles[0]).unwrap();
    assert!(
        record_handles
            .iter_mut()
            .zip(first..)
            .all(|(record_handle, expected)| offset(record_handle) == Some(expected))
    );
    harness.rest();
}

#[test]
fn batch_beyond_a_lowered_limit_is_cut_even_when_its_bytes_are_to_be_skipped() {
    let config = AccumulatorConfig { record_bytes_max: 50_000, ..accumulator() };
    let mut harness = compressed(Compression::Lz4, 1, config);
    let mut dice = fastrand::Rng::with_seed(1);
    // Tried, skipped, and tried again: twice the length of the third is to be skipped.
    for _ in 0..3 {
        send_noise(&mut harness, &mut dice, 40_000);
        served(&mut harness);
    }
    let tried = harness.broker(1).counters().compression.skipped;
    assert_eq!(tried, 1);
    send_noise(&mut harness, &mut dice, 45_000);
    harness.topic.partitions()[0].limit().rejected(crate::batch::Lengths { wire: 40_000, plain: 40_000 });
    let sent = served(&mut harness);
    assert!(sent.len() > 1 && sent.iter().all(|bytes| *bytes <= 27_000), "{sent:?}");
    harness.rest();
}

#[test]
fn records_that_do_not_compress_are_seldom_tried_until_they_do_again() {
    let mut harness = harness(Compression::Lz4, 1);
    let mut dice = fastrand::Rng::with_seed(1);
    for _ in 0..200 {
        send_noise(&mut harness, &mut dice, 2_000);
        served(&mut harness);
    }
    let counters = harness.broker(1).counters().compression;
    assert!((180..195).contains(&counters.skipped), "{counters:?}");
    assert_eq!((counters.compressed, counters.wire_bytes), (0, counters.plain_bytes));

    for number in 0..400 {
        harness.send(0, &line(number)).unwrap();
        harness.linger();
        served(&mut harness);
    }
    let compressed = harness.broker(1).counters().compression.compressed;
    assert!(compressed > 250, "{compressed} batches were compressed once the records did again");
    harness.rest();
}

#[test]
fn single_short_records_say_nothing_about_long_batches() {
    let config = AccumulatorConfig { record_bytes_max: 50_000, ..accumulator() };
    let mut harness = compressed(Compression::Zstd, 1, config);
    let mut longest = || {
        let mut records_max = 0;
        send_events(&mut harness, 10_000);
        while let Some(request) = harness.request(1) {
            records_max = records_max.max(records(&request)[0]);
            harness.served(1, request);
        }
        // None of these becomes smaller.
        for number in 0..20 {
            harness.send(0, format!("{:x}", number * 0x0fed_cba9_8765_usize).as_bytes()).unwrap();
            harness.linger();
            served(&mut harness);
        }
        records_max * EVENT_BYTES
    };
    for _ in 0..5 {
        longest();
    }
    let longest = longest();
    assert!(longest > 150_000, "{longest} plain bytes at most");
    let counters = harness.broker(1).counters().compression;
    assert!(counters.compressed > 12 && counters.wire_bytes < counters.plain_bytes / 3, "{counters:?}");
    harness.rest();
}
