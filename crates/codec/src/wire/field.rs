//! How each type stands on the wire, in the old form and in the compact one of flexible versions.

use bytes::{BufMut, Bytes};

use super::error::{DecodeError, EncodeError, Problem};
use super::reader::Reader;
use super::varint;
use super::version::Version;

/// A type that can stand in a message table.
pub trait Field: Sized {
    /// Appends the value.
    ///
    /// # Errors
    /// [`EncodeError`] when this version cannot carry it.
    fn put(&self, out: &mut Vec<u8>, version: Version) -> Result<(), EncodeError>;

    /// Reads a value.
    ///
    /// # Errors
    /// [`DecodeError`] with the position of what is wrong.
    fn read(input: &mut Reader<'_>, version: Version) -> Result<Self, DecodeError>;

    /// The fewest bytes that a value takes: what an array's count is checked against.
    fn bytes_min(version: Version) -> usize;

    /// Whether this is a null.
    fn is_null(&self) -> bool {
        false
    }
}

/// A type that has a null on the wire, so that `Option` of it is a [`Field`].
pub trait Nullable: Field {
    /// Appends the null.
    fn put_null(out: &mut Vec<u8>, version: Version);

    /// Reads a value or a null.
    ///
    /// # Errors
    /// [`DecodeError`] with the position of what is wrong.
    fn read_nullable(input: &mut Reader<'_>, version: Version) -> Result<Option<Self>, DecodeError>;
}

macro_rules! fixed {
    ($($type:ty, $put:ident, $read:ident, $bytes:literal;)*) => {$(
        impl Field for $type {
            fn put(&self, out: &mut Vec<u8>, _: Version) -> Result<(), EncodeError> {
                out.$put(*self);
                Ok(())
            }

            fn read(input: &mut Reader<'_>, _: Version) -> Result<Self, DecodeError> {
                input.$read()
            }

            fn bytes_min(_: Version) -> usize {
                $bytes
            }
        }
    )*};
}

fixed! {
    i8, put_i8, i8, 1;
    i16, put_i16, i16, 2;
    i32, put_i32, i32, 4;
    i64, put_i64, i64, 8;
}

impl Field for bool {
    fn put(&self, out: &mut Vec<u8>, _: Version) -> Result<(), EncodeError> {
        out.put_u8(u8::from(*self));
        Ok(())
    }

    /// Anything but 0 is true, as Java's `Readable` has it.
    fn read(input: &mut Reader<'_>, _: Version) -> Result<Self, DecodeError> {
        input.i8().map(|byte| byte != 0)
    }

    fn bytes_min(_: Version) -> usize {
        1
    }
}

/// The two forms that a length takes: 16 bits for strings, 32 for everything else, a varint in flexible versions.
#[derive(Clone, Copy)]
enum Length {
    Short,
    Long,
}

impl Length {
    fn put(self, out: &mut Vec<u8>, length: usize, version: Version) -> Result<(), EncodeError> {
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

    fn put_null(self, out: &mut Vec<u8>, version: Version) {
        match self {
            _ if version.flexible => out.put_u8(0),
            Self::Short => out.put_i16(-1),
            Self::Long => out.put_i32(-1),
        }
    }

    /// Reads a length; none for a null.
    fn read(self, input: &mut Reader<'_>, version: Version) -> Result<Option<u64>, DecodeError> {
        let before = input.clone();
        let length = match self {
            _ if version.flexible => i64::from(input.unsigned_varint()?) - 1,
            Self::Short => i64::from(input.i16()?),
            Self::Long => i64::from(input.i32()?),
        };
        match length {
            -1 => Ok(None),
            _ => u64::try_from(length).map(Some).map_err(|_| before.problem(Problem::NegativeLength(length))),
        }
    }

    const fn bytes_min(self, version: Version) -> usize {
        match self {
            _ if version.flexible => 1,
            Self::Short => 2,
            Self::Long => 4,
        }
    }
}

/// Reads what may not be null.
fn required<T: Nullable>(input: &mut Reader<'_>, version: Version) -> Result<T, DecodeError> {
    let before = input.clone();
    T::read_nullable(input, version)?.ok_or_else(|| before.problem(Problem::UnexpectedNull))
}

impl Field for String {
    fn put(&self, out: &mut Vec<u8>, version: Version) -> Result<(), EncodeError> {
        Length::Short.put(out, self.len(), version)?;
        out.put_slice(self.as_bytes());
        Ok(())
    }

    fn read(input: &mut Reader<'_>, version: Version) -> Result<Self, DecodeError> {
        required(input, version)
    }

    fn bytes_min(version: Version) -> usize {
        Length::Short.bytes_min(version)
    }
}

impl Nullable for String {
    fn put_null(out: &mut Vec<u8>, version: Version) {
        Length::Short.put_null(out, version);
    }

