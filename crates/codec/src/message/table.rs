//! The macro behind every message.
//!
//! ```text
//! table! {
//!     /// The struct's own docs.
//!     pub struct PartitionProduceResponse {
//!         /// The field's own docs.
//!         index: PartitionId => since(0);
//!         log_append_time_ms: i64 = -1 => since(2).ignorable();   // a default that is not the type's own
//!         current_leader: LeaderIdAndEpoch => tag(0, 10).ignorable();
//!     }
//! }
//! message!(ApiKey::PRODUCE, ProduceRequest => ProduceResponse, versions 3..=13, flexible since 9);
//! ```
//!
//! The rows of tagged fields stand with their tags ascending, among the others or after them.

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
                Self { $( $field: $crate::message::row::default_of!($type $(, $default)?), )* }
            }
        }

        $crate::message::table::testing! { $name { $( $field: $type => $row; )* } }

        impl $crate::wire::Field for $name {
            fn put(
                &self,
                out: &mut Vec<u8>,
                version: $crate::wire::Version,
            ) -> Result<(), $crate::wire::EncodeError> {
                let mut tags = $crate::message::row::Tags::default();
                $({
                    const ROW: $crate::wire::Row = $row;
                    let is_default = || self.$field == $crate::message::row::default_of!($type $(, $default)?);
                    $crate::message::row::put_row(
                        &self.$field, stringify!($field), &ROW, is_default, &mut tags, out, version,
                    )?;
                })*
                tags.put(out, version);
                Ok(())
            }

            fn read(
                input: &mut $crate::wire::Reader<'_>,
                version: $crate::wire::Version,
            ) -> $crate::wire::Decoded<Self> {
                // The order of the fields is that of the rows.
                #[allow(unused_mut, reason = "a table without tagged fields changes none after it")]
                let mut message = Self {
                    $( $field: {
                        const ROW: $crate::wire::Row = $row;
                        let default = || $crate::message::row::default_of!($type $(, $default)?);
                        $crate::message::row::read_row::<$type>(&ROW, input, version, default)?
                    }, )*
                };
                if version.flexible {
                    input.tagged_fields(|tag, input| -> $crate::wire::Decoded<bool> {
                        $({
                            const ROW: $crate::wire::Row = $row;
                            if ROW.tag() == Some(tag) && ROW.carried_by(version) {
                                message.$field = $crate::message::row::read_value(&ROW, input, version)?;
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

/// The traits of a table for tests and fuzzing.
macro_rules! testing {
    ($name:ident { $( $field:ident : $type:ty => $row:expr; )* }) => {
        #[cfg(any(test, feature = "generate"))]
        impl $crate::wire::generate::Generate for $name {
            fn generate(
                random: &mut $crate::wire::generate::RandomBytes<'_>,
                version: $crate::wire::Version,
            ) -> Self {
                let mut message = Self::default();
                $({
                    const ROW: $crate::wire::Row = $row;
                    $crate::wire::generate::generate_row(&mut message.$field, &ROW, random, version);
                })*
                message
            }

            fn elements(
                version: $crate::wire::Version,
                found: &mut Vec<$crate::wire::generate::Element>,
            ) {
                $({
                    const ROW: $crate::wire::Row = $row;
                    if ROW.carried_by(version) {
                        <$type as $crate::wire::generate::Generate>::elements(version, found);
                    }
                })*
            }
        }

        #[cfg(test)]
        impl $crate::wire::describe::Describe for $name {
            fn describe(&self, version: $crate::wire::Version) -> serde_json::Value {
                let mut fields = serde_json::Map::new();
                $({
                    const ROW: $crate::wire::Row = $row;
                    if ROW.carried_by(version) {
                        let name = stringify!($field);
                        $crate::wire::describe::describe_row(&mut fields, name, &self.$field, version);
                    }
                })*
                fields.into()
            }
        }
    };
}
pub(crate) use testing;

/// Gives the tables of a request and its response their API key and versions.
macro_rules! message {
    ($key:expr, $request:ident $(=> $response:ident)?, versions $first:literal ..= $last:literal, flexible since $flexible:expr) => {
        $crate::message::table::message!(@one $request, $key, $first, $last, $flexible);
        $(
            $crate::message::table::message!(@one $response, $key, $first, $last, $flexible);
            impl $crate::message::Request for $request {
                type Response = $response;
            }
        )?
    };
    (@one $name:ident, $key:expr, $first:literal, $last:literal, $flexible:expr) => {
        impl $crate::message::Message for $name {
            const NAME: &'static str = stringify!($name);
            const KEY: $crate::message::ApiKey = $key;
            const VERSIONS: std::ops::RangeInclusive<i16> = $first..=$last;
            const FLEXIBLE_SINCE: i16 = $flexible;
        }
    };
}
pub(crate) use message;
