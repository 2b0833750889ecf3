//! Who gets room, and when.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod any_order;
mod kept_free;
mod stalls;
mod turns;

use super::*;
use crate::tests::{KIB, some_time};

#[test]
fn a_waiter_is_not_overtaken_by_a_record_that_would_fit() {
    let memory = Memory::new(20 * KIB);
    let [a, b, c] = accounts();
    let large = memory.chunk((&a, 16 * KIB), None, None, &mut Vec::new()).unwrap();
    let mut first = Memory::queue(&memory, &b, 16 * KIB, Waker::noop());
    assert!(memory.has_waiters());
    assert!(
        memory.chunk((&c, KIB), None, None, &mut Vec::new()).is_none(),
        "4 KiB are free, but a caller waits"
    );
    let mut second = Memory::queue(&memory, &c, KIB, Waker::noop());
    assert!(!ready(&mut first) && !ready(&mut second));

    give_back(&memory, &a, large, true);
    assert!(ready(&mut first) && ready(&mut second));
    assert!(memory.chunk((&b, 16 * KIB), Some(&mut first), None, &mut Vec::new()).is_some());
    drop((first, second));
    assert!(!memory.has_waiters());
    assert_eq!(memory.free(), 4 * KIB, "the second went without its room");
}

#[test]
fn accounts_of_partitions_that_hold_nothing_are_let_go_and_others_are_not() {
    let memory = Memory::new(20 * KIB);
    let [idle, busy] = accounts();
    let chunk = memory.chunk((&idle, KIB), None, None, &mut Vec::new()).unwrap();
    let _busy = memory.chunk((&busy, KIB), None, None, &mut Vec::new()).unwrap();
    give_back(&memory, &idle, chunk, true);
    assert_eq!([Arc::strong_count(&idle), Arc::strong_count(&busy)], [2, 2]);
    memory.clear_holders();
    assert_eq!([Arc::strong_count(&idle), Arc::strong_count(&busy)], [1, 2]);
    let _again = memory.chunk((&idle, KIB), None, None, &mut Vec::new()).unwrap();
    assert_eq!(memory.largest_holder(some_time()).map(|holder| holder.bytes), Some(KIB));
    assert_eq!(Arc::strong_count(&idle), 2, "it is listed again");
}

#[test]
fn who_goes_away_gives_his_room_to_the_next() {
    let memory = Memory::new(16 * KIB);
    let [account] = accounts();
    let chunk = memory.chunk((&account, 16 * KIB), None, None, &mut Vec::new()).unwrap();
    let mut first = Memory::queue(&memory, &account, 16 * KIB, Waker::noop());
    let mut second = Memory::queue(&memory, &account, 16 * KIB, Waker::noop());
    give_back(&memory, &account, chunk, true);
    assert!(ready(&mut first) && !ready(&mut second));
    drop(first);
    assert!(ready(&mut second));
}

#[test]
fn callers_wait_for_no_more_than_is_left_beside_memory_that_is_set_aside() {
    let memory = Memory::new(100 * KIB);
    let [account] = accounts();
    let large = memory.chunk((&account, 40 * KIB), None, None, &mut Vec::new()).unwrap();
    let mut waiting = Memory::queue(&memory, &account, 20 * KIB, Waker::noop());
    assert!(!ready(&mut waiting), "a chunk of 64 KiB does not fit");
    memory.set_aside(50 * KIB);
    give_back(&memory, &account, large, true);
    assert!(ready(&mut waiting));
    assert!(memory.chunk((&account, 20 * KIB), Some(&mut waiting), None, &mut Vec::new()).is_some());
    drop(waiting);
    assert_eq!(
        memory.chunk((&account, 20 * KIB), None, None, &mut Vec::new()),
        None,
        "all 50 KiB that are left are in use"
    );
}

#[test]
fn a_ticket_gives_all_that_was_set_aside_for_it_once() {
    let memory = Memory::new(23 * KIB);
    let [account] = accounts();
    let mut ticket = Memory::queue(&memory, &account, 16 * KIB, Waker::noop());
    assert!(ready(&mut ticket));
    let large = memory.chunk((&account, KIB), Some(&mut ticket), None, &mut Vec::new()).unwrap();
    assert_eq!((large.capacity(), memory.free()), (16 * KIB, 7 * KIB));
    assert_eq!(
        memory.chunk((&account, KIB), Some(&mut ticket), None, &mut Vec::new()).unwrap().capacity(),
        KIB
    );
    drop(ticket);
    assert_eq!(memory.free(), 6 * KIB);
}

#[test]
fn nobody_waits_when_it_is_closed() {
    let memory = Memory::new(16 * KIB);
    let [account] = accounts();
    let _chunk = memory.chunk((&account, 16 * KIB), None, None, &mut Vec::new()).unwrap();
    let mut before = Memory::queue(&memory, &account, KIB, Waker::noop());
    assert!(!ready(&mut before));
    memory.close();
    let mut after = Memory::queue(&memory, &account, KIB, Waker::noop());
    assert!(ready(&mut before) && ready(&mut after));
    assert!(
        memory.chunk((&account, KIB), Some(&mut before), None, &mut Vec::new()).is_none(),
        "there is no more room than before"
    );
}

