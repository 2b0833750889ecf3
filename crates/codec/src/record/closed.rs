//! A batch that takes no more records: compressed or not, stamped, and cut where it is too large.

use std::iter;

use super::Attributes;
use super::header::{BatchHeader, HEADER_BYTES, Stamp};
use super::split::renumber;
use crate::compression::{
    Compression, Compressor, DecompressError, DecompressProblem, Decompressor, Outcome,
};
use crate::wire::{DecodeError, Problem};

/// A batch that takes no more records, and has no stamp yet.
///
/// ```
/// use milena_codec::compression::{Compression, Compressor, Decompressor};
/// use milena_codec::record::{BatchLimits, OpenBatch, Stamp};
/// # if !Compression::Lz4.is_built() { return Ok(()) }
/// let mut open = OpenBatch::new(BatchLimits::default());
/// for _ in 0..100 {
///     open.append(1_700_000_000_000, None, Some(b"again and again"), &[])?;
/// }
/// let Some(mut closed) = open.close() else { unreachable!("there are records") };
/// let parts = closed.split(1_000)?;
/// assert_eq!(parts.iter().map(|part| part.records()).sum::<u32>(), 100);
///
/// let mut compressor = Compressor::new(Compression::Lz4, None)?;
/// let _ = closed.compress(&mut compressor, &mut Vec::new());
/// assert_eq!(closed.split_with(1_000, &mut compressor, &mut Decompressor::new())?.len(), 1);
/// let stamped = closed.transactional(true).stamp(Stamp::NONE);
/// assert!(stamped.header().attributes.is_transactional());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClosedBatch {
    /// Room for the header, and the records.
    bytes: Vec<u8>,
    /// Invariant: 1 … 2³¹−1.
    records: u32,
    base_timestamp_ms: i64,
    max_timestamp_ms: i64,
    attributes: Attributes,
    /// Length of the records before they were compressed, where they were.
    plain_bytes: usize,
}

impl ClosedBatch {
    /// A batch of the records that stand behind room for a header.
    pub(super) const fn new(
        bytes: Vec<u8>,
        records: u32,
        base_timestamp_ms: i64,
        max_timestamp_ms: i64,
    ) -> Self {
        let attributes = Attributes::NONE;
        Self { bytes, records, base_timestamp_ms, max_timestamp_ms, attributes, plain_bytes: 0 }
    }

    /// Compresses the records, unless they are compressed already, would not become smaller, or the codec fails: then
    /// the batch stays as it is, and the outcome has the reason. `buffer` takes the compressed batch, and gives back the one
    /// that the batch no longer needs.
    pub fn compress(&mut self, compressor: &mut Compressor, buffer: &mut Vec<u8>) -> Outcome {
        if self.attributes.is_compressed() {
            return Outcome::NotSmaller;
        }
        let plain = &self.bytes[HEADER_BYTES..];
        buffer.clear();
        buffer.resize(HEADER_BYTES, 0);
        let outcome = compressor.compress(iter::once(plain), buffer);
        if let Outcome::Compressed { .. } = outcome {
            self.plain_bytes = plain.len();
            self.attributes = self.attributes.with_compression(compressor.compression());
            std::mem::swap(&mut self.bytes, buffer);
        }
        outcome
    }

    /// The same as part of a transaction, or not.
    #[must_use]
    pub fn transactional(self, is_transactional: bool) -> Self {
        Self { attributes: self.attributes.with_transactional(is_transactional), ..self }
    }

    /// Writes the header, and takes the CRC.
    #[must_use]
    pub fn stamp(mut self, stamp: Stamp) -> StampedBatch {
        self.header(stamp).seal(&mut self.bytes, []);
        StampedBatch { closed: self, stamp }
    }

    /// Cuts a batch that is not compressed into parts of at most `bytes_max` each, in order; a record that is longer is a
    /// part of its own. Keys, values and headers are not encoded again.
    ///
    /// # Errors
    /// [`Problem::Compressed`] when it is.
    pub fn split(&self, bytes_max: usize) -> Result<Vec<Self>, DecodeError> {
        if self.attributes.is_compressed() {
            let id = self.attributes.compression_id();
            return Err(DecodeError { at: 0, problem: Problem::Compressed { id } });
        }
        let mut rest = &self.bytes[HEADER_BYTES..];
        let mut parts = Vec::new();
        while !rest.is_empty() {
            parts.push(self.part(&mut rest, bytes_max)?);
        }
        Ok(parts)
    }

