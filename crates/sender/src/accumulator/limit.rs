//! The length that a batch of a topic may have: the one place where the settings, the broker's rejections and the ratio
//! of compression meet.
//!
//! ```text
//! max.request.size, batch.size ─┐
//! request.bytes.max ────────────┼─▶ start ─▶ wire_bytes_max ─▶ plain_bytes_max(ratio) ─▶ where a batch is closed
//! 1 000 000 ────────────────────┘               ▲
//! MESSAGE_TOO_LARGE ────────────────────────────┘
//! ```
//!
//! A broker's `max.message.bytes` counts the batch as it is sent, and no broker returns it with its rejection. A rejected
//! batch therefore lowers the limit to two thirds of its own length, as often as it takes: the limit ends at two thirds of
//! what the broker allows or more, after six rejections where that is a tenth. It doubles again each
//! `metadata.max.age.ms`, because topics are reconfigured.

use milena_codec::record::HEADER_BYTES;

use crate::sync::{AtomicU32, AtomicUsize, Ordering};

/// A batch grows to at most so many times its limit on the wire, however well its records compress: a ratio beyond this
/// hardly makes requests cheaper, and consumers have to hold the batch in one.
const GROWTH_MAX: usize = 16;
/// One batch holds at most this share of `buffer.memory` for the sake of its ratio.
const BUDGET_SHARE: usize = 8;

/// How long the batches of one topic may be, shared by its partitions.
#[derive(Debug)]
pub struct TopicLimit {
    /// The limit by the settings alone.
    start: usize,
    /// The limit in force.
    limit: AtomicUsize,
}

impl TopicLimit {
    /// The limit by the settings: nothing was rejected yet.
    pub(super) fn new(start: usize) -> Self {
        Self { start, limit: AtomicUsize::new(start) }
    }

    /// The most bytes of a batch on the wire.
    #[must_use]
    pub fn wire_bytes_max(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// The most bytes to which a batch grows before it is compressed to `ratio` of that; `budget` is `buffer.memory`.
    #[must_use]
    pub fn plain_bytes_max(&self, ratio: Ratio, budget: usize) -> usize {
        let wire = self.wire_bytes_max();
        ratio.plain_bytes(wire).min(Self::plain_bytes_most(wire, budget))
    }

    /// The same for the best ratio there is.
    pub(super) fn plain_bytes_most(wire: usize, budget: usize) -> usize {
        wire.saturating_mul(GROWTH_MAX).min(budget / BUDGET_SHARE).max(wire)
    }

    /// A broker rejected a batch of `bytes` as too large (MESSAGE_TOO_LARGE): it rejects longer ones as well.
    pub fn rejected(&self, bytes: usize) {
        let limit = bytes - bytes / 3;
        self.limit.fetch_min(limit.max(HEADER_BYTES + 1), Ordering::Relaxed);
    }

    /// The topic may allow longer batches by now: the limit doubles, up to where it began.
    pub fn relax(&self) {
        let twice = |limit: usize| Some(limit.saturating_mul(2).min(self.start));
        let relaxed = self.limit.fetch_update(Ordering::Relaxed, Ordering::Relaxed, twice);
        debug_assert!(relaxed.is_ok(), "it is always twice as much");
    }
}

/// The ratio of a partition's batches, estimated by its broker's sender and read by callers.
#[derive(Debug)]
pub(super) struct EstimatedRatio(AtomicU32);

impl EstimatedRatio {
    /// Nothing was compressed yet.
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(UNKNOWN))
    }

    pub(super) fn get(&self) -> Ratio {
        match self.0.load(Ordering::Relaxed) {
            UNKNOWN => Ratio::ONE,
            bits => Ratio(bits),
        }
    }

    /// The last batch came to `observed`; the first one sets the estimate.
    pub(super) fn observe(&self, observed: Ratio) {
        let estimate = match self.0.load(Ordering::Relaxed) {
            UNKNOWN => observed,
            bits => Ratio(bits).updated(observed),
        };
        self.0.store(estimate.0, Ordering::Relaxed);
    }
}

const UNKNOWN: u32 = 0;

/// Compressed length by plain length, in 65 536ths; at most 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ratio(u32);

impl Ratio {
    /// Not compressed, or not known to become smaller.
    pub const ONE: Self = Self(1 << 16);

