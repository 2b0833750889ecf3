//! Cutting the records of a rejected batch into parts, each a batch of its own.
//!
//! A record has its offset as the distance from the first of its batch, so a part that does not begin where the
//! batch did needs other offset deltas. Keys, values, headers and timestamps are copied as they are; only the record's
//! length and offset delta are written anew.

use super::decode::Records;
use crate::wire::{DecodeError, Reader, varint};

/// How far [`renumber`] came.
///
/// ```
/// use milena_codec::record::{put_record, renumber};
/// let (mut source, mut out) = (Vec::new(), Vec::new());
/// put_record(&mut source, 0, 3, None, Some(b"a"), &[]);
/// put_record(&mut source, 1, 7, None, Some(b"b"), &[]);
/// let part = renumber(&source, &mut out, 0, 1, usize::MAX)?;
/// assert_eq!((part.records, part.source_bytes, part.timestamp_delta_max), (1, source.len() / 2, 3));
/// # Ok::<(), milena_codec::wire::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Records taken.
    pub records: u32,
    /// Bytes of the source that they took.
    pub source_bytes: usize,
    /// The greatest timestamp delta among them.
    pub timestamp_delta_max: i64,
}

/// Appends records from the start of `source` to `out`, numbered from `first`, until `records_max` of them were taken
/// or the next would make `out` longer than `bytes_max`; the first is taken however long it is, if `out` may.
///
/// # Errors
/// [`DecodeError`] when `source` is not made of records.
///
/// ```
/// use milena_codec::record::{put_record, renumber, Records};
/// let mut source = Vec::new();
/// put_record(&mut source, 0, 0, None, Some(b"a"), &[]);
/// put_record(&mut source, 1, 5, None, Some(b"b"), &[]);
/// let first_bytes = source.len() / 2;
///
/// let mut out = Vec::new();
/// let part = renumber(&source[first_bytes..], &mut out, 0, u32::MAX, usize::MAX)?;
/// assert_eq!((part.records, part.timestamp_delta_max), (1, 5));
/// assert_eq!(Records::new(&out).next().unwrap()?.offset_delta, 0);
/// # Ok::<(), milena_codec::wire::DecodeError>(())
/// ```
pub fn renumber(
    source: &[u8],
    out: &mut Vec<u8>,
    first: u32,
    records_max: u32,
    bytes_max: usize,
) -> Result<Part, DecodeError> {
    let mut records = Records::new(source);
    let mut part = Part { timestamp_delta_max: i64::MIN, ..Part::default() };
    while part.records < records_max {
        let start = records.position();
        let Some(record) = records.next().transpose()? else { break };
        let renumbered =
            Renumbered::of(&source[start..records.position()], first.saturating_add(part.records))?;
        let is_first = part.records == 0 && first == 0;
        if !is_first && out.len() + renumbered.bytes() > bytes_max {
            break;
        }
        renumbered.append_to(out);
        part.records += 1;
        part.source_bytes = records.position();
        part.timestamp_delta_max = part.timestamp_delta_max.max(record.timestamp_delta);
    }
    Ok(part)
}

/// A record with another offset delta.
struct Renumbered<'a> {
    /// Attributes and timestamp delta, which stand before the offset delta.
    before: &'a [u8],
    offset_delta: i64,
    /// Everything after it.
    after: &'a [u8],
}

impl<'a> Renumbered<'a> {
    fn of(record: &'a [u8], offset_delta: u32) -> Result<Self, DecodeError> {
        let mut input = Reader::new(record);
        input.varint_i32()?;
        let before = input.position();
        input.i8()?;
        input.varint_i64()?;
        let delta = input.position();
        input.varint_i32()?;
        Ok(Self {
            before: &record[before..delta],
            offset_delta: offset_delta.into(),
            after: &record[input.position()..],
        })
    }

    const fn body(&self) -> usize {
        self.before.len() + varint::signed_bytes(self.offset_delta) + self.after.len()
    }

    fn bytes(&self) -> usize {
        varint::signed_bytes(self.length()) + self.body()
    }

    fn length(&self) -> i64 {
        i64::try_from(self.body()).unwrap_or(i64::MAX)
    }

    fn append_to(&self, out: &mut Vec<u8>) {
        varint::put_signed(out, self.length());
        out.extend_from_slice(self.before);
        varint::put_signed(out, self.offset_delta);
        out.extend_from_slice(self.after);
    }
}
