//! The primitives of the wire: fixed numbers, varints, strings, arrays, tagged fields.
//!
//! Reading goes through [`Reader`], which checks every length against the bytes that are left; writing appends to a
//! `Vec<u8>`. [`Field`] is the codec of a type that stands in a message table.

mod array;
#[cfg(test)]
pub(crate) mod describe;
mod error;
mod field;
#[cfg(any(test, feature = "generate"))]
pub mod generate;
mod inline_vec;
mod length;
mod newtype;
mod number;
mod reader;
mod text;
pub mod varint;
mod version;

pub(crate) use array::read_count;
pub use error::{DecodeError, Decoded, EncodeError, Problem};
pub use field::Field;
pub use inline_vec::InlineVec;
pub(crate) use length::{put_bytes_length, put_count, required};
pub(crate) use newtype::field_by_inner;
pub use reader::Reader;
pub use text::SecretBytes;
pub(crate) use text::{put_nullable_str, put_str, read_str};
pub use version::Version;
pub(crate) use version::{Row, removed_after, since, tag};
