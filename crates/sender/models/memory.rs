//! Waiting for room in the budget.

use milena_codec::ids::PartitionId;

use super::broker_sender::{HOUR, Stage};
use super::*;
use crate::accumulator::{AppendOptions, ChooseError, Refusal};

const KIB: usize = 1 << 10;

fn account(serial: u32) -> Arc<Account> {
    Account::new("t".into(), PartitionId(0), serial)
}

/// Takes a chunk as a caller does: at once, or after having waited for it.
fn take(memory: &Arc<Memory>, account: &Arc<Account>) -> Vec<u8> {
    if let Some(chunk) = memory.chunk((account, KIB), None, None, &mut Vec::new()) {
        return chunk;
    }
    let mut ticket = None;
    wait(|waker| ticket.get_or_insert_with(|| Memory::queue(memory, account, KIB, waker)).poll(waker));
    memory.chunk((account, KIB), ticket.as_mut(), None, &mut Vec::new()).expect("it was set aside")
}

fn give_back(memory: &Memory, account: &Arc<Account>, chunk: Vec<u8>) {
    let mut wakers = Vec::new();
    let release = Release { account: Arc::clone(account), bytes: KIB, acknowledged: true };
    memory.give_back(&mut vec![chunk], [release], None, &mut wakers);
    wake(wakers);
}

fn room_is_given_back_while_somebody_needs_it() {
    let (memory, own) = (Memory::new(KIB), account(1));
    let chunk = memory.chunk((&own, KIB), None, None, &mut Vec::new()).unwrap();
    let waiter = {
        let (memory, own) = (Arc::clone(&memory), Arc::clone(&own));
        thread::spawn(move || {
            let chunk = take(&memory, &own);
            give_back(&memory, &own, chunk);
        })
    };
    give_back(&memory, &own, chunk);
    waiter.join().unwrap();
    assert_eq!((memory.free(), memory.has_waiters()), (KIB, false));
}

#[test]
fn whoever_needs_room_gets_what_is_given_back() {
    check(5, room_is_given_back_while_somebody_needs_it);
}

#[test]
fn whoever_does_not_look_again_before_it_waits_is_noticed() {
    check_blind(
        "memory::whoever_does_not_look_again_before_it_waits_is_noticed",
        Blind::MemoryBeforeWait,
        4,
        room_is_given_back_while_somebody_needs_it,
    );
}

#[test]
fn whoever_gives_up_lets_the_next_one_have_his_room() {
    check(4, || {
        let (memory, own) = (Memory::new(KIB), account(1));
        let chunk = memory.chunk((&own, KIB), None, None, &mut Vec::new()).unwrap();
        let gives_up = Memory::queue(&memory, &own, KIB, Waker::noop());
        let waiter = {
            let (memory, own) = (Arc::clone(&memory), Arc::clone(&own));
            thread::spawn(move || {
                let chunk = take(&memory, &own);
                give_back(&memory, &own, chunk);
            })
        };
        let other = {
            let (memory, own) = (Arc::clone(&memory), Arc::clone(&own));
            thread::spawn(move || give_back(&memory, &own, chunk))
        };
        drop(gives_up);
        other.join().unwrap();
        waiter.join().unwrap();
        assert_eq!((memory.free(), memory.has_waiters()), (KIB, false));
    });
}

#[test]
fn two_who_need_the_same_room_get_it_one_after_the_other() {
    check(3, || {
        let (memory, own) = (Memory::new(KIB), account(1));
        let chunk = memory.chunk((&own, KIB), None, None, &mut Vec::new()).unwrap();
        let waiters: Vec<_> = [(); 2]
            .map(|()| {
                let (memory, own) = (Arc::clone(&memory), Arc::clone(&own));
                thread::spawn(move || {
                    let chunk = take(&memory, &own);
                    give_back(&memory, &own, chunk);
                })
            })
            .into();
        give_back(&memory, &own, chunk);
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        assert_eq!((memory.free(), memory.has_waiters()), (KIB, false));
    });
}

#[test]
fn when_it_is_closed_nobody_waits() {
    check(4, || {
        let (memory, own) = (Memory::new(KIB), account(1));
        let _chunk = memory.chunk((&own, KIB), None, None, &mut Vec::new()).unwrap();
        let waiter = {
            let (memory, own) = (Arc::clone(&memory), Arc::clone(&own));
            thread::spawn(move || {
                let mut ticket = None;
                wait(|waker| {
                    ticket.get_or_insert_with(|| Memory::queue(&memory, &own, KIB, waker)).poll(waker)
                });
                assert!(memory.chunk((&own, KIB), ticket.as_mut(), None, &mut Vec::new()).is_none());
            })
        };
        memory.close();
        waiter.join().unwrap();
    });
}

