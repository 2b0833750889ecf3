//! Waiting for room in the budget.

use super::*;

const KIB: usize = 1 << 10;

/// Takes a chunk as a caller does: at once, or after having waited for it.
fn take(memory: &Arc<Memory>) -> Vec<u8> {
    if let Some(chunk) = memory.chunk(KIB, None) {
        return chunk;
    }
    let mut ticket = None;
    wait(|waker| ticket.get_or_insert_with(|| Memory::queue(memory, KIB, waker)).poll(waker));
    memory.chunk(KIB, ticket.as_mut()).expect("it was set aside")
}

fn give_back(memory: &Memory, chunk: Vec<u8>) {
    let mut wakers = Vec::new();
    memory.give_back(&mut vec![chunk], KIB, &mut wakers);
    wake(wakers);
}

fn room_is_given_back_while_somebody_needs_it() {
    let memory = Memory::new(KIB);
    let chunk = memory.chunk(KIB, None).unwrap();
    let waiter = {
        let memory = Arc::clone(&memory);
        thread::spawn(move || {
            let chunk = take(&memory);
            give_back(&memory, chunk);
        })
    };
    give_back(&memory, chunk);
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
        let memory = Memory::new(KIB);
        let chunk = memory.chunk(KIB, None).unwrap();
        let gives_up = Memory::queue(&memory, KIB, Waker::noop());
        let waiter = {
            let memory = Arc::clone(&memory);
            thread::spawn(move || {
                let chunk = take(&memory);
                give_back(&memory, chunk);
            })
        };
        let other = {
            let memory = Arc::clone(&memory);
            thread::spawn(move || give_back(&memory, chunk))
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
        let memory = Memory::new(KIB);
        let chunk = memory.chunk(KIB, None).unwrap();
        let waiters: Vec<_> = [(); 2]
            .map(|()| {
                let memory = Arc::clone(&memory);
                thread::spawn(move || {
                    let chunk = take(&memory);
                    give_back(&memory, chunk);
                })
            })
            .into();
        give_back(&memory, chunk);
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        assert_eq!((memory.free(), memory.has_waiters()), (KIB, false));
    });
}

#[test]
fn when_it_is_closed_nobody_waits() {
    check(4, || {
        let memory = Memory::new(KIB);
        let _chunk = memory.chunk(KIB, None).unwrap();
        let waiter = {
            let memory = Arc::clone(&memory);
            thread::spawn(move || {
                let mut ticket = None;
                wait(|waker| ticket.get_or_insert_with(|| Memory::queue(&memory, KIB, waker)).poll(waker));
                assert!(memory.chunk(KIB, ticket.as_mut()).is_none());
            })
        };
        memory.close();
        waiter.join().unwrap();
    });
}
