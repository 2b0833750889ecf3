//! Callers that wait for room in a partition are woken when it stops making progress: a record that names neither a key nor
//! a partition may go to another one.

use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use super::kept_free::{acknowledge, filled};
use super::*;

#[test]
fn caller_is_woken_when_its_partition_loses_its_leader() {
    let [busy, other] = accounts();
    let (memory, _chunks) = filled(&[], &busy);
    let woken = Woken::new();
    let mut waits = Memory::queue(&memory, &busy, 4 * KIB, &woken.waker());
    memory.set_led(&other, false);
    assert_eq!(woken.count(), 0, "the leader of another partition");
    memory.set_led(&busy, false);
    assert!(!ready(&mut waits) && waits.stalled().is_some());
    assert_eq!(woken.count(), 1);
}

#[test]
fn callers_are_woken_when_a_grant_uses_up_the_credit_of_their_partition() {
    let [busy] = accounts();
    let (memory, mut chunks) = filled(&[], &busy);
    let woken = [(); 3].map(|()| Woken::new());
    let mut waiting = woken.each_ref().map(|woken| Memory::queue(&memory, &busy, 4 * KIB, &woken.waker()));
    release(&memory, &busy, chunks.pop().unwrap(), false);
    assert_eq!(waiting.each_mut().map(ready), [true, false, false]);
    assert!(waiting[1].stalled().is_some());
    assert_eq!(woken.map(|woken| woken.count()), [1, 1, 1]);
}

#[test]
fn caller_is_woken_when_a_record_that_waited_elsewhere_uses_up_the_credit_of_its_partition() {
    let [busy, other] = accounts();
    let (memory, mut chunks) = filled(&[&other], &busy);
    (0..2).for_each(|_| release(&memory, &busy, chunks.pop().unwrap(), false));
    let woken = Woken::new();
    let mut waits = Memory::queue(&memory, &busy, 16 * KIB, &woken.waker());
    let mut elsewhere = Memory::queue(&memory, &other, 4 * KIB, Waker::noop());
    assert!(ready(&mut elsewhere) && !busy.is_stalled());
    let mut wakers = Vec::new();
    memory.chunk((&busy, 4 * KIB), Some(&mut elsewhere), None, &mut wakers).unwrap();
    wake_all(&mut wakers);
    assert!(!ready(&mut waits) && busy.is_stalled());
    assert_eq!(woken.count(), 1);
}

#[test]
fn caller_that_had_no_partition_to_go_to_is_woken_when_another_recovers() {
    let [busy, other] = accounts();
    let (memory, _chunks) = filled(&[], &busy);
    let (now, woken) = (some_time(), Woken::new());
    let _waits = Memory::queue(&memory, &busy, 4 * KIB, &woken.waker());
    memory.set_led(&other, false);
    memory.update(now);
    memory.set_led(&busy, false);
    memory.update(now + UPDATE_EVERY);
    assert_eq!(woken.count(), 1, "none makes progress");
    memory.set_led(&other, true);
    memory.update(now + 2 * UPDATE_EVERY);
    assert_eq!(woken.count(), 2);
    memory.update(now + 5 * UPDATE_EVERY);
    assert_eq!(woken.count(), 2, "that was reported before");
}

#[test]
fn credit_that_is_used_up_again_and_again_wakes_a_caller_once_between_two_looks() {
    let [busy] = accounts();
    let (memory, mut chunks) = filled(&[], &busy);
    let woken = Woken::new();
    let mut waiting: Vec<Ticket> =
        (0..40).map(|_| Memory::queue(&memory, &busy, 4 * KIB, &woken.waker())).collect();
    for _ in 0..20 {
        release(&memory, &busy, chunks.pop().unwrap(), false);
        assert!(busy.is_stalled());
        acknowledge(&memory, &busy);
        assert!(!busy.is_stalled());
    }
    let served = waiting.iter_mut().filter_map(|ticket| ready(ticket).then_some(())).count();
    assert_eq!((served, woken.count()), (20, 20 + 39), "for its room, and for the stall before it had that");
}

#[test]
fn share_that_a_record_leaves_for_another_partition_goes_to_callers_that_wait_for_it() {
    let memory = Memory::new(256 * KIB);
    let [sick, left, waits, healthy] = accounts();
    [&sick, &left, &waits].into_iter().for_each(|account| memory.set_led(account, false));
    let _held = memory.reserve(&sick, 120 * KIB, None, None).unwrap();
    let _held = memory.reserve(&healthy, KIB, None, None).unwrap();
    let bytes = memory.reserve(&healthy, 40 * KIB, None, None).unwrap();
    let acknowledged = Release { account: Arc::clone(&healthy), bytes, acknowledged: true };
    memory.give_back(&mut Vec::new(), [acknowledged], None, &mut Vec::new());
    let mut leaves = Memory::queue(&memory, &left, 64 * KIB, Waker::noop());
    let woken = Woken::new();
    let mut waits = Memory::queue(&memory, &waits, 16 * KIB, &woken.waker());
    assert!(ready(&mut leaves));
    assert_eq!(woken.count(), 0);
    memory.reserve(&healthy, 64 * KIB, Some(&mut leaves), None).unwrap();
    assert!(ready(&mut waits));
    assert_eq!(woken.count(), 1);
}

#[test]
fn waker_that_panics_keeps_no_caller_from_the_room_that_another_did_not_use() {
    let memory = Memory::new(256 * KIB);
    let [sick, healthy, panics, next] = accounts();
    memory.set_led(&sick, false);
    let _held = fill(&memory, &sick);
    let mut first = Memory::queue(&memory, &healthy, 64 * KIB, Waker::noop());
    let woken = Woken::new();
    let _panics = Memory::queue(&memory, &panics, 16 * KIB, &Waker::from(StdArc::new(Panics)));
    let mut next = Memory::queue(&memory, &next, 16 * KIB, &woken.waker());
    assert!(ready(&mut first));
    assert_eq!(memory.reserve(&sick, 64 * KIB, Some(&mut first), None), None);
    assert!(ready(&mut next));
    assert_eq!(woken.count(), 1);
}

/// A chunk comes back, and the callers that have its room are woken.
fn release(memory: &Memory, account: &Arc<Account>, chunk: Vec<u8>, acknowledged: bool) {
    let mut wakers = Vec::new();
    let release = Release { account: Arc::clone(account), bytes: chunk.capacity(), acknowledged };
    memory.give_back(&mut vec![chunk], [release], Some(some_time()), &mut wakers);
    wake_all(&mut wakers);
}

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Woken {
    fn new() -> StdArc<Self> {
        StdArc::default()
    }

    fn waker(self: &StdArc<Self>) -> Waker {
        Waker::from(StdArc::clone(self))
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: StdArc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct Panics;

impl Wake for Panics {
    #[expect(clippy::panic, reason = "this is what is tested")]
    fn wake(self: StdArc<Self>) {
        panic!("a waker that panics");
    }
}
