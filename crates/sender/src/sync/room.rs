//! The room of one budget: what is free, which partition holds what, and whose turn it is.

use std::task::Waker;
use std::time::{Duration, Instant};

use super::Arc;
use super::account::{Account, Release};
use super::pool::Pool;
use super::waiters::Waiters;

/// A partition counts as stalled when nothing of it was acknowledged for so long.
const STALLED_AFTER: Duration = Duration::from_secs(2);
/// A partition that held nothing may take one in so many bytes of the budget before it has to have made progress.
const FRESH_SHARE: usize = 64;
/// A partition of which much was acknowledged may take one in so many bytes of the budget until the next acknowledgement.
const CREDIT_SHARE: usize = 16;
/// One in so many bytes of the budget is kept free for partitions that hold little, where there are several.
const KEPT_FREE_SHARE: usize = 8;
/// The list of holders is cleared of those that hold nothing when it has doubled, beyond so many.
const HOLDERS_MIN: usize = 64;

/// The state behind the lock of a [`Memory`](super::Memory).
#[derive(Debug)]
pub(super) struct Room {
    pub(super) pool: Pool,
    pub(super) waiters: Waiters,
    /// What partitions that make no progress hold together.
    pub(super) stalled: usize,
    /// The partitions that hold something, and some that did.
    pub(super) holders: Vec<Arc<Account>>,
    /// How many these were when those that hold nothing were left out last.
    pub(super) holders_then: usize,
    /// When the holders are looked at next.
    pub(super) look_at: Option<Instant>,
    /// The partition whose turn it is waits for memory that is not free: nobody passes.
    pub(super) holds_up: bool,
    /// A partition that holds much waits for more than may be free for such: no other one of them passes.
    pub(super) holds_up_large: bool,
    /// A partition has begun to make progress since the holders were looked at: callers that wait at others may go there.
    pub(super) has_recovered: bool,
    /// No caller may wait any more.
    pub(super) closed: bool,
}

/// Whether room can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Free,
    /// Not so many bytes are free.
    Lacking,
    /// The partition makes no progress, and those of its kind hold what they may.
    BeyondShare,
    /// What is free is kept for partitions that hold little.
    KeptFree,
}

