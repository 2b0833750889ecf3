//! Latency histograms of fixed memory, with logarithmic buckets that are cut linearly: the bucket of a latency is at most an
//! eighth of the latency wide.
//!
//! ```text
//!  µs   0 1 2 … 7 │ 8 9 … 15 │ 16–17 18–19 … 30–31 │ 32–35 … 60–63 │ …
//!       one each  │ one each │ two each            │ four each     │
//! ```
//!
//! Broker senders record once a batch or once a request; a reader takes a copy whenever it likes. Nothing waits for these numbers,
//! so the atomics are those of the standard library in the models as well.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Each power of two is cut in so many buckets (as a power of two).
const CUT_BITS: u32 = 3;
const CUTS: usize = 1 << CUT_BITS;
/// Latencies from 2^32 µs on (71 minutes) count as that.
const BITS_MAX: u32 = u32::BITS;
/// The number of buckets of each histogram.
const BUCKETS: usize = (BITS_MAX - CUT_BITS + 1) as usize * CUTS;

/// A histogram that is recorded to by several tasks. It takes 2 KB.
#[derive(Debug)]
pub struct LatencyRecorder {
    buckets: [AtomicU64; BUCKETS],
    sum_micros: AtomicU64,
    max_micros: AtomicU64,
}

impl Default for LatencyRecorder {
    fn default() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; BUCKETS],
            sum_micros: AtomicU64::new(0),
            max_micros: AtomicU64::new(0),
        }
    }
}

impl LatencyRecorder {
    /// Counts a latency.
    pub fn record(&self, latency: Duration) {
        self.record_micros(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
    }

    /// The same in microseconds. A latency of 71 minutes or more counts as that.
    #[inline]
    pub fn record_micros(&self, micros: u32) {
        if let Some(bucket) = self.buckets.get(bucket_of(micros)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_micros.fetch_add(micros.into(), Ordering::Relaxed);
        if u64::from(micros) > self.max_micros.load(Ordering::Relaxed) {
            self.max_micros.fetch_max(micros.into(), Ordering::Relaxed);
        }
    }

    /// A copy. A latency that is recorded meanwhile may be in it in part.
    pub fn histogram(&self) -> LatencyHistogram {
        let counts = self.buckets.iter().enumerate().filter_map(|(bucket, count)| {
            let count = count.load(Ordering::Relaxed);
            (count > 0).then_some((u16::try_from(bucket).ok()?, count))
        });
        LatencyHistogram {
            counts: counts.collect(),
            sum_micros: self.sum_micros.load(Ordering::Relaxed),
            max_micros: self.max_micros.load(Ordering::Relaxed),
        }
    }
}

/// Latencies, counted by size: a copy of a [`LatencyRecorder`].
///
/// ```
/// # let latency = milena_sender::LatencyHistogram::default();
/// if let (Some(mean), Some(p99)) = (latency.mean(), latency.quantile(0.99)) {
///     println!("mean {mean:?}, 99 % within {p99:?}, at most {:?}", latency.max());
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LatencyHistogram {
    /// Buckets that are not empty, in ascending order, with their counts.
    counts: Vec<(u16, u64)>,
    sum_micros: u64,
    max_micros: u64,
}

impl LatencyHistogram {
    /// How many latencies were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    /// The sum of all latencies.
    #[must_use]
    pub const fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_micros)
    }

