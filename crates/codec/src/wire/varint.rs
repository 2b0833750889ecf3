//! Variable-length numbers: seven bits a byte, the lowest first; the high bit is set in all bytes but the last.
//!
//! Signed ones are zigzag-encoded first, so that small negative numbers stay short (Protocol Buffers' `sint`, as in
//! `org.apache.kafka.common.utils.ByteUtils`). Messages use the unsigned form, records the signed one.

/// The most bytes that a 32-bit varint takes.
///
/// ```
/// use milena_codec::wire::varint::{MAX_BYTES_32, unsigned_bytes};
/// assert_eq!(unsigned_bytes(u32::MAX.into()), MAX_BYTES_32);
/// ```
pub const MAX_BYTES_32: usize = 5;
/// The most bytes that a 64-bit varint takes.
///
/// ```
/// use milena_codec::wire::varint::{MAX_BYTES_64, signed_bytes};
/// assert_eq!(signed_bytes(i64::MIN), MAX_BYTES_64);
/// ```
pub const MAX_BYTES_64: usize = 10;

/// Maps a signed number to an unsigned one whose size follows the distance from zero.
///
/// ```
/// use milena_codec::wire::varint::{unzigzag, zigzag};
/// assert_eq!([0, -1, 1, -2].map(zigzag), [0, 1, 2, 3]);
/// assert_eq!(unzigzag(zigzag(i64::MIN)), i64::MIN);
/// ```
#[inline]
#[must_use]
pub const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// The inverse of [`zigzag`].
///
/// ```
/// use milena_codec::wire::varint::unzigzag;
/// assert_eq!([0, 1, 2, 3].map(unzigzag), [0, -1, 1, -2]);
/// ```
#[inline]
#[must_use]
pub const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// How many bytes the unsigned form of `value` takes.
///
/// ```
/// use milena_codec::wire::varint::unsigned_bytes;
/// assert_eq!([0, 127, 128, u64::MAX].map(unsigned_bytes), [1, 1, 2, 10]);
/// ```
#[inline]
#[must_use]
pub const fn unsigned_bytes(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// How many bytes the signed form of `value` takes.
///
/// ```
/// use milena_codec::wire::varint::signed_bytes;
/// assert_eq!([-64, 64].map(signed_bytes), [1, 2]);
/// ```
#[inline]
#[must_use]
pub const fn signed_bytes(value: i64) -> usize {
    unsigned_bytes(zigzag(value))
}

/// Appends the unsigned form.
///
/// ```
/// use milena_codec::wire::varint::put_unsigned;
/// let mut out = Vec::new();
/// put_unsigned(&mut out, 300);
/// assert_eq!(out, [0xac, 0x02]);
/// ```
#[inline]
pub fn put_unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(low_seven(value) | 0x80);
        value >>= 7;
    }
    out.push(low_seven(value));
}

/// Appends the signed form.
///
/// ```
/// use milena_codec::wire::varint::put_signed;
/// let mut out = Vec::new();
/// put_signed(&mut out, -2);
/// assert_eq!(out, [3]);
/// ```
#[inline]
pub fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_unsigned(out, zigzag(value));
}

/// The unsigned form that `bytes` begin with, and how many bytes it takes, if these are four at most: nearly all that
/// stand in records are.
#[inline]
pub(crate) fn short(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(4).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            return Some((value, index + 1));
        }
    }
    None
}

/// The lowest seven bits as a byte.
#[inline]
pub(crate) const fn low_seven(value: u64) -> u8 {
    (value & 0x7f).to_le_bytes()[0]
}
