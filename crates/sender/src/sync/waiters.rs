//! The callers that wait for room: a line for each partition, first come, first served; and the lines take turns.
//!
//! ```text
//! push ──▶ waiting ──grant──▶ granted ──remove──▶
//!             ▲                  │
//!             └───wait_again─────┘ it needs more by now: to where it stood before
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::task::Waker;

use super::Arc;
use super::account::Account;

/// The lines. Tickets ascend in the order of arrival.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    /// By serial of the account. Invariant: none is empty, and each stands once among `turns`.
    lines: BTreeMap<u32, Line>,
    /// The partitions whose callers wait, by serial, the next one first.
    turns: BTreeMap<u64, u32>,
    /// How many turns were given.
    next_turn: u64,
    /// By ticket, the bytes that are set aside.
    granted: BTreeMap<u64, usize>,
    next_ticket: u64,
}

/// The callers that wait for room in one partition.
#[derive(Debug)]
struct Line {
    account: Arc<Account>,
    /// Invariant: sorted by ticket.
    waiting: VecDeque<Waiter>,
    /// Its place among the turns.
    turn: u64,
    /// The last ticket whose caller was woken because the partition stalled; 0 when the look found it moving.
    notified: u64,
}

#[derive(Debug)]
struct Waiter {
    ticket: u64,
    bytes: usize,
    waker: Waker,
}

impl Line {
    /// Wakes the callers because the partition makes no progress, but for those that were woken for that before.
    fn notify(&mut self, wakers: &mut Vec<Waker>) {
        let first = self.waiting.partition_point(|waiter| waiter.ticket <= self.notified);
        wakers.extend(self.waiting.range(first..).map(|waiter| waiter.waker.clone()));
        self.notified = self.waiting.back().map_or(self.notified, |last| last.ticket.max(self.notified));
    }

    fn position(&self, ticket: u64) -> Result<usize, usize> {
        self.waiting.binary_search_by_key(&ticket, |waiter| waiter.ticket)
    }
}

impl Waiters {
    /// Whether no caller waits.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many partitions have callers that wait.
    pub(super) fn lines(&self) -> usize {
        self.turns.len()
    }

    pub(super) fn push(&mut self, account: &Arc<Account>, bytes: usize, waker: Waker) -> u64 {
        self.next_ticket += 1;
        let waiter = Waiter { ticket: self.next_ticket, bytes, waker };
        let line = self.line(account);
        line.waiting.push_back(waiter);
        account.set_waiting(line.waiting.len());
        self.next_ticket
    }

    /// The first waiter of the partition whose turn it is: whose it is, and the bytes that it needs.
    pub(super) fn first(&self) -> Option<(&Arc<Account>, usize)> {
        let line = self.lines.get(self.turns.first_key_value()?.1)?;
        line.waiting.front().map(|first| (&line.account, first.bytes))
    }

    /// The next partition has its turn.
    pub(super) fn pass(&mut self) {
        let Some((_, serial)) = self.turns.pop_first() else { return };
        self.next_turn += 1;
        self.turns.insert(self.next_turn, serial);
        if let Some(line) = self.lines.get_mut(&serial) {
            line.turn = self.next_turn;
        }
    }

    /// The room of the first waiter was set aside, and the next partition has its turn. Returns its waker.
    pub(super) fn grant_first(&mut self) -> Option<Waker> {
        let serial = *self.turns.first_key_value()?.1;
        let first = self.lines.get_mut(&serial)?.waiting.pop_front()?;
        self.granted.insert(first.ticket, first.bytes);
        self.pass();
        self.shorten(serial);
        Some(first.waker)
    }

    /// There will never be more than `bytes`: waiters for more wait for that.
    pub(super) fn want_at_most(&mut self, bytes: usize) {
        let waiting = self.lines.values_mut().flat_map(|line| &mut line.waiting);
        waiting.for_each(|waiter| waiter.bytes = waiter.bytes.min(bytes));
    }

    /// Takes what was set aside for a ticket, which stays granted; none when it waits.
    pub(super) fn take(&mut self, ticket: u64) -> Option<usize> {
        self.granted.get_mut(&ticket).map(std::mem::take)
    }

    /// Nothing is set aside for a ticket any more, and it waits for `bytes` where it stood before. It leaves a
    /// waker when it is polled.
    pub(super) fn wait_again(&mut self, account: &Arc<Account>, ticket: u64, bytes: usize) {
        self.granted.remove(&ticket);
        let line = self.line(account);
        match line.position(ticket) {
            Ok(index) => line.waiting[index].bytes = bytes,
            Err(index) => line.waiting.insert(index, Waiter { ticket, bytes, waker: Waker::noop().clone() }),
        }
        account.set_waiting(line.waiting.len());
    }

    /// The waker of a ticket that waits; none when it is granted.
    pub(super) fn waker(&mut self, account: &Account, ticket: u64) -> Option<&mut Waker> {
        let line = self.lines.get_mut(&account.serial)?;
        let index = line.position(ticket).ok()?;
        line.waiting.get_mut(index).map(|waiter| &mut waiter.waker)
    }

    /// A ticket is given up. Returns the bytes that were set aside for it.
    pub(super) fn remove(&mut self, account: &Account, ticket: u64) -> usize {
        if let Some(line) = self.lines.get_mut(&account.serial)
            && let Ok(index) = line.position(ticket)
        {
            line.waiting.remove(index);
            self.shorten(account.serial);
        }
        self.granted.remove(&ticket).unwrap_or(0)
    }

    /// The wakers of all that wait.
    pub(super) fn wakers(&self) -> Vec<Waker> {
        let waiting = self.lines.values().flat_map(|line| &line.waiting);
        waiting.map(|waiter| waiter.waker.clone()).collect()
    }

    /// The wakers of those that wait for room in one partition.
    pub(super) fn wakers_of(&self, account: &Account) -> impl Iterator<Item = Waker> {
        let waiting = self.lines.get(&account.serial).into_iter().flat_map(|line| &line.waiting);
        waiting.map(|waiter| waiter.waker.clone())
    }

    /// A partition makes no progress from now on: the wakers of its callers are appended to `wakers`. One that stalls again
    /// and again by its credit wakes each of them once between two [looks](Self::notify_all).
    pub(super) fn notify(&mut self, account: &Account, wakers: &mut Vec<Waker>) {
        if let Some(line) = self.lines.get_mut(&account.serial) {
            line.notify(wakers);
        }
    }

    /// Another partition makes progress: the wakers of all that wait for one that makes none are appended to `wakers`.
    pub(super) fn notify_all(&mut self, wakers: &mut Vec<Waker>) {
        for line in self.lines.values_mut() {
            line.notified = 0;
            if line.account.is_stalled() {
                line.notify(wakers);
            }
        }
    }

    fn line(&mut self, account: &Arc<Account>) -> &mut Line {
        let (turns, turn) = (&mut self.turns, &mut self.next_turn);
        self.lines.entry(account.serial).or_insert_with(|| {
            *turn += 1;
            turns.insert(*turn, account.serial);
            Line { account: Arc::clone(account), waiting: VecDeque::new(), turn: *turn, notified: 0 }
        })
    }

    /// A line has one waiter less.
    fn shorten(&mut self, serial: u32) {
        let Some(line) = self.lines.get(&serial) else { return };
        line.account.set_waiting(line.waiting.len());
        if line.waiting.is_empty() {
            self.turns.remove(&line.turn);
            self.lines.remove(&serial);
        }
    }
}
