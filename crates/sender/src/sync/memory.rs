//! The one byte budget, `buffer.memory`: the chunks it pays for, and those who wait for room, first come, first served.
//!
//! A waiter stays in the queue until its record is in a batch, and while anybody stands there nobody else is served:
//! order is the order of acceptance, also when a later record would have fitted.

use std::task::{Poll, Waker};

use super::mutant::{self, Blind};
use super::pool::{Pool, Waiters};
use super::{Arc, AtomicBool, Mutex, Ordering, Padded, lock};

/// The budget, shared by all partitions.
#[derive(Debug)]
pub struct Memory {
    budget: usize,
    /// Whether anybody stands in the queue: read for every record, written when that changes.
    waiting: Padded<AtomicBool>,
    inner: Padded<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    pool: Pool,
    waiters: Waiters,
}

impl Memory {
    /// A budget of `bytes`.
    pub fn new(bytes: usize) -> Arc<Self> {
        let inner = Inner { pool: Pool::new(bytes), waiters: Waiters::default() };
        Arc::new(Self {
            budget: bytes,
            waiting: Padded(AtomicBool::new(false)),
            inner: Padded(Mutex::new(inner)),
        })
    }

    /// The whole budget.
    pub const fn budget(&self) -> usize {
        self.budget
    }

    /// What nobody uses now.
    pub fn free(&self) -> usize {
        lock(&self.inner).pool.free()
    }

