//! Batches one after the other, as in the response to a fetch and in a log segment.

use std::iter::FusedIterator;

use super::batch::{RecordBatch, mismatch};
use super::header::UNCOUNTED_BYTES;
use crate::wire::DecodeError;

/// The batches in some bytes, read as [`RecordBatch::parse_logged`] reads one; the first that is wrong ends it.
///
/// A broker cuts its response to a fetch at a number of bytes, so that the last batch may be there in part: it ends the
/// batches without an error, and [`rest`](Self::rest) has it.
///
/// ```
/// use milena_codec::record::{put_record, BatchHeader, RecordBatches, Stamp, HEADER_BYTES};
/// let mut log = Vec::new();
/// for base_offset in [7, 8] {
///     let mut batch = vec![0; HEADER_BYTES];
///     put_record(&mut batch, 0, 0, Some(b"key"), Some(b"value"), &[]);
///     let header = BatchHeader { base_offset, ..BatchHeader::of_producer(1, 0, 0, Stamp::NONE) };
///     header.seal(&mut batch, []);
///     log.extend_from_slice(&batch);
/// }
/// log.truncate(log.len() - 1);
///
/// let mut batches = RecordBatches::new(&log);
/// assert_eq!(batches.next().unwrap()?.records().next().unwrap()?.offset, 7);
/// assert!(batches.next().is_none());
/// assert_eq!(batches.rest().len(), log.len() / 2);
/// # Ok::<(), milena_codec::wire::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RecordBatches<'a> {
    bytes: &'a [u8],
    at: usize,
    ended: bool,
}

impl<'a> RecordBatches<'a> {
    /// Reads batches from bytes that begin with one.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, ended: false }
    }

    /// Offset of the first byte that no batch was read from.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.at
    }

    /// The bytes that no batch was read from yet: in the end nothing, or a batch of which the bytes hold only a part, or the
    /// batch that was wrong.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    fn read_next(&self) -> Result<Option<RecordBatch<'a>>, DecodeError> {
        let Some(length) = batch_bytes(self.rest())? else { return Ok(None) };
        RecordBatch::parse_logged(&self.rest()[..length]).map(Some)
    }
}

impl<'a> Iterator for RecordBatches<'a> {
    type Item = Result<RecordBatch<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.read_next();
        match &next {
            Ok(Some(batch)) => self.at += batch.bytes().len(),
            Ok(None) | Err(_) => self.ended = true,
        }
        next.map_err(|error| DecodeError { at: self.at + error.at, ..error }).transpose()
    }
}

impl FusedIterator for RecordBatches<'_> {}

/// How long the batch is that `bytes` begin with, be it of an older format; none where they do not hold all of it
/// (`ByteBufferLogInputStream.nextBatch`).
///
/// # Errors
/// [`Problem::Mismatch`](crate::wire::Problem::Mismatch) for a length that no batch can have, and for a magic byte that no version of Kafka knows.
///
/// ```
/// use milena_codec::record::{BatchHeader, HEADER_BYTES, Stamp, batch_bytes, put_record};
/// let mut bytes = vec![0; HEADER_BYTES];
/// put_record(&mut bytes, 0, 0, None, Some(b"value"), &[]);
/// BatchHeader::of_producer(1, 0, 0, Stamp::NONE).seal(&mut bytes, []);
/// let whole = bytes.len();
/// bytes.extend_from_slice(b"the next batch");
/// assert_eq!(batch_bytes(&bytes)?, Some(whole));
/// assert_eq!(batch_bytes(&bytes[..whole - 1])?, None);
/// # Ok::<(), milena_codec::wire::DecodeError>(())
/// ```
pub fn batch_bytes(bytes: &[u8]) -> Result<Option<usize>, DecodeError> {
    // A record of the oldest format, which is the least that any batch can be.
    const COUNTED_MIN: i32 = 14;
    const MAGIC_MAX: i8 = 2;
    let Some(counted) = bytes.get(8..UNCOUNTED_BYTES).and_then(|counted| counted.first_chunk()) else {
        return Ok(None);
    };
    let counted = i32::from_be_bytes(*counted);
    if counted < COUNTED_MIN {
        return Err(mismatch("the batch length", 8, COUNTED_MIN.into(), counted.into()));
    }
    let Some(magic) = bytes.get(16).map(|magic| magic.cast_signed()) else { return Ok(None) };
    if !(0..=MAGIC_MAX).contains(&magic) {
        return Err(mismatch("the magic byte", 16, MAGIC_MAX.into(), magic.into()));
    }
    let whole = usize::try_from(counted).unwrap_or(usize::MAX).saturating_add(UNCOUNTED_BYTES);
    Ok((bytes.len() >= whole).then_some(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_length_is_that_of_the_oldest_record() {
        let mut bytes = [0; 26];
        bytes[11] = 14;
        assert_eq!(batch_bytes(&bytes), Ok(Some(26)));
        assert_eq!(batch_bytes(&bytes[..25]), Ok(None));
        bytes[11] = 13;
        assert_eq!(batch_bytes(&bytes), Err(mismatch("the batch length", 8, 14, 13)));
    }
}
