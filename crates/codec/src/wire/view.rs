//! Reading without keeping: a string as `&str`, an array as an iterator over bytes that were checked once.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;

use super::array::set_aside;
use super::error::Decoded;
use super::field::{Field, Nullable};
use super::length::required;
use super::reader::Reader;
use super::text::{read_slice, read_str};
use super::version::Version;

/// A field that can be looked at where it lies, so that nothing is allocated.
pub trait Viewed: Field {
    /// What is seen of it.
    type View<'a>: Clone + fmt::Debug;

    /// Reads a value, all of which is checked.
    ///
    /// # Errors
    /// [`DecodeError`](super::DecodeError) with the position of what is wrong, as [`Field::read`] has it.
    fn view<'a>(input: &mut Reader<'a>, version: Version) -> Decoded<Self::View<'a>>;

    /// The view of a field that the version does not carry; its default is empty or a number.
    fn view_default<'a>(default: Self) -> Self::View<'a>;

    /// Keeps what is seen.
    fn own(view: &Self::View<'_>) -> Self;

    /// Whether a null is seen.
    fn sees_null(_: &Self::View<'_>) -> bool {
        false
    }

    /// Checks a value and passes over it, as [`view`](Self::view) does; says whether it is a null.
    ///
    /// # Errors
    /// As [`view`](Self::view).
    #[inline]
    fn check(input: &mut Reader<'_>, version: Version) -> Decoded<bool> {
        Self::view(input, version).map(|view| Self::sees_null(&view))
    }

    /// Checks as many values as `count` says, after their fewest bytes were set aside, and passes over them.
    ///
    /// # Errors
    /// As [`view`](Self::view).
    #[inline]
    fn pass_over(input: &mut Reader<'_>, count: usize, version: Version) -> Decoded<()> {
        let bytes_min = Self::bytes_min(version);
        for _ in 0..count {
            input.give_back(bytes_min);
            Self::check(input, version)?;
        }
        Ok(())
    }
}

/// A viewed type that has a null on the wire.
pub trait ViewedNullable: Viewed + Nullable {
    /// Reads a value or a null.
    ///
    /// # Errors
    /// As [`Viewed::view`].
    fn view_nullable<'a>(input: &mut Reader<'a>, version: Version) -> Decoded<Option<Self::View<'a>>>;
}

/// Lets a type of fixed size be its own view.
macro_rules! viewed_by_copy {
    ($type:ty, $bytes:expr) => {
        impl $crate::wire::Viewed for $type {
            type View<'a> = Self;

            #[inline]
            fn view<'a>(
                input: &mut $crate::wire::Reader<'a>,
                version: $crate::wire::Version,
            ) -> $crate::wire::Decoded<Self> {
                <Self as $crate::wire::Field>::read(input, version)
            }

            fn view_default<'a>(default: Self) -> Self::View<'a> {
                default
            }

            fn own(view: &Self) -> Self {
                *view
            }

            #[inline]
            fn pass_over(
                input: &mut $crate::wire::Reader<'_>,
                count: usize,
                _: $crate::wire::Version,
            ) -> $crate::wire::Decoded<()> {
                input.give_back(count * $bytes);
                input.take(count * $bytes)?;
                Ok(())
            }
        }
    };
}
pub(crate) use viewed_by_copy;

impl Viewed for String {
    type View<'a> = &'a str;

    fn view<'a>(input: &mut Reader<'a>, version: Version) -> Decoded<&'a str> {
        required(input, version, read_str)
    }

    fn view_default<'a>(_: Self) -> &'a str {
        ""
    }

    fn own(view: &&str) -> Self {
        (*view).to_owned()
    }
}

impl ViewedNullable for String {
    fn view_nullable<'a>(input: &mut Reader<'a>, version: Version) -> Decoded<Option<&'a str>> {
        read_str(input, version)
    }
}

impl Viewed for Bytes {
    type View<'a> = &'a [u8];

    fn view<'a>(input: &mut Reader<'a>, version: Version) -> Decoded<&'a [u8]> {
        required(input, version, read_slice)
    }

    fn view_default<'a>(_: Self) -> &'a [u8] {
        &[]
    }

    fn own(view: &&[u8]) -> Self {
        Self::copy_from_slice(view)
    }
}

