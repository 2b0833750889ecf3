//! Records, one after the other, with nothing copied.

use std::iter::FusedIterator;

use super::header::BatchHeader;
use super::layout::{read_header, read_record};
use crate::wire::DecodeError;

/// A record of a batch, borrowed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its offset in the partition.
    pub offset: i64,
    /// Its timestamp in milliseconds since 1970: its own, or that of the append where the batch says so.
    pub timestamp_ms: i64,
    /// Its attributes, in which no bit has a meaning yet.
    pub attributes: i8,
    /// Its place in the batch, counted from the base offset.
    pub offset_delta: i32,
    /// Its own timestamp, counted from the base timestamp in milliseconds.
    pub timestamp_delta: i64,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value.
    pub value: Option<&'a [u8]>,
    /// Its headers, in order.
    pub headers: RecordHeaders<'a>,
}

/// The records in some bytes, one after the other, until the bytes end or one is malformed.
///
/// They know of no batch: their offsets and timestamps count from 0, and nothing is said of their number or order.
/// Of a whole batch, [`RecordBatch::records`](super::RecordBatch::records) does that.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
    /// Bytes there were in the beginning.
    bytes: usize,
    place: Place,
    failed: bool,
}

impl<'a> Records<'a> {
    /// Reads records from bytes that begin with one.
    #[must_use]
    pub fn new(records: &'a [u8]) -> Self {
        Self { rest: records, bytes: records.len(), place: Place::default(), failed: false }
    }

    /// Reads the records of a batch.
    pub(super) fn of(header: &BatchHeader, records: &'a [u8]) -> Self {
        let place = Place {
            base_offset: header.base_offset,
            base_timestamp_ms: header.base_timestamp_ms,
            log_append_time_ms: header.log_append_time_ms(),
        };
        Self { place, ..Self::new(records) }
    }

    /// Bytes read so far, up to the record that is malformed where there is one.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.bytes - self.rest.len()
    }

    /// Bytes not read yet.
    pub(super) const fn left(&self) -> usize {
        self.rest.len()
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.rest.is_empty() {
            return None;
        }
        let next = read_record(&mut self.rest, &self.place);
        self.failed = next.is_err();
        Some(next.map_err(|error| DecodeError { at: Self::position(self) + error.at, ..error }))
    }
}

impl FusedIterator for Records<'_> {}

/// What offsets and timestamps of records are counted from (`DefaultRecord.readFrom`). What overflows wraps.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    base_offset: i64,
    base_timestamp_ms: i64,
    /// The timestamp of all of them, where it is that of the append.
    log_append_time_ms: Option<i64>,
}

impl Place {
    /// A record of what stands in its bytes.
    #[inline]
    pub(super) fn record<'a>(
        &self,
        attributes: i8,
        timestamp_delta: i64,
        offset_delta: i32,
        key: Option<&'a [u8]>,
        value: Option<&'a [u8]>,
        headers: RecordHeaders<'a>,
    ) -> Record<'a> {
        let offset = self.base_offset.wrapping_add(offset_delta.into());
        let timestamp_ms = match self.log_append_time_ms {
            None => self.base_timestamp_ms.wrapping_add(timestamp_delta),
            Some(time) => time,
        };
        Record { offset, timestamp_ms, attributes, offset_delta, timestamp_delta, key, value, headers }
    }
}

/// The headers of a record: names and values, in order, several of a name where there are several.
#[derive(Clone, Debug)]
pub struct RecordHeaders<'a> {
    /// Invariant: begins with `left` headers.
    bytes: &'a [u8],
    left: usize,
}

impl<'a> RecordHeaders<'a> {
    /// Headers that were read once already.
    #[inline]
    pub(super) const fn new(bytes: &'a [u8], left: usize) -> Self {
        Self { bytes, left }
    }
}

impl<'a> Iterator for RecordHeaders<'a> {
    type Item = (&'a str, Option<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        read_header(&mut self.bytes)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for RecordHeaders<'_> {}
impl FusedIterator for RecordHeaders<'_> {}

impl PartialEq for RecordHeaders<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.clone().eq(other.clone())
    }
}

impl Eq for RecordHeaders<'_> {}
