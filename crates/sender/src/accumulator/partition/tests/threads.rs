//! Callers on several threads and a broker sender on another.

use std::sync::Barrier;
use std::thread;

use super::*;

const RECORDS: usize = 20_000;
const CALLERS: usize = 3;

#[test]
fn every_record_of_every_caller_leaves_once_and_in_that_callers_order() {
    let harness = PartitionHarness::new(accumulator(), 64 << 20);
    let start = Barrier::new(CALLERS + 1);
    let mut taken: Vec<String> = Vec::new();
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let (harness, start) = (&harness, &start);
                scope.spawn(move || {
                    start.wait();
                    for number in 0..RECORDS {
                        // Now and then one that goes alone, and one that somebody awaits.
                        let bytes = if number % 2_000 == 7 { 70_000 } else { 40 };
                        let value = format!("{caller} {}", value(number, bytes));
                        let skip_linger = number % 50 == 0;
                        harness
                            .send_as(
                                value.as_bytes(),
                                AppendOptions { skip_linger, ..AppendOptions::default() },
                            )
                            .unwrap();
                    }
                })
            })
            .collect();
        start.wait();
        while !callers.iter().all(thread::ScopedJoinHandle::is_finished) {
            harness.partition.poll(harness.now, true, true, usize::MAX);
            if let Some(Some(mut batch)) = harness.partition.take(harness.now, true, &mut Vec::new()) {
                taken.extend(values(&mut batch));
                harness.give_back(batch);
            }
            thread::yield_now();
        }
    });
    for mut batch in harness.take_all() {
        taken.extend(values(&mut batch));
        harness.give_back(batch);
    }
    let mut next = [0; CALLERS];
    for value in &taken {
        let (caller, number) = value.split_once(' ').unwrap();
        let caller: usize = caller.parse().unwrap();
        assert_eq!(number.trim_end().parse(), Ok(next[caller]), "of caller {caller}");
        next[caller] += 1;
    }
    assert_eq!(next, [RECORDS; CALLERS]);
    assert_eq!(harness.used(), 0);
}
