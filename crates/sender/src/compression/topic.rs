//! How the batches of one topic are compressed, and how long that takes.

use std::sync::Arc as StdArc;
use std::time::Duration;

use milena_codec::compression::Compression;

use crate::sync::{AtomicU32, Ordering};

/// A batch that is compressed within this time is compressed in place, on the task of its broker: handing it to another
/// thread and back would cost about as much. docs/decisions/0019-where-compression-runs.md has the measurement.
const IN_PLACE_MAX: Duration = Duration::from_micros(50);
/// Shorter batches are not timed: setting up the codec takes most of their time.
const TIMED_FROM_BYTES: usize = 4 << 10;
/// From this level of zstd on its tables grow with the batch: 12 MiB for 1 MiB at level 12, and 42 MiB for 4 MiB.
const ZSTD_LARGE_TABLES_FROM: i32 = 10;
/// The most bytes to which a batch grows at such a level for the sake of its ratio.
const LARGE_TABLES_BYTES_MAX: usize = 1 << 20;

/// The codec and level of a topic, with an estimate of the time that it takes.
#[derive(Debug)]
pub struct TopicCompression {
    codec: Compression,
    level: Option<i32>,
    /// Estimated nanoseconds for each KiB of records.
    nanos_per_kib: AtomicU32,
}

impl TopicCompression {
    /// The codec at a level, or at its default level. None for [`Compression::None`].
    #[must_use]
    pub fn new(codec: Compression, level: Option<i32>) -> Option<StdArc<Self>> {
        let nanos_per_kib = AtomicU32::new(usual_nanos_per_kib(codec, level));
        (codec != Compression::None).then(|| StdArc::new(Self { codec, level, nanos_per_kib }))
    }

    /// The codec.
    #[must_use]
    pub const fn codec(&self) -> Compression {
        self.codec
    }

    /// The level; none for the codec's default.
    #[must_use]
    pub const fn level(&self) -> Option<i32> {
        self.level
    }

    /// The most bytes to which a batch grows for the sake of its ratio.
    #[must_use]
    pub fn plain_bytes_max(&self) -> usize {
        let has_large_tables = self.codec == Compression::Zstd
            && self.level.is_some_and(|level| level >= ZSTD_LARGE_TABLES_FROM);
        if has_large_tables { LARGE_TABLES_BYTES_MAX } else { usize::MAX }
    }

    /// The longest batch that is compressed in place.
    #[must_use]
    pub fn in_place_bytes_max(&self) -> usize {
        let nanos_per_kib = u128::from(self.nanos_per_kib.load(Ordering::Relaxed).max(1));
        usize::try_from(IN_PLACE_MAX.as_nanos() * 1_024 / nanos_per_kib).unwrap_or(usize::MAX)
    }

    /// Compressing `bytes` of records took so long.
    pub(super) fn took(&self, bytes: usize, elapsed: Duration) {
        if bytes < TIMED_FROM_BYTES {
            return;
        }
        let before = self.nanos_per_kib.load(Ordering::Relaxed);
        let observed = elapsed.as_nanos().saturating_mul(1_024) / bytes as u128;
        // The time of a thread that was suspended meanwhile is not the codec's.
        let observed = u32::try_from(observed).unwrap_or(u32::MAX).min(before.saturating_mul(4).max(4));
        self.nanos_per_kib.store(before - before / 8 + observed / 8, Ordering::Relaxed);
    }
}

/// About the time on a server of 2024, until the first batches were timed.
fn usual_nanos_per_kib(codec: Compression, level: Option<i32>) -> u32 {
    match (codec, level.or_else(|| codec.default_level()).unwrap_or_default()) {
        (Compression::None, _) => 0,
        (Compression::Snappy | Compression::Lz4, _) => 700,
        (Compression::Gzip, 9) => 20_000,
        (Compression::Gzip, _) => 8_000,
        (Compression::Zstd, ..=2) => 2_500,
        (Compression::Zstd, 3..=4) => 4_000,
        (Compression::Zstd, 5..=9) => 15_000,
        (Compression::Zstd, 10..=15) => 60_000,
        (Compression::Zstd, _) => 400_000,
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn topic(codec: Compression) -> StdArc<TopicCompression> {
        TopicCompression::new(codec, None).expect("a codec")
    }

    #[test]
    fn no_compression_is_none() {
        assert!(TopicCompression::new(Compression::None, None).is_none());
    }

    #[test]
    fn slower_codecs_compress_shorter_batches_in_place() {
        let max = [Compression::Lz4, Compression::Zstd, Compression::Gzip].map(|codec| {
            let bytes = topic(codec).in_place_bytes_max();
            assert!(bytes > 1_024 && bytes < 1 << 20, "{codec}: {bytes}");
            bytes
        });
        assert!(max[0] > max[1] && max[1] > max[2], "{max:?}");
    }

    #[test]
    fn estimate_follows_the_time_of_batches_that_are_long_enough() {
        let topic = topic(Compression::Zstd);
        (0..100).for_each(|_| topic.took(64 << 10, Duration::from_micros(50)));
        let bytes = topic.in_place_bytes_max();
        assert!((50 << 10..80 << 10).contains(&bytes), "{bytes}");
        (0..100).for_each(|_| topic.took(100, Duration::from_micros(50)));
        assert_eq!(topic.in_place_bytes_max(), bytes);
    }

    #[test]
    fn one_suspended_thread_does_not_send_every_batch_to_another_thread() {
        let topic = topic(Compression::Lz4);
        let before = topic.in_place_bytes_max();
        topic.took(16 << 10, Duration::from_secs(3));
        assert!(topic.in_place_bytes_max() > before / 2);
    }

    #[test]
    fn batches_that_take_no_time_leave_everything_in_place() {
        let topic = topic(Compression::Gzip);
        (0..200).for_each(|_| topic.took(64 << 10, Duration::ZERO));
        assert!(topic.in_place_bytes_max() > 4 << 20);
    }
}
