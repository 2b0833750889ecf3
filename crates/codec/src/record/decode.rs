//! Records, one after the other, with nothing copied; and how a record lies in its bytes (`DefaultRecord.java`).

use std::iter::FusedIterator;

use super::header::BatchHeader;
use super::source::{GaveUp, Quick, Source, rest_of};
use crate::wire::{DecodeError, Problem, Reader};

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
struct Place {
    base_offset: i64,
    base_timestamp_ms: i64,
    /// The timestamp of all of them, where it is that of the append.
    log_append_time_ms: Option<i64>,
}

impl Place {
    /// A record of what stands in its bytes.
    #[inline]
    fn record<'a>(
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
    const fn new(bytes: &'a [u8], left: usize) -> Self {
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

/// Reads the record that `input` begins with.
#[inline]
fn read_record<'a>(input: &mut &'a [u8], place: &Place) -> Result<Record<'a>, DecodeError> {
    let mut quick = Quick(input);
    match read_framed(&mut quick, place) {
        Ok(record) => {
            *input = quick.0;
            Ok(record)
        }
        Err(GaveUp) => read_carefully(input, place),
    }
}

#[cold]
fn read_carefully<'a>(input: &mut &'a [u8], place: &Place) -> Result<Record<'a>, DecodeError> {
    let mut reader = Reader::new(input);
    let record = read_framed(&mut reader, place)?;
    *input = rest_of(&reader);
    Ok(record)
}

/// Reads the header of a record that `input` begins with.
fn read_header<'a>(input: &mut &'a [u8]) -> Option<(&'a str, Option<&'a [u8]>)> {
    let mut quick = Quick(input);
    if let Ok(header) = header(&mut quick) {
        *input = quick.0;
        return Some(header);
    }
    let mut reader = Reader::new(input);
    let header = header(&mut reader).ok()?;
    *input = rest_of(&reader);
    Some(header)
}

#[inline]
fn read_framed<'a, S: Source<'a>>(input: &mut S, place: &Place) -> Result<Record<'a>, S::Error> {
    let length = input.varint_i32()?;
    let at = input.position();
    let length = usize::try_from(length).map_err(|_| S::error(at, Problem::NegativeLength(length.into())))?;
    let body = input.take(length)?;
    read_body(&mut S::over(body), place).map_err(|error| S::moved(error, at))
}

#[inline]
fn read_body<'a, S: Source<'a>>(input: &mut S, place: &Place) -> Result<Record<'a>, S::Error> {
    let attributes = input.i8()?;
    let timestamp_delta = input.varint_i64()?;
    let offset_delta = input.varint_i32()?;
    let key = nullable(input)?;
    let value = nullable(input)?;
    let headers = read_headers(input)?;
    match input.rest().len() {
        0 => Ok(place.record(attributes, timestamp_delta, offset_delta, key, value, headers)),
        left => Err(S::error(input.position(), Problem::Trailing { left })),
    }
}

/// Reads all of them once, so that their iterator has nothing left to fail on.
#[inline]
fn read_headers<'a, S: Source<'a>>(input: &mut S) -> Result<RecordHeaders<'a>, S::Error> {
    let at = input.position();
    let count = input.varint_i32()?;
    let bytes = input.rest();
    let count = usize::try_from(count).map_err(|_| S::error(at, Problem::NegativeLength(count.into())))?;
    // A name's length and a value's length.
    let limit = bytes.len() / 2;
    if count > limit {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        return Err(S::error(input.position(), Problem::TooMany { count, limit }));
    }
    for _ in 0..count {
        header(input)?;
    }
    Ok(RecordHeaders::new(bytes, count))
}

#[inline]
fn header<'a, S: Source<'a>>(input: &mut S) -> Result<(&'a str, Option<&'a [u8]>), S::Error> {
    let at = input.position();
    let name = nullable(input)?.ok_or_else(|| S::error(at, Problem::UnexpectedNull))?;
    let name = std::str::from_utf8(name).map_err(|_| S::error(at, Problem::NotUtf8))?;
    Ok((name, nullable(input)?))
}

#[inline]
fn nullable<'a, S: Source<'a>>(input: &mut S) -> Result<Option<&'a [u8]>, S::Error> {
    let at = input.position();
    let length = input.varint_i32()?;
    match usize::try_from(length) {
        Ok(length) => input.take(length).map(Some),
        Err(_) if length == -1 => Ok(None),
        Err(_) => Err(S::error(at, Problem::NegativeLength(length.into()))),
    }
}
