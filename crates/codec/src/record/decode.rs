//! Reading a batch: checked as a whole first, then record by record, with nothing copied.

use super::header::{BatchHeader, HEADER_BYTES, MAGIC, SUMMED_FROM, UNCOUNTED_BYTES};
use crate::wire::{DecodeError, Problem, Reader};

/// A record of a batch, borrowed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its place in the batch, counted from the base offset.
    pub offset_delta: i32,
    /// Its timestamp, counted from the base timestamp in milliseconds.
    pub timestamp_delta: i64,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value.
    pub value: Option<&'a [u8]>,
    /// Its headers, in order.
    pub headers: RecordHeaders<'a>,
}

/// A whole batch whose length, magic and CRC are right.
#[derive(Clone, Copy, Debug)]
pub struct RecordBatch<'a> {
    /// Its header.
    pub header: BatchHeader,
    records: &'a [u8],
}

impl<'a> RecordBatch<'a> {
    /// Reads the batch that fills all of `bytes`.
    ///
    /// # Errors
    /// [`Problem::Truncated`], [`Problem::Trailing`], or [`Problem::Mismatch`] for the length, the magic, the CRC or
    /// a count of records that differs from the last offset.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let (header, written) = BatchHeader::read(&mut input)?;
        expect("the batch length", 8, bytes.len() - UNCOUNTED_BYTES, written.length)?;
        expect("the magic byte", 16, MAGIC, written.magic)?;
        expect("the CRC-32C", 17, crc32c::crc32c(&bytes[SUMMED_FROM..]), written.crc)?;
        expect("the last offset delta", 23, i64::from(header.records) - 1, header.last_offset_delta)?;
        Ok(Self { header, records: &bytes[HEADER_BYTES..] })
    }

    /// The records, of a batch that is not compressed.
    #[must_use]
    pub fn records(&self) -> Records<'a> {
        Records::new(self.records)
    }
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
        false => Err(DecodeError { at, problem: Problem::Mismatch { what, expected, found } }),
    }
}

/// The records in some bytes, one after the other, until the bytes end or one is malformed.
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
    input.i8()?;
    let timestamp_delta = input.varint_i64()?;
    let offset_delta = input.varint_i32()?;
    let key = read_nullable(&mut input)?;
    let value = read_nullable(&mut input)?;
    let headers = RecordHeaders::read(&mut input)?;
    input.finish()?;
    Ok(Record { offset_delta, timestamp_delta, key, value, headers })
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
}

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
