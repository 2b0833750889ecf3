//! The shares of the budget: how much of it a partition may hold, by how much it holds already and whether it makes progress.

use super::account::Account;

/// A partition that held nothing may take one in so many bytes of the budget before it has to have made progress.
const FRESH_SHARE: usize = 64;
/// A partition of which much was acknowledged may take one in so many bytes of the budget until the next acknowledgement.
const CREDIT_SHARE: usize = 16;
/// One in so many bytes of the budget is kept free for partitions that hold little, where there are several.
const KEPT_FREE_SHARE: usize = 8;

/// The shares of a budget.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shares {
    budget: usize,
}

impl Shares {
    /// Those of a budget of so many bytes.
    pub(super) const fn of(budget: usize) -> Self {
        Self { budget }
    }

    /// Bytes that a partition may take before it has to have made progress.
    pub(super) const fn fresh(self) -> usize {
        self.budget / FRESH_SHARE
    }

    /// Bytes of credit that add up while a partition does not use them.
    pub(super) const fn credit_max(self) -> usize {
        self.budget / CREDIT_SHARE
    }

    /// Bytes that partitions which hold much leave free.
    pub(super) const fn kept_free(self) -> usize {
        self.budget / KEPT_FREE_SHARE
    }

    /// Bytes that the partitions without progress may hold together.
    pub(super) const fn stalled(self) -> usize {
        self.budget / 4 * 3
    }

    /// Whether a partition holds more than it may have before its first acknowledgement, or makes no progress.
    pub(super) fn is_large(self, account: &Account) -> bool {
        account.held() > self.fresh() || account.is_stalled()
    }

    /// Whether a record is larger than the share of the partitions without progress, for which it would wait for ever, and is
    /// the only one of its partition.
    pub(super) fn is_alone(self, account: &Account, bytes: usize) -> bool {
        account.held() == 0 && bytes > self.stalled()
    }

    /// How many of `bytes` count towards the share of the partitions without progress.
    pub(super) fn stalled_bytes(self, account: &Account, bytes: usize) -> usize {
        let counts = account.is_stalled() && !self.is_alone(account, bytes);
        if counts { bytes } else { 0 }
    }
}
