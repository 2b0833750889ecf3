//! Views: messages that are looked at where they lie.
//!
//! A table whose head says `viewed as` gets a second struct of the same rows, with `&str` for a string and
//! [`Elements`](crate::wire::Elements) for an array. Making a view checks everything in it, so that iterating it later cannot fail, and
//! allocates nothing.

use crate::message::row::check_null;
use crate::message::{Message, Version};
use crate::wire::{DecodeError, Decoded, Problem, Reader, Row, Viewed};

/// A message that can be looked at where it lies.
pub trait ViewedMessage: Message + Viewed {
    /// Looks at a message that must fill all of `bytes`. Nothing is allocated.
    ///
    /// # Errors
    /// As [`Message::decode_exact`].
    ///
    /// ```
    /// use milena_codec::message::{Message, MetadataResponse, MetadataResponseTopic, Version, ViewedMessage};
    ///
    /// let topic = MetadataResponseTopic { name: Some("orders".to_owned()), ..Default::default() };
    /// let response = MetadataResponse { topics: vec![topic], ..Default::default() };
    /// let version = Version::of::<MetadataResponse>(12);
    /// let mut bytes = Vec::new();
    /// response.encode(&mut bytes, version)?;
    ///
    /// let view = MetadataResponse::view_exact(&bytes, version)?;
    /// let names: Vec<&str> = view.topics.filter_map(|topic| topic.name).collect();
    /// assert_eq!(names, ["orders"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn view_exact(bytes: &[u8], version: Version) -> Result<Self::View<'_>, DecodeError> {
        let mut input = Reader::new(bytes);
        if !Self::VERSIONS.contains(&version.number) {
            return Err(input.problem(Problem::UnknownVersion(version.number)));
        }
        let view = Self::view(&mut input, version)?;
        input.finish()?;
        Ok(view)
    }
}

impl<M: Message + Viewed> ViewedMessage for M {}

/// Makes the view of a table, where it has a name.
macro_rules! view {
    ([] $name:ident $rows:tt) => {};
    ([$view:ident] $name:ident {
        $( [$(#[$doc:meta])*] $field:ident : $type:ty [$($default:expr)?] => $row:expr; )*
    }) => {
        #[doc = concat!("A [`", stringify!($name), "`] where it lies.")]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $view<'a> {
            $( $(#[$doc])* pub $field: <$type as $crate::wire::Viewed>::View<'a>, )*
        }

        impl $crate::wire::Viewed for $name {
            type View<'a> = $view<'a>;

            fn view<'a>(
                input: &mut $crate::wire::Reader<'a>,
                version: $crate::wire::Version,
            ) -> $crate::wire::Decoded<$view<'a>> {
                #[allow(unused_mut, reason = "a table without tagged fields changes none after it")]
                let mut view = $view {
                    $( $field: {
                        const ROW: $crate::wire::Row = $row;
                        let default = || $crate::message::row::default_of!($type $(, $default)?);
                        $crate::message::view::view_row::<$type>(&ROW, input, version, default)?
                    }, )*
                };
                if version.flexible {
                    input.tagged_fields(|tag, input| -> $crate::wire::Decoded<bool> {
                        $({
                            const ROW: $crate::wire::Row = $row;
                            if ROW.tag() == Some(tag) && ROW.carried_by(version) {
                                view.$field = $crate::message::view::view_value::<$type>(&ROW, input, version)?;
                                return Ok(true);
                            }
                        })*
                        let _ = (tag, input);
                        Ok(false)
                    })?;
                }
                Ok(view)
            }

            fn check(
                input: &mut $crate::wire::Reader<'_>,
                version: $crate::wire::Version,
            ) -> $crate::wire::Decoded<bool> {
                $({
                    const ROW: $crate::wire::Row = $row;
                    if ROW.tag().is_none() && ROW.carried_by(version) {
                        $crate::message::view::check_value::<$type>(&ROW, input, version)?;
                    }
                })*
                if version.flexible {
                    input.tagged_fields(|tag, input| -> $crate::wire::Decoded<bool> {
                        $({
                            const ROW: $crate::wire::Row = $row;
                            if ROW.tag() == Some(tag) && ROW.carried_by(version) {
                                $crate::message::view::check_value::<$type>(&ROW, input, version)?;
                                return Ok(true);
                            }
                        })*
                        let _ = (tag, input);
                        Ok(false)
                    })?;
                }
                Ok(false)
            }

            fn view_default<'a>(default: Self) -> $view<'a> {
                $view { $( $field: <$type as $crate::wire::Viewed>::view_default(default.$field), )* }
            }

            fn own(view: &$view<'_>) -> Self {
                Self { $( $field: <$type as $crate::wire::Viewed>::own(&view.$field), )* }
            }
        }
    };
}
pub(crate) use view;

#[inline]
pub(crate) fn view_row<'a, T: Viewed>(
    row: &Row,
    input: &mut Reader<'a>,
    version: Version,
    default: impl Fn() -> T,
) -> Decoded<T::View<'a>> {
    if row.tag().is_some() || !row.carried_by(version) {
        return Ok(T::view_default(default()));
    }
    view_value::<T>(row, input, version)
}

/// Looks at the value of a row that is there, be it tagged or not.
#[inline]
pub(crate) fn view_value<'a, T: Viewed>(
    row: &Row,
    input: &mut Reader<'a>,
    version: Version,
) -> Decoded<T::View<'a>> {
    let start = input.position();
    let view = T::view(input, version)?;
    check_null(T::sees_null(&view), row, input, start, version)?;
    Ok(view)
}

/// Checks the value of a row that is there, be it tagged or not.
#[inline]
pub(crate) fn check_value<T: Viewed>(row: &Row, input: &mut Reader<'_>, version: Version) -> Decoded<()> {
    let start = input.position();
    let is_null = T::check(input, version)?;
    check_null(is_null, row, input, start, version)
}