#[test]
fn who_needs_more_by_now_waits_on_at_the_head() {
    let memory = Memory::new(17 * KIB);
    let [a, b] = accounts();
    let chunk = memory.chunk((&a, 16 * KIB), None, None, &mut Vec::new()).unwrap();
    let mut first = Memory::queue(&memory, &b, KIB, Waker::noop());
    assert!(ready(&mut first));
    assert!(memory.chunk((&b, 16 * KIB), Some(&mut first), None, &mut Vec::new()).is_none());
    assert!(!ready(&mut first));
    give_back(&memory, &a, chunk, true);
    assert!(ready(&mut first));
    assert!(memory.chunk((&b, 16 * KIB), Some(&mut first), None, &mut Vec::new()).is_some());
    drop(first);
    assert_eq!(memory.free(), KIB);
}

/// Takes chunks of 4 KiB until the partition is refused. Returns them.
fn fill(memory: &Memory, account: &Arc<Account>) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| memory.chunk((account, 4 * KIB), None, Some(some_time()), &mut Vec::new()))
        .collect()
}

#[test]
fn partitions_without_progress_hold_three_quarters_together() {
    let memory = Memory::new(256 * KIB);
    let [sick, other_sick, healthy] = accounts();
    for account in [&sick, &other_sick] {
        memory.set_led(account, false);
    }
    let mut held =
        memory.chunk((&sick, 100 * KIB), None, None, &mut Vec::new()).into_iter().collect::<Vec<_>>();
    held.extend(fill(&memory, &other_sick));
    assert!(fill(&memory, &sick).is_empty());
    assert_eq!(memory.free(), 64 * KIB);
    assert!(!fill(&memory, &healthy).is_empty(), "the others have room");
}

#[test]
fn partition_that_is_acknowledged_may_hold_all_of_the_budget() {
    let memory = Memory::new(256 * KIB);
    let [account] = accounts();
    let mut chunks = fill(&memory, &account);
    assert_eq!(memory.free(), 64 * KIB, "nothing was acknowledged yet");
    for _ in 0..20 {
        (0..2).for_each(|_| give_back(&memory, &account, chunks.pop().unwrap(), true));
        chunks.extend(fill(&memory, &account));
    }
    assert_eq!(memory.free(), 0);
}

#[test]
fn bytes_that_fail_are_no_progress() {
    let memory = Memory::new(256 * KIB);
    let [sick] = accounts();
    let mut chunks = fill(&memory, &sick);
    (0..10).for_each(|_| give_back(&memory, &sick, chunks.pop().unwrap(), false));
    chunks.extend(fill(&memory, &sick));
    assert_eq!(memory.free(), 64 * KIB);
}

#[test]
fn waiter_of_a_healthy_partition_does_not_stand_behind_those_of_a_stalled_one() {
    let memory = Memory::new(256 * KIB);
    let [sick, healthy] = accounts();
    memory.set_led(&sick, false);
    let _held = fill(&memory, &sick);
    let mut own = fill(&memory, &healthy);
    let mut stalled: Vec<Ticket> =
        (0..5).map(|_| Memory::queue(&memory, &sick, KIB, Waker::noop())).collect();
    let mut waits = Memory::queue(&memory, &healthy, 4 * KIB, Waker::noop());
    assert!(!ready(&mut waits), "all of the budget is in use");
    give_back(&memory, &healthy, own.pop().unwrap(), true);
    assert!(ready(&mut waits));
    assert!(stalled.iter_mut().all(|ticket| !ready(ticket)));
    drop(waits);
    assert!(
        memory.chunk((&healthy, KIB), None, None, &mut Vec::new()).is_some(),
        "a later caller does not wait either"
    );
}

#[test]
fn partition_that_gets_a_leader_has_its_waiters_served() {
    let memory = Memory::new(256 * KIB);
    let [sick] = accounts();
    memory.set_led(&sick, false);
    let _held = fill(&memory, &sick);
    let mut waits = Memory::queue(&memory, &sick, KIB, Waker::noop());
    assert!(!ready(&mut waits));
    memory.set_led(&sick, true);
    assert!(ready(&mut waits));
}