    /// Whether somebody waits, and a newcomer has to queue up.
    #[inline]
    pub fn has_waiters(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    /// A chunk of at least `bytes`, for the holder of `ticket` or for somebody who found nobody waiting; none when
    /// the room is not there. A ticket gives all that was set aside for it.
    pub fn chunk(&self, bytes: usize, ticket: Option<&mut Ticket>) -> Option<Vec<u8>> {
        let mut inner = lock(&self.inner);
        let bytes = inner.pool.chunk_bytes(bytes);
        let reserved = inner.reserve(bytes, ticket)?;
        Some(inner.pool.chunk(reserved))
    }

    /// Sets `bytes` aside for memory that is not pooled, as [`chunk`](Self::chunk) does for a chunk; how much it is.
    pub fn reserve(&self, bytes: usize, ticket: Option<&mut Ticket>) -> Option<usize> {
        lock(&self.inner).reserve(bytes, ticket)
    }

    /// Queues up for room of `bytes`.
    pub fn queue(this: &Arc<Self>, bytes: usize, waker: &Waker) -> Ticket {
        let mut wakers = Vec::new();
        let mut inner = lock(&this.inner);
        let bytes = inner.pool.chunk_bytes(bytes);
        let number = inner.waiters.push(bytes, waker.clone());
        this.waiting.store(true, Ordering::Relaxed);
        // Room may have been given back since the caller found none.
        if !mutant::is(Blind::MemoryBeforeWait) {
            inner.grant(&mut wakers);
        }
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
        Ticket { memory: Arc::clone(this), number }
    }

    /// Gives chunks back, which make `bytes` in all; those who now have room are appended to `wakers`.
    pub fn give_back(&self, chunks: &mut Vec<Vec<u8>>, bytes: usize, wakers: &mut Vec<Waker>) {
        let mut inner = lock(&self.inner);
        inner.pool.release(bytes);
        chunks.drain(..).for_each(|chunk| inner.pool.put_back(chunk));
        inner.grant(wakers);
    }

    fn leave(&self, number: u64) {
        let mut wakers = Vec::new();
        let mut inner = lock(&self.inner);
        if let Some(waiter) = inner.waiters.remove(number)
            && waiter.granted
        {
            inner.pool.release(waiter.bytes);
        }
        self.waiting.store(!inner.waiters.is_empty(), Ordering::Relaxed);
        inner.grant(&mut wakers);
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Inner {
    /// Takes `bytes` for the holder of a ticket, or for somebody who found nobody waiting.
    fn reserve(&mut self, bytes: usize, ticket: Option<&mut Ticket>) -> Option<usize> {
        match ticket {
            Some(ticket) => self.spend(ticket.number, bytes),
            None => (self.waiters.is_empty() && self.pool.reserve(bytes)).then_some(bytes),
        }
    }

    /// Sets room aside for those who wait, in their order, as far as it goes.
    fn grant(&mut self, wakers: &mut Vec<Waker>) {
        while let Some(waiter) = self.waiters.first_waiting() {
            if !self.pool.reserve(waiter.bytes) {
                break;
            }
            waiter.granted = true;
            wakers.push(waiter.waker.clone());
        }
    }

    /// Uses what was set aside for a waiter, and says how much that is. If it needs more by now, it gets that or waits
    /// on, still first.
    fn spend(&mut self, number: u64, bytes: usize) -> Option<usize> {
        let waiter = self.waiters.find(number)?;
        let held = if waiter.granted { std::mem::take(&mut waiter.bytes) } else { 0 };
        if held >= bytes {
            return Some(held);
        }
        self.pool.release(held);
        waiter.granted = self.pool.reserve(bytes);
        waiter.bytes = if waiter.granted { 0 } else { bytes };
        waiter.granted.then_some(bytes)
    }
}

/// A place in the queue for room. Dropped, it makes way for the next.
#[derive(Debug)]
pub struct Ticket {
    memory: Arc<Memory>,
    number: u64,
}

impl Ticket {
    /// Ready when the room is there: then the record goes into its batch under this ticket.
    pub fn poll(&mut self, waker: &Waker) -> Poll<()> {
        let mut inner = lock(&self.memory.inner);
        match inner.waiters.find(self.number) {
            Some(waiter) if !waiter.granted => {
                waiter.waker.clone_from(waker);
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.memory.leave(self.number);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const KIB: usize = 1 << 10;

    fn ready(ticket: &mut Ticket) -> bool {
        ticket.poll(Waker::noop()).is_ready()
    }

    #[test]
    fn a_waiter_is_not_overtaken_by_a_record_that_would_fit() {
        let memory = Memory::new(20 * KIB);
        let large = memory.chunk(16 * KIB, None).unwrap();
        let mut first = Memory::queue(&memory, 16 * KIB, Waker::noop());
        assert!(memory.has_waiters());
        assert!(memory.chunk(KIB, None).is_none(), "4 KiB are free, but somebody waits");
        let mut second = Memory::queue(&memory, KIB, Waker::noop());
        assert!(!ready(&mut first) && !ready(&mut second));

        memory.give_back(&mut vec![large], 16 * KIB, &mut Vec::new());
        assert!(ready(&mut first) && ready(&mut second));
        assert!(memory.chunk(16 * KIB, Some(&mut first)).is_some());
        drop((first, second));
        assert!(!memory.has_waiters());
        assert_eq!(memory.free(), 4 * KIB, "the second went without its room");
    }

    #[test]
    fn who_goes_away_gives_his_room_to_the_next() {
        let memory = Memory::new(16 * KIB);
        let chunk = memory.chunk(16 * KIB, None).unwrap();
        let mut first = Memory::queue(&memory, 16 * KIB, Waker::noop());
        let mut second = Memory::queue(&memory, 16 * KIB, Waker::noop());
        memory.give_back(&mut vec![chunk], 16 * KIB, &mut Vec::new());
        assert!(ready(&mut first) && !ready(&mut second));
        drop(first);
        assert!(ready(&mut second));
    }

    #[test]
    fn a_ticket_gives_all_that_was_set_aside_for_it_once() {
        let memory = Memory::new(20 * KIB);
        let mut ticket = Memory::queue(&memory, 16 * KIB, Waker::noop());
        assert!(ready(&mut ticket));
        let large = memory.chunk(KIB, Some(&mut ticket)).unwrap();
        assert_eq!((large.capacity(), memory.free()), (16 * KIB, 4 * KIB));
        assert_eq!(memory.chunk(KIB, Some(&mut ticket)).unwrap().capacity(), KIB);
        drop(ticket);
        assert_eq!(memory.free(), 3 * KIB);
    }

    #[test]
    fn who_needs_more_by_now_waits_on_at_the_head() {
        let memory = Memory::new(17 * KIB);
        let chunk = memory.chunk(16 * KIB, None).unwrap();
        let mut first = Memory::queue(&memory, KIB, Waker::noop());
        assert!(ready(&mut first));
        assert!(memory.chunk(16 * KIB, Some(&mut first)).is_none());
        assert!(!ready(&mut first));
        memory.give_back(&mut vec![chunk], 16 * KIB, &mut Vec::new());
        assert!(ready(&mut first));
        assert!(memory.chunk(16 * KIB, Some(&mut first)).is_some());
        drop(first);
        assert_eq!(memory.free(), KIB);
    }
}
