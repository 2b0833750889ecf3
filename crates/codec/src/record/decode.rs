//! Records, one after the other, with nothing copied; and how a record lies in its bytes (`DefaultRecord.java`).

use std::iter::FusedIterator;

use super::cursor::Cursor;
use super::header::BatchHeader;
use crate::wire::{DecodeError, Problem};

/// A record of a batch, borrowed from it.
///
/// ```
/// use milena_codec::record::{Header, Record, Records, put_record};
/// let mut bytes = Vec::new();
/// put_record(&mut bytes, 2, 5, Some(b"key"), Some(b"value"), &[Header::new("trace", "7")]);
/// let Record { offset_delta, timestamp_delta, key, value, headers, .. } = Records::new(&bytes).next().unwrap()?;
/// assert_eq!((offset_delta, timestamp_delta), (2, 5));
/// assert_eq!((key, value, headers.len()), (Some(&b"key"[..]), Some(&b"value"[..]), 1));
/// # Ok::<(), milena_codec::wire::DecodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its offset in the partition.
    pub offset: i64,
    /// Its timestamp in milliseconds since 1970: its own, or that of the append ([`TimestampType`](super::TimestampType)).
    pub timestamp_ms: i64,
    /// Its attributes, in which no bit has a meaning yet.
    pub attributes: i8,
    /// Its index in the batch, counted from the base offset.
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
///
/// ```
/// use milena_codec::record::{Records, put_record};
/// let mut bytes = Vec::new();
/// put_record(&mut bytes, 0, 0, None, Some(b"a"), &[]);
/// put_record(&mut bytes, 1, 0, None, Some(b"b"), &[]);
/// let mut records = Records::new(&bytes);
/// assert_eq!(records.next().unwrap()?.value, Some(&b"a"[..]));
/// assert_eq!(records.position(), bytes.len() / 2);
/// assert_eq!(records.count(), 1);
/// # Ok::<(), milena_codec::wire::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Records<'a> {
    cursor: Cursor<'a>,
    base: RecordBase,
    /// Where the record begins that is malformed.
    failed_at: Option<usize>,
}

impl<'a> Records<'a> {
    /// Reads records from bytes that begin with one.
    #[must_use]
    pub fn new(records: &'a [u8]) -> Self {
        Self { cursor: Cursor::new(records), base: RecordBase::default(), failed_at: None }
    }

    /// Reads the records of a batch.
    pub(super) fn of(header: &BatchHeader, records: &'a [u8]) -> Self {
        let base = RecordBase {
            base_offset: header.base_offset,
            base_timestamp_ms: header.base_timestamp_ms,
            log_append_time_ms: header.log_append_time_ms(),
        };
        Self { base, ..Self::new(records) }
    }

    /// Bytes read so far, up to the record that is malformed where there is one.
    #[must_use]
    pub const fn position(&self) -> usize {
        match self.failed_at {
            Some(at) => at,
            None => self.cursor.position(),
        }
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
        if self.failed_at.is_some() || self.left() == 0 {
            return None;
        }
        let start = self.cursor.position();
        let record = read_record(&mut self.cursor, &self.base);
        record.map(Ok).or_else(|| {
            self.failed_at = Some(start);
            self.cursor.fault().map(Err)
        })
    }
}

impl FusedIterator for Records<'_> {}

/// The bases of the offsets and timestamps of records (`DefaultRecord.readFrom`). An overflow wraps.
#[derive(Clone, Copy, Debug, Default)]
struct RecordBase {
    base_offset: i64,
    base_timestamp_ms: i64,
    /// The timestamp of all of them, where it is that of the append.
    log_append_time_ms: Option<i64>,
}

impl RecordBase {
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
///
/// ```
/// use milena_codec::record::{Header, Records, put_record};
/// let mut bytes = Vec::new();
/// let headers = [Header::new("a", "1"), Header { name: "a".to_owned(), value: None }];
/// put_record(&mut bytes, 0, 0, None, None, &headers);
/// let record = Records::new(&bytes).next().unwrap()?;
/// let read: Vec<_> = record.headers.collect();
/// assert_eq!(read, [("a", Some(&b"1"[..])), ("a", None)]);
/// # Ok::<(), milena_codec::wire::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RecordHeaders<'a> {
    /// Invariant: begins with `left` headers, each of which was read once already.
    bytes: &'a [u8],
    left: usize,
}

impl<'a> Iterator for RecordHeaders<'a> {
    type Item = (&'a str, Option<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let mut cursor = Cursor::new(self.bytes);
        let header = read_header(&mut cursor);
        self.bytes = cursor.rest();
        header
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
fn read_record<'a>(input: &mut Cursor<'a>, base: &RecordBase) -> Option<Record<'a>> {
    let length = input.varint_i32()?;
    let Ok(bytes) = usize::try_from(length) else {
        return input.fail(input.position(), Problem::NegativeLength(length.into()));
    };
    let behind = input.enter(bytes)?;
    let attributes = input.i8()?;
    let timestamp_delta = input.varint_i64()?;
    let offset_delta = input.varint_i32()?;
    let key = read_nullable(input)?;
    let value = read_nullable(input)?;
    let headers = read_headers(input)?;
    match input.rest().len() {
        0 => input.leave(behind),
        left => return input.fail(input.position(), Problem::Trailing { left }),
    }
    Some(base.record(attributes, timestamp_delta, offset_delta, key, value, headers))
}

/// Reads all headers once, so that their iterator has nothing left to fail on.
#[inline]
fn read_headers<'a>(input: &mut Cursor<'a>) -> Option<RecordHeaders<'a>> {
    let at = input.position();
    let count = input.varint_i32()?;
    let bytes = input.rest();
    // The length of a name and that of a value.
    let limit = bytes.len() / 2;
    let left = match usize::try_from(count) {
        Ok(left) if left <= limit => left,
        Ok(left) => return input.fail(input.position(), Problem::TooMany { count: left as u64, limit }),
        Err(_) => return input.fail(at, Problem::NegativeLength(count.into())),
    };
    for _ in 0..left {
        read_header(input)?;
    }
    Some(RecordHeaders { bytes, left })
}

#[inline]
fn read_header<'a>(input: &mut Cursor<'a>) -> Option<(&'a str, Option<&'a [u8]>)> {
    let at = input.position();
    let Some(name) = read_nullable(input)? else { return input.fail(at, Problem::UnexpectedNull) };
    let Ok(name) = std::str::from_utf8(name) else { return input.fail(at, Problem::NotUtf8) };
    Some((name, read_nullable(input)?))
}

/// Reads a length and as many bytes, or a null, which is the inner none.
#[inline]
fn read_nullable<'a>(input: &mut Cursor<'a>) -> Option<Option<&'a [u8]>> {
    let at = input.position();
    let length = input.varint_i32()?;
    match usize::try_from(length) {
        Ok(length) => input.take(length).map(Some),
        Err(_) if length == -1 => Some(None),
        Err(_) => input.fail(at, Problem::NegativeLength(length.into())),
    }
}