impl Room {
    /// All of a budget of `bytes` is free.
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            pool: Pool::new(bytes),
            waiters: Waiters::default(),
            stalled: 0,
            holders: Vec::new(),
            holders_then: 0,
            look_at: None,
            holds_up: false,
            holds_up_large: false,
            has_recovered: false,
            closed: false,
        }
    }

    /// What a partition may take before it has to have made progress.
    const fn fresh_credit(&self) -> usize {
        self.pool.budget() / FRESH_SHARE
    }

    /// Takes `bytes` for a partition, if it may have them.
    pub(super) fn admit(&mut self, account: &Arc<Account>, bytes: usize, now: Option<u64>) -> Verdict {
        let share = self.pool.budget() / 4 * 3;
        // A record larger than the share would wait for ever.
        let alone = account.held() == 0 && bytes > share;
        if account.is_stalled() && self.stalled + bytes > share && !alone {
            return Verdict::BeyondShare;
        }
        let kept_free = self.pool.budget() / KEPT_FREE_SHARE;
        if !alone && self.is_large(account) && self.pool.free() < bytes + kept_free {
            return Verdict::KeptFree;
        }
        if !self.pool.reserve(bytes) {
            return Verdict::Lacking;
        }
        self.stalled += account.charge(bytes, self.fresh_credit(), now);
        if !account.list(true) {
            self.list(account);
        }
        Verdict::Free
    }

    /// Whether a partition leaves the rest to others: it holds more than it may have before its first acknowledgement, or
    /// makes no progress. One that is alone, and always was, leaves nothing.
    pub(super) fn is_large(&self, account: &Account) -> bool {
        self.holders.len() > 1 && (account.held() > self.fresh_credit() || account.is_stalled())
    }

    /// Whether a partition may take what is free before those that wait.
    pub(super) fn may_pass(&self, account: &Account) -> bool {
        let stands_behind = self.holds_up || self.holds_up_large && self.is_large(account);
        !stands_behind && !account.has_waiters()
    }

    /// Whether a partition waits for memory that is not free, and others wait behind it.
    pub(super) const fn holds_others_up(&self) -> bool {
        self.holds_up || self.holds_up_large
    }

    fn list(&mut self, account: &Arc<Account>) {
        if self.holders.len() >= self.holders_then.max(HOLDERS_MIN) * 2 {
            self.clear_holders();
        }
        self.holders.push(Arc::clone(account));
    }

    /// Leaves those out of the list of holders that hold nothing.
    pub(super) fn clear_holders(&mut self) {
        self.holders.retain(|account| account.held() > 0 || !account.list(false));
        self.holders_then = self.holders.len();
        self.holders.shrink_to(HOLDERS_MIN * 2);
    }

    /// A partition holds `bytes` less.
    pub(super) fn discharge(&mut self, account: &Account, bytes: usize) {
        self.pool.release(bytes);
        let stalled = account.discharge(bytes);
        self.less_stalled(stalled);
        self.has_recovered |= stalled > 0 && !account.is_stalled();
    }

    fn less_stalled(&mut self, bytes: usize) {
        debug_assert!(bytes <= self.stalled, "stalled partitions held less");
        self.stalled = self.stalled.saturating_sub(bytes);
    }

    /// A partition has a leader from now on, or has none; then its callers are woken.
    pub(super) fn set_led(&mut self, account: &Account, led: bool, wakers: &mut Vec<Waker>) {
        account.set_led(led);
        if led {
            account.lend(self.fresh_credit(), 0);
            self.less_stalled(account.progress(None));
            self.has_recovered = true;
            return;
        }
        if account.held() > 0 {
            self.stalled += account.stall();
        }
        self.waiters.notify(account, wakers);
    }

    /// A partition gives something back.
    pub(super) fn take_back(&mut self, release: &Release, now: Option<u64>) {
        self.discharge(&release.account, release.bytes);
        if release.acknowledged {
            let more = (release.bytes * 2).max(self.fresh_credit());
            release.account.lend(more, self.pool.budget() / CREDIT_SHARE);
            let recovered = release.account.progress(now);
            self.less_stalled(recovered);
            self.has_recovered |= recovered > 0;
        }
    }

    /// Finds the partitions of which nothing was acknowledged for long. Their callers are woken: a record that names no
    /// partition may go elsewhere. So are those of all stalled partitions, if another one has recovered.
    pub(super) fn find_stalled(&mut self, now: u64, wakers: &mut Vec<Waker>) {
        if std::mem::take(&mut self.has_recovered) {
            self.waiters.notify_all(wakers);
        }
        for account in &self.holders {
            account.date(now);
            let stalls = account.without_progress(now) >= STALLED_AFTER;
            let more = if stalls { account.stall() } else { 0 };
            if more > 0 {
                self.stalled += more;
                self.waiters.notify(account, wakers);
            }
        }
    }

    /// Sets room aside for the callers that wait, each partition in its turn, as far as it goes.
    pub(super) fn grant(&mut self, wakers: &mut Vec<Waker>) {
        (self.holds_up, self.holds_up_large) = (false, false);
        let mut passed = 0;
        while passed < self.waiters.lines()
            && let Some((account, bytes)) = self.waiters.first()
        {
            let account = Arc::clone(account);
            let was_stalled = account.is_stalled();
            let verdict = match self.holds_up_large && self.is_large(&account) {
                true => Verdict::KeptFree,
                false => self.admit(&account, bytes, None),
            };
            match verdict {
                Verdict::Free => {
                    wakers.extend(self.waiters.grant_first());
                    self.notify_if_stalls(was_stalled, &account, wakers);
                    passed = 0;
                }
                Verdict::BeyondShare | Verdict::KeptFree => {
                    self.holds_up_large |= verdict == Verdict::KeptFree;
                    self.waiters.pass();
                    passed += 1;
                }
                Verdict::Lacking => {
                    self.holds_up = true;
                    return;
                }
            }
        }
    }

    /// The callers of a partition are woken if it has used up its credit.
    fn notify_if_stalls(&mut self, was_stalled: bool, account: &Account, wakers: &mut Vec<Waker>) {
        if !was_stalled && account.is_stalled() {
            self.waiters.notify(account, wakers);
        }
    }

    /// Uses what was set aside for a waiter, and returns how much that is. If it needs more by now, it gets that or waits
    /// on where it stood. Its record may have gone to another partition than it waited for. The wakers of callers that may
    /// have what it leaves are appended to `wakers`.
    pub(super) fn spend(
        &mut self,
        (waited_at, number): (&Arc<Account>, u64),
        (account, bytes): (&Arc<Account>, usize),
        now: Option<u64>,
        wakers: &mut Vec<Waker>,
    ) -> Option<usize> {
        let held = self.waiters.take(number)?;
        if held >= bytes && waited_at.serial == account.serial {
            return Some(held);
        }
        self.discharge(waited_at, held);
        let bytes = held.max(bytes);
        let was_stalled = account.is_stalled();
        let is_admitted = self.admit(account, bytes, now) == Verdict::Free;
        self.notify_if_stalls(was_stalled, account, wakers);
        if !is_admitted {
            self.waiters.wait_again(waited_at, number, bytes);
        }
        self.grant(wakers);
        is_admitted.then_some(bytes)
    }
}
