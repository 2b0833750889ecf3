//! Which version of a message carries which field: the right-hand side of a row in a message table.

/// The version in which a message is read or written, and the form that this version has.
///
/// ```
/// use milena_codec::message::{MetadataRequest, Version};
/// assert_eq!(Version::of::<MetadataRequest>(9), Version { number: 9, flexible: true });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// The number that stands in the request header.
    pub number: i16,
    /// Whether strings and arrays are compact and tagged fields follow (KIP-482).
    pub flexible: bool,
}

/// The versions that carry a field, and how: one row of a message table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    first: i16,
    last: i16,
    nullable_since: i16,
    tag: Option<u32>,
    ignorable: bool,
}

/// A field that every version from `first` on carries.
#[must_use]
pub(crate) const fn since(first: i16) -> Row {
    Row { first, last: i16::MAX, nullable_since: i16::MAX, tag: None, ignorable: false }
}

/// A tagged field (KIP-482): written only when it differs from its default.
#[must_use]
pub(crate) const fn tag(tag: u32, first: i16) -> Row {
    Row { tag: Some(tag), ..since(first) }
}

/// A field that the versions `first` to `last` carry.
#[must_use]
pub(crate) const fn removed_after(first: i16, last: i16) -> Row {
    Row { last, ..since(first) }
}

impl Row {
    /// May be null from version `first` on.
    #[must_use]
    pub(crate) const fn nullable(self, first: i16) -> Self {
        Self { nullable_since: first, ..self }
    }

    /// May be dropped silently by a version that does not carry it.
    #[must_use]
    pub(crate) const fn ignorable(self) -> Self {
        Self { ignorable: true, ..self }
    }

    pub(crate) const fn carried_by(&self, version: Version) -> bool {
        version.number >= self.first && version.number <= self.last
    }

    pub(crate) const fn is_nullable_in(&self, version: Version) -> bool {
        version.number >= self.nullable_since
    }

    pub(crate) const fn tag(&self) -> Option<u32> {
        self.tag
    }

    pub(crate) const fn is_ignorable(&self) -> bool {
        self.ignorable
    }
}
