//! Reading a batch: checked as a whole first, then record by record, with nothing copied.

use std::iter::FusedIterator;

use super::decode::{Record, Records};
use super::header::{BatchHeader, HEADER_BYTES, MAGIC, SUMMED_FROM, UNCOUNTED_BYTES, Written};
use crate::compression::{Compression, DecompressError, Decompressor};
use crate::wire::{DecodeError, Problem, Reader};

/// A whole batch whose length, magic, CRC and count are right.
///
/// ```
/// use milena_codec::record::{BatchLimits, HEADER_BYTES, OpenBatch, RecordBatch, Stamp};
/// let mut open = OpenBatch::new(BatchLimits::default());
/// open.append(1_700_000_000_000, Some(b"key"), Some(b"value"), &[])?;
/// let Some(closed) = open.close() else { unreachable!("there is a record") };
/// let stamped = closed.stamp(Stamp::NONE);
///
/// let batch = RecordBatch::parse(stamped.bytes())?;
/// assert_eq!((batch.header.records, batch.bytes().len()), (1, HEADER_BYTES + batch.body().len()));
/// for record in batch.records() {
///     assert_eq!(record?.key, Some(&b"key"[..]));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RecordBatch<'a> {
    /// Its header.
    pub header: BatchHeader,
    bytes: &'a [u8],
}

impl<'a> RecordBatch<'a> {
    /// Reads the batch that fills all of `bytes`, with as many records as it has offsets, as a producer writes it.
    ///
    /// # Errors
    /// [`Problem::OldFormat`], [`Problem::Truncated`], or [`Problem::Mismatch`] for the length, the magic, the CRC or
    /// a count of records that differs from the last offset.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let batch = Self::read(bytes)?;
        let BatchHeader { records, last_offset_delta, .. } = batch.header;
        if records < 1 {
            return Err(mismatch("the count of records", 57, 1, records.into()));
        }
        expect("the last offset delta", 23, records - 1, last_offset_delta)?;
        Ok(batch)
    }

    /// Reads the batch that fills all of `bytes`, as a broker keeps it: the log cleaner leaves the last offset of a
    /// batch as it was when it takes records out, be it all of them.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), but that there may be fewer records than offsets.
    ///
    /// ```
    /// use milena_codec::record::{BatchHeader, HEADER_BYTES, RecordBatch, Stamp, put_record};
    /// // The log cleaner took the first of two records out.
    /// let mut bytes = vec![0; HEADER_BYTES];
    /// put_record(&mut bytes, 1, 0, Some(b"key"), Some(b"value"), &[]);
    /// let header = BatchHeader { records: 1, ..BatchHeader::of_producer(2, 0, 0, Stamp::NONE) };
    /// header.seal(&mut bytes, []);
    /// assert!(RecordBatch::parse(&bytes).is_err());
    /// assert_eq!(RecordBatch::parse_logged(&bytes)?.records().next().unwrap()?.offset, 1);
    /// # Ok::<(), milena_codec::wire::DecodeError>(())
    /// ```
    pub fn parse_logged(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let batch = Self::read(bytes)?;
        let BatchHeader { records, last_offset_delta, .. } = batch.header;
        if records < 0 {
            return Err(mismatch("the count of records", 57, 0, records.into()));
        }
        let last_min = (records - 1).max(0);
        match last_offset_delta >= last_min {
            true => Ok(batch),
            false => Err(mismatch("the last offset delta", 23, last_min.into(), last_offset_delta.into())),
        }
    }

    /// Everything but the count.
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let (header, written) = read_header(bytes)?;
        expect("the batch length", 8, bytes.len() - UNCOUNTED_BYTES, written.length)?;
        expect("the CRC-32C", 17, crc32c::crc32c(&bytes[SUMMED_FROM..]), written.crc)?;
        Ok(Self { header, bytes })
    }

    /// All of its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The bytes behind the header: the records, compressed or not.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        &self.bytes[HEADER_BYTES..]
    }

    /// The records of a batch that is not compressed; of one that is, the one item is [`Problem::Compressed`].
    #[must_use]
    pub fn records(&self) -> BatchRecords<'a> {
        let mut records = BatchRecords::new(&self.header, self.body(), HEADER_BYTES);
        if self.header.attributes.is_compressed() {
            records.state = State::Compressed { id: self.header.attributes.compression_id() };
        }
        records
    }

    /// The records of a batch, compressed or not. `buffer` takes what they are decompressed to, at most `bytes_max`
    /// bytes; nothing else is copied. Of a compression that does not exist the one item is [`Problem::Compressed`].
    ///
    /// Positions of errors count from the first record where the batch is compressed.
    ///
    /// # Errors
    /// [`DecompressError`].
    ///
    /// ```
    /// use milena_codec::compression::{Compression, Compressor, Decompressor};
    /// use milena_codec::record::{BatchLimits, OpenBatch, RecordBatch, Stamp};
    /// # if !Compression::Lz4.is_built() { return Ok(()) }
    /// let mut open = OpenBatch::new(BatchLimits::default());
    /// for _ in 0..50 {
    ///     open.append(1_700_000_000_000, None, Some(b"again and again"), &[])?;
    /// }
    /// let Some(mut closed) = open.close() else { unreachable!("there are records") };
    /// let _ = closed.compress(&mut Compressor::new(Compression::Lz4, None)?, &mut Vec::new());
    /// let stamped = closed.stamp(Stamp::NONE);
    ///
    /// let batch = RecordBatch::parse(stamped.bytes())?;
    /// assert_eq!(batch.header.attributes.compression(), Some(Compression::Lz4));
    /// let mut buffer = Vec::new();
    /// let records = batch.decompress(&mut Decompressor::new(), 1 << 20, &mut buffer)?;
    /// assert_eq!(records.count(), 50);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decompress<'b>(
        &self,
        decompressor: &mut Decompressor,
        bytes_max: usize,
        buffer: &'b mut Vec<u8>,
    ) -> Result<BatchRecords<'b>, DecompressError>
    where
        'a: 'b,
    {
        match self.header.attributes.compression() {
            None | Some(Compression::None) => Ok(self.records()),
            Some(compression) => {
                buffer.clear();
                decompressor.decompress(compression, self.body(), bytes_max, buffer)?;
                Ok(BatchRecords::new(&self.header, buffer, 0))
            }
        }
    }
}

