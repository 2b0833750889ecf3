//! The macro behind every message, and the few functions that its code calls.
//!
//! ```text
//! table! {
//!     /// What the struct is.
//!     pub struct PartitionProduceResponse {
//!         /// What the field is.
//!         index: PartitionId => since(0);
//!         log_append_time_ms: i64 = -1 => since(2).ignorable();   // a default that is not the type's own
//!         current_leader: LeaderIdAndEpoch => tag(0, 10).ignorable();
//!     }
//! }
//! message!(ProduceResponse, "ProduceResponse", ApiKey::PRODUCE, versions 3..=13, flexible since 9);
//! ```
//!
//! A row of tagged fields stands after the others, tags ascending.

use crate::wire::{DecodeError, EncodeError, Field, Problem, Reader, Row, Version, varint};

/// Makes a struct and both directions of its codec from rows `name: Type [= default] => row;`.
macro_rules! table {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$doc:meta])* $field:ident : $type:ty $(= $default:expr)? => $row:expr; )*
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $( $(#[$doc])* pub $field: $type, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $crate::message::table::default_of!($type $(, $default)?), )* }
            }
        }

        #[cfg(any(test, feature = "generate"))]
        impl $crate::wire::generate::Generate for $name {
            fn generate(
                dice: &mut $crate::wire::generate::Dice<'_>,
                version: $crate::wire::Version,
            ) -> Self {
                let mut message = Self::default();
                $({
                    const ROW: $crate::wire::Row = $row;
                    $crate::wire::generate::generate_row(&mut message.$field, &ROW, dice, version);
                })*
                message
            }
        }

        impl $crate::wire::Field for $name {
            fn put(
                &self,
                out: &mut Vec<u8>,
                version: $crate::wire::Version,
            ) -> Result<(), $crate::wire::EncodeError> {
                let mut tags = $crate::message::table::Tags::default();
                $({
                    const ROW: $crate::wire::Row = $row;
                    let is_default = || self.$field == $crate::message::table::default_of!($type $(, $default)?);
                    $crate::message::table::put_row(
                        &self.$field, stringify!($field), &ROW, is_default, &mut tags, out, version,
                    )?;
                })*
                tags.put(out, version);
                Ok(())
            }

            fn read(
                input: &mut $crate::wire::Reader<'_>,
                version: $crate::wire::Version,
            ) -> Result<Self, $crate::wire::DecodeError> {
                let mut message = Self::default();
                $({
                    const ROW: $crate::wire::Row = $row;
                    $crate::message::table::read_row(&mut message.$field, &ROW, input, version)?;
                })*
                if version.flexible {
                    input.tagged_fields(|tag, input| {
                        $({
                            const ROW: $crate::wire::Row = $row;
                            if ROW.tag() == Some(tag) && ROW.carried_by(version) {
                                message.$field = $crate::wire::Field::read(input, version)?;
                                return Ok(true);
                            }
                        })*
                        let _ = (tag, input);
                        Ok(false)
                    })?;
                }
                Ok(message)
            }

            fn bytes_min(version: $crate::wire::Version) -> usize {
                let mut bytes = usize::from(version.flexible);
                $({
                    const ROW: $crate::wire::Row = $row;
                    if ROW.tag().is_none() && ROW.carried_by(version) {
                        bytes += <$type as $crate::wire::Field>::bytes_min(version);
                    }
                })*
                bytes
            }
        }
    )+};
}
pub(crate) use table;

/// Gives a table its API key and versions.
macro_rules! message {
    ($name:ident, $key:expr, versions $first:literal ..= $last:literal, flexible since $flexible:literal) => {
        impl $crate::message::Message for $name {
            const NAME: &'static str = stringify!($name);
            const KEY: $crate::message::ApiKey = $key;
            const VERSIONS: std::ops::RangeInclusive<i16> = $first..=$last;
            const FLEXIBLE_SINCE: i16 = $flexible;
        }
    };
}
pub(crate) use message;

/// The default of a row: its own where it has one, else its type's.
macro_rules! default_of {
    ($type:ty) => {
        <$type as Default>::default()
    };
    ($type:ty, $default:expr) => {
        $default
    };
}
pub(crate) use default_of;

/// The tagged fields of a struct, gathered while its rows are written.
#[derive(Default)]
pub(crate) struct Tags {
    count: u64,
    bytes: Vec<u8>,
}

impl Tags {
    fn add(&mut self, tag: u32, field: &impl Field, version: Version) -> Result<(), EncodeError> {
        let mut bytes = Vec::new();
        field.put(&mut bytes, version)?;
        self.count += 1;
        varint::put_unsigned(&mut self.bytes, tag.into());
        varint::put_unsigned(&mut self.bytes, bytes.len() as u64);
        self.bytes.append(&mut bytes);
        Ok(())
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>, version: Version) {
        if version.flexible {
            varint::put_unsigned(out, self.count);
            out.extend_from_slice(&self.bytes);
        }
    }
}

pub(crate) fn put_row<T: Field>(
    field: &T,
    name: &'static str,
    row: &Row,
    is_default: impl Fn() -> bool,
    tags: &mut Tags,
    out: &mut Vec<u8>,
    version: Version,
) -> Result<(), EncodeError> {
    if !row.carried_by(version) {
        return match row.is_ignorable() || is_default() {
            true => Ok(()),
            false => Err(EncodeError::NotInVersion { field: name, version: version.number }),
        };
    }
    if field.is_null() && !row.is_nullable_in(version) {
        return Err(EncodeError::NullNotAllowed { field: name, version: version.number });
    }
    match row.tag() {
        None => field.put(out, version),
        Some(_) if is_default() => Ok(()),
        Some(tag) => tags.add(tag, field, version),
    }
}

pub(crate) fn read_row<T: Field>(
    field: &mut T,
    row: &Row,
    input: &mut Reader<'_>,
    version: Version,
) -> Result<(), DecodeError> {
    if row.tag().is_some() || !row.carried_by(version) {
        return Ok(());
    }
    let before = input.clone();
    *field = T::read(input, version)?;
    if field.is_null() && !row.is_nullable_in(version) {
        return Err(before.problem(Problem::UnexpectedNull));
    }
    Ok(())
}
