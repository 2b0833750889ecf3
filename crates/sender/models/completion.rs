//! Settling a batch, waiting for it, and using its cell again.

use std::sync::Arc as StdArc;

use super::*;
use crate::outcome::{ErrorKind, Failure, Persisted, Receipt};

const fn written(base_offset: i64) -> Settled {
    Settled::Written { base_offset: Some(base_offset), append_time_ms: None }
}

fn failed() -> Settled {
    Settled::Failed(StdArc::new(Failure {
        kind: ErrorKind::MessageTooLarge,
        persisted: Persisted::No,
        retriable: false,
        by_end: false,
        code: None,
        message: "too large".into(),
    }))
}

fn settle(completion: &Completion, first: u32, count: u32, records: u32, settled: Settled) {
    let mut wakers = Vec::new();
    completion.settle(first, count, records, settled, &mut wakers);
    wake(wakers);
}

fn outcome(record_handle: &mut RecordHandle) -> Option<i64> {
    wait(|waker| record_handle.poll(waker)).ok().and_then(|Receipt { offset, .. }| offset)
}

fn a_batch_is_settled_while_two_wait() {
    let completion = Arc::new(Completion::default());
    let waiters: Vec<_> = [0, 1]
        .map(|index| {
            let mut record_handle = RecordHandle::new(&completion, index, 0);
            thread::spawn(move || outcome(&mut record_handle))
        })
        .into();
    settle(&completion, 0, 2, 2, written(40));
    let outcomes: Vec<_> = waiters.into_iter().map(|waiter| waiter.join().unwrap()).collect();
    assert_eq!(outcomes, [Some(40), Some(41)]);
}

#[test]
fn whoever_waits_for_a_batch_hears_of_it() {
    check(4, a_batch_is_settled_while_two_wait);
}

#[test]
fn whoever_does_not_look_again_before_it_waits_is_noticed() {
    check_blind(
        "completion::whoever_does_not_look_again_before_it_waits_is_noticed",
        Blind::CompletionBeforeWait,
        3,
        a_batch_is_settled_while_two_wait,
    );
}

#[test]
fn whoever_waits_on_after_a_part_was_settled_hears_of_his_own() {
    check(4, || {
        let completion = Arc::new(Completion::default());
        let waiters: Vec<_> = [0, 1]
            .map(|index| {
                let mut record_handle = RecordHandle::new(&completion, index, 0);
                thread::spawn(move || outcome(&mut record_handle))
            })
            .into();
        settle(&completion, 2, 1, 3, failed());
        settle(&completion, 0, 2, 3, written(7));
        let outcomes: Vec<_> = waiters.into_iter().map(|waiter| waiter.join().unwrap()).collect();
        assert_eq!(outcomes, [Some(7), Some(8)]);
        assert_eq!(outcome(&mut RecordHandle::new(&completion, 2, 0)), None);
    });
}

#[test]
fn a_cell_that_is_used_again_tells_nobody_of_the_next_batch() {
    check(4, || {
        let mut completion = Arc::new(Completion::default());
        let mut record_handle = RecordHandle::new(&completion, 0, 0);
        let waiter = thread::spawn(move || outcome(&mut record_handle));
        settle(&completion, 0, 1, 1, written(40));
        if Completion::reset(&mut completion) {
            assert!(RecordHandle::new(&completion, 0, 0).poll(Waker::noop()).is_pending());
            settle(&completion, 0, 1, 1, written(50));
        }
        assert_eq!(waiter.join().unwrap(), Some(40));
    });
}
