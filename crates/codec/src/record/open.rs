//! A batch from its first record to the bytes that go out: each stage is a type.
//!
//! ```text
//!             append*            close               compress              stamp                 restamp
//!  OpenBatch ─────────▶ OpenBatch ─────▶ ClosedBatch ────────▶ ClosedBatch ─────▶ StampedBatch ─────────▶ StampedBatch
//!                                              │                                        │
//!                                              └── split ─▶ ClosedBatch*                └── split ─▶ StampedBatch*
//! ```
//!
//! The records are encoded into one buffer, and sent from it. For a caller with buffers of another shape there are the
//! steps themselves: [`put_record`], [`renumber`](super::renumber) and [`BatchHeader::seal`](super::BatchHeader::seal).
//!
//! milena-sender uses these steps, not [`OpenBatch`]: its batches lie in chunks of a pool that are charged to a memory
//! budget, may hold a value of the caller without a copy, and append under a lock without a check of each record. The
//! steps are shared; a common type would hold the three numbers of [`BatchHeader::of_producer`](super::BatchHeader::of_producer).

use super::Header;
use super::closed::ClosedBatch;
use super::encode::{put_record, record_bytes};
use super::header::HEADER_BYTES;
use crate::errors::error_enum;

/// How large a batch may become.
///
/// ```
/// use milena_codec::record::{AppendError, BatchLimits, OpenBatch};
/// let mut open = OpenBatch::new(BatchLimits { bytes_max: 16 << 10, records_max: 1 });
/// assert_eq!(open.append(0, None, Some(b"first"), &[]), Ok(0));
/// assert_eq!(open.append(0, None, Some(b"second"), &[]), Err(AppendError::Full));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Most bytes, those of the header among them; at most 2³¹−1.
    pub bytes_max: usize,
    /// Most records; at least 1 and at most 2³¹−1.
    pub records_max: u32,
}

impl Default for BatchLimits {
    /// The default limit of a broker (`max.message.bytes`), with any number of records.
    fn default() -> Self {
        Self { bytes_max: 1_048_588, records_max: u32::MAX }
    }
}

/// A batch that takes records.
///
/// ```
/// use milena_codec::record::{BatchLimits, Header, OpenBatch, RecordBatch, Stamp};
/// let mut open = OpenBatch::new(BatchLimits::default());
/// open.append(1_700_000_000_000, Some(b"key"), Some(b"value"), &[Header::new("name", "of a header")])?;
/// open.append(1_700_000_000_003, None, Some(b"another"), &[])?;
/// let Some(closed) = open.close() else { unreachable!("there are records") };
/// let stamped = closed.stamp(Stamp::NONE);
///
/// let batch = RecordBatch::parse(stamped.bytes())?;
/// let values: Vec<_> = batch.records().map(|record| record.map(|record| record.value)).collect::<Result<_, _>>()?;
/// assert_eq!(values, [Some(&b"value"[..]), Some(b"another")]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct OpenBatch {
    limits: BatchLimits,
    /// Room for the header, and the records.
    bytes: Vec<u8>,
    records: u32,
    base_timestamp_ms: i64,
    max_timestamp_ms: i64,
}

error_enum! {
    /// The reason for which a batch did not take a record. The batch is unchanged.
    ///
    /// ```
    /// use milena_codec::record::{AppendError, BatchLimits, OpenBatch};
    /// let mut open = OpenBatch::new(BatchLimits { bytes_max: 100, ..BatchLimits::default() });
    /// let error = open.append(0, None, Some(&[0; 100]), &[]).unwrap_err();
    /// assert_eq!(error, AppendError::TooLarge { bytes: 170, limit: 100 });
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum AppendError {
        /// The record belongs in the next batch: this one has as many records or bytes as it may have, or its first
        /// record's timestamp is 2⁶³ or more away.
        Full => "record batch is full";
        /// The record is too large for any batch of these limits.
        TooLarge {
            /// Length of a batch with this record alone.
            bytes: usize,
            /// The greatest length of a batch.
            limit: usize,
        } => "record needs a batch of {bytes} bytes, the limit is {limit}";
    }
}

impl std::error::Error for AppendError {}

impl OpenBatch {
    /// An empty batch.
    #[must_use]
    pub fn new(limits: BatchLimits) -> Self {
        Self::reusing(Vec::new(), limits)
    }

    /// An empty batch in a buffer that served another: what it holds is lost, its capacity is used.
    ///
    /// ```
    /// use milena_codec::record::{BatchLimits, OpenBatch, Stamp};
    /// let mut buffer = Vec::new();
    /// for value in ["first", "second"] {
    ///     let mut open = OpenBatch::reusing(buffer, BatchLimits::default());
    ///     open.append(0, None, Some(value.as_bytes()), &[])?;
    ///     let Some(closed) = open.close() else { unreachable!("there is a record") };
    ///     let stamped = closed.stamp(Stamp::NONE);
    ///     // The bytes are sent here.
    ///     buffer = stamped.into_bytes();
    /// }
    /// # Ok::<(), milena_codec::record::AppendError>(())
    /// ```
    #[must_use]
    pub fn reusing(mut buffer: Vec<u8>, limits: BatchLimits) -> Self {
        buffer.clear();
        buffer.resize(HEADER_BYTES, 0);
        let limits = BatchLimits {
            bytes_max: limits.bytes_max.min(usize::try_from(i32::MAX).unwrap_or(usize::MAX)),
            records_max: limits.records_max.clamp(1, i32::MAX.unsigned_abs()),
        };
        Self { limits, bytes: buffer, records: 0, base_timestamp_ms: 0, max_timestamp_ms: 0 }
    }

    /// Appends a record. Returns its index in the batch. Timestamps are in milliseconds since 1970, in any order.
    ///
    /// # Errors
    /// [`AppendError`], and the batch is as it was.
    pub fn append(
        &mut self,
        timestamp_ms: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[Header],
    ) -> Result<u32, AppendError> {
        let is_first = self.records == 0;
        let base_timestamp_ms = if is_first { timestamp_ms } else { self.base_timestamp_ms };
        let delta = timestamp_ms.checked_sub(base_timestamp_ms).ok_or(AppendError::Full)?;
        let bytes = record_bytes(self.records, delta, key, value, headers);
        let limit = self.limits.bytes_max;
        if self.bytes.len().saturating_add(bytes) > limit {
            let alone = HEADER_BYTES.saturating_add(record_bytes(0, 0, key, value, headers));
            return Err(if alone > limit {
                AppendError::TooLarge { bytes: alone, limit }
            } else {
                AppendError::Full
            });
        }
        if self.records >= self.limits.records_max {
            return Err(AppendError::Full);
        }
        put_record(&mut self.bytes, self.records, delta, key, value, headers);
        self.base_timestamp_ms = base_timestamp_ms;
        self.max_timestamp_ms = if is_first { timestamp_ms } else { self.max_timestamp_ms.max(timestamp_ms) };
        self.records += 1;
        Ok(self.records - 1)
    }

    /// Takes no more records; none of a batch without any, which no broker takes.
    #[must_use]
    pub fn close(self) -> Option<ClosedBatch> {
        let Self { bytes, records, base_timestamp_ms, max_timestamp_ms, .. } = self;
        let closed = ClosedBatch::new(bytes, records, base_timestamp_ms, max_timestamp_ms);
        (records > 0).then_some(closed)
    }

    /// How many records it has.
    #[must_use]
    pub const fn records(&self) -> u32 {
        self.records
    }

    /// Length of the batch, with its header.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes.len()
    }
}
