//! Reading records, one after the other, with nothing copied.

use std::iter::FusedIterator;

use super::header::BatchHeader;
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

impl Record<'_> {
    /// Gives the record the offset and the timestamp that it has in its batch (`DefaultRecord.readFrom`).
    #[inline]
    pub(super) fn place_in(&mut self, header: &BatchHeader) {
        self.offset = header.offset_at(self.offset_delta);
        self.timestamp_ms = header
            .log_append_time_ms()
            .unwrap_or_else(|| header.base_timestamp_ms.wrapping_add(self.timestamp_delta));
    }
}

/// The records in some bytes, one after the other, until the bytes end or one is malformed.
///
/// They know of no batch: their offsets and timestamps count from 0, and nothing is said of their number or order.
/// Of a whole batch, [`RecordBatch::records`](super::RecordBatch::records) does that.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    input: Reader<'a>,
    failed: bool,
}

impl<'a> Records<'a> {
    /// Reads records from bytes that begin with one.
    #[must_use]
    pub const fn new(records: &'a [u8]) -> Self {
        Self { input: Reader::new(records), failed: false }
    }

    /// Bytes read so far.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.input.position()
    }

    /// Bytes not read yet.
    pub(super) const fn left(&self) -> usize {
        self.input.left()
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.input.left() == 0 {
            return None;
        }
        let record = read_record(&mut self.input);
        self.failed = record.is_err();
        Some(record)
    }
}

impl FusedIterator for Records<'_> {}

fn read_record<'a>(input: &mut Reader<'a>) -> Result<Record<'a>, DecodeError> {
    let length = input.varint_i32()?;
    let at = input.position();
    let length = usize::try_from(length)
        .map_err(|_| DecodeError { at, problem: Problem::NegativeLength(length.into()) })?;
    let body = input.take(length)?;
    read_body(body).map_err(|error| DecodeError { at: at + error.at, ..error })
}

fn read_body(body: &[u8]) -> Result<Record<'_>, DecodeError> {
    let mut input = Reader::new(body);
    let attributes = input.i8()?;
    let timestamp_delta = input.varint_i64()?;
    let offset_delta = input.varint_i32()?;
    let key = read_nullable(&mut input)?;
    let value = read_nullable(&mut input)?;
    let headers = RecordHeaders::read(&mut input)?;
    input.finish()?;
    let (offset, timestamp_ms) = (offset_delta.into(), timestamp_delta);
    Ok(Record { offset, timestamp_ms, attributes, offset_delta, timestamp_delta, key, value, headers })
}

fn read_nullable<'a>(input: &mut Reader<'a>) -> Result<Option<&'a [u8]>, DecodeError> {
    let before = input.clone();
    match input.varint_i32()? {
        -1 => Ok(None),
        length => {
            let length = usize::try_from(length)
                .map_err(|_| before.problem(Problem::NegativeLength(length.into())))?;
            input.take(length).map(Some)
        }
    }
}

/// The headers of a record: names and values, in order, several of a name where there are several.
#[derive(Clone, Debug)]
pub struct RecordHeaders<'a> {
    input: Reader<'a>,
    left: usize,
}

impl<'a> RecordHeaders<'a> {
    /// Reads all of them once, so that the iterator has nothing left to fail on.
    fn read(input: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let before = input.clone();
        let count = input.varint_i32()?;
        let count =
            u64::try_from(count).map_err(|_| before.problem(Problem::NegativeLength(count.into())))?;
        // A name's length and a value's length.
        let left = input.checked_count(count, 2)?;
        let headers = Self { input: input.clone(), left };
        for _ in 0..left {
            read_header(input)?;
        }
        Ok(headers)
    }
}

impl<'a> Iterator for RecordHeaders<'a> {
    type Item = (&'a str, Option<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        read_header(&mut self.input).ok()
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

fn read_header<'a>(input: &mut Reader<'a>) -> Result<(&'a str, Option<&'a [u8]>), DecodeError> {
    let before = input.clone();
    let name = read_nullable(input)?.ok_or_else(|| before.problem(Problem::UnexpectedNull))?;
    let name = std::str::from_utf8(name).map_err(|_| before.problem(Problem::NotUtf8))?;
    Ok((name, read_nullable(input)?))
}
