//! [`Record`], which a caller hands over, and [`Ack`], which a broker returns for it.

mod payload;

use std::sync::Arc;

use bytes::Bytes;
use milena_codec::ids::PartitionId;
pub use milena_codec::record::Header;
use milena_sender::Receipt;
use milena_sender::accumulator::RecordRef;
use milena_sender::sync::FailedRecord;
pub use payload::{IntoPayload, IntoTopicName};

/// A record on its way to a topic.
///
/// A key or value that is missing is a null, which differs from an empty one: a null value deletes the key from a
/// compacted topic.
///
/// ```
/// use milena::Record;
///
/// let record = Record::to("orders").key("user-123").value("3 apples").header("source", "web");
/// assert_eq!(&*record.topic, "orders");
/// assert_eq!(record.value.as_deref(), Some(&b"3 apples"[..]));
/// assert_eq!(record.partition, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The topic, by name.
    pub topic: Arc<str>,
    /// The partition; without one the partitioner chooses.
    pub partition: Option<i32>,
    /// The key; records of one key stay in order, and go to one partition.
    pub key: Option<Bytes>,
    /// The value.
    pub value: Option<Bytes>,
    /// The headers, in order.
    pub headers: Vec<Header>,
    /// Milliseconds since 1970, at least 0; without it the time at which the record is accepted. A record with a negative one is
    /// refused as `invalid_timestamp`: on the wire -1 means that there is none.
    pub timestamp_ms: Option<i64>,
    /// The caller's number for the record, which its [`Report`](crate::Report) has. It does not go to the broker.
    pub tag: u64,
}

impl Record {
    /// An empty record for a topic.
    pub fn to(topic: impl IntoTopicName) -> Self {
        Self {
            topic: topic.into_topic_name(),
            partition: None,
            key: None,
            value: None,
            headers: Vec::new(),
            timestamp_ms: None,
            tag: 0,
        }
    }

    /// With this key.
    #[must_use]
    pub fn key(mut self, key: impl IntoPayload) -> Self {
        self.key = key.into_payload();
        self
    }

    /// With this value.
    #[must_use]
    pub fn value(mut self, value: impl IntoPayload) -> Self {
        self.value = value.into_payload();
        self
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl IntoPayload) -> Self {
        self.headers.push(Header { name: name.into(), value: value.into_payload() });
        self
    }

    /// To this partition, whatever the partitioner would choose.
    #[must_use]
    pub fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// With this timestamp, in milliseconds since 1970, at least 0: a record with a negative one is refused.
    #[must_use]
    pub fn timestamp_ms(mut self, timestamp_ms: i64) -> Self {
        self.timestamp_ms = Some(timestamp_ms);
        self
    }

    /// With this number, which its [`Report`](crate::Report) has; sarama's `Metadata`.
    #[must_use]
    pub fn tag(mut self, tag: u64) -> Self {
        self.tag = tag;
        self
    }

    /// The same as it is appended.
    pub(crate) fn borrowed(&self) -> RecordRef<'_> {
        RecordRef {
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            shared_value: self.value.as_ref(),
            headers: &self.headers,
            timestamp_ms: self.timestamp_ms,
            tag: self.tag,
        }
    }

    /// A record that was accepted and failed: it names the partition that it was in.
    pub(crate) fn of_failed(
        topic: &Arc<str>,
        partition: PartitionId,
        tag: u64,
        record: FailedRecord,
    ) -> Self {
        let FailedRecord { key, value, headers, timestamp_ms } = record;
        Self {
            topic: Arc::clone(topic),
            partition: Some(partition.0),
            key,
            value,
            headers,
            timestamp_ms: Some(timestamp_ms),
            tag,
        }
    }

    /// A record that was refused where it was borrowed.
    pub(crate) fn of_refused(
        topic: &Arc<str>,
        partition: Option<PartitionId>,
        record: &RecordRef<'_>,
    ) -> Self {
        Self {
            topic: Arc::clone(topic),
            partition: partition.map(|partition| partition.0),
            key: record.key.map(Bytes::copy_from_slice),
            value: record.value.map(Bytes::copy_from_slice),
            headers: record.headers.to_vec(),
            timestamp_ms: record.timestamp_ms,
            tag: record.tag,
        }
    }
}

/// A copy that shares key and value: for loops that try again.
impl From<&Self> for Record {
    fn from(record: &Self) -> Self {
        record.clone()
    }
}

/// A value without a key: `producer.send(("orders", "3 apples"))`.
impl<T: IntoTopicName, V: IntoPayload> From<(T, V)> for Record {
    fn from((topic, value): (T, V)) -> Self {
        Self::to(topic).value(value)
    }
}

/// Topic, key and value: `producer.send(("orders", "user-123", "3 apples"))`.
impl<T: IntoTopicName, K: IntoPayload, V: IntoPayload> From<(T, K, V)> for Record {
    fn from((topic, key, value): (T, K, V)) -> Self {
        Self::to(topic).key(key).value(value)
    }
}

/// The partition, offset and timestamp of a delivered record. Its topic is the one that the record named.
///
/// ```no_run
/// # async fn example(producer: milena::Producer) -> Result<(), milena::SendError> {
/// let ack = producer.send(("orders", "user-123", "3 apples")).await?;
/// println!("{} @ {}", ack.partition, ack.offset);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ack {
    /// The partition that the record was written to.
    pub partition: i32,
    /// The record's offset there; [`NO_OFFSET`](Self::NO_OFFSET) where no broker returns one: with `acks=0`, or when the broker
    /// only recognised a duplicate.
    pub offset: i64,
    /// Its timestamp in milliseconds since 1970: the record's own, or the broker's if the topic keeps the time of
    /// appending.
    pub timestamp_ms: i64,
}

impl Ack {
    /// The offset where no broker returned one, as on the wire.
    pub const NO_OFFSET: i64 = -1;

    pub(crate) fn new(partition: PartitionId, receipt: Receipt) -> Self {
        let offset = receipt.offset.unwrap_or(Self::NO_OFFSET);
        Self { partition: partition.0, offset, timestamp_ms: receipt.timestamp_ms }
    }

    /// Whether a broker returned the offset.
    #[must_use]
    pub const fn has_offset(&self) -> bool {
        self.offset != Self::NO_OFFSET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tuple_is_a_record() {
        assert_eq!(Record::from(("t", "k", "v")), Record::to("t").key("k").value("v"));
        assert_eq!(Record::from(("t", vec![1u8])), Record::to("t").value(vec![1u8]));
    }

    #[test]
    fn what_is_not_given_is_null_and_not_empty() {
        let record = Record::to("t");
        assert_eq!((record.key, record.value, record.timestamp_ms), (None, None, None));
        assert_eq!(Record::to("t").value("").value, Some(Bytes::new()));
    }

    #[test]
    fn headers_keep_their_order_and_their_repetitions() {
        let record = Record::to("t").header("a", "1").header("b", "2").header("a", "3");
        let names: Vec<_> = record.headers.iter().map(|header| header.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "a"]);
    }
}
