//! Where records without a key go: one partition for as many bytes as a batch has, then the next (KIP-794).
//!
//! A cell counts bytes and nothing else. It moves on whether or not the batch was taken meanwhile, so that partitions
//! fill evenly at any rate; a cell that waits for a full batch sends a slow producer's records all to one partition.

/// A handle's place in the round of partitions, small enough for one atomic word.
///
/// Invariant: `left` is above 0.
///
/// ```
/// use milena_partitioner::StickyCell;
/// let cell = StickyCell::new(2, 1_000);
/// let cell = cell.spend(600, 1_000, |last| last + 1);
/// assert_eq!(cell.partition(), 2);
/// let cell = cell.spend(600, 1_000, |last| last + 1);
/// assert_eq!(cell.partition(), 3);
/// assert_eq!(StickyCell::from_bits(cell.to_bits()), cell);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StickyCell {
    partition: u32,
    left: u32,
}

impl StickyCell {
    /// A cell that gives `partition` the next `bytes` bytes.
    #[must_use]
    pub const fn new(partition: u32, bytes: u32) -> Self {
        Self { partition, left: if bytes == 0 { 1 } else { bytes } }
    }

    /// The partition that the next record goes to.
    #[inline]
    #[must_use]
    pub const fn partition(self) -> u32 {
        self.partition
    }

    /// The cell after a record of `bytes` bytes; once `batch_bytes` went to a partition, `next` names the one after.
    #[inline]
    #[must_use]
    pub fn spend(self, bytes: u32, batch_bytes: u32, next: impl FnOnce(u32) -> u32) -> Self {
        match self.left > bytes {
            true => Self { left: self.left - bytes, ..self },
            false => Self::new(next(self.partition), batch_bytes),
        }
    }

    /// Both halves in one word.
    #[inline]
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.partition as u64) << 32 | self.left as u64
    }

    /// The inverse of [`to_bits`](Self::to_bits).
    #[inline]
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        let [a, b, c, d, e, f, g, h] = bits.to_be_bytes();
        Self { partition: u32::from_be_bytes([a, b, c, d]), left: u32::from_be_bytes([e, f, g, h]) }
    }
}
