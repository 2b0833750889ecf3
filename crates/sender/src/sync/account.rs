//! The account of one partition: the bytes that it holds of the budget, and whether it makes progress.
//!
//! ```text
//!            charged               stalls
//!   nothing ─────────▶ moving ──────────────────▶ stalled
//!     ▲ ▲                │ ▲                        │ │
//!     │ └ all given back ┘ └────── progress ────────┘ │
//!     │                                               │
//!     └──────────────── all given back ───────────────┘
//! ```
//!
//! * A partition stalls when its credit is used up, when nothing of it was acknowledged for 2 s, and while it has no leader.
//! * It makes progress when a batch of it is acknowledged while it has a leader, and when it gets a leader.
//!
//! The credit makes a partition prove itself by bytes, because a fast producer fills the budget long before any time-out:
//! without an acknowledgement it takes a 64th of the budget, after one twice of what was acknowledged.

use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicBool as StdBool, AtomicU64 as StdU64, AtomicUsize as StdUsize};
use std::time::Duration;

use milena_codec::ids::PartitionId;

use super::{Arc, AtomicUsize, Ordering};

/// It made progress at a time that is not known yet.
const UNDATED: u64 = u64::MAX;

/// The account of a partition. All of it is written under the lock of the [`Memory`](super::Memory) that it belongs to; what
/// is read elsewhere is a hint, but for [`has_waiters`](Self::has_waiters).
#[derive(Debug)]
pub struct Account {
    /// Unique among the accounts of one budget.
    pub(super) serial: u32,
    place: (StdArc<str>, PartitionId),
    /// Bytes in use, and bytes that are set aside for its waiters.
    held: StdUsize,
    /// Bytes that it may still take before it counts as stalled.
    credit: StdUsize,
    /// When it made progress last, or began to hold something, in microseconds of the budget's time; [`UNDATED`] until the
    /// budget looks at its holders.
    since_micros: StdU64,
    led: StdBool,
    /// Its bytes count as those of a stalled partition.
    stalled: StdBool,
    /// Stands in the budget's list of holders.
    listed: StdBool,
    /// Callers that wait for room and have none set aside.
    waiting: AtomicUsize,
}

impl Account {
    /// The account of a partition that holds nothing. It counts as led.
    pub fn new(topic: StdArc<str>, partition: PartitionId, serial: u32) -> Arc<Self> {
        Arc::new(Self {
            serial,
            place: (topic, partition),
            held: StdUsize::new(0),
            credit: StdUsize::new(0),
            since_micros: StdU64::new(0),
            led: StdBool::new(true),
            stalled: StdBool::new(false),
            listed: StdBool::new(false),
            waiting: AtomicUsize::new(0),
        })
    }

    /// Its partition.
    pub const fn place(&self) -> &(StdArc<str>, PartitionId) {
        &self.place
    }

    /// Bytes that it holds.
    #[inline]
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether its bytes count as those of a partition that makes no progress.
    pub fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed) || !self.is_led()
    }

    /// Whether its partition has a leader.
    pub(crate) fn is_led(&self) -> bool {
        self.led.load(Ordering::Relaxed)
    }

    /// Whether callers wait for room in its partition. Exact for a caller that took the lock of the partition after the one
    /// that waits did.
    pub fn has_waiters(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// How long it has held bytes of which none was acknowledged, at `micros` of the budget's time.
    pub(super) fn without_progress(&self, micros: u64) -> Duration {
        let idle = self.held() == 0;
        let since = if idle { micros } else { self.since_micros.load(Ordering::Relaxed) };
        Duration::from_micros(micros.saturating_sub(since))
    }

    /// A progress without a date happened at `micros` at the latest.
    pub(super) fn date(&self, micros: u64) {
        if self.since_micros.load(Ordering::Relaxed) == UNDATED {
            self.since_micros.store(micros, Ordering::Relaxed);
        }
    }

    pub(super) fn set_led(&self, led: bool) {
        self.led.store(led, Ordering::Relaxed);
    }

    pub(super) fn set_waiting(&self, waiting: usize) {
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    /// Marks it as one of the budget's holders, or as none. Returns what it was.
    pub(super) fn list(&self, listed: bool) -> bool {
        self.listed.swap(listed, Ordering::Relaxed)
    }

    /// Takes `bytes` more. A partition that held nothing has the credit of a `fresh` one. Returns by how many bytes stalled
    /// partitions hold more.
    pub(super) fn charge(&self, bytes: usize, fresh: usize, micros: Option<u64>) -> usize {
        let before = self.held();
        self.held.store(before + bytes, Ordering::Relaxed);
        if before == 0 {
            self.credit.store(fresh, Ordering::Relaxed);
            self.progress(micros);
        }
        let credit = self.credit.load(Ordering::Relaxed).saturating_sub(bytes);
        self.credit.store(credit, Ordering::Relaxed);
        if self.stalled.load(Ordering::Relaxed) {
            bytes
        } else if credit == 0 || !self.is_led() {
            self.stall()
        } else {
            0
        }
    }

    /// Gives `bytes` back. Returns how many of them a stalled partition held.
    pub(super) fn discharge(&self, bytes: usize) -> usize {
        let before = self.held();
        debug_assert!(bytes <= before, "more was given back than the partition holds");
        let bytes = bytes.min(before);
        self.held.store(before - bytes, Ordering::Relaxed);
        let stalled = self.stalled.load(Ordering::Relaxed);
        if before == bytes {
            self.stalled.store(false, Ordering::Relaxed);
        }
        if stalled { bytes } else { 0 }
    }

    /// Allows the partition so many more bytes. Credit that it did not use before adds up to `most`.
    pub(super) fn lend(&self, more: usize, most: usize) {
        let credit = (self.credit.load(Ordering::Relaxed) + more).min(most.max(more));
        self.credit.store(credit, Ordering::Relaxed);
    }

    /// A broker acknowledged some of it, or it has a leader again. Returns by how many bytes stalled partitions hold less.
    pub(super) fn progress(&self, micros: Option<u64>) -> usize {
        self.since_micros.store(micros.unwrap_or(UNDATED), Ordering::Relaxed);
        let recovers = self.is_led() && self.stalled.swap(false, Ordering::Relaxed);
        if recovers { self.held() } else { 0 }
    }

    /// It makes no progress. Returns by how many bytes stalled partitions hold more.
    pub(super) fn stall(&self) -> usize {
        let before = self.stalled.swap(true, Ordering::Relaxed);
        if before { 0 } else { self.held() }
    }
}

/// Bytes of the budget, and the partition that holds them.
#[derive(Debug)]
pub struct Charge {
    /// The partition's.
    pub account: Arc<Account>,
    /// How many.
    pub bytes: usize,
}

/// Bytes that a partition gives back.
#[derive(Debug)]
pub struct Release {
    /// The partition's.
    pub account: Arc<Account>,
    /// How many.
    pub bytes: usize,
    /// A broker acknowledged a batch of the partition.
    pub acknowledged: bool,
}

impl Charge {
    /// It is given back, after an acknowledgement or without one.
    #[must_use]
    pub fn release(self, acknowledged: bool) -> Release {
        Release { account: self.account, bytes: self.bytes, acknowledged }
    }
}
