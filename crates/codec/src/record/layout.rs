//! How a record lies in its bytes (`DefaultRecord.java`), read at a go or step by step.
//!
//! Nearly every record is read by [`Quick`], which gives up at the first thing that is not as usual and does not say
//! why. What it gave up on is read again by the wire's own [`Reader`], which says what is wrong and where, or finds that
//! nothing is. The layout itself is written down once, over either of them. (A batch of records
//! with two headers each is read in half the time that the careful reader alone takes, 20 against 36 ns a record.)

use super::decode::{Place, Record, RecordHeaders};
use crate::wire::{DecodeError, Problem, Reader, varint};

/// Reads the record that `input` begins with.
#[inline]
pub(super) fn read_record<'a>(input: &mut &'a [u8], place: &Place) -> Result<Record<'a>, DecodeError> {
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
pub(super) fn read_header<'a>(input: &mut &'a [u8]) -> Option<(&'a str, Option<&'a [u8]>)> {
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

/// What bytes are read by.
trait Source<'a>: Sized {
    type Error;

    fn over(bytes: &'a [u8]) -> Self;
    fn i8(&mut self) -> Result<i8, Self::Error>;
    fn varint_i32(&mut self) -> Result<i32, Self::Error>;
    fn varint_i64(&mut self) -> Result<i64, Self::Error>;
    fn take(&mut self, count: usize) -> Result<&'a [u8], Self::Error>;
    fn rest(&self) -> &'a [u8];
    fn position(&self) -> usize;
    fn error(at: usize, problem: Problem) -> Self::Error;
    fn moved(error: Self::Error, by: usize) -> Self::Error;
}

/// Bytes from which the usual is read without a word on what is not.
struct Quick<'a>(&'a [u8]);

/// Something was not as usual.
struct GaveUp;

impl<'a> Source<'a> for Quick<'a> {
    type Error = GaveUp;

    #[inline]
    fn over(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    #[inline]
    fn i8(&mut self) -> Result<i8, GaveUp> {
        let (first, rest) = self.0.split_first().ok_or(GaveUp)?;
        self.0 = rest;
        Ok(first.cast_signed())
    }

    #[inline]
    fn varint_i32(&mut self) -> Result<i32, GaveUp> {
        i32::try_from(self.varint_i64()?).map_err(|_| GaveUp)
    }

    #[inline]
    fn varint_i64(&mut self) -> Result<i64, GaveUp> {
        let (value, bytes) = varint::short(self.0).ok_or(GaveUp)?;
        self.take(bytes)?;
        Ok(varint::unzigzag(value))
    }

    #[inline]
    fn take(&mut self, count: usize) -> Result<&'a [u8], GaveUp> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(GaveUp)?;
        self.0 = rest;
        Ok(taken)
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.0
    }

    #[inline]
    fn position(&self) -> usize {
        0
    }

    #[inline]
    fn error(_: usize, _: Problem) -> GaveUp {
        GaveUp
    }

    #[inline]
    fn moved(error: GaveUp, _: usize) -> GaveUp {
        error
    }
}

impl<'a> Source<'a> for Reader<'a> {
    type Error = DecodeError;

    fn over(bytes: &'a [u8]) -> Self {
        Self::new(bytes)
    }

    fn i8(&mut self) -> Result<i8, DecodeError> {
        self.i8()
    }

    fn varint_i32(&mut self) -> Result<i32, DecodeError> {
        self.varint_i32()
    }

    fn varint_i64(&mut self) -> Result<i64, DecodeError> {
        self.varint_i64()
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        self.take(count)
    }

    fn rest(&self) -> &'a [u8] {
        rest_of(self)
    }

    fn position(&self) -> usize {
        self.position()
    }

    fn error(at: usize, problem: Problem) -> DecodeError {
        DecodeError { at, problem }
    }

    fn moved(error: DecodeError, by: usize) -> DecodeError {
        DecodeError { at: by + error.at, ..error }
    }
}

fn rest_of<'a>(reader: &Reader<'a>) -> &'a [u8] {
    reader.clone().take(reader.left()).unwrap_or_default()
}
