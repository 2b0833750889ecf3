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
use super::shares::Shares;
use super::turns::{Allowed, Need, Turns};

/// The lines. Tickets ascend in the order of arrival.
#[derive(Debug)]
pub(super) struct Waiters {
    shares: Shares,
    /// By serial of the account. Invariant: none is empty, and each stands once among `turns`.
    lines: BTreeMap<u32, Line>,
    turns: Turns,
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
    /// Its place among the turns; none before it has one.
    place: Option<usize>,
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
    fn new(account: &Arc<Account>) -> Self {
        Self { account: Arc::clone(account), waiting: VecDeque::new(), place: None, notified: 0 }
    }

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
    /// No caller waits for a budget of such shares.
    pub(super) fn new(shares: Shares) -> Self {
        Self {
            shares,
            lines: BTreeMap::new(),
            turns: Turns::default(),
            granted: BTreeMap::new(),
            next_ticket: 0,
        }
    }

    /// Whether no caller waits.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many callers wait.
    pub(super) fn len(&self) -> usize {
        self.lines.values().map(|line| line.waiting.len()).sum()
    }

    pub(super) fn push(&mut self, account: &Arc<Account>, bytes: usize, waker: Waker) -> u64 {
        self.next_ticket += 1;
        let waiter = Waiter { ticket: self.next_ticket, bytes, waker };
        self.line(account).waiting.push_back(waiter);
        self.count(account);
        self.next_ticket
    }

    /// The first waiter of the first line that may have room: whose it is, and the bytes that it needs.
    pub(super) fn first(&self, allowed: Allowed) -> Option<(&Arc<Account>, usize)> {
        let line = self.lines.get(&self.turns.first(allowed)?)?;
        line.waiting.front().map(|first| (&line.account, first.bytes))
    }

    /// The room of the first waiter of a line was set aside; the line had its turn. Returns its waker.
    pub(super) fn grant_first(&mut self, account: &Account) -> Option<Waker> {
        let line = self.lines.get_mut(&account.serial)?;
        let first = line.waiting.pop_front()?;
        self.granted.insert(first.ticket, first.bytes);
        if let Some(place) = line.place.take() {
            self.turns.remove(place);
        }
        self.count(account);
        Some(first.waker)
    }

    /// The budget has such shares by now, of at most `bytes`: waiters for more wait for that.
    pub(super) fn want_at_most(&mut self, bytes: usize, shares: Shares) {
        self.shares = shares;
        let waiting = self.lines.values_mut().flat_map(|line| &mut line.waiting);
        waiting.for_each(|waiter| waiter.bytes = waiter.bytes.min(bytes));
        let serials: Vec<u32> = self.lines.keys().copied().collect();
        serials.into_iter().for_each(|serial| self.line_up(serial));
    }

    /// A partition holds more or less, or it began or ceased to make progress: its line may need something else for that.
    pub(super) fn renew(&mut self, account: &Account) {
        if !self.is_empty() {
            self.line_up(account.serial);
        }
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
        self.count(account);
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
            self.count(account);
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
        self.lines.entry(account.serial).or_insert_with(|| Line::new(account))
    }

    /// A line has another first waiter, or another number of them.
    fn count(&mut self, account: &Account) {
        let waiting = self.lines.get(&account.serial).map_or(0, |line| line.waiting.len());
        account.set_waiting(waiting);
        self.line_up(account.serial);
    }

    /// Notes what the first waiter of a line needs. A line without a place stands behind the others, and one without waiters
    /// leaves.
    fn line_up(&mut self, serial: u32) {
        let Some(line) = self.lines.get(&serial) else { return };
        let need = line.waiting.front().map(|first| Need::of(self.shares, &line.account, first.bytes));
        match (line.place, need) {
            (Some(place), Some(need)) => self.turns.set(place, need),
            (None, Some(need)) => self.stand_behind(serial, need),
            (place, None) => {
                self.lines.remove(&serial);
                place.into_iter().for_each(|place| self.turns.remove(place));
                if self.lines.is_empty() {
                    self.turns.clear();
                }
            }
        }
    }

    fn stand_behind(&mut self, serial: u32, need: Need) {
        if self.turns.is_full() {
            for (place, serial) in self.turns.close_up().iter().enumerate() {
                if let Some(line) = self.lines.get_mut(serial) {
                    line.place = Some(place);
                }
            }
        }
        let place = self.turns.push(serial, need);
        if let Some(line) = self.lines.get_mut(&serial) {
            line.place = Some(place);
        }
    }
}

#[cfg(all(test, not(loom)))]
impl Waiters {
    /// How many places of lines were looked at.
    pub(super) fn steps(&self) -> usize {
        self.turns.steps()
    }

    /// The first waiter of each line, in the order of turns.
    pub(super) fn in_turn(&self) -> impl Iterator<Item = (&Arc<Account>, usize)> {
        let lines = self.turns.serials().filter_map(|serial| self.lines.get(&serial));
        lines.filter_map(|line| line.waiting.front().map(|first| (&line.account, first.bytes)))
    }
}
