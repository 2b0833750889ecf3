//! Arrays: a count, then the elements.

use super::error::{Decoded, EncodeError};
use super::field::{Field, Nullable};
use super::length::{Length, required};
use super::reader::Reader;
use super::version::Version;

impl<T: Field> Field for Vec<T> {
    fn put(&self, out: &mut Vec<u8>, version: Version) -> Result<(), EncodeError> {
        Length::Long.put(out, self.len(), version)?;
        self.iter().try_for_each(|element| element.put(out, version))
    }

    fn read(input: &mut Reader<'_>, version: Version) -> Decoded<Self> {
        required(input, version, Self::read_nullable)
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
    fn read_nullable(input: &mut Reader<'_>, version: Version) -> Decoded<Option<Self>> {
        match set_aside::<T>(input, version)? {
            Some(count) => T::read_many(input, count, version).map(Some),
            None => Ok(None),
        }
    }
}

/// Reads the count of an array of `T`, none for a null, and sets the fewest bytes of its elements aside.
#[inline(always)]
pub(super) fn set_aside<T: Field>(input: &mut Reader<'_>, version: Version) -> Decoded<Option<usize>> {
    let Some(count) = Length::Long.read(input, version)? else { return Ok(None) };
    Ok(Some(input.set_aside(count, T::bytes_min(version))?))
}

/// Reads the count of an array of `T` that may not be null, and sets the fewest bytes of its elements aside.
pub(crate) fn read_count<T: Field>(input: &mut Reader<'_>, version: Version) -> Decoded<usize> {
    required(input, version, set_aside::<T>)
}
