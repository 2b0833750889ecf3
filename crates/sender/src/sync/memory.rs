//! The one byte budget, `buffer.memory`: the chunks it pays for, and the callers that wait for room, first come, first
//! served.
//!
//! While a caller waits, no later one is served, even if its record would fit. Room that comes free is set
//! aside for the waiting callers, in their order; from then on the others may go on, because a waiter that has its room and
//! was not scheduled yet would have every one of them queue up behind it, and they each other, without end.

use std::task::{Poll, Waker};

use super::mutant::{self, Blind};
use super::pool::Pool;
use super::waiters::Waiters;
use super::{Arc, AtomicBool, Mutex, Ordering, Padded, lock, wake_all};

/// The budget, shared by all partitions.
#[derive(Debug)]
pub struct Memory {
    budget: usize,
    /// Whether a caller waits for room: read for every record, written when that changes.
    waiting: Padded<AtomicBool>,
    inner: Padded<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    pool: Pool,
    waiters: Waiters,
    /// No caller may wait any more.
    closed: bool,
}

impl Memory {
    /// A budget of `bytes`.
    pub fn new(bytes: usize) -> Arc<Self> {
        let inner = Inner { pool: Pool::new(bytes), waiters: Waiters::default(), closed: false };
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

    /// Bytes that are free.
    pub fn free(&self) -> usize {
        lock(&self.inner).pool.free()
    }

    /// Whether a caller waits, so that later ones have to queue up.
    #[inline]
    pub fn has_waiters(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    /// A chunk of at least `bytes`, for the holder of `ticket` or for a caller that found no other one waiting; none when
    /// the room is not there. A ticket gives all that was set aside for it.
    pub fn chunk(&self, bytes: usize, ticket: Option<&mut Ticket>) -> Option<Vec<u8>> {
        let mut inner = lock(&self.inner);
        let bytes = inner.pool.chunk_bytes(bytes);
        let reserved = self.take(&mut inner, bytes, ticket)?;
        Some(inner.pool.chunk(reserved))
    }

    /// Sets `bytes` aside for memory that is not pooled, as [`chunk`](Self::chunk) does for a chunk; how much it is.
    pub fn reserve(&self, bytes: usize, ticket: Option<&mut Ticket>) -> Option<usize> {
        self.take(&mut lock(&self.inner), bytes, ticket)
    }

    /// Queues up for room of `bytes`.
    pub fn queue(this: &Arc<Self>, bytes: usize, waker: &Waker) -> Ticket {
        let mut wakers = Vec::new();
        let mut inner = lock(&this.inner);
        let bytes = inner.pool.chunk_bytes(bytes);
        let number = inner.waiters.push(bytes, waker.clone());
        // Room may have been given back since the caller found none.
        if !mutant::is(Blind::MemoryBeforeWait) {
            inner.grant(&mut wakers);
        }
        this.note(&inner);
        drop(inner);
        wake_all(&mut wakers);
        Ticket { memory: Arc::clone(this), number }
    }

    /// Gives chunks back, which make `bytes` in all; the wakers of callers that now have room are appended to `wakers`.
    pub fn give_back(&self, chunks: &mut Vec<Vec<u8>>, bytes: usize, wakers: &mut Vec<Waker>) {
        let mut inner = lock(&self.inner);
        inner.pool.release(bytes);
        chunks.drain(..).for_each(|chunk| inner.pool.put_back(chunk));
        inner.grant(wakers);
        self.note(&inner);
    }

    /// Sets `bytes` aside permanently, for memory that no record uses. What is in use is set aside when it comes back.
    /// Callers that wait for more than what is left wait for that: their chunk may be larger than their record.
    pub fn set_aside(&self, bytes: usize) {
        let mut inner = lock(&self.inner);
        inner.pool.set_aside(bytes);
        let left = inner.pool.budget();
        inner.waiters.want_at_most(left);
    }

    /// Ends the waiting of all callers, now and later: nothing is accepted any more.
    pub fn close(&self) {
        let mut inner = lock(&self.inner);
        inner.closed = true;
        let mut wakers = inner.waiters.wakers();
        drop(inner);
        wake_all(&mut wakers);
    }

    fn leave(&self, number: u64) {
        let mut wakers = Vec::new();
        let mut inner = lock(&self.inner);
        let held = inner.waiters.remove(number);
        inner.pool.release(held);
        inner.grant(&mut wakers);
        self.note(&inner);
        drop(inner);
        wake_all(&mut wakers);
    }

    /// Takes `bytes` for the holder of a ticket, or for a caller that found no other one waiting.
    fn take(&self, inner: &mut Inner, bytes: usize, ticket: Option<&mut Ticket>) -> Option<usize> {
        let Some(ticket) = ticket else {
            let first = inner.waiters.first_needs().is_none();
            return (first && inner.pool.reserve(bytes)).then_some(bytes);
        };
        let taken = inner.spend(ticket.number, bytes);
        self.note(inner);
        taken
    }

    fn note(&self, inner: &Inner) {
        self.waiting.store(inner.waiters.first_needs().is_some(), Ordering::Relaxed);
    }
}

impl Inner {
    /// Sets room aside for the callers that wait, in their order, as far as it goes.
    fn grant(&mut self, wakers: &mut Vec<Waker>) {
        while let Some(bytes) = self.waiters.first_needs()
            && self.pool.reserve(bytes)
        {
            wakers.extend(self.waiters.grant_first());
        }
    }

    /// Uses what was set aside for a waiter, and returns how much that is. If it needs more by now, it gets that or waits
    /// on where it stood.
    fn spend(&mut self, number: u64, bytes: usize) -> Option<usize> {
        let held = self.waiters.take(number)?;
        if held >= bytes {
            return Some(held);
        }
        self.pool.release(held);
        let fits = self.pool.reserve(bytes);
        if !fits {
            self.waiters.wait_again(number, bytes);
        }
        fits.then_some(bytes)
    }
}

/// A place in the queue for room. Dropped, it makes way for the next.
#[derive(Debug)]
pub struct Ticket {
    memory: Arc<Memory>,
    number: u64,
}

impl Ticket {
    /// Ready when the room is there: then the record goes into its batch under this ticket. Ready, too, when the
    /// budget is closed, and the record will be refused.
    pub fn poll(&mut self, waker: &Waker) -> Poll<()> {
        let mut inner = lock(&self.memory.inner);
        if inner.closed {
            return Poll::Ready(());
        }
        match inner.waiters.waker(self.number) {
            Some(left) => {
                left.clone_from(waker);
                Poll::Pending
            }
            None => Poll::Ready(()),
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
        assert!(memory.chunk(KIB, None).is_none(), "4 KiB are free, but a caller waits");
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
    fn callers_wait_for_no_more_than_is_left_beside_memory_that_is_set_aside() {
        let memory = Memory::new(100 * KIB);
        let large = memory.chunk(40 * KIB, None).unwrap();
        let mut waiting = Memory::queue(&memory, 20 * KIB, Waker::noop());
        assert!(!ready(&mut waiting), "a chunk of 64 KiB does not fit");
        memory.set_aside(50 * KIB);
        memory.give_back(&mut vec![large], 64 * KIB, &mut Vec::new());
        assert!(ready(&mut waiting));
        assert!(memory.chunk(20 * KIB, Some(&mut waiting)).is_some());
        drop(waiting);
        assert_eq!(memory.chunk(20 * KIB, None), None, "all 50 KiB that are left are in use");
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
    fn nobody_waits_when_it_is_closed() {
        let memory = Memory::new(16 * KIB);
        let _chunk = memory.chunk(16 * KIB, None).unwrap();
        let mut before = Memory::queue(&memory, KIB, Waker::noop());
        assert!(!ready(&mut before));
        memory.close();
        let mut after = Memory::queue(&memory, KIB, Waker::noop());
        assert!(ready(&mut before) && ready(&mut after));
        assert!(memory.chunk(KIB, Some(&mut before)).is_none(), "there is no more room than before");
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
