//! The facts about a record that its report has and its bytes do not show.

/// Tag and timestamp of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordMeta {
    /// The caller's number for it.
    pub tag: u64,
    /// Its time in milliseconds since 1970.
    pub timestamp_ms: i64,
}
