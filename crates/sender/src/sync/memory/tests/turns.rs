//! The lines take turns, and those that may have no room cost nothing to the others. Counted in steps, because time proves
//! nothing.

use super::kept_free::acknowledge;
use super::*;

/// Partitions whose callers wait.
const LINES: u32 = 1_000;
/// A search among so many lines, and a change of one of them, take this many steps at most.
const STEPS_EACH_MAX: usize = 60;

#[test]
fn partitions_that_get_leaders_do_not_walk_the_lines_of_those_that_have_none() {
    let memory = Memory::new(64 << 20);
    let (_held, _waiting) = beyond_share(&memory);
    let others: Vec<_> = (0..LINES).map(|number| account(LINES + number)).collect();
    others.iter().for_each(|account| memory.set_led(account, false));
    let before = steps(&memory);
    others.iter().for_each(|account| memory.set_led(account, true));
    assert_steps(&memory, before, others.len());
}

#[test]
fn room_that_comes_back_does_not_walk_the_lines_that_may_not_have_it() {
    let memory = Memory::new(64 << 20);
    let (_held, waiting) = beyond_share(&memory);
    let other = account(LINES);
    let before = steps(&memory);
    for _ in 0..LINES {
        let chunk = memory.chunk((&other, KIB), None, Some(some_time()), &mut Vec::new()).unwrap();
        give_back(&memory, &other, chunk, true);
    }
    assert_steps(&memory, before, waiting.len());
}

#[test]
fn callers_that_get_room_do_not_walk_the_lines_that_may_not_have_it() {
    let memory = Memory::new(64 << 20);
    let (_held, _waiting) = beyond_share(&memory);
    let healthy = account(LINES);
    let held = memory.reserve(&healthy, memory.free(), None, Some(some_time())).unwrap();
    let mut waiting: Vec<_> =
        (0..LINES).map(|_| Memory::queue(&memory, &healthy, KIB, Waker::noop())).collect();
    let before = steps(&memory);
    let release = Release { account: healthy, bytes: held, acknowledged: true };
    memory.give_back(&mut Vec::new(), [release], Some(some_time()), &mut Vec::new());
    assert!(waiting.iter_mut().all(ready));
    assert_steps(&memory, before, waiting.len());
}

#[test]
fn partition_that_holds_little_does_not_walk_the_lines_that_leave_it_the_eighth() {
    let memory = Memory::new(64 << 20);
    let [busy, quiet] = [account(LINES), account(LINES + 1)];
    let _quiet = memory.reserve(&quiet, KIB, None, Some(some_time())).unwrap();
    let _busy = memory.reserve(&busy, 60 << 20, None, Some(some_time())).unwrap();
    acknowledge(&memory, &busy);
    let sick: Vec<_> = (0..LINES).map(account).collect();
    sick.iter().for_each(|account| memory.set_led(account, false));
    let mut waiting: Vec<_> =
        sick.iter().map(|account| Memory::queue(&memory, account, KIB, Waker::noop())).collect();
    let before = steps(&memory);
    for _ in 0..LINES {
        let chunk = memory.chunk((&quiet, KIB), None, Some(some_time()), &mut Vec::new()).unwrap();
        give_back(&memory, &quiet, chunk, true);
    }
    assert_steps(&memory, before, waiting.len());
    assert!(waiting.iter_mut().all(|ticket| !ready(ticket)));
}

#[test]
fn caller_that_leaves_makes_way_for_one_of_its_partition_that_needs_less() {
    let memory = Memory::new(256 * KIB);
    let sick = account(1);
    memory.set_led(&sick, false);
    let _held = memory.reserve(&sick, 160 * KIB, None, None).unwrap();
    let large = Memory::queue(&memory, &sick, 64 * KIB, Waker::noop());
    let mut small = Memory::queue(&memory, &sick, 16 * KIB, Waker::noop());
    assert!(!ready(&mut small));
    drop(large);
    assert!(ready(&mut small));
}

#[test]
fn line_that_loses_its_share_to_a_partition_that_stalls_holds_up_no_other() {
    let memory = Memory::new(256 * KIB);
    let [sick, busy, large, small, quiet] = accounts();
    [&sick, &large, &small].into_iter().for_each(|account| memory.set_led(account, false));
    let _sick = memory.reserve(&sick, 120 * KIB, None, None).unwrap();
    let _busy = memory.reserve(&busy, 60 * KIB, None, None).unwrap();
    acknowledge(&memory, &busy);
    let mut large = Memory::queue(&memory, &large, 64 * KIB, Waker::noop());
    let mut small = Memory::queue(&memory, &small, KIB, Waker::noop());
    assert!(!ready(&mut large) && !ready(&mut small));
    let _quiet = memory.reserve(&quiet, 16 * KIB, None, None).unwrap();
    assert!(quiet.is_stalled());
    assert!(!ready(&mut large) && ready(&mut small));
}

/// A line each at partitions without a leader, all of whose share one of them holds.
fn beyond_share(memory: &Arc<Memory>) -> (usize, Vec<Ticket>) {
    let sick: Vec<_> = (0..LINES).map(account).collect();
    sick.iter().for_each(|account| memory.set_led(account, false));
    let held = memory.reserve(&sick[0], memory.budget() / 4 * 3, None, None).unwrap();
    let waiting = sick.iter().map(|account| Memory::queue(memory, account, KIB, Waker::noop())).collect();
    (held, waiting)
}

fn account(serial: u32) -> Arc<Account> {
    Account::new("t".into(), PartitionId(0), serial)
}

fn steps(memory: &Memory) -> usize {
    lock(&memory.room).waiters.steps()
}

fn assert_steps(memory: &Memory, before: usize, events: usize) {
    let steps = steps(memory) - before;
    assert!(steps <= events * STEPS_EACH_MAX, "{steps} steps for {events} events beside {LINES} lines");
}