/// A waiter of a partition whose share is used up: nothing but a leader helps it.
fn leader_comes_while_a_caller_waits() {
    let (memory, sick) = (Memory::new(4 * KIB), account(1));
    memory.set_led(&sick, false);
    let held: Vec<Vec<u8>> =
        (0..3).map(|_| memory.chunk((&sick, KIB), None, None, &mut Vec::new()).unwrap()).collect();
    let waiter = {
        let (memory, sick) = (Arc::clone(&memory), Arc::clone(&sick));
        thread::spawn(move || {
            let chunk = take(&memory, &sick);
            give_back(&memory, &sick, chunk);
        })
    };
    memory.set_led(&sick, true);
    waiter.join().unwrap();
    held.into_iter().for_each(|chunk| give_back(&memory, &sick, chunk));
    assert_eq!((memory.free(), memory.has_waiters()), (4 * KIB, false));
}

#[test]
fn partition_that_gets_a_leader_serves_its_waiters() {
    check(5, leader_comes_while_a_caller_waits);
}

#[test]
fn partition_that_gets_a_leader_without_a_look_at_its_waiters_is_noticed() {
    check_blind(
        "memory::partition_that_gets_a_leader_without_a_look_at_its_waiters_is_noticed",
        Blind::MemoryAfterRecovery,
        4,
        leader_comes_while_a_caller_waits,
    );
}

#[test]
fn callers_of_a_stalled_partition_do_not_hold_up_those_of_another() {
    check(3, || {
        let (memory, sick, healthy) = (Memory::new(4 * KIB), account(1), account(2));
        memory.set_led(&sick, false);
        let held: Vec<Vec<u8>> =
            (0..3).map(|_| memory.chunk((&sick, KIB), None, None, &mut Vec::new()).unwrap()).collect();
        let own = memory.chunk((&healthy, KIB), None, None, &mut Vec::new()).unwrap();
        let stands = {
            let (memory, sick) = (Arc::clone(&memory), Arc::clone(&sick));
            thread::spawn(move || Memory::queue(&memory, &sick, KIB, Waker::noop()))
        };
        let waiter = {
            let (memory, healthy) = (Arc::clone(&memory), Arc::clone(&healthy));
            thread::spawn(move || {
                let chunk = take(&memory, &healthy);
                give_back(&memory, &healthy, chunk);
            })
        };
        give_back(&memory, &healthy, own);
        waiter.join().unwrap();
        drop(stands.join().unwrap());
        held.into_iter().for_each(|chunk| give_back(&memory, &sick, chunk));
        assert_eq!((memory.free(), memory.has_waiters()), (4 * KIB, false));
    });
}

/// A caller waits for room while another appends a record for which there is room in the open batch.
fn small_record_comes_while_a_large_one_waits() {
    let (stage, _broker_sender) = Stage::new(HOUR, KIB);
    let (caller, other) = (stage.caller(), stage.caller());
    drop(caller.append(600));
    let waits = Arc::new(AtomicBool::new(false));
    let appends = {
        let waits = Arc::clone(&waits);
        thread::spawn(move || {
            for _ in 0..2 {
                let waited = waits.load(Ordering::Acquire);
                let entered = other.try_append(10, AppendOptions::default()).is_ok();
                assert!(!(waited && entered), "the waiter was overtaken");
            }
        })
    };
    let Err(ChooseError::Refused(Refusal::Full { bytes }, _)) =
        caller.try_append(600, AppendOptions::default())
    else {
        unreachable!("a chunk is all there is")
    };
    let ticket = caller.wait_for_room(bytes, Waker::noop());
    waits.store(true, Ordering::Release);
    appends.join().unwrap();
    drop(ticket);
}

#[test]
fn waiter_is_not_overtaken_within_its_partition() {
    check(3, small_record_comes_while_a_large_one_waits);
}

#[test]
fn waiter_that_leaves_the_open_batch_as_it_is_is_noticed() {
    check_blind(
        "memory::waiter_that_leaves_the_open_batch_as_it_is_is_noticed",
        Blind::PartitionAfterWait,
        3,
        small_record_comes_while_a_large_one_waits,
    );
}
