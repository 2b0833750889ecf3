//! The allocator that counts.

use std::alloc::System;
use std::hint::black_box;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What any decoding may allocate, however short its frame.
pub(crate) const ALLOWANCE: usize = 64 << 10;

/// What the work asks of the allocator. What it gives back counts as well, so that this is no less than its peak.
pub(crate) fn measure<T>(work: impl FnOnce() -> T) -> (T, Stats) {
    let region = Region::new(ALLOCATOR);
    let made = black_box(work());
    let stats = region.change();
    (made, stats)
}

/// The bytes of it.
pub(crate) fn bytes_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let (made, stats) = measure(work);
    (made, stats.bytes_allocated)
}
