//! Numbers, which have one form in all versions.

use bytes::BufMut;

use super::error::{Decoded, EncodeError};
use super::field::Field;
use super::reader::Reader;
use super::version::Version;

macro_rules! fixed {
    ($($type:ty, $put:ident, $read:ident, $bytes:literal;)*) => {$(
        impl Field for $type {
            fn put(&self, out: &mut Vec<u8>, _: Version) -> Result<(), EncodeError> {
                out.$put(*self);
                Ok(())
            }

            #[inline]
            fn read(input: &mut Reader<'_>, _: Version) -> Decoded<Self> {
                Ok(input.$read()?)
            }

            fn bytes_min(_: Version) -> usize {
                $bytes
            }

            fn read_many(input: &mut Reader<'_>, count: usize, _: Version) -> Decoded<Vec<Self>> {
                input.give_back(count * $bytes);
                let (numbers, _) = input.take(count * $bytes)?.as_chunks();
                Ok(numbers.iter().map(|number| Self::from_be_bytes(*number)).collect())
            }
        }
    )*};
}

fixed! {
    i8, put_i8, i8, 1;
    i16, put_i16, i16, 2;
    u16, put_u16, u16, 2;
    i32, put_i32, i32, 4;
    i64, put_i64, i64, 8;
}

impl Field for bool {
    fn put(&self, out: &mut Vec<u8>, _: Version) -> Result<(), EncodeError> {
        out.put_u8(u8::from(*self));
        Ok(())
    }

    /// Anything but 0 is true, as Java's `Readable` has it.
    fn read(input: &mut Reader<'_>, _: Version) -> Decoded<Self> {
        Ok(input.i8()? != 0)
    }

    fn bytes_min(_: Version) -> usize {
        1
    }
}
