//! Random messages, drawn from bytes, for tests and fuzzing: every row that a version carries is filled, the others keep their
//! defaults, so that the version can carry the message.

use bytes::Bytes;

use super::field::Field;
use super::version::{Row, Version};

/// Choices drawn from a run of bytes; zeros once they are used up.
///
/// ```
/// use milena_codec::wire::generate::RandomBytes;
/// let mut random = RandomBytes::new(&[7, 2]);
/// assert_eq!((random.byte(), random.count(), random.byte()), (7, 2, 0));
/// ```
#[derive(Debug)]
pub struct RandomBytes<'a> {
    bytes: &'a [u8],
}

impl<'a> RandomBytes<'a> {
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

    /// A small count, seldom one of up to 255, and 0 once the bytes are used up.
    pub fn count(&mut self) -> usize {
        match self.byte() {
            253.. => self.byte().into(),
            few => usize::from(few % 4),
        }
    }

    /// The bytes of a text, of which few are long: up to 255 or, seldom, up to `max` times the same one.
    fn text<T>(&mut self, max: u16, of: impl Fn(u8) -> T) -> impl Iterator<Item = T> {
        let (drawn, repeated) = match self.byte() {
            255 => (0, u16::from_be_bytes(self.raw()) % (max + 1)),
            252.. => (0, self.byte().into()),
            few => (few % 6, 0),
        };
        let same = self.byte() % 128;
        let drawn: Vec<u8> = (0..drawn).map(|_| self.byte()).collect();
        drawn.into_iter().chain(std::iter::repeat_n(same, repeated.into())).map(of)
    }

    /// Any bytes of a number, its ends and 0 and -1 more often than others.
    pub(crate) fn number<const N: usize>(&mut self) -> [u8; N] {
        let mut number = self.raw();
        let Some((first, rest)) = number.split_first_mut() else { return number };
        let (high, low) = match *first {
            0..=7 => (0, 0),
            248..=255 => (0xff, 0xff),
            120..=127 => (0x7f, 0xff),
            128..=135 => (0x80, 0),
            _ => return number,
        };
        *first = high;
        rest.fill(low);
        number
    }

    fn raw<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }
}

/// The size of an array's elements, in memory and on the wire.
///
/// ```
/// use milena_codec::message::{MetadataResponse, Version};
/// use milena_codec::wire::generate::Generate;
/// let mut elements = Vec::new();
/// MetadataResponse::elements(Version::of::<MetadataResponse>(12), &mut elements);
/// assert!(elements.iter().all(|element| element.bytes <= 24 * element.bytes_min));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Element {
    /// The type of the elements.
    pub name: &'static str,
    /// The size of one in memory, without what it points to.
    pub bytes: usize,
    /// The fewest bytes that one takes on the wire.
    pub bytes_min: usize,
}

/// A type with random values.
///
/// ```
/// use milena_codec::message::{EndTxnRequest, Message, Version};
/// use milena_codec::wire::generate::{Generate, RandomBytes};
/// let version = Version::of::<EndTxnRequest>(3);
/// let message = EndTxnRequest::generate(&mut RandomBytes::new(&[200, 7, 131, 9]), version);
/// message.encode(&mut Vec::new(), version)?;
/// # Ok::<(), milena_codec::wire::EncodeError>(())
/// ```
pub trait Generate: Sized {
    /// Draws a value that `version` can carry.
    fn generate(random: &mut RandomBytes<'_>, version: Version) -> Self;

    /// The elements of all arrays that stand in the type in `version`.
    fn elements(_: Version, _: &mut Vec<Element>) {}
}

/// Draws the field of a row, or leaves it at its default.
pub(crate) fn generate_row<T: Generate + Field>(
    field: &mut T,
    row: &Row,
    random: &mut RandomBytes<'_>,
    version: Version,
) {
    if !row.carried_by(version) {
        return;
    }
    let drawn = T::generate(random, version);
    if !drawn.is_null() || row.is_nullable_in(version) {
        *field = drawn;
    }
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Generate for $type {
            fn generate(random: &mut RandomBytes<'_>, _: Version) -> Self {
                Self::from_be_bytes(random.number())
            }
        }
    )*};
}

numbers!(i8, i16, u16, i32, i64);

impl Generate for bool {
    fn generate(random: &mut RandomBytes<'_>, _: Version) -> Self {
        random.byte() % 2 == 1
    }
}

impl Generate for String {
    fn generate(random: &mut RandomBytes<'_>, _: Version) -> Self {
        random.text(i16::MAX.unsigned_abs(), char::from).collect()
    }
}

impl Generate for Bytes {
    fn generate(random: &mut RandomBytes<'_>, _: Version) -> Self {
        random.text(u16::MAX - 1, |byte| byte).collect()
    }
}

impl<T: Generate> Generate for Option<T> {
    fn generate(random: &mut RandomBytes<'_>, version: Version) -> Self {
        (!random.byte().is_multiple_of(4)).then(|| T::generate(random, version))
    }

    fn elements(version: Version, found: &mut Vec<Element>) {
        T::elements(version, found);
    }
}

impl<T: Generate + Field> Generate for Vec<T> {
    fn generate(random: &mut RandomBytes<'_>, version: Version) -> Self {
        (0..random.count()).map(|_| T::generate(random, version)).collect()
    }

    fn elements(version: Version, found: &mut Vec<Element>) {
        let (bytes, bytes_min) = (size_of::<T>(), T::bytes_min(version));
        found.push(Element { name: std::any::type_name::<T>(), bytes, bytes_min });
        T::elements(version, found);
    }
}
