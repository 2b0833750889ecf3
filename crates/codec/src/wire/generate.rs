//! Messages made from dice, for tests and fuzzing: every row that a version carries is filled, the others keep their
//! defaults, so that the version can carry the message.

use bytes::Bytes;

use super::version::{Row, Version};

/// Choices drawn from a run of bytes; zeros once they are used up.
#[derive(Debug)]
pub struct Dice<'a> {
    bytes: &'a [u8],
}

impl<'a> Dice<'a> {
    /// Draws from `bytes`, first to last.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    /// A small count, 0 once the bytes are used up.
    pub fn count(&mut self) -> usize {
        usize::from(self.byte() % 4)
    }

    pub(crate) fn number<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }
}

/// A type that dice can make.
pub trait Generate: Sized {
    /// Draws a value that `version` can carry.
    fn generate(dice: &mut Dice<'_>, version: Version) -> Self;
}

/// Draws the field of a row, or leaves it at its default.
pub(crate) fn generate_row<T: Generate + super::Field>(
    field: &mut T,
    row: &Row,
    dice: &mut Dice<'_>,
    version: Version,
) {
    if !row.carried_by(version) {
        return;
    }
    let drawn = T::generate(dice, version);
    if !drawn.is_null() || row.is_nullable_in(version) {
        *field = drawn;
    }
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Generate for $type {
            fn generate(dice: &mut Dice<'_>, _: Version) -> Self {
                Self::from_be_bytes(dice.number())
            }
        }
    )*};
}

numbers!(i8, i16, i32, i64);

impl Generate for bool {
    fn generate(dice: &mut Dice<'_>, _: Version) -> Self {
        dice.byte() % 2 == 1
    }
}

impl Generate for String {
    fn generate(dice: &mut Dice<'_>, _: Version) -> Self {
        (0..dice.count()).map(|_| char::from(dice.byte())).collect()
    }
}

impl Generate for Bytes {
    fn generate(dice: &mut Dice<'_>, _: Version) -> Self {
        (0..dice.count()).map(|_| dice.byte()).collect()
    }
}

impl<T: Generate> Generate for Option<T> {
    fn generate(dice: &mut Dice<'_>, version: Version) -> Self {
        (!dice.byte().is_multiple_of(4)).then(|| T::generate(dice, version))
    }
}

impl<T: Generate> Generate for Vec<T> {
    fn generate(dice: &mut Dice<'_>, version: Version) -> Self {
        (0..dice.count()).map(|_| T::generate(dice, version)).collect()
    }
}