    /// `wire` bytes that were made of `plain` bytes.
    #[must_use]
    pub fn of(wire: usize, plain: usize) -> Self {
        let ratio = (wire as u64).saturating_mul(1 << 16).checked_div(plain as u64).unwrap_or(1 << 16);
        Self(u32::try_from(ratio).unwrap_or(u32::MAX).clamp(1, Self::ONE.0))
    }

    /// The estimate after a batch that came to `observed`. A worse ratio counts at once, because a batch that is too
    /// large has to be cut; a better one by an eighth a batch.
    const fn updated(self, observed: Self) -> Self {
        if observed.0 >= self.0 { observed } else { Self(self.0 - (self.0 - observed.0) / 8) }
    }

    /// How many plain bytes become `wire`, less a 32nd: the next records may compress a little worse.
    fn plain_bytes(self, wire: usize) -> usize {
        if self == Self::ONE {
            return wire;
        }
        let plain = (wire as u64).saturating_mul(1 << 16) / u64::from(self.0);
        usize::try_from(plain - plain / 32).unwrap_or(usize::MAX)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn limit_ends_within_a_third_of_what_the_broker_allows_after_few_rejections() {
        for (allowed, rejections_max) in [(999_999, 1), (700_000, 1), (100_000, 6), (65_536, 7), (3_000, 15)]
        {
            let limit = TopicLimit::new(1_000_000);
            let mut rejections = 0;
            while limit.wire_bytes_max() > allowed {
                limit.rejected(limit.wire_bytes_max());
                rejections += 1;
            }
            let found = limit.wire_bytes_max();
            assert!(found > allowed - allowed / 3 - 1, "{found} of {allowed}");
            assert!(rejections <= rejections_max, "{rejections} rejections at {allowed}");
        }
    }

    #[test]
    fn several_rejected_batches_of_one_request_lower_the_limit_by_the_shortest() {
        let limit = TopicLimit::new(1_000_000);
        [900_000, 1_000_000, 950_000].into_iter().for_each(|bytes| limit.rejected(bytes));
        assert_eq!(limit.wire_bytes_max(), 600_000);
    }

    #[test]
    fn relaxed_limit_doubles_up_to_the_start() {
        let limit = TopicLimit::new(1_000_000);
        limit.rejected(600_000);
        limit.relax();
        assert_eq!(limit.wire_bytes_max(), 800_000);
        limit.relax();
        assert_eq!(limit.wire_bytes_max(), 1_000_000);
    }

    #[test]
    fn plain_bytes_follow_the_ratio_within_growth_and_budget() {
        let limit = TopicLimit::new(1_000_000);
        let plain = |wire, plain| limit.plain_bytes_max(Ratio::of(wire, plain), 64 << 20);
        assert_eq!(plain(1, 1), 1_000_000);
        assert_eq!(plain(1, 4), 3_875_000);
        assert_eq!(plain(1, 1_000), 8 << 20, "an eighth of the budget");
        assert_eq!(limit.plain_bytes_max(Ratio::of(1, 4), 1 << 20), 1_000_000, "never below the limit");
        let small = TopicLimit::new(10_000);
        assert_eq!(small.plain_bytes_max(Ratio::of(1, 1_000), 64 << 20), 160_000);
    }

    #[test]
    fn worse_ratio_counts_at_once_and_a_better_one_by_an_eighth() {
        let tenth = Ratio::of(1, 10);
        assert_eq!(tenth.updated(Ratio::ONE), Ratio::ONE);
        let better = Ratio::ONE.updated(tenth);
        assert!(better < Ratio::ONE && better > tenth);
        let settled = (0..60).fold(Ratio::ONE, |ratio, _| ratio.updated(tenth));
        assert!(settled <= Ratio::of(101, 1_000), "{settled:?}");
        let estimated = EstimatedRatio::new();
        assert_eq!(estimated.get(), Ratio::ONE);
        estimated.observe(tenth);
        assert_eq!(estimated.get(), tenth, "the first batch sets it");
        assert_eq!((Ratio::of(5, 0), Ratio::of(7, 5), Ratio::of(0, 5)), (Ratio::ONE, Ratio::ONE, Ratio(1)));
    }
}
