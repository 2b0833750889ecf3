//! The code behind each row of a table.

use crate::wire::{Decoded, EncodeError, Field, Problem, Reader, Row, Version, varint};

/// The default of a row: its own where it has one, else its type's.
macro_rules! default_of {
    ($type:ty) => {
        <$type as Default>::default()
    };
    ($type:ty, $default:expr) => {
        $default
    };
}
pub(crate) use default_of;

/// The tagged fields of a struct, gathered while its rows are written.
#[derive(Default)]
pub(crate) struct Tags {
    count: u64,
    bytes: Vec<u8>,
}

impl Tags {
    fn add(&mut self, tag: u32, field: &impl Field, version: Version) -> Result<(), EncodeError> {
        let mut bytes = Vec::new();
        field.put(&mut bytes, version)?;
        self.count += 1;
        varint::put_unsigned(&mut self.bytes, tag.into());
        varint::put_unsigned(&mut self.bytes, bytes.len() as u64);
        self.bytes.append(&mut bytes);
        Ok(())
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>, version: Version) {
        if version.flexible {
            varint::put_unsigned(out, self.count);
            out.extend_from_slice(&self.bytes);
        }
    }
}

pub(crate) fn put_row<T: Field>(
    field: &T,
    name: &'static str,
    row: &Row,
    is_default: impl Fn() -> bool,
    tags: &mut Tags,
    out: &mut Vec<u8>,
    version: Version,
) -> Result<(), EncodeError> {
    if !row.carried_by(version) {
        return match row.is_ignorable() || is_default() {
            true => Ok(()),
            false => Err(EncodeError::NotInVersion { field: name, version: version.number }),
        };
    }
    if field.is_null() && !row.is_nullable_in(version) {
        return Err(EncodeError::NullNotAllowed { field: name, version: version.number });
    }
    match row.tag() {
        None => field.put(out, version),
        Some(_) if is_default() => Ok(()),
        Some(tag) => tags.add(tag, field, version),
    }
}

#[inline]
pub(crate) fn read_row<T: Field>(
    row: &Row,
    input: &mut Reader<'_>,
    version: Version,
    default: impl Fn() -> T,
) -> Decoded<T> {
    if row.tag().is_some() || !row.carried_by(version) {
        return Ok(default());
    }
    read_value(row, input, version)
}

/// Reads the value of a row that is there, be it tagged or not.
#[inline]
pub(crate) fn read_value<T: Field>(row: &Row, input: &mut Reader<'_>, version: Version) -> Decoded<T> {
    let start = input.position();
    let value = T::read(input, version)?;
    match value.is_null() && !row.is_nullable_in(version) {
        true => Err(input.problem_at(start, Problem::UnexpectedNull)),
        false => Ok(value),
    }
}
