//! The lengths that stand before strings, byte ranges and arrays.

use bytes::BufMut;

use super::error::{Decoded, EncodeError, Problem};
use super::reader::Reader;
use super::varint;
use super::version::Version;

/// The two forms that a length takes: 16 bits for strings, 32 for everything else, a varint in flexible versions.
#[derive(Clone, Copy)]
pub(super) enum Length {
    /// Before a string.
    Short,
    /// Before bytes or an array.
    Long,
}

impl Length {
    pub(super) fn put(self, out: &mut Vec<u8>, length: usize, version: Version) -> Result<(), EncodeError> {
        // Java refuses strings over 32 767 bytes in both forms.
        let limit = match self {
            Self::Short => i16::MAX.unsigned_abs().into(),
            Self::Long => i32::MAX.unsigned_abs() as usize,
        };
        let too_long = |_| EncodeError::TooLong { length, limit };
        if length > limit {
            return Err(EncodeError::TooLong { length, limit });
        }
        match self {
            _ if version.flexible => varint::put_unsigned(out, length as u64 + 1),
            Self::Short => out.put_i16(i16::try_from(length).map_err(too_long)?),
            Self::Long => out.put_i32(i32::try_from(length).map_err(too_long)?),
        }
        Ok(())
    }

    pub(super) fn put_null(self, out: &mut Vec<u8>, version: Version) {
        match self {
            _ if version.flexible => out.put_u8(0),
            Self::Short => out.put_i16(-1),
            Self::Long => out.put_i32(-1),
        }
    }

    /// Reads a length; none for a null.
    #[inline]
    pub(super) fn read(self, input: &mut Reader<'_>, version: Version) -> Decoded<Option<u64>> {
        let start = input.position();
        let length = match self {
            _ if version.flexible => i64::from(input.unsigned_varint()?) - 1,
            Self::Short => i64::from(input.i16()?),
            Self::Long => i64::from(input.i32()?),
        };
        match length {
            -1 => Ok(None),
            _ => u64::try_from(length)
                .map(Some)
                .map_err(|_| input.problem_at(start, Problem::NegativeLength(length))),
        }
    }

    pub(super) const fn bytes_min(self, version: Version) -> usize {
        match self {
            _ if version.flexible => 1,
            Self::Short => 2,
            Self::Long => 4,
        }
    }
}

/// Reads, by `read`, what may not be null.
#[inline(always)]
pub(crate) fn required<'a, T>(
    input: &mut Reader<'a>,
    version: Version,
    read: impl FnOnce(&mut Reader<'a>, Version) -> Decoded<Option<T>>,
) -> Decoded<T> {
    let start = input.position();
    read(input, version)?.ok_or_else(|| input.problem_at(start, Problem::UnexpectedNull))
}

/// Appends the count of an array.
pub(crate) fn put_count(out: &mut Vec<u8>, count: usize, version: Version) -> Result<(), EncodeError> {
    Length::Long.put(out, count, version)
}

/// Appends the length of a byte range whose bytes follow from elsewhere.
pub(crate) fn put_bytes_length(out: &mut Vec<u8>, bytes: usize, version: Version) -> Result<(), EncodeError> {
    Length::Long.put(out, bytes, version)
}