    /// The mean latency, to the microsecond; none while nothing was counted.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        self.sum_micros.checked_div(self.count()).map(Duration::from_micros)
    }

    /// The largest latency, exactly; 0 while nothing was counted.
    #[must_use]
    pub const fn max(&self) -> Duration {
        Duration::from_micros(self.max_micros)
    }

    /// The latency that a share `q` of all latencies did not exceed, from 0 to 1, right to an eighth and never too low:
    /// `quantile(0.5)` is the median. None while nothing was counted.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        let all = self.count();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the count, or saturated"
        )]
        let rank = ((q.clamp(0.0, 1.0) * all as f64).ceil() as u64).max(1);
        let mut below = 0;
        let reaches = |(_, count): &&(u16, u64)| {
            below += count;
            below >= rank
        };
        let (bucket, _) = self.counts.iter().find(reaches)?;
        Some(Duration::from_micros(last_micros(*bucket).min(self.max_micros)))
    }

    /// The counts by bucket, in ascending order, without empty buckets: the largest latency of each bucket, to the microsecond,
    /// and how many latencies it has.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        self.counts.iter().map(|(bucket, count)| (Duration::from_micros(last_micros(*bucket)), *count))
    }

    /// The latencies since `before`, an earlier copy of the same recorder. The maximum is that of the bucket then, unless it is
    /// new.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let earlier = |bucket: u16| {
            let place = before.counts.binary_search_by_key(&bucket, |(bucket, _)| *bucket);
            place.ok().and_then(|place| before.counts.get(place)).map_or(0, |(_, count)| *count)
        };
        let more = |(bucket, count): &(u16, u64)| (*bucket, count.saturating_sub(earlier(*bucket)));
        let counts: Vec<_> = self.counts.iter().map(more).filter(|(_, count)| *count > 0).collect();
        let largest = counts.last().map_or(0, |(bucket, _)| last_micros(*bucket).min(self.max_micros));
        let max_micros = if self.max_micros > before.max_micros { self.max_micros } else { largest };
        Self { counts, sum_micros: self.sum_micros.saturating_sub(before.sum_micros), max_micros }
    }
}

/// The bucket of a latency.
const fn bucket_of(micros: u32) -> usize {
    // Up to the first cut the exponent is that of the cuts, so that each latency has a bucket.
    let exponent = (micros | 1 << CUT_BITS).ilog2() - CUT_BITS;
    // The leading bit counts as one more power, but not below the first cut, where it is missing.
    (exponent as usize) * CUTS + (micros >> exponent) as usize
}

/// The largest latency of a bucket.
fn last_micros(bucket: u16) -> u64 {
    let (power, cut) = (usize::from(bucket) / CUTS, (usize::from(bucket) % CUTS) as u64);
    match power {
        0 => cut,
        _ => ((CUTS as u64 + cut + 1) << (power - 1)) - 1,
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn each_latency_is_in_the_bucket_that_ends_at_or_after_it() {
        let mut before = 0;
        for micros in (0..5_000).chain((13..32).map(|power| (1_u32 << power) + 1)) {
            let bucket = bucket_of(micros);
            assert!(bucket >= before, "{micros}");
            before = bucket;
            let last = last_micros(u16::try_from(bucket).unwrap());
            let micros = u64::from(micros);
            assert!((micros..=micros + micros / 8).contains(&last), "{micros} is in the bucket up to {last}");
        }
        assert_eq!(bucket_of(u32::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_right_to_an_eighth_and_never_too_low() {
        let recorder = LatencyRecorder::default();
        (1..=1_000).for_each(|ms| recorder.record(Duration::from_millis(ms)));
        let histogram = recorder.histogram();
        for (q, ms) in [(0.0, 1), (0.5, 500), (0.99, 990), (1.0, 1_000)] {
            let quantile = histogram.quantile(q).unwrap();
            let exact = Duration::from_millis(ms);
            assert!((exact..=exact * 9 / 8).contains(&quantile), "{q}: {quantile:?}");
        }
        assert_eq!(histogram.mean(), Some(Duration::from_micros(500_500)));
        assert_eq!((histogram.count(), histogram.max()), (1_000, Duration::from_secs(1)));
    }

    #[test]
    fn difference_of_two_copies_has_the_latencies_between_them() {
        let recorder = LatencyRecorder::default();
        recorder.record(Duration::from_millis(80));
        recorder.record(Duration::from_millis(1));
        let before = recorder.histogram();
        recorder.record(Duration::from_millis(1));
        recorder.record(Duration::from_millis(3));
        let since = recorder.histogram().since(&before);
        assert_eq!((since.count(), since.sum()), (2, Duration::from_millis(4)));
        assert!((3_000..=3_375).contains(&since.max().as_micros()), "{:?}", since.max());
        assert_eq!(before.since(&before), LatencyHistogram::default());
    }

    #[test]
    fn empty_histogram_has_no_quantile_and_no_mean() {
        let empty = LatencyHistogram::default();
        assert_eq!((empty.quantile(0.5), empty.mean(), empty.max()), (None, None, Duration::ZERO));
    }
}