/// The header that `bytes` begin with, of magic 2.
pub(super) fn read_header(bytes: &[u8]) -> Result<(BatchHeader, Written), DecodeError> {
    const MAGIC_AT: usize = 16;
    let magic = bytes.get(MAGIC_AT).map_or(MAGIC, |magic| magic.cast_signed());
    if (0..MAGIC).contains(&magic) {
        return Err(DecodeError { at: MAGIC_AT, problem: Problem::OldFormat { magic } });
    }
    expect("the magic byte", MAGIC_AT, MAGIC, magic)?;
    BatchHeader::read(&mut Reader::new(bytes))
}

/// Fails when a field is not what follows from the rest of the batch.
fn expect(
    what: &'static str,
    at: usize,
    expected: impl TryInto<i64>,
    found: impl TryInto<i64>,
) -> Result<(), DecodeError> {
    let (expected, found) = (expected.try_into().unwrap_or(i64::MAX), found.try_into().unwrap_or(i64::MAX));
    match expected == found {
        true => Ok(()),
        false => Err(mismatch(what, at, expected, found)),
    }
}

pub(super) const fn mismatch(what: &'static str, at: usize, expected: i64, found: i64) -> DecodeError {
    DecodeError { at, problem: Problem::Mismatch { what, expected, found } }
}

/// The records of a batch: as many as in its header, with offset deltas that ascend and stay within the batch, and
/// nothing behind them. The first thing that is wrong is the last item.
///
/// Where a batch has as many records as offsets, their offset deltas are therefore 0, 1, 2 and so on.
///
/// ```
/// use milena_codec::record::{BatchHeader, HEADER_BYTES, RecordBatch, Stamp, put_record};
/// let mut bytes = vec![0; HEADER_BYTES];
/// for (offset_delta, value) in [(0, "first"), (1, "second")] {
///     put_record(&mut bytes, offset_delta, 0, None, Some(value.as_bytes()), &[]);
/// }
/// BatchHeader { base_offset: 40, ..BatchHeader::of_producer(2, 0, 0, Stamp::NONE) }.seal(&mut bytes, []);
/// let records = RecordBatch::parse(&bytes)?.records();
/// let offsets = records.map(|record| record.map(|record| record.offset)).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(offsets, [40, 41]);
/// # Ok::<(), milena_codec::wire::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct BatchRecords<'a> {
    records: Records<'a>,
    /// Where the records begin, in what the positions of errors are counted from.
    begin: usize,
    count: i32,
    /// Records that are still to come.
    left: i32,
    /// The least offset delta that the next record may have.
    delta_min: i64,
    delta_max: i64,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Reading,
    /// Nothing can be read: the batch is compressed.
    Compressed {
        id: u8,
    },
    Ended,
}

impl<'a> BatchRecords<'a> {
    /// Reads the records of a batch from their own bytes; `begin` is added to the positions of errors.
    pub(super) fn new(header: &BatchHeader, records: &'a [u8], begin: usize) -> Self {
        Self {
            records: Records::of(header, records),
            begin,
            count: header.records,
            left: header.records,
            delta_min: 0,
            delta_max: header.last_offset_delta.into(),
            state: State::Reading,
        }
    }

    /// The error instead of the next record.
    #[cold]
    fn refuse(&mut self, at: usize, next: Option<Result<Record<'a>, DecodeError>>) -> DecodeError {
        self.state = State::Ended;
        match next {
            Some(Ok(Record { offset_delta, .. })) => {
                let what = "the offset delta of a record";
                mismatch(what, self.begin + at, self.delta_min, offset_delta.into())
            }
            Some(Err(error)) => DecodeError { at: self.begin + error.at, ..error },
            None => {
                let (expected, found) = (self.count.into(), (self.count - self.left).into());
                mismatch("the number of records", self.begin + at, expected, found)
            }
        }
    }

    /// The last item, when there is no further record to be read.
    #[cold]
    fn end(&mut self) -> Option<DecodeError> {
        let (at, problem) = match std::mem::replace(&mut self.state, State::Ended) {
            State::Reading => match self.records.left() {
                0 => return None,
                left => (self.begin + self.records.position(), Problem::Trailing { left }),
            },
            State::Compressed { id } => (21, Problem::Compressed { id }),
            State::Ended => return None,
        };
        Some(DecodeError { at, problem })
    }
}

impl<'a> Iterator for BatchRecords<'a> {
    type Item = Result<Record<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 || !matches!(self.state, State::Reading) {
            return self.end().map(Err);
        }
        let at = self.records.position();
        let next = self.records.next();
        if let Some(Ok(record)) = &next {
            let delta = i64::from(record.offset_delta);
            if (self.delta_min..=self.delta_max).contains(&delta) {
                self.delta_min = delta + 1;
                self.left -= 1;
                return next;
            }
        }
        Some(Err(self.refuse(at, next)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // The error that ends it is an item as well.
        (0, usize::try_from(self.left).ok().and_then(|left| left.checked_add(1)))
    }
}

impl FusedIterator for BatchRecords<'_> {}
