//! When a batch is claimed and compressed, and brokers that do not know its codec.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;
use std::time::{Duration, Instant};

use milena_codec::ErrorCode;

use super::*;
use crate::accumulator::SenderMailbox;
use crate::broker_sender::Input;
use crate::broker_sender::Output;
use crate::broker_sender::tests::harness::partitions;
use crate::outcome::{ErrorKind, Persisted};
use crate::tests::{failure, offset};

#[test]
fn short_batch_grows_until_a_request_can_take_it_and_is_compressed_then() {
    let mut harness = harness(Compression::Lz4, 1);
    let (_, under_way) = harness.send_alone(0, "first");
    harness.send(0, &event(1)).unwrap();
    harness.linger();
    // Nothing else may be sent before the first is acknowledged.
    assert!(matches!(harness.poll(ONE, true), Output::Idle { .. }));
    harness.send(0, &event(2)).unwrap();
    harness.served(1, under_way);
    let request = harness.request(1).unwrap();
    assert_eq!(records(&request), [2], "the second record came before it was claimed");
}

#[test]
fn long_batch_is_compressed_while_nothing_can_be_sent_and_the_next_one_gathers_behind_it() {
    let mut harness = harness(Compression::Gzip, 1);
    let (_, under_way) = harness.send_alone(0, "first");
    harness.defers_jobs = true;
    send_events(&mut harness, 2_000);
    assert!(matches!(harness.poll(ONE, false), Output::Idle { .. }));
    assert_eq!(harness.jobs.len(), 1, "it is claimed without a request that could take it");
    send_events(&mut harness, 3_000);
    assert!(matches!(harness.poll(ONE, false), Output::Idle { .. }));
    assert_eq!(harness.jobs.len(), 1, "one batch of a partition is claimed at a time");

    harness.run_job(0);
    harness.poll(ONE, false);
    assert_eq!(harness.jobs.len(), 0, "the compressed one waits");
    harness.served(1, under_way);
    let request = harness.request(1).unwrap();
    assert_eq!(records(&request), [2_000]);
    harness.poll(ONE, false);
    assert_eq!(harness.jobs.len(), 1, "its place is free");
}

#[test]
fn short_batches_are_not_claimed_while_every_slot_of_the_broker_is_taken() {
    let mut config = broker_senders();
    config.in_flight_max = 1;
    let compression = TopicCompression::new(Compression::Lz4, None);
    let mut harness = SenderHarness::compressed(2, accumulator(), config, 32 << 20, compression);
    let (_, under_way) = harness.send_alone(0, "first");
    harness.send(1, &event(1)).unwrap();
    harness.linger();
    assert!(matches!(harness.poll(ONE, true), Output::Idle { .. }));
    harness.send(1, &event(2)).unwrap();
    harness.served(1, under_way);
    let request = harness.request(1).unwrap();
    assert_eq!((partitions(&request), records(&request)), (vec![1], vec![2]));
}

#[test]
fn offered_batch_that_becomes_long_is_reported_even_to_a_sender_that_is_deaf_to_offers() {
    let mut harness = harness(Compression::Lz4, 1);
    let (_, _under_way) = harness.send_alone(0, "first");
    harness.defers_jobs = true;
    send_events(&mut harness, 300);
    let mailbox = Arc::clone(harness.broker(1).mailbox());
    let Output::Idle { until, ignores_offers } = harness.poll(ONE, false) else {
        panic!("it waits for the response")
    };
    assert!(ignores_offers && harness.jobs.is_empty());
    let woken = Woken::asleep(&mailbox, until, ignores_offers);
    send_events(&mut harness, 3_000);
    assert!(woken.is_awake());
    harness.poll(ONE, false);
    assert_eq!(harness.jobs.len(), 1);
}

#[test]
fn large_record_is_reported_even_to_a_sender_that_is_deaf_to_offers() {
    let mut harness = harness(Compression::Gzip, 1);
    let (_, _under_way) = harness.send_alone(0, "first");
    harness.defers_jobs = true;
    let mailbox = Arc::clone(harness.broker(1).mailbox());
    let Output::Idle { until, ignores_offers } = harness.poll(ONE, false) else {
        panic!("it waits for the response")
    };
    assert!(ignores_offers);
    let woken = Woken::asleep(&mailbox, until, ignores_offers);
    harness.send(0, &b"large ".repeat(20_000)).unwrap();
    assert!(woken.is_awake());
    harness.poll(ONE, false);
    assert_eq!(harness.jobs.len(), 1);
}

