//! Reading of untrusted bytes.

use std::fmt;

use bytes::Bytes;

use super::error::{DecodeError, Decoded, Problem};
use super::varint;

/// A cursor over received bytes. Every read checks what is left; nothing here allocates by a length in the bytes.
///
/// While the elements of an array are read, the fewest bytes that the later ones take are set aside, and neither a
/// length nor a count inside the earlier ones can lay claim to them. So no two arrays are promised the same bytes, and
/// the allocations of a message grow with its frame, however its arrays are nested.
///
/// ```
/// use milena_codec::wire::Reader;
/// let mut reader = Reader::new(&[0, 0, 0, 7, 0xff]);
/// assert_eq!(reader.i32()?, 7);
/// assert_eq!(reader.left(), 1);
/// # Ok::<(), milena_codec::wire::DecodeError>(())
/// ```
#[derive(Clone)]
pub struct Reader<'a> {
    /// All bytes, those read already among them.
    bytes: &'a [u8],
    /// The bytes that may be read at present.
    free: &'a [u8],
    /// Where `free` ends in `bytes`; the bytes behind are set aside for elements to come.
    limit: usize,
    /// The shared buffer that `bytes` lies in, so that large fields are taken without a copy.
    shared: Option<&'a Bytes>,
}

impl<'a> Reader<'a> {
    /// Reads from a slice; what is kept is copied.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, free: bytes, limit: bytes.len(), shared: None }
    }

    /// Reads from a shared buffer; byte ranges that are kept share it.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use milena_codec::wire::Reader;
    /// let frame = Bytes::from_static(b"records and more");
    /// let kept = Reader::shared(&frame).take_bytes(7)?;
    /// assert_eq!(kept.as_ptr(), frame.as_ptr(), "not copied");
    /// # Ok::<(), milena_codec::wire::DecodeError>(())
    /// ```
    #[must_use]
    pub fn shared(bytes: &'a Bytes) -> Self {
        Self { shared: Some(bytes), ..Self::new(bytes) }
    }

    /// Bytes not read yet, those set aside among them.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.bytes.len() - self.position()
    }

    /// Offset of the next byte.
    #[inline]
    #[must_use]
    pub const fn position(&self) -> usize {
        self.limit - self.free.len()
    }

    /// An error about the byte that comes next.
    #[must_use]
    pub const fn problem(&self, problem: Problem) -> DecodeError {
        DecodeError { at: self.position(), problem }
    }

    /// Takes the next `count` bytes.
    ///
    /// # Errors
    /// [`Problem::Truncated`] when there are fewer.
    ///
    /// ```
    /// use milena_codec::wire::{Problem, Reader};
    /// let mut reader = Reader::new(b"abc");
    /// assert_eq!(reader.take(2)?, b"ab");
    /// assert_eq!(reader.take(2).unwrap_err().problem, Problem::Truncated { needed: 2, left: 1 });
    /// # Ok::<(), milena_codec::wire::DecodeError>(())
    /// ```
    #[inline]
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        match self.free.split_at_checked(count) {
            Some((taken, free)) => {
                self.free = free;
                Ok(taken)
            }
            None => Err(self.truncated(count)),
        }
    }

    #[cold]
    const fn truncated(&self, needed: usize) -> DecodeError {
        self.problem(Problem::Truncated { needed, left: self.free.len() })
    }

    /// The bytes that were read from `start` on.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        &self.bytes[start..self.position()]
    }

    /// The bytes that may be read now.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.free
    }

    /// Takes the next `count` bytes to keep: shared where the buffer is, copied otherwise.
    ///
    /// # Errors
    /// [`Problem::Truncated`] when there are fewer.
    pub fn take_bytes(&mut self, count: usize) -> Result<Bytes, DecodeError> {
        let taken = self.take(count)?;
        Ok(self.shared.map_or_else(|| Bytes::copy_from_slice(taken), |shared| shared.slice_ref(taken)))
    }

    /// Takes `N` bytes as what they stand for: made of them at once, as a result of bytes would go through memory.
    #[inline]
    fn fixed<const N: usize, T>(&mut self, value: impl FnOnce([u8; N]) -> T) -> Result<T, DecodeError> {
        match self.free.split_first_chunk() {
            Some((taken, free)) => {
                self.free = free;
                Ok(value(*taken))
            }
            None => Err(self.truncated(N)),
        }
    }

    /// Reads a byte as a signed number.
    ///
    /// # Errors
    /// [`Problem::Truncated`] at the end of the bytes, as for all of the fixed numbers.
    #[inline]
    pub fn i8(&mut self) -> Result<i8, DecodeError> {
        self.fixed(i8::from_be_bytes)
    }

    /// Reads a big-endian 16-bit number.
    ///
    /// # Errors
    /// [`Problem::Truncated`] at the end of the bytes.
    #[inline]
    pub fn i16(&mut self) -> Result<i16, DecodeError> {
        self.fixed(i16::from_be_bytes)
    }

    /// Reads a big-endian 16-bit number without a sign, such as a port.
    ///
    /// # Errors
    /// [`Problem::Truncated`] at the end of the bytes.
    #[inline]
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        self.fixed(u16::from_be_bytes)
    }

    /// Reads a big-endian 32-bit number.
    ///
    /// # Errors
    /// [`Problem::Truncated`] at the end of the bytes.
    #[inline]
    pub fn i32(&mut self) -> Result<i32, DecodeError> {
        self.fixed(i32::from_be_bytes)
    }

    /// Reads a big-endian 64-bit number.
    ///
    /// # Errors
    /// [`Problem::Truncated`] at the end of the bytes.
    ///
    /// ```
    /// use milena_codec::wire::Reader;
    /// let mut reader = Reader::new(&[1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3]);
    /// assert_eq!((reader.i8()?, reader.i16()?, reader.i64()?), (1, 2, 3));
    /// # Ok::<(), milena_codec::wire::DecodeError>(())
    /// ```
    #[inline]
    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        self.fixed(i64::from_be_bytes)
    }

    /// Reads 16 bytes of a UUID.
    ///
    /// # Errors
    /// [`Problem::Truncated`] at the end of the bytes.
    pub fn uuid(&mut self) -> Result<[u8; 16], DecodeError> {
        self.fixed(|bytes| bytes)
    }

    /// Reads an unsigned varint of at most 32 bits.
    ///
    /// # Errors
    /// [`Problem::VarintTooLong`] after five bytes or past 32 bits, [`Problem::Truncated`] at the end of the bytes.
    #[inline]
    pub fn unsigned_varint(&mut self) -> Result<u32, DecodeError> {
        // Nearly all of them have one byte.
        if let Some((byte @ ..0x80, free)) = self.free.split_first() {
            self.free = free;
            return Ok(u32::from(*byte));
        }
        let start = self.position();
        let value = self.varint(varint::MAX_BYTES_32)?;
        u32::try_from(value).map_err(|_| DecodeError { at: start, problem: Problem::VarintTooLong })
    }

    /// Reads a signed (zigzag) varint of at most 32 bits.
    ///
    /// # Errors
    /// As [`unsigned_varint`](Self::unsigned_varint).
    #[inline]
    pub fn varint_i32(&mut self) -> Result<i32, DecodeError> {
        let start = self.position();
        let value = varint::unzigzag(self.varint(varint::MAX_BYTES_32)?);
        i32::try_from(value).map_err(|_| DecodeError { at: start, problem: Problem::VarintTooLong })
    }

    /// Reads a signed (zigzag) varint of at most 64 bits.
    ///
    /// # Errors
    /// As [`unsigned_varint`](Self::unsigned_varint), after ten bytes.
    ///
    /// ```
    /// use milena_codec::wire::Reader;
    /// let mut reader = Reader::new(&[3, 0xac, 0x02, 1]);
    /// assert_eq!((reader.varint_i32()?, reader.unsigned_varint()?, reader.varint_i64()?), (-2, 300, -1));
    /// # Ok::<(), milena_codec::wire::DecodeError>(())
    /// ```
    #[inline]
    pub fn varint_i64(&mut self) -> Result<i64, DecodeError> {
        self.varint(varint::MAX_BYTES_64).map(varint::unzigzag)
    }

    fn varint(&mut self, bytes_max: usize) -> Result<u64, DecodeError> {
        let start = self.position();
        let mut value = 0u64;
        for index in 0..bytes_max {
            let byte = self.fixed(u8::from_be_bytes)?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte of a 64-bit varint has room for one bit only.
            if index == varint::MAX_BYTES_64 - 1 && bits > 1 {
                break;
            }
            value |= bits << (7 * index);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(DecodeError { at: start, problem: Problem::VarintTooLong })
    }

    /// Checks a count of elements against the bytes that are left, each element taking `bytes_min` at least.
    ///
    /// # Errors
    /// [`Problem::TooMany`] when they cannot all be there.
    ///
    /// ```
    /// use milena_codec::wire::{Problem, Reader};
    /// let error = Reader::new(&[0; 10]).checked_count(1_000_000, 4).unwrap_err();
    /// assert_eq!(error.problem, Problem::TooMany { count: 1_000_000, limit: 2 });
    /// ```
    #[inline]
    pub fn checked_count(&self, count: u64, bytes_min: usize) -> Result<usize, DecodeError> {
        // Not by a division, which would take longer than most arrays do.
        let fits =
            |count: &usize| count.checked_mul(bytes_min.max(1)).is_some_and(|bytes| bytes <= self.free.len());
        usize::try_from(count).ok().filter(fits).ok_or_else(|| self.too_many(count, bytes_min))
    }

    #[cold]
    fn too_many(&self, count: u64, bytes_min: usize) -> DecodeError {
        self.problem(Problem::TooMany { count, limit: self.free.len() / bytes_min.max(1) })
    }

    /// Checks a count of elements as [`checked_count`](Self::checked_count) does, and sets their fewest bytes aside;
    /// [`give_back`](Self::give_back) gives each element its share when its turn comes.
    #[inline]
    pub(crate) fn set_aside(&mut self, count: u64, bytes_min: usize) -> Decoded<usize> {
        let count = self.checked_count(count, bytes_min)?;
        let kept = self.free.len() - count * bytes_min;
        self.limit -= count * bytes_min;
        self.free = &self.free[..kept];
        Ok(count)
    }

    /// Gives bytes that were set aside to the element that is read next.
    #[inline]
    pub(crate) fn give_back(&mut self, bytes: usize) {
        let position = self.position();
        debug_assert!(self.limit + bytes <= self.bytes.len(), "more was given back than was set aside");
        self.limit += bytes;
        self.free = &self.bytes[position..self.limit];
    }

    /// Reads the tagged fields of a flexible version, handing each to `known`; the unknown ones are passed over.
    ///
    /// # Errors
    /// [`Problem::TagOrder`] when they do not ascend, [`Problem::Mismatch`] when the length of a field is wrong.
    ///
    /// ```
    /// use milena_codec::wire::{DecodeError, Reader};
    /// // One field: tag 5, of one byte.
    /// let mut found = None;
    /// Reader::new(&[1, 5, 1, 42]).tagged_fields(|tag, input| -> Result<bool, DecodeError> {
    ///     if tag == 5 {
    ///         found = Some(input.i8()?);
    ///     }
    ///     Ok(tag == 5)
    /// })?;
    /// assert_eq!(found, Some(42));
    /// # Ok::<(), DecodeError>(())
    /// ```
    pub fn tagged_fields<E: From<DecodeError>>(
        &mut self,
        known: impl FnMut(u32, &mut Self) -> Result<bool, E>,
    ) -> Result<(), E> {
        match self.unsigned_varint()? {
            0 => Ok(()),
            count => self.some_tagged_fields(count, known),
        }
    }

    fn some_tagged_fields<E: From<DecodeError>>(
        &mut self,
        count: u32,
        mut known: impl FnMut(u32, &mut Self) -> Result<bool, E>,
    ) -> Result<(), E> {
        // A tag and a length, one byte each at least.
        let count = self.checked_count(count.into(), 2)?;
        let mut last = None;
        for _ in 0..count {
            let tag = self.unsigned_varint()?;
            if last.is_some_and(|last| tag <= last) {
                return Err(self.problem(Problem::TagOrder { tag }).into());
            }
            last = Some(tag);
            let bytes = usize::try_from(self.unsigned_varint()?).unwrap_or(usize::MAX);
            let free = self.take(bytes)?;
            let limit = self.position();
            let mut inner = Self { bytes: &self.bytes[..limit], free, limit, shared: self.shared };
            if known(tag, &mut inner)? && inner.left() > 0 {
                return Err(inner.problem(Problem::Trailing { left: inner.left() }).into());
            }
        }
        Ok(())
    }

    /// An error about a byte that was read before.
    pub(crate) fn problem_at(&self, at: usize, problem: Problem) -> Box<DecodeError> {
        debug_assert!(at <= self.position(), "a byte that was not read");
        Box::new(DecodeError { at, problem })
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`Problem::Trailing`] when something is left.
    ///
    /// ```
    /// use milena_codec::wire::{Problem, Reader};
    /// let mut reader = Reader::new(&[1, 2]);
    /// reader.i8()?;
    /// assert_eq!(reader.finish().unwrap_err().problem, Problem::Trailing { left: 1 });
    /// assert_eq!(reader.problem(Problem::NotUtf8).at, reader.position());
    /// # Ok::<(), milena_codec::wire::DecodeError>(())
    /// ```
    pub const fn finish(&self) -> Result<(), DecodeError> {
        match self.left() {
            0 => Ok(()),
            left => Err(self.problem(Problem::Trailing { left })),
        }
    }
}

/// The position, and none of the bytes: they may be secrets.
impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("at", &self.position())
            .field("left", &self.left())
            .finish_non_exhaustive()
    }
}
