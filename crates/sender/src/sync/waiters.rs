//! The callers that wait for room, first come, first served.
//!
//! ```text
//! push ──▶ waiting ──grant_first──▶ granted ──remove──▶
//!             ▲                        │
//!             └────────wait_again──────┘ it needs more by now: to where it stood before
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::task::Waker;

/// The queue. Tickets ascend in the order of arrival.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    /// Invariant: sorted by ticket.
    waiting: VecDeque<Waiter>,
    /// By ticket, the bytes that are set aside.
    granted: BTreeMap<u64, usize>,
    next_ticket: u64,
}

#[derive(Debug)]
struct Waiter {
    ticket: u64,
    bytes: usize,
    waker: Waker,
}

impl Waiters {
    pub(super) fn push(&mut self, bytes: usize, waker: Waker) -> u64 {
        self.next_ticket += 1;
        self.waiting.push_back(Waiter { ticket: self.next_ticket, bytes, waker });
        self.next_ticket
    }

    /// The bytes that the first waiter needs; none when no caller waits.
    pub(super) fn first_needs(&self) -> Option<usize> {
        self.waiting.front().map(|first| first.bytes)
    }

    /// The room of the first waiter was set aside. Returns its waker.
    pub(super) fn grant_first(&mut self) -> Option<Waker> {
        let first = self.waiting.pop_front()?;
        self.granted.insert(first.ticket, first.bytes);
        Some(first.waker)
    }

    /// There will never be more than `bytes`: waiters for more wait for that.
    pub(super) fn want_at_most(&mut self, bytes: usize) {
        self.waiting.iter_mut().for_each(|waiter| waiter.bytes = waiter.bytes.min(bytes));
    }

    /// Takes what was set aside for a ticket, which stays granted; none when it waits.
    pub(super) fn take(&mut self, ticket: u64) -> Option<usize> {
        self.granted.get_mut(&ticket).map(std::mem::take)
    }

    /// Nothing is set aside for a ticket any more, and it waits for `bytes` where it stood before. It leaves a
    /// waker when it is polled.
    pub(super) fn wait_again(&mut self, ticket: u64, bytes: usize) {
        self.granted.remove(&ticket);
        match self.position(ticket) {
            Ok(index) => self.waiting[index].bytes = bytes,
            Err(index) => self.waiting.insert(index, Waiter { ticket, bytes, waker: Waker::noop().clone() }),
        }
    }

    /// The waker of a ticket that waits; none when it is granted.
    pub(super) fn waker(&mut self, ticket: u64) -> Option<&mut Waker> {
        let index = self.position(ticket).ok()?;
        self.waiting.get_mut(index).map(|waiter| &mut waiter.waker)
    }

    /// A ticket is given up. Returns the bytes that were set aside for it.
    pub(super) fn remove(&mut self, ticket: u64) -> usize {
        if let Ok(index) = self.position(ticket) {
            self.waiting.remove(index);
        }
        self.granted.remove(&ticket).unwrap_or(0)
    }

    /// The wakers of all that wait.
    pub(super) fn wakers(&self) -> Vec<Waker> {
        self.waiting.iter().map(|waiter| waiter.waker.clone()).collect()
    }

    fn position(&self, ticket: u64) -> Result<usize, usize> {
        self.waiting.binary_search_by_key(&ticket, |waiter| waiter.ticket)
    }
}
