//! Flushes: waiting until every batch is settled.

use std::time::Instant;

use super::*;

fn wait_settled(outstanding: &Outstanding, target: Generation) {
    let mut settled = outstanding.settled(target);
    wait(|waker| settled.poll(waker));
}

/// Opens a batch.
fn open(outstanding: &Outstanding) -> Generation {
    outstanding.open(Instant::now())
}

fn settle(outstanding: &Outstanding, generation: Generation) {
    let mut wakers = Vec::new();
    outstanding.settle(generation, &mut wakers);
    wake(wakers);
}

fn a_batch_is_settled_during_a_flush() {
    let outstanding = Arc::new(Outstanding::default());
    let batch = open(&outstanding);
    let flush = {
        let outstanding = Arc::clone(&outstanding);
        thread::spawn(move || {
            let target = outstanding.end_generation();
            wait_settled(&outstanding, target);
        })
    };
    settle(&outstanding, batch);
    flush.join().unwrap();
}

#[test]
fn a_flush_hears_of_the_last_batch() {
    check(5, a_batch_is_settled_during_a_flush);
}

#[test]
fn a_flush_that_does_not_look_again_before_it_waits_is_noticed() {
    check_blind(
        "outstanding::a_flush_that_does_not_look_again_before_it_waits_is_noticed",
        Blind::OutstandingBeforeWait,
        4,
        a_batch_is_settled_during_a_flush,
    );
}

#[test]
fn two_flushes_hear_of_their_batches_whatever_is_opened_meanwhile() {
    check(4, || {
        let outstanding = Arc::new(Outstanding::default());
        let first = open(&outstanding);
        let flushes: Vec<_> = [(); 2]
            .map(|()| {
                let outstanding = Arc::clone(&outstanding);
                thread::spawn(move || {
                    let target = outstanding.end_generation();
                    wait_settled(&outstanding, target);
                })
            })
            .into();
        let second = open(&outstanding);
        // The first became two.
        outstanding.split(first, 1);
        for generation in [first, second, first] {
            settle(&outstanding, generation);
        }
        flushes.into_iter().for_each(|flush| flush.join().unwrap());
        assert!(outstanding.is_settled(outstanding.end_generation()));
    });
}
