//! Arrays of numbers that are stored inline while they are short.

use std::fmt;
use std::ops::Deref;

use super::array::set_aside;
use super::error::{Decoded, EncodeError};
use super::field::Field;
use super::length::{put_count, required};
use super::reader::Reader;
use super::version::Version;

/// Most elements that are stored inline: the usual number of replicas.
const INLINE_MAX: usize = 3;

/// An array of numbers: up to three are stored inline, more of them on the heap. The size of an `InlineVec` is that of a
/// `Vec`.
///
/// ```
/// use milena_codec::ids::BrokerId;
/// use milena_codec::wire::InlineVec;
/// let replicas: InlineVec<BrokerId> = [1, 2, 3].map(BrokerId).into_iter().collect();
/// assert_eq!(replicas[..], [BrokerId(1), BrokerId(2), BrokerId(3)]);
/// ```
#[derive(Clone)]
pub struct InlineVec<T>(Storage<T>);

#[derive(Clone)]
enum Storage<T> {
    Inline { count: u8, elements: [T; INLINE_MAX] },
    Heap(Vec<T>),
}

impl<T: Copy + Default> Default for InlineVec<T> {
    fn default() -> Self {
        Self(Storage::Inline { count: 0, elements: [T::default(); INLINE_MAX] })
    }
}

impl<T> Deref for InlineVec<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Storage::Inline { count, elements } => &elements[..usize::from(*count)],
            Storage::Heap(elements) => elements,
        }
    }
}

impl<T: Copy + Default> From<&[T]> for InlineVec<T> {
    fn from(elements: &[T]) -> Self {
        elements.iter().copied().collect()
    }
}

impl<T: Copy + Default> FromIterator<T> for InlineVec<T> {
    fn from_iter<I: IntoIterator<Item = T>>(iterator: I) -> Self {
        let mut rest = iterator.into_iter();
        let (mut count, mut elements) = (0, [T::default(); INLINE_MAX]);
        while let Some(slot) = elements.get_mut(usize::from(count)) {
            let Some(element) = rest.next() else { return Self(Storage::Inline { count, elements }) };
            *slot = element;
            count += 1;
        }
        match rest.next() {
            None => Self(Storage::Inline { count, elements }),
            Some(next) => Self(Storage::Heap(elements.into_iter().chain([next]).chain(rest).collect())),
        }
    }
}

impl<T: PartialEq> PartialEq for InlineVec<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for InlineVec<T> {}

impl<T: fmt::Debug> fmt::Debug for InlineVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Field + Copy + Default> Field for InlineVec<T> {
    fn put(&self, out: &mut Vec<u8>, version: Version) -> Result<(), EncodeError> {
        put_count(out, self.len(), version)?;
        self.iter().try_for_each(|element| element.put(out, version))
    }

    #[inline]
    fn read(input: &mut Reader<'_>, version: Version) -> Decoded<Self> {
        let count = required(input, version, set_aside::<T>)?;
        if count > INLINE_MAX {
            return T::read_many(input, count, version).map(|elements| Self(Storage::Heap(elements)));
        }
        input.give_back(count * T::bytes_min(version));
        let mut elements = [T::default(); INLINE_MAX];
        for element in &mut elements[..count] {
            *element = T::read(input, version)?;
        }
        Ok(Self(Storage::Inline { count: u8::try_from(count).unwrap_or_default(), elements }))
    }

    fn bytes_min(version: Version) -> usize {
        Vec::<T>::bytes_min(version)
    }
}

#[cfg(any(test, feature = "generate"))]
impl<T: Field + Copy + Default + super::generate::Generate> super::generate::Generate for InlineVec<T> {
    fn generate(random: &mut super::generate::RandomBytes<'_>, version: Version) -> Self {
        Vec::generate(random, version).into_iter().collect()
    }

    fn elements(version: Version, found: &mut Vec<super::generate::Element>) {
        Vec::<T>::elements(version, found);
    }
}

#[cfg(test)]
impl<T: super::describe::Describe> super::describe::Describe for InlineVec<T> {
    fn describe(&self, version: Version) -> serde_json::Value {
        self.iter().map(|element| element.describe(version)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_elements_are_inline_and_more_are_on_the_heap() {
        for count in 0..7 {
            let array: InlineVec<i32> = (0..count).collect();
            assert_eq!(array[..], (0..count).collect::<Vec<_>>()[..]);
            assert_eq!(matches!(array.0, Storage::Heap(_)), array.len() > INLINE_MAX);
            assert_eq!(InlineVec::from(&array[..]), array);
        }
    }

    #[test]
    fn inline_vec_is_no_larger_than_a_vec() {
        assert!(size_of::<InlineVec<i32>>() <= size_of::<Vec<i32>>());
    }
}
