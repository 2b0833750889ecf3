//! The traits of the types in a message table.

use super::error::{Decoded, EncodeError};
use super::reader::Reader;
use super::version::Version;

/// A type that can stand in a message table.
///
/// ```
/// use milena_codec::ids::PartitionId;
/// use milena_codec::wire::{Field, Reader, Version};
/// let version = Version { number: 0, flexible: true };
/// let mut bytes = Vec::new();
/// vec![PartitionId(1), PartitionId(2)].put(&mut bytes, version)?;
/// assert_eq!(bytes, [3, 0, 0, 0, 1, 0, 0, 0, 2]);
/// assert_eq!(Vec::<PartitionId>::read(&mut Reader::new(&bytes), version)?.len(), 2);
/// assert_eq!(PartitionId::bytes_min(version), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Field: Sized {
    /// Appends the value.
    ///
    /// # Errors
    /// [`EncodeError`] when this version cannot carry it.
    fn put(&self, out: &mut Vec<u8>, version: Version) -> Result<(), EncodeError>;

    /// Reads a value.
    ///
    /// # Errors
    /// [`DecodeError`](super::DecodeError) with the position of what is wrong.
    fn read(input: &mut Reader<'_>, version: Version) -> Decoded<Self>;

    /// The fewest bytes that a value takes: what an array's count is checked against.
    fn bytes_min(version: Version) -> usize;

    /// Reads `count` values, after their fewest bytes were set aside by the reader of the array.
    ///
    /// # Errors
    /// [`DecodeError`](super::DecodeError) with the position of what is wrong.
    fn read_many(input: &mut Reader<'_>, count: usize, version: Version) -> Decoded<Vec<Self>> {
        let bytes_min = Self::bytes_min(version);
        let mut elements = Vec::with_capacity(count);
        for _ in 0..count {
            input.give_back(bytes_min);
            elements.push(Self::read(input, version)?);
        }
        Ok(elements)
    }

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
    /// [`DecodeError`](super::DecodeError) with the position of what is wrong.
    fn read_nullable(input: &mut Reader<'_>, version: Version) -> Decoded<Option<Self>>;
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

    fn read(input: &mut Reader<'_>, version: Version) -> Decoded<Self> {
        T::read_nullable(input, version)
    }

    fn bytes_min(version: Version) -> usize {
        T::bytes_min(version)
    }

    fn is_null(&self) -> bool {
        self.is_none()
    }
}