    /// Cuts a batch as [`split`](Self::split) does, compressed or not: a compressed one is decompressed, cut, and its
    /// parts are compressed again, each as large as it may be by how well the whole was compressed.
    ///
    /// # Errors
    /// [`DecompressError`], for example when the crate is built without its codec.
    pub fn split_with(
        &self,
        bytes_max: usize,
        compressor: &mut Compressor,
        decompressor: &mut Decompressor,
    ) -> Result<Vec<Self>, DecompressError> {
        let compression = self.attributes.compression().unwrap_or_default();
        // A batch that was built here holds records.
        let malformed = |error: DecodeError| {
            DecompressProblem::Malformed { why: error.to_string() }.at(compression, error.at)
        };
        if compression == Compression::None {
            return self.split(bytes_max).map_err(malformed);
        }
        let mut plain = Vec::new();
        decompressor.decompress(compression, &self.bytes[HEADER_BYTES..], self.plain_bytes, &mut plain)?;
        let mut plain_max = (bytes_max.saturating_mul(plain.len()) / self.bytes.len()).max(bytes_max);
        let (mut rest, mut parts, mut buffer) = (&plain[..], Vec::new(), Vec::new());
        while !rest.is_empty() {
            let before = rest;
            let mut part = self.part(&mut rest, plain_max).map_err(malformed)?;
            // A part that does not become smaller goes as it is.
            let _ = part.compress(compressor, &mut buffer);
            if part.bytes.len() > bytes_max && part.records > 1 {
                // It compresses less well than the whole. At `bytes_max` it fits as it is.
                rest = before;
                plain_max = (plain_max / 2).max(bytes_max);
            } else {
                parts.push(part);
            }
        }
        Ok(parts)
    }

    /// The records from the start of `rest` that fit, and one at least, as a batch that is not compressed.
    fn part(&self, rest: &mut &[u8], bytes_max: usize) -> Result<Self, DecodeError> {
        let mut bytes = vec![0; HEADER_BYTES];
        let part = renumber(rest, &mut bytes, 0, u32::MAX, bytes_max)?;
        *rest = &rest[part.source_bytes..];
        let newest_ms = self.base_timestamp_ms.saturating_add(part.timestamp_delta_max);
        let attributes = self.attributes.with_compression(Compression::None);
        Ok(Self { attributes, ..Self::new(bytes, part.records, self.base_timestamp_ms, newest_ms) })
    }

    fn header(&self, stamp: Stamp) -> BatchHeader {
        BatchHeader {
            attributes: self.attributes,
            ..BatchHeader::of_producer(self.records, self.base_timestamp_ms, self.max_timestamp_ms, stamp)
        }
    }

    /// How many records it has.
    #[must_use]
    pub const fn records(&self) -> u32 {
        self.records
    }
}

/// A batch that can be sent.
///
/// ```
/// use milena_codec::ids::{ProducerIdAndEpoch, ProducerEpoch, ProducerId, Sequence};
/// use milena_codec::record::{BatchLimits, OpenBatch, Stamp};
/// let mut open = OpenBatch::new(BatchLimits::default());
/// for value in [b"first ", b"second", b"third "] {
///     open.append(1_700_000_000_000, None, Some(value), &[])?;
/// }
/// let identity = ProducerIdAndEpoch { producer_id: ProducerId(9), epoch: ProducerEpoch(0) };
/// let stamp = Stamp { identity, base_sequence: Sequence(40) };
/// let Some(batch) = open.close().map(|closed| closed.stamp(stamp)) else { unreachable!("there are records") };
///
/// // A broker finds it too large.
/// let parts = batch.split(90)?;
/// let sequences: Vec<_> = parts.iter().map(|part| part.header().stamp.base_sequence).collect();
/// assert_eq!(sequences, [Sequence(40), Sequence(42)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct StampedBatch {
    closed: ClosedBatch,
    stamp: Stamp,
}

impl StampedBatch {
    /// The same under another stamp: header and CRC are written anew.
    ///
    /// ```
    /// use milena_codec::ids::Sequence;
    /// use milena_codec::record::{BatchLimits, OpenBatch, RecordBatch, Stamp};
    /// let mut open = OpenBatch::new(BatchLimits::default());
    /// open.append(0, None, Some(b"value"), &[])?;
    /// let Some(closed) = open.close() else { unreachable!("there is a record") };
    /// let restamped = closed.stamp(Stamp::NONE).restamp(Stamp { base_sequence: Sequence(4), ..Stamp::NONE });
    /// assert_eq!(RecordBatch::parse(restamped.bytes())?.header.last_sequence(), Sequence(4));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn restamp(self, stamp: Stamp) -> Self {
        self.closed.stamp(stamp)
    }

    /// Cuts the batch as [`ClosedBatch::split`] does; each part's sequences continue those of the part before.
    ///
    /// # Errors
    /// As there.
    pub fn split(&self, bytes_max: usize) -> Result<Vec<Self>, DecodeError> {
        self.closed.split(bytes_max).map(|parts| self.stamped(parts))
    }

    /// Cuts the batch as [`ClosedBatch::split_with`] does; each part's sequences continue those of the part before.
    ///
    /// # Errors
    /// As there.
    pub fn split_with(
        &self,
        bytes_max: usize,
        compressor: &mut Compressor,
        decompressor: &mut Decompressor,
    ) -> Result<Vec<Self>, DecompressError> {
        self.closed.split_with(bytes_max, compressor, decompressor).map(|parts| self.stamped(parts))
    }

    fn stamped(&self, parts: Vec<ClosedBatch>) -> Vec<Self> {
        let mut next = self.stamp;
        let stamp = |part: ClosedBatch| {
            let stamp = next;
            next = next.after(part.records);
            part.stamp(stamp)
        };
        parts.into_iter().map(stamp).collect()
    }

    /// Its header.
    #[must_use]
    pub fn header(&self) -> BatchHeader {
        self.closed.header(self.stamp)
    }

    /// The bytes to send.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.closed.bytes
    }

    /// The bytes to send, to be kept by the caller: a next batch may reuse the buffer.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.closed.bytes
    }
}
