//! How much shorter batches become by compression: an estimate for each partition.

use crate::sync::{AtomicU32, Ordering};

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
    pub(super) fn plain_bytes(self, wire: usize) -> usize {
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