impl ViewedNullable for Bytes {
    fn view_nullable<'a>(input: &mut Reader<'a>, version: Version) -> Decoded<Option<&'a [u8]>> {
        read_slice(input, version)
    }
}

impl<T: ViewedNullable> Viewed for Option<T> {
    type View<'a> = Option<T::View<'a>>;

    fn view<'a>(input: &mut Reader<'a>, version: Version) -> Decoded<Self::View<'a>> {
        T::view_nullable(input, version)
    }

    fn view_default<'a>(default: Self) -> Self::View<'a> {
        default.map(T::view_default)
    }

    fn own(view: &Self::View<'_>) -> Self {
        view.as_ref().map(T::own)
    }

    fn sees_null(view: &Self::View<'_>) -> bool {
        view.is_none()
    }
}

impl<T: Viewed> Viewed for Vec<T> {
    type View<'a> = Elements<'a, T>;

    #[inline(always)]
    fn view<'a>(input: &mut Reader<'a>, version: Version) -> Decoded<Elements<'a, T>> {
        required(input, version, Self::view_nullable)
    }

    #[inline]
    fn check(input: &mut Reader<'_>, version: Version) -> Decoded<bool> {
        let count = required(input, version, set_aside::<T>)?;
        T::pass_over(input, count, version).map(|()| false)
    }

    fn view_default<'a>(_: Self) -> Elements<'a, T> {
        Elements::default()
    }

    fn own(view: &Elements<'_, T>) -> Self {
        view.clone().map(|element| T::own(&element)).collect()
    }
}

impl<T: Viewed> ViewedNullable for Vec<T> {
    #[inline(always)]
    fn view_nullable<'a>(input: &mut Reader<'a>, version: Version) -> Decoded<Option<Elements<'a, T>>> {
        let Some(left) = set_aside::<T>(input, version)? else { return Ok(None) };
        let start = input.position();
        T::pass_over(input, left, version)?;
        Ok(Some(Elements {
            bytes: input.since(start),
            version: Packed::of(version),
            left,
            element: PhantomData,
        }))
    }
}

/// The elements of an array, read one by one from bytes that were checked before; nothing is allocated.
pub struct Elements<'a, T> {
    /// The bytes of the elements that are left, which were checked when the array was passed over.
    bytes: &'a [u8],
    version: Packed,
    left: usize,
    element: PhantomData<fn() -> T>,
}

/// A version in one word. A `bool` would lend its unused values to every `Option` around the elements, which is then
/// written a byte at a time and read in whole words: that takes as long again as all the rest of looking at a field.
#[derive(Clone, Copy)]
struct Packed(u32);

impl Packed {
    const fn of(version: Version) -> Self {
        let [high, low] = version.number.to_be_bytes();
        Self(u32::from_be_bytes([0, version.flexible as u8, high, low]))
    }

    const fn version(self) -> Version {
        let [_, flexible, high, low] = self.0.to_be_bytes();
        Version { number: i16::from_be_bytes([high, low]), flexible: flexible != 0 }
    }
}

impl<T> Elements<'_, T> {
    /// Whether none is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.left == 0
    }
}

impl<'a, T: Viewed> Iterator for Elements<'a, T> {
    type Item = T::View<'a>;

    #[inline]
    fn next(&mut self) -> Option<T::View<'a>> {
        self.left = self.left.checked_sub(1)?;
        let mut input = Reader::new(self.bytes);
        let element = T::view(&mut input, self.version.version());
        self.bytes = input.rest();
        debug_assert!(element.is_ok(), "elements were checked when the array was passed over");
        element.ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T: Viewed> ExactSizeIterator for Elements<'_, T> {}

impl<T> Clone for Elements<'_, T> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

/// No elements.
impl<T> Default for Elements<'_, T> {
    fn default() -> Self {
        let version = Version { number: 0, flexible: false };
        Self { bytes: &[], version: Packed::of(version), left: 0, element: PhantomData }
    }
}

/// Equal elements in the same order.
impl<'a, T: Viewed> PartialEq for Elements<'a, T>
where
    T::View<'a>: PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.left == other.left && self.clone().eq(other.clone())
    }
}

impl<T: Viewed> fmt::Debug for Elements<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
