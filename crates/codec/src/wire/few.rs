//! Short arrays of numbers that need no memory of their own.

use std::fmt;
use std::ops::Deref;

use super::array::set_aside;
use super::error::{Decoded, EncodeError};
use super::field::Field;
use super::length::{put_count, required};
use super::reader::Reader;
use super::version::Version;

/// As many elements as are kept in place: the usual number of replicas.
const IN_PLACE: usize = 3;

/// An array of numbers of which up to three are kept in place, and only more of them on the heap. It takes no more room
/// than a `Vec`.
///
/// ```
/// use milena_codec::ids::BrokerId;
/// use milena_codec::wire::Few;
/// let replicas: Few<BrokerId> = [1, 2, 3].map(BrokerId).into_iter().collect();
/// assert_eq!(replicas[..], [BrokerId(1), BrokerId(2), BrokerId(3)]);
/// ```
#[derive(Clone)]
pub struct Few<T>(Place<T>);

#[derive(Clone)]
enum Place<T> {
    Here { count: u8, elements: [T; IN_PLACE] },
    Heap(Vec<T>),
}

impl<T: Copy + Default> Default for Few<T> {
    fn default() -> Self {
        Self(Place::Here { count: 0, elements: [T::default(); IN_PLACE] })
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Place::Here { count, elements } => &elements[..usize::from(*count)],
            Place::Heap(elements) => elements,
        }
    }
}

impl<T: Copy + Default> From<&[T]> for Few<T> {
    fn from(elements: &[T]) -> Self {
        elements.iter().copied().collect()
    }
}

impl<T: Copy + Default> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(iterator: I) -> Self {
        let mut rest = iterator.into_iter();
        let (mut count, mut elements) = (0, [T::default(); IN_PLACE]);
        while let Some(place) = elements.get_mut(usize::from(count)) {
            let Some(element) = rest.next() else { return Self(Place::Here { count, elements }) };
            *place = element;
            count += 1;
        }
        match rest.next() {
            None => Self(Place::Here { count, elements }),
            Some(next) => Self(Place::Heap(elements.into_iter().chain([next]).chain(rest).collect())),
        }
    }
}

impl<T: PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Few<T> {}

impl<T: fmt::Debug> fmt::Debug for Few<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Field + Copy + Default> Field for Few<T> {
    fn put(&self, out: &mut Vec<u8>, version: Version) -> Result<(), EncodeError> {
        put_count(out, self.len(), version)?;
        self.iter().try_for_each(|element| element.put(out, version))
    }

    #[inline]
    fn read(input: &mut Reader<'_>, version: Version) -> Decoded<Self> {
        let count = required(input, version, set_aside::<T>)?;
        if count > IN_PLACE {
            return T::read_many(input, count, version).map(|elements| Self(Place::Heap(elements)));
        }
        input.give_back(count * T::bytes_min(version));
        let mut elements = [T::default(); IN_PLACE];
        for element in &mut elements[..count] {
            *element = T::read(input, version)?;
        }
        Ok(Self(Place::Here { count: u8::try_from(count).unwrap_or_default(), elements }))
    }

    fn bytes_min(version: Version) -> usize {
        Vec::<T>::bytes_min(version)
    }
}

#[cfg(any(test, feature = "generate"))]
impl<T: Field + Copy + Default + super::generate::Generate> super::generate::Generate for Few<T> {
    fn generate(dice: &mut super::generate::Dice<'_>, version: Version) -> Self {
        Vec::generate(dice, version).into_iter().collect()
    }

    fn elements(version: Version, found: &mut Vec<super::generate::Element>) {
        Vec::<T>::elements(version, found);
    }
}

#[cfg(test)]
impl<T: super::describe::Describe> super::describe::Describe for Few<T> {
    fn describe(&self, version: Version) -> serde_json::Value {
        self.iter().map(|element| element.describe(version)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_kept_in_place_and_more_on_the_heap() {
        for count in 0..7 {
            let few: Few<i32> = (0..count).collect();
            assert_eq!(few[..], (0..count).collect::<Vec<_>>()[..]);
            assert_eq!(matches!(few.0, Place::Heap(_)), few.len() > IN_PLACE);
            assert_eq!(Few::from(&few[..]), few);
        }
    }

    #[test]
    fn it_takes_no_more_room_than_a_vec() {
        assert!(size_of::<Few<i32>>() <= size_of::<Vec<i32>>());
    }
}
