//! Records, one after the other, with nothing copied; and how a record lies in its bytes (`DefaultRecord.java`).

use std::iter::FusedIterator;

use super::cursor::Cursor;
use super::header::BatchHeader;
use crate::wire::{DecodeError, Decoded, Problem};

/// A record of a batch, borrowed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its offset in the partition.
    pub offset: i64,
    /// Its timestamp in milliseconds since 1970: its own, or that of the append ([`TimestampType`](super::TimestampType)).
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
/// They know of no batch: their offsets and timestamps count from 0, and their number and order are not checked.
/// Of a whole batch, [`RecordBatch::records`](super::RecordBatch::records) does that.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    cursor: Cursor<'a>,
    place: Place,
    failed: bool,
}

impl<'a> Records<'a> {
    /// Reads records from bytes that begin with one.
    #[must_use]
    pub fn new(records: &'a [u8]) -> Self {
        Self { cursor: Cursor::new(records), place: Place::default(), failed: false }
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
        self.cursor.position()
    }

    /// Bytes not read yet.
    pub(super) const fn left(&self) -> usize {
        self.cursor.rest().len()
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.left() == 0 {
            return None;
        }
        let mut cursor = self.cursor.clone();
        let next = read_record(&mut cursor, &self.place);
        match &next {
            Ok(_) => self.cursor = cursor,
            Err(_) => self.failed = true,
        }
        Some(next.map_err(|error| *error))
    }
}

impl FusedIterator for Records<'_> {}

/// The bases of the offsets and timestamps of records (`DefaultRecord.readFrom`). An overflow wraps.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    base_offset: i64,
    base_timestamp_ms: i64,
    /// The timestamp of all of them, where it is that of the append.
    log_append_time_ms: Option<i64>,
}

impl Place {
    /// A record with its offset and timestamp.
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
    /// Invariant: begins with `left` headers, each of which was read once already.
    cursor: Cursor<'a>,
    left: usize,
}

impl<'a> Iterator for RecordHeaders<'a> {
    type Item = (&'a str, Option<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        read_header(&mut self.cursor).ok()
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
fn read_record<'a>(input: &mut Cursor<'a>, place: &Place) -> Decoded<Record<'a>> {
    let length = input.varint_i32()?;
    let mut body = match usize::try_from(length) {
        Ok(length) => input.part(length)?,
        Err(_) => return Err(Cursor::error(input.position(), Problem::NegativeLength(length.into()))),
    };
    let attributes = body.i8()?;
    let timestamp_delta = body.varint_i64()?;
    let offset_delta = body.varint_i32()?;
    let key = read_nullable(&mut body)?;
    let value = read_nullable(&mut body)?;
    let headers = read_headers(&mut body)?;
    match body.rest().len() {
        0 => Ok(place.record(attributes, timestamp_delta, offset_delta, key, value, headers)),
        left => Err(Cursor::error(body.position(), Problem::Trailing { left })),
    }
}

/// Reads all headers once, so that their iterator has nothing left to fail on.
#[inline]
fn read_headers<'a>(input: &mut Cursor<'a>) -> Decoded<RecordHeaders<'a>> {
    let at = input.position();
    let count = input.varint_i32()?;
    let cursor = input.clone();
    // The length of a name and that of a value.
    let limit = cursor.rest().len() / 2;
    let left = match usize::try_from(count) {
        Ok(count) if count <= limit => count,
        Ok(count) => {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            return Err(Cursor::error(input.position(), Problem::TooMany { count, limit }));
        }
        Err(_) => return Err(Cursor::error(at, Problem::NegativeLength(count.into()))),
    };
    for _ in 0..left {
        read_header(input)?;
    }
    Ok(RecordHeaders { cursor, left })
}

#[inline]
fn read_header<'a>(input: &mut Cursor<'a>) -> Decoded<(&'a str, Option<&'a [u8]>)> {
    let at = input.position();
    let name = read_nullable(input)?.ok_or_else(|| Cursor::error(at, Problem::UnexpectedNull))?;
    let name = std::str::from_utf8(name).map_err(|_| Cursor::error(at, Problem::NotUtf8))?;
    Ok((name, read_nullable(input)?))
}

#[inline]
fn read_nullable<'a>(input: &mut Cursor<'a>) -> Decoded<Option<&'a [u8]>> {
    let at = input.position();
    let length = input.varint_i32()?;
    match usize::try_from(length) {
        Ok(length) => input.take(length).map(Some),
        Err(_) if length == -1 => Ok(None),
        Err(_) => Err(Cursor::error(at, Problem::NegativeLength(length.into()))),
    }
}
