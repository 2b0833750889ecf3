//! Work that is handed to other threads, and the results that come back to the broker's sender.

use std::time::Duration;

use milena_codec::compression::Compression;

use super::broker_sender::{Stage, run_with_jobs};
use super::*;
use crate::accumulator::SenderMailbox;
use crate::compression::{CompressionJob, TopicCompression};

/// Two threads take what a third one hands over, until the end.
fn items_reach_one_of_two_threads() {
    let handover = Arc::new(Handover::default());
    let takers = [(); 2].map(|()| {
        let handover = Arc::clone(&handover);
        thread::spawn(move || {
            let mut sum = 0;
            while let Some(item) = wait(|waker| handover.poll_take(waker)) {
                sum += item;
            }
            sum
        })
    });
    [1, 2].into_iter().for_each(|item| assert!(!matches!(handover.put(item), Handed::Closed(_))));
    let left = handover.close();
    let sums = takers.map(|taker| taker.join().unwrap());
    assert_eq!(sums.into_iter().chain(left).sum::<u64>(), 3);
}

#[test]
fn each_item_is_taken_once_and_every_thread_ends() {
    check(3, items_reach_one_of_two_threads);
}

#[test]
fn thread_that_does_not_look_before_it_sleeps_is_noticed() {
    check_blind(
        "compression::thread_that_does_not_look_before_it_sleeps_is_noticed",
        Blind::HandoverBeforeSleep,
        3,
        items_reach_one_of_two_threads,
    );
}

/// A caller appends, another thread has the batch meanwhile, and the broker's sender sends it.
fn batch_comes_back_from_another_thread() {
    let compression = TopicCompression::new(Compression::Lz4, None);
    let (stage, mut broker_sender) = Stage::compressed(Duration::ZERO, 64 << 10, compression);
    let handover = Arc::new(Handover::<(CompressionJob, Arc<SenderMailbox>)>::default());
    let (caller, mailbox) = (stage.caller(), Arc::clone(broker_sender.mailbox()));
    let (jobs, now) = (Arc::clone(&handover), stage.clock.0);
    let compressor = thread::spawn(move || {
        while let Some((job, mailbox)) = wait(|waker| jobs.poll_take(waker)) {
            // The model does not run a codec.
            mailbox.compressed(job.left_as_it_is());
        }
    });
    let appended = thread::spawn(move || caller.append(100));
    run_with_jobs(&mut broker_sender, now, 1, |job| {
        assert!(matches!(
            handover.put((job, Arc::clone(&mailbox))),
            Handed::ToSleeper | Handed::Queued { .. }
        ));
    });
    assert!(handover.close().is_empty());
    appended.join().unwrap();
    compressor.join().unwrap();
}

#[test]
fn result_of_another_thread_wakes_the_brokers_sender() {
    check(2, batch_comes_back_from_another_thread);
}

#[test]
fn sender_that_sleeps_past_a_result_is_noticed() {
    check_blind(
        "compression::sender_that_sleeps_past_a_result_is_noticed",
        Blind::BellBeforeSleep,
        2,
        batch_comes_back_from_another_thread,
    );
}