#[test]
fn batch_that_goes_once_more_goes_before_the_next_one_is_claimed() {
    let mut harness = harness(Compression::Lz4, 1);
    let (_, under_way) = harness.send_alone(0, "first");
    harness.refuse(1, under_way, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.now += Duration::from_secs(2);
    harness.send(0, b"second").unwrap();
    harness.linger();
    let request = harness.request(1).unwrap();
    assert_eq!(records(&request), [1]);
    // It grew while the first went once more.
    harness.send(0, b"third").unwrap();
    harness.served(1, request);
    assert_eq!(records(&harness.request(1).unwrap()), [2]);
}

#[test]
fn partition_stays_until_its_job_is_done() {
    let mut harness = harness(Compression::Zstd, 1);
    harness.defers_jobs = true;
    send_events(&mut harness, 3_000);
    harness.poll(ONE, true);
    assert_eq!(harness.jobs.len(), 1);
    harness.lead(&[Some(BrokerId(2))]);
    send_events(&mut harness, 3_000);
    harness.poll(ONE, true);
    assert!(harness.broker(1).has_partitions());
    harness.run_job(0);
    harness.poll(ONE, true);
    assert!(!harness.broker(1).has_partitions());
    assert!(harness.jobs.is_empty(), "it claims nothing more here");
    harness.defers_jobs = false;
    let request = harness.request(2).unwrap();
    assert_eq!(records(&request), [3_000], "the other sender has it, compressed");
    harness.served(2, request);
    harness.rest();
}

#[test]
fn partition_that_is_to_leave_claims_nothing_more() {
    let mut harness = harness(Compression::Gzip, 1);
    let (_, under_way) = harness.send_alone(0, "first");
    harness.lead(&[Some(BrokerId(2))]);
    harness.defers_jobs = true;
    send_events(&mut harness, 3_000);
    harness.poll(ONE, true);
    assert!(harness.jobs.is_empty());
    harness.served(1, under_way);
    assert!(!harness.broker(1).has_partitions());
}

#[test]
fn batches_of_many_partitions_are_compressed_in_any_order_and_sent_in_one_request() {
    let mut harness = harness(Compression::Gzip, 4);
    harness.defers_jobs = true;
    for partition in 0..4 {
        (0..1_000).for_each(|number| drop(harness.send(partition, &event(number)).unwrap()));
    }
    harness.linger();
    harness.poll(ONE, true);
    assert_eq!(harness.jobs.len(), 4);
    (0..4).rev().for_each(|place| harness.run_job(place));
    let request = harness.request(1).unwrap();
    assert_eq!(partitions(&request), [0, 1, 2, 3]);
    harness.served(1, request);
    harness.rest();
}

#[test]
fn zstd_fails_at_once_where_produce_is_too_old_for_it() {
    let mut harness = harness(Compression::Zstd, 1);
    harness.version = 6;
    harness.ended(1, Vec::new());
    let mut record_handle = harness.send(0, &line(1)).unwrap();
    harness.linger();
    assert!(harness.request(1).is_none());
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::UnsupportedCompression, Persisted::No)));

    // What does not become smaller is not compressed, and goes.
    let mut record_handle = harness.send(0, b"short").unwrap();
    harness.linger();
    let request = harness.request(1).unwrap();
    harness.served(1, request);
    assert_eq!(offset(&mut record_handle), Some(0));
    harness.rest();
}

#[test]
fn broker_without_the_codec_fails_the_batch_for_good() {
    let mut harness = harness(Compression::Gzip, 1);
    let mut record_handle = harness.send(0, &line(1)).unwrap();
    harness.linger();
    let request = harness.request(1).unwrap();
    harness.refuse(1, request, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::UnsupportedCompression, Persisted::No)));
    harness.rest();
}

#[test]
fn end_with_jobs_under_way_fails_their_records_and_gives_their_bytes_back() {
    let mut harness = harness(Compression::Gzip, 2);
    harness.defers_jobs = true;
    let mut record_handles = [0, 1].map(|partition| {
        (0..1_000).for_each(|number| drop(harness.send(partition, &event(number)).unwrap()));
        harness.send(partition, &event(0)).unwrap()
    });
    harness.linger();
    harness.poll(ONE, true);
    assert_eq!(harness.jobs.len(), 2);
    harness.hand_in(1, Input::Abort);
    assert!(matches!(harness.poll(ONE, true), Output::Done));
    for record_handle in &mut record_handles {
        assert_eq!(failure(record_handle), Some((ErrorKind::Closed, Persisted::No)));
    }
    (0..2).for_each(|_| harness.run_job(0));
    harness.poll(ONE, true);
    harness.shared.check_at_rest();
}

/// A broker's sender that sleeps.
#[derive(Default)]
struct Woken(AtomicBool);

impl Woken {
    fn asleep(mailbox: &SenderMailbox, until: Option<Instant>, ignores_offers: bool) -> Arc<Self> {
        let woken = Arc::new(Self::default());
        assert!(mailbox.sleep(&Arc::clone(&woken).into(), until, ignores_offers));
        woken
    }

    fn is_awake(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
