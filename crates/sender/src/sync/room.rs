//! The room of one budget: what is free, which partition holds how much, and which callers get room.

use std::task::Waker;
use std::time::{Duration, Instant};

use super::Arc;
use super::account::{Account, Release};
use super::pool::Pool;
use super::shares::Shares;
use super::turns::Allowed;
use super::waiters::Waiters;

/// A partition counts as stalled when nothing of it was acknowledged for so long.
const STALLED_AFTER: Duration = Duration::from_secs(2);
/// The list of holders is cleared of those that hold nothing when it has doubled, beyond so many.
const HOLDERS_MIN: usize = 64;

/// The state behind the lock of a [`Memory`](super::Memory).
#[derive(Debug)]
pub(super) struct Room {
    pub(super) pool: Pool,
    pub(super) waiters: Waiters,
    /// The bytes that partitions without progress hold together.
    pub(super) stalled: usize,
    /// The partitions that hold something, and some that did.
    pub(super) holders: Vec<Arc<Account>>,
    /// How many these were when those that hold nothing were left out last.
    pub(super) holders_then: usize,
    /// When the holders are looked at next.
    pub(super) update_at: Option<Instant>,
    /// A line whose turn it is waits for memory that is not free: all later ones stand behind it.
    pub(super) holds_up: bool,
    /// A line of a partition that holds much ([`Shares::is_large`]) has its turn, and the memory for it would come out of the
    /// part that is kept free for partitions that hold little. Those that hold much stand behind it, the others pass.
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
    /// The free bytes are kept for partitions that hold little.
    KeptFree,
}

impl Room {
    /// All of a budget of `bytes` is free.
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            pool: Pool::new(bytes),
            waiters: Waiters::new(Shares::of(bytes)),
            stalled: 0,
            holders: Vec::new(),
            holders_then: 0,
            update_at: None,
            holds_up: false,
            holds_up_large: false,
            has_recovered: false,
            closed: false,
        }
    }

    const fn shares(&self) -> Shares {
        Shares::of(self.pool.budget())
    }

    /// Takes `bytes` for a partition, if it may have them.
    pub(super) fn admit(&mut self, account: &Arc<Account>, bytes: usize, now: Option<u64>) -> Verdict {
        let shares = self.shares();
        if shares.stalled_bytes(account, bytes) > self.stalled_left() {
            return Verdict::BeyondShare;
        }
        let is_kept_free = self.is_large(account) && self.pool.free() < bytes + shares.kept_free();
        if is_kept_free && !shares.is_alone(account, bytes) {
            return Verdict::KeptFree;
        }
        if !self.pool.reserve(bytes) {
            return Verdict::Lacking;
        }
        self.stalled += account.charge(bytes, shares.fresh(), now);
        if !account.list(true) {
            self.list(account);
        }
        Verdict::Free
    }

    /// Bytes that the partitions without progress may still take.
    const fn stalled_left(&self) -> usize {
        self.shares().stalled().saturating_sub(self.stalled)
    }

    /// Whether a partition leaves the rest to others, because it holds much. One that is alone, and always was, leaves nothing.
    pub(super) fn is_large(&self, account: &Account) -> bool {
        self.holders.len() > 1 && self.shares().is_large(account)
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
        self.free(account, bytes);
        self.waiters.renew(account);
    }

    /// The same; its line is not noted anew.
    fn free(&mut self, account: &Account, bytes: usize) {
        self.pool.release(bytes);
        let stalled = account.discharge(bytes);
        if stalled > 0 {
            self.less_stalled(stalled);
            self.has_recovered |= !account.is_stalled();
        }
    }

    fn less_stalled(&mut self, bytes: usize) {
        debug_assert!(bytes <= self.stalled, "stalled partitions held less");
        self.stalled = self.stalled.saturating_sub(bytes);
    }

    /// A partition has a leader from now on, or has none; then its callers are woken.
    pub(super) fn set_led(&mut self, account: &Account, led: bool, wakers: &mut Vec<Waker>) {
        account.set_led(led);
        if led {
            account.lend(self.shares().fresh(), 0);
            self.less_stalled(account.progress(None));
            self.has_recovered = true;
        } else if account.held() > 0 {
            self.stalled += account.stall();
        }
        self.waiters.renew(account);
        if !led {
            self.waiters.notify(account, wakers);
        }
    }

    /// Sets `bytes` of the budget aside. Callers that wait for more than what is left wait for that: their chunk may be larger
    /// than their record.
    pub(super) fn set_aside(&mut self, bytes: usize) {
        self.pool.set_aside(bytes);
        self.waiters.want_at_most(self.pool.budget(), self.shares());
    }

    /// A partition gives something back.
    pub(super) fn take_back(&mut self, release: &Release, now: Option<u64>) {
        self.free(&release.account, release.bytes);
        if release.acknowledged {
            let more = (release.bytes * 2).max(self.shares().fresh());
            release.account.lend(more, self.shares().credit_max());
            let recovered = release.account.progress(now);
            if recovered > 0 {
                self.less_stalled(recovered);
                self.has_recovered = true;
            }
        }
        self.waiters.renew(&release.account);
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
                self.waiters.renew(account);
                self.waiters.notify(account, wakers);
            }
        }
    }

    /// Sets room aside for the callers that wait, each line in its turn, as far as it goes. Lines that may have none are passed
    /// over together, and keep their turns.
    pub(super) fn grant(&mut self, wakers: &mut Vec<Waker>) {
        (self.holds_up, self.holds_up_large) = (false, false);
        if self.waiters.is_empty() {
            return;
        }
        while let Some((account, bytes)) = self.waiters.first(self.allowed()) {
            let account = Arc::clone(account);
            let (was_stalled, stalled) = (account.is_stalled(), self.stalled);
            match self.admit(&account, bytes, None) {
                Verdict::Free => {
                    wakers.extend(self.waiters.grant_first(&account));
                    self.notify_if_stalls(was_stalled, &account, wakers);
                    // The line that held up those that hold much may have lost its share: then it holds up none.
                    self.holds_up_large &= self.stalled == stalled;
                }
                Verdict::KeptFree => self.holds_up_large = true,
                Verdict::Lacking => {
                    self.holds_up = true;
                    return;
                }
                Verdict::BeyondShare => {
                    debug_assert!(false, "the turns know what is left of the share");
                    return;
                }
            }
        }
    }

    /// The lines that may have their turn.
    pub(super) const fn allowed(&self) -> Allowed {
        if self.holds_up_large {
            Allowed::Little
        } else {
            Allowed::All { stalled_bytes: self.stalled_left() }
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
        self.waiters.renew(account);
        self.notify_if_stalls(was_stalled, account, wakers);
        if !is_admitted {
            self.waiters.wait_again(waited_at, number, bytes);
        }
        self.grant(wakers);
        is_admitted.then_some(bytes)
    }
}
