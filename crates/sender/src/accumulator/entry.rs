//! How a record enters a partition, and why it may not.

use bytes::Bytes;
use milena_codec::record::{Header, headers_bytes_max, record_bytes_max};

use crate::sync::{RecordHandle, Ticket};

/// A record as it is appended: borrowed, for the moment of its encoding.
#[derive(Clone, Copy, Debug, Default)]
pub struct RecordRef<'a> {
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value; none is a tombstone on a compacted topic.
    pub value: Option<&'a [u8]>,
    /// The same value, where the caller shares it: a large one is sent from where it lies, and never copied.
    pub shared_value: Option<&'a Bytes>,
    /// Its headers, in order.
    pub headers: &'a [Header],
    /// Its time in milliseconds since 1970; none for now.
    pub timestamp_ms: Option<i64>,
    /// The caller's number for it, which its report has; it does not go to the broker.
    pub tag: u64,
}

impl RecordRef<'_> {
    /// The most bytes that the record takes in a batch.
    #[inline]
    #[must_use]
    pub fn bytes_max(&self) -> usize {
        let plain = record_bytes_max(self.key.map_or(0, <[u8]>::len), self.value.map_or(0, <[u8]>::len));
        if self.headers.is_empty() { plain } else { plain + headers_bytes_max(self.headers) }
    }
}

/// How a record enters a partition.
#[derive(Debug, Default)]
pub struct AppendOptions<'a> {
    /// The place in the queue for room that has come to its turn.
    pub ticket: Option<&'a mut Ticket>,
    /// The append returns [`Refusal::Yield`] when the caller is far ahead of the broker sender.
    pub may_yield: bool,
    /// The caller awaits the record: its batch is sent without waiting for `linger.ms`.
    pub skip_linger: bool,
    /// The append returns [`Refusal::Busy`] instead of waiting while another task holds the partition.
    pub try_only: bool,
}

/// A record that was accepted.
#[derive(Debug)]
pub struct AcceptedRecord {
    /// The handle of the record's outcome, if the caller wants it.
    pub record_handle: Option<RecordHandle>,
    /// The bytes of the record in its batch.
    pub bytes: u32,
}

/// Why a record was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The budget has no room of this size, or others wait for room.
    Full {
        /// The bytes that the record takes.
        bytes: usize,
    },
    /// The caller is far ahead of the broker sender and should let it run.
    Yield,
    /// Another task holds the partition.
    Busy,
    /// The record is larger than a request may be.
    TooLarge {
        /// The bytes that the record takes.
        bytes: usize,
        /// The most bytes that a record may take.
        limit: usize,
    },
    /// The brokers do not know the topic any more.
    UnknownTopic,
    /// The producer takes no more records.
    Closed,
}
