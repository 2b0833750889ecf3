//! Strings and byte ranges.

use std::fmt;

use bytes::{BufMut, Bytes};

use super::error::{Decoded, EncodeError, Problem};
use super::field::{Field, Nullable};
use super::length::{Length, required};
use super::newtype::field_by_inner;
use super::reader::Reader;
use super::version::Version;

impl Field for String {
    fn put(&self, out: &mut Vec<u8>, version: Version) -> Result<(), EncodeError> {
        put_str(out, self, version)
    }

    fn read(input: &mut Reader<'_>, version: Version) -> Decoded<Self> {
        required(input, version, Self::read_nullable)
    }

    fn bytes_min(version: Version) -> usize {
        Length::Short.bytes_min(version)
    }
}

impl Nullable for String {
    fn put_null(out: &mut Vec<u8>, version: Version) {
        Length::Short.put_null(out, version);
    }

    fn read_nullable(input: &mut Reader<'_>, version: Version) -> Decoded<Option<Self>> {
        read_str(input, version).map(|text| text.map(Self::from))
    }
}

impl Field for Bytes {
    fn put(&self, out: &mut Vec<u8>, version: Version) -> Result<(), EncodeError> {
        Length::Long.put(out, self.len(), version)?;
        out.put_slice(self);
        Ok(())
    }

    fn read(input: &mut Reader<'_>, version: Version) -> Decoded<Self> {
        required(input, version, Self::read_nullable)
    }

    fn bytes_min(version: Version) -> usize {
        Length::Long.bytes_min(version)
    }
}

impl Nullable for Bytes {
    fn put_null(out: &mut Vec<u8>, version: Version) {
        Length::Long.put_null(out, version);
    }

    fn read_nullable(input: &mut Reader<'_>, version: Version) -> Decoded<Option<Self>> {
        let Some(length) = read_length(input, Length::Long, version)? else { return Ok(None) };
        Ok(Some(input.take_bytes(length)?))
    }
}

/// Bytes that no log line shows: a step of a SASL exchange.
///
/// ```
/// use milena_codec::wire::SecretBytes;
/// assert_eq!(format!("{:?}", SecretBytes::from(b"\0user\0password".to_vec())), "SecretBytes(14 bytes)");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretBytes(pub Bytes);

field_by_inner!(SecretBytes, Bytes);

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

/// How many there are, and none of them.
impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.0.len())
    }
}

/// Reads a nullable string without keeping it.
pub(crate) fn read_str<'a>(input: &mut Reader<'a>, version: Version) -> Decoded<Option<&'a str>> {
    let Some(length) = read_length(input, Length::Short, version)? else { return Ok(None) };
    let start = input.position();
    let text = input.take(length)?;
    std::str::from_utf8(text).map(Some).map_err(|_| input.problem_at(start, Problem::NotUtf8))
}

/// Reads a length in bytes, none for a null, checked against the bytes that are left.
fn read_length(input: &mut Reader<'_>, length: Length, version: Version) -> Decoded<Option<usize>> {
    let Some(length) = length.read(input, version)? else { return Ok(None) };
    Ok(Some(input.checked_count(length, 1)?))
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
