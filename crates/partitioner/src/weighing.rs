//! How a queue weighs in the choice of the next partition for records without a key (KIP-794).
//!
//! Java's `BuiltInPartitioner` draws a partition with a probability that falls with the number of batches in its queue. Batches
//! of milena grow while they wait, so that their number means nothing: here the bytes and their age count.

use std::time::Duration;

/// The measure of queues.
///
/// ```
/// use std::time::Duration;
/// use milena_partitioner::Weighing;
///
/// let weighing = Weighing { tolerance: 64 << 10, patience: Duration::from_millis(100) };
/// let (idle, slow) = (weighing.load(0, Duration::ZERO), weighing.load(256 << 10, Duration::ZERO));
/// assert!(weighing.accepts(idle, idle, u32::MAX), "the shortest queue is always taken");
/// // A queue that is longer by four times the tolerance is taken once in four times.
/// assert!(weighing.accepts(slow, idle, 0) && !weighing.accepts(slow, idle, u32::MAX / 2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weighing {
    /// Queues that differ by at most so many bytes count as equal. Above 0.
    pub tolerance: usize,
    /// Bytes are expected to wait for so long. After twice this time they weigh more by the tolerance, and so on.
    pub patience: Duration,
}

impl Weighing {
    /// The weight of a queue of `bytes` of which none was acknowledged for `age`.
    #[must_use]
    pub fn load(&self, bytes: usize, age: Duration) -> usize {
        if bytes == 0 {
            return 0;
        }
        if age <= self.patience {
            return bytes;
        }
        let late = age.saturating_sub(self.patience).as_micros();
        let times = usize::try_from(late / self.patience.as_micros().max(1)).unwrap_or(usize::MAX);
        bytes.saturating_add(self.tolerance.saturating_mul(times))
    }

    /// Whether a partition of this load is taken whatever the least load is.
    #[must_use]
    pub const fn is_short(&self, load: usize) -> bool {
        load <= self.tolerance
    }

    /// Whether a partition of this load is taken, where the least load is `least`. `random` is a random number: the
    /// probability is the tolerance over the difference to the least load.
    #[must_use]
    pub fn accepts(&self, load: usize, least: usize, random: u32) -> bool {
        let beyond = load.saturating_sub(least);
        beyond <= self.tolerance || (u128::from(random) * beyond as u128) >> 32 < self.tolerance as u128
    }
}