#[test]
fn partition_without_an_acknowledgement_for_two_seconds_counts_as_stalled() {
    let memory = Memory::new(1 << 20);
    let [hung, large, healthy] = accounts();
    let now = some_time();
    let chunk = memory.chunk((&hung, 4 * KIB), None, Some(now), &mut Vec::new()).unwrap();
    give_back(&memory, &hung, chunk, true);
    let _hung = memory.reserve(&hung, 10 * KIB, None, Some(now)).unwrap();
    let _rest = memory.reserve(&large, 1_000 * KIB, None, Some(now)).unwrap();
    // The turn of the hung partition has come, and its room is not there.
    let mut first = Memory::queue(&memory, &hung, 64 * KIB, Waker::noop());
    let mut second = Memory::queue(&memory, &healthy, KIB, Waker::noop());
    let again = memory.update(now).unwrap();
    assert!(!ready(&mut first) && !ready(&mut second));
    assert_eq!(memory.update(now), Some(again), "not before it is time");
    memory.update(now + 3 * UPDATE_EVERY);
    assert!(!ready(&mut first) && ready(&mut second));
}

#[test]
fn room_of_a_waiter_that_goes_elsewhere_and_may_not_enter_there_is_given_to_the_next() {
    let memory = Memory::new(256 * KIB);
    let [sick, healthy, next] = accounts();
    memory.set_led(&sick, false);
    let _held = fill(&memory, &sick);
    let rest = memory.reserve(&healthy, 64 * KIB, None, None).unwrap();
    let mut first = Memory::queue(&memory, &healthy, 64 * KIB, Waker::noop());
    let (account, acknowledged) = (Arc::clone(&healthy), true);
    memory.give_back(
        &mut Vec::new(),
        [Release { account, bytes: rest, acknowledged }],
        None,
        &mut Vec::new(),
    );
    let mut second = Memory::queue(&memory, &next, 64 * KIB, Waker::noop());
    assert!(ready(&mut first) && !ready(&mut second));
    assert_eq!(memory.reserve(&sick, 64 * KIB, Some(&mut first), None), None);
    assert!(ready(&mut first) || ready(&mut second), "the room is not lost");
}

#[test]
fn record_larger_than_the_share_enters_a_partition_that_holds_nothing() {
    let memory = Memory::new(100 * KIB);
    let [sick] = accounts();
    memory.set_led(&sick, false);
    assert_eq!(memory.reserve(&sick, 90 * KIB, None, None), Some(90 * KIB));
    assert_eq!(memory.reserve(&sick, KIB, None, None), None);
}

#[test]
fn partitions_take_turns_and_their_callers_keep_their_order() {
    let memory = Memory::new(64 * KIB);
    let [holder, many, one] = accounts();
    let mut chunks = vec![memory.chunk((&holder, 64 * KIB), None, None, &mut Vec::new()).unwrap()];
    let mut waiting: Vec<Ticket> =
        (0..4).map(|_| Memory::queue(&memory, &many, 16 * KIB, Waker::noop())).collect();
    waiting.push(Memory::queue(&memory, &one, 16 * KIB, Waker::noop()));
    give_back(&memory, &holder, chunks.pop().unwrap(), true);
    let served: Vec<bool> = waiting.iter_mut().map(ready).collect();
    assert_eq!(served, [true, true, false, false, true]);
}

#[test]
fn largest_holder_is_told_with_what_it_holds_and_since_when() {
    let memory = Memory::new(1 << 20);
    let [small, large] = accounts();
    let now = some_time();
    let _small = memory.reserve(&small, 10, None, Some(now)).unwrap();
    let _large = memory.reserve(&large, 300, None, Some(now)).unwrap();
    let holder = memory.largest_holder(now + Duration::from_secs(7)).unwrap();
    assert_eq!((holder.partition, holder.bytes), (PartitionId(2), 300));
    assert_eq!(holder.without_progress, Duration::from_secs(7));
    let bytes =
        |most| memory.largest_holders(now, most).iter().map(|holder| holder.bytes).collect::<Vec<_>>();
    assert_eq!((bytes(1), bytes(9)), (vec![300], vec![300, 10]));
}

#[test]
fn partitions_that_hold_nothing_are_forgotten() {
    let memory = Memory::new(1 << 20);
    for serial in 0..10_000 {
        let account = Account::new("t".into(), PartitionId(0), serial);
        let chunk = memory.chunk((&account, KIB), None, None, &mut Vec::new()).unwrap();
        give_back(&memory, &account, chunk, true);
    }
    assert!(lock(&memory.room).holders.len() < 1_000);
}

/// The accounts of partitions 1, 2, 3 and so on.
fn accounts<const COUNT: usize>() -> [Arc<Account>; COUNT] {
    std::array::from_fn(|index| {
        let number = i32::try_from(index).unwrap() + 1;
        Account::new("t".into(), PartitionId(number), number.unsigned_abs())
    })
}

fn give_back(memory: &Memory, account: &Arc<Account>, chunk: Vec<u8>, acknowledged: bool) {
    let (account, bytes) = (Arc::clone(account), chunk.capacity());
    let release = Release { account, bytes, acknowledged };
    memory.give_back(&mut vec![chunk], [release], Some(some_time()), &mut Vec::new());
}

fn ready(ticket: &mut Ticket) -> bool {
    ticket.poll(Waker::noop()).is_ready()
}
