//! The timing of a batch: stages that add up, through retries, cuts, compression and deadlines.

use super::*;
use crate::timing::BatchTiming;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn acknowledged_batch_has_waited_in_the_queue_and_on_the_wire() {
    let mut harness = PartitionHarness::acked();
    harness.send("a");
    harness.now += ms(10);
    let in_flight_batch = harness.next().unwrap();
    harness.now += ms(30);
    harness.served(in_flight_batch);
    let timing = harness.last_timing();
    assert_eq!((timing.queue, timing.wire, timing.retries), (ms(10), ms(30), Duration::ZERO));
    assert_eq!((timing.total(), timing.attempts), (ms(40), 1));
    harness.ends();
}

#[test]
fn retried_batch_has_waited_between_its_attempts() {
    let mut harness = PartitionHarness::acked();
    let (_, in_flight_batch) = harness.send_alone("a");
    harness.now += ms(30);
    harness.refused(in_flight_batch, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.now += PAUSE;
    let again = harness.next().unwrap();
    harness.now += ms(7);
    harness.served(again);
    let timing = harness.last_timing();
    assert_eq!((timing.retries, timing.wire, timing.attempts), (ms(30) + PAUSE, ms(7), 2));
    harness.ends();
}

#[test]
fn put_back_batch_counts_no_attempt() {
    let mut harness = PartitionHarness::acked();
    let (_, in_flight_batch) = harness.send_alone("a");
    harness.partition_sender.put_back(in_flight_batch, &mut harness.completer);
    harness.now += ms(8);
    let again = harness.next().unwrap();
    harness.served(again);
    let timing = harness.last_timing();
    assert_eq!((timing.queue, timing.attempts), (ms(8), 1));
    harness.ends();
}

#[test]
fn parts_of_a_batch_have_its_queue_and_its_attempts() {
    let mut harness = PartitionHarness::acked();
    harness.send("a");
    harness.send("b");
    harness.now += ms(10);
    let whole = harness.next().unwrap();
    harness.now += ms(20);
    harness.refused(whole, ErrorCode::MESSAGE_TOO_LARGE);
    let part = harness.next().unwrap();
    assert_eq!(values(&part), ["a"]);
    harness.now += ms(5);
    harness.served(part);
    let timing = harness.last_timing();
    assert_eq!((timing.queue, timing.retries, timing.wire), (ms(10), ms(20), ms(5)));
    assert_eq!(timing.attempts, 2);
    harness.ends();
}

#[test]
fn time_of_the_codec_is_in_the_timing() {
    let mut harness = PartitionHarness::compressed(Compression::Lz4);
    harness.holds_jobs = true;
    harness.send("a");
    harness.now += ms(10);
    assert!(harness.next().is_none(), "it is being compressed");
    let result = harness.jobs.remove(0).run(&mut harness.workspace).took(ms(3));
    harness.partition_sender.compressed(result, &mut harness.completer);
    harness.holds_jobs = false;
    let in_flight_batch = harness.next().unwrap();
    harness.served(in_flight_batch);
    let timing = harness.last_timing();
    assert_eq!((timing.compression, timing.queue), (ms(3), ms(10)));
    harness.ends();
}

#[test]
fn batch_that_was_never_sent_ends_in_the_queue() {
    let mut harness = PartitionHarness::acked();
    harness.send("a");
    harness.deadline();
    let timing = harness.last_timing();
    assert_eq!((timing.queue, timing.attempts), (harness.config.delivery_timeout, 0));
    assert!(timing.wire.is_zero() && timing.linger <= timing.queue);
    harness.ends();
}

impl PartitionHarness {
    fn last_timing(&self) -> BatchTiming {
        *self.completer.timings.last().unwrap()
    }
}
