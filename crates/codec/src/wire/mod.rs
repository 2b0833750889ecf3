//! The primitives of the wire: fixed numbers, varints, strings, arrays, tagged fields.
//!
//! Reading goes through [`Reader`], which knows how much is left and never believes a length; writing appends to a
//! `Vec<u8>`. [`Field`] is what a type needs to stand in a message table.

mod error;
mod field;
#[cfg(any(test, feature = "generate"))]
pub mod generate;
mod newtype;
mod reader;
pub mod varint;
mod version;

pub use error::{DecodeError, EncodeError, Problem};
pub use field::{Field, Nullable};
pub(crate) use field::{put_bytes_length, put_count, put_nullable_str, put_str, read_count, read_str};
pub(crate) use newtype::field_by_inner;
pub use reader::Reader;
pub use version::{Row, Version, removed_after, since, tag};
