//! The last eighth of the budget, for partitions that hold little.

use super::*;

/// A budget of which `busy` holds what it may after it made progress, and a chunk that it gave back.
pub(super) fn filled(others: &[&Arc<Account>], busy: &Arc<Account>) -> (Arc<Memory>, Vec<Vec<u8>>) {
    let memory = Memory::new(256 * KIB);
    for account in others.iter().chain([&busy]) {
        let chunk = memory.chunk((account, 4 * KIB), None, Some(some_time()), &mut Vec::new()).unwrap();
        give_back(&memory, account, chunk, true);
    }
    let mut chunks = Vec::new();
    while let Some(chunk) = memory.chunk((busy, 4 * KIB), None, Some(some_time()), &mut Vec::new()) {
        chunks.push(chunk);
        acknowledge(&memory, busy);
    }
    (memory, chunks)
}

/// A batch of the partition is acknowledged, and its bytes are still in use.
pub(super) fn acknowledge(memory: &Memory, account: &Arc<Account>) {
    let nothing = Release { account: Arc::clone(account), bytes: 0, acknowledged: true };
    memory.give_back(&mut Vec::new(), [nothing], Some(some_time()), &mut Vec::new());
}

#[test]
fn partition_that_is_alone_may_hold_all_and_beside_another_leaves_an_eighth() {
    let [alone, busy, other] = accounts();
    let (memory, _chunks) = filled(&[], &alone);
    assert_eq!(memory.free(), 0);
    let (memory, _chunks) = filled(&[&other], &busy);
    assert_eq!(memory.free(), 32 * KIB);
}

#[test]
fn partition_that_holds_little_has_room_beside_one_that_waits_and_holds_much() {
    let [busy, quiet] = accounts();
    let (memory, mut chunks) = filled(&[&quiet], &busy);
    let mut waiting = Memory::queue(&memory, &busy, 4 * KIB, Waker::noop());
    assert!(!ready(&mut waiting));
    let little = memory.chunk((&quiet, 4 * KIB), None, Some(some_time()), &mut Vec::new()).unwrap();
    give_back(&memory, &quiet, little, true);
    give_back(&memory, &busy, chunks.pop().unwrap(), true);
    assert!(ready(&mut waiting), "its own room is free again");
}

#[test]
fn partition_that_makes_no_progress_or_holds_much_by_now_leaves_the_eighth_free() {
    let [busy, quiet, leaderless] = accounts();
    let (memory, _chunks) = filled(&[&quiet, &leaderless], &busy);
    memory.set_led(&leaderless, false);
    assert!(memory.chunk((&leaderless, KIB), None, Some(some_time()), &mut Vec::new()).is_none());
    let mut taken = 0;
    while memory.chunk((&quiet, KIB), None, Some(some_time()), &mut Vec::new()).is_some() {
        taken += 1;
    }
    assert_eq!(taken, 4, "a 64th is little");
}

#[test]
fn partitions_that_hold_much_wait_in_turn() {
    let [busy, large, quiet] = accounts();
    let (memory, mut chunks) = filled(&[&quiet, &large], &busy);
    give_back(&memory, &busy, chunks.pop().unwrap(), true);
    give_back(&memory, &busy, chunks.pop().unwrap(), true);
    let _held: Vec<_> = (0..2)
        .filter_map(|_| memory.chunk((&large, 4 * KIB), None, Some(some_time()), &mut Vec::new()))
        .collect();
    let mut first = Memory::queue(&memory, &large, 16 * KIB, Waker::noop());
    let mut second = Memory::queue(&memory, &busy, 4 * KIB, Waker::noop());
    for _ in 0..3 {
        give_back(&memory, &busy, chunks.pop().unwrap(), true);
        assert!(
            !ready(&mut first) && !ready(&mut second),
            "a later one does not pass one that waits for more"
        );
    }
    drop(second);
    assert!(
        memory.chunk((&busy, 4 * KIB), None, None, &mut Vec::new()).is_none(),
        "nor does one that does not wait"
    );
    let mut second = Memory::queue(&memory, &busy, 4 * KIB, Waker::noop());
    give_back(&memory, &busy, chunks.pop().unwrap(), true);
    assert!(ready(&mut first) && !ready(&mut second));
    give_back(&memory, &busy, chunks.pop().unwrap(), true);
    assert!(ready(&mut second));
}