    fn read_nullable(input: &mut Reader<'_>, version: Version) -> Result<Option<Self>, DecodeError> {
        read_str(input, version).map(|text| text.map(Self::from))
    }
}

/// Reads a nullable string without keeping it.
pub(crate) fn read_str<'a>(input: &mut Reader<'a>, version: Version) -> Result<Option<&'a str>, DecodeError> {
    let Some(length) = Length::Short.read(input, version)? else { return Ok(None) };
    let length = input.checked_count(length, 1)?;
    let before = input.clone();
    let text = input.take(length)?;
    std::str::from_utf8(text).map(Some).map_err(|_| before.problem(Problem::NotUtf8))
}

impl Field for Bytes {
    fn put(&self, out: &mut Vec<u8>, version: Version) -> Result<(), EncodeError> {
        Length::Long.put(out, self.len(), version)?;
        out.put_slice(self);
        Ok(())
    }

    fn read(input: &mut Reader<'_>, version: Version) -> Result<Self, DecodeError> {
        required(input, version)
    }

    fn bytes_min(version: Version) -> usize {
        Length::Long.bytes_min(version)
    }
}

impl Nullable for Bytes {
    fn put_null(out: &mut Vec<u8>, version: Version) {
        Length::Long.put_null(out, version);
    }

    fn read_nullable(input: &mut Reader<'_>, version: Version) -> Result<Option<Self>, DecodeError> {
        let Some(length) = Length::Long.read(input, version)? else { return Ok(None) };
        let length = input.checked_count(length, 1)?;
        input.take_bytes(length).map(Some)
    }
}

impl<T: Field> Field for Vec<T> {
    fn put(&self, out: &mut Vec<u8>, version: Version) -> Result<(), EncodeError> {
        Length::Long.put(out, self.len(), version)?;
        self.iter().try_for_each(|element| element.put(out, version))
    }

    fn read(input: &mut Reader<'_>, version: Version) -> Result<Self, DecodeError> {
        required(input, version)
    }

    fn bytes_min(version: Version) -> usize {
        Length::Long.bytes_min(version)
    }
}

impl<T: Field> Nullable for Vec<T> {
    fn put_null(out: &mut Vec<u8>, version: Version) {
        Length::Long.put_null(out, version);
    }

    /// The count is checked before anything is allocated: the elements that it promises must fit what is left.
    fn read_nullable(input: &mut Reader<'_>, version: Version) -> Result<Option<Self>, DecodeError> {
        let Some(count) = read_count::<T>(input, version)? else { return Ok(None) };
        let mut elements = Self::with_capacity(count);
        for _ in 0..count {
            elements.push(T::read(input, version)?);
        }
        Ok(Some(elements))
    }
}

/// Reads the count of an array of `T`, none for a null, checked against the bytes that are left.
pub(crate) fn read_count<T: Field>(
    input: &mut Reader<'_>,
    version: Version,
) -> Result<Option<usize>, DecodeError> {
    let Some(count) = Length::Long.read(input, version)? else { return Ok(None) };
    input.checked_count(count, T::bytes_min(version)).map(Some)
}

/// Appends the count of an array.
pub(crate) fn put_count(out: &mut Vec<u8>, count: usize, version: Version) -> Result<(), EncodeError> {
    Length::Long.put(out, count, version)
}

/// Appends the length of a byte range whose bytes follow from elsewhere.
pub(crate) fn put_bytes_length(out: &mut Vec<u8>, bytes: usize, version: Version) -> Result<(), EncodeError> {
    Length::Long.put(out, bytes, version)
}

/// Appends a string.
pub(crate) fn put_str(out: &mut Vec<u8>, text: &str, version: Version) -> Result<(), EncodeError> {
    Length::Short.put(out, text.len(), version)?;
    out.put_slice(text.as_bytes());
    Ok(())
}

/// Appends a string or its null.
pub(crate) fn put_nullable_str(
    out: &mut Vec<u8>,
    text: Option<&str>,
    version: Version,
) -> Result<(), EncodeError> {
    match text {
        Some(text) => put_str(out, text, version),
        None => {
            Length::Short.put_null(out, version);
            Ok(())
        }
    }
}

impl<T: Nullable> Field for Option<T> {
    fn put(&self, out: &mut Vec<u8>, version: Version) -> Result<(), EncodeError> {
        match self {
            Some(value) => value.put(out, version),
            None => {
                T::put_null(out, version);
                Ok(())
            }
        }
    }

    fn read(input: &mut Reader<'_>, version: Version) -> Result<Self, DecodeError> {
        T::read_nullable(input, version)
    }

    fn bytes_min(version: Version) -> usize {
        T::bytes_min(version)
    }

    fn is_null(&self) -> bool {
        self.is_none()
    }
}
