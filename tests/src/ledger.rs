//! What was sent and acknowledged, against what the log has: nothing lost, nothing twice, all in order.

#![expect(clippy::panic, reason = "what is checked here fails its test")]

use std::collections::{BTreeMap, BTreeSet};

use milena::{Ack, Persisted, Record, SendError};
use milena_fake::Cluster;

/// Who sent a record, and his how manieth it is. It stands at the start of the record's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// Who.
    pub sender: u32,
    /// His how manieth, in the order in which the producer accepted them.
    pub number: u32,
}

/// A record and its acknowledgement.
pub type Sent = (Tag, Ack);

/// A record and what became of it.
pub type Settled = (Tag, Result<Ack, SendError>);

impl Tag {
    /// A short value.
    #[must_use]
    pub fn value(self) -> String {
        format!("{}/{} ", self.sender, self.number)
    }

    /// A value of so many bytes, or of a few where that is less than the tag takes.
    #[must_use]
    pub fn value_of(self, bytes: usize) -> String {
        let mut value = self.value();
        value.extend(std::iter::repeat_n('.', bytes.saturating_sub(value.len())));
        value
    }

    /// A record without a key.
    #[must_use]
    pub fn record(self, topic: &str) -> Record {
        Record::to(topic).value(self.value())
    }

    /// The same, to one of so many partitions: in turn, by its number.
    #[must_use]
    pub fn record_in(self, topic: &str, partitions: u32) -> Record {
        self.record(topic).partition(i32::try_from(self.number % partitions).unwrap_or(i32::MAX))
    }

    /// The tag of a value.
    #[must_use]
    pub fn read(value: &[u8]) -> Option<Self> {
        let end = value.iter().position(|byte| *byte == b' ')?;
        let (sender, number) = std::str::from_utf8(&value[..end]).ok()?.split_once('/')?;
        Some(Self { sender: sender.parse().ok()?, number: number.parse().ok()? })
    }
}

/// The tags of a topic's records, by partition; the place is the offset.
///
/// # Panics
/// When a record has none, or an offset is missing.
#[must_use]
pub fn tags(cluster: &Cluster, topic: &str) -> Vec<Vec<Tag>> {
    let partitions = cluster.partition_count(topic).unwrap_or(0);
    (0..i32::try_from(partitions).unwrap_or(i32::MAX))
        .map(|partition| {
            let log = cluster.log(topic, partition);
            let tag = |(place, record): (i64, milena_fake::LoggedRecord)| {
                assert_eq!(record.offset, place, "partition {partition} has a hole");
                let tag = record.value.as_deref().and_then(Tag::read);
                tag.unwrap_or_else(|| panic!("partition {partition}, offset {place}: a foreign record"))
            };
            (0..).zip(log).map(tag).collect()
        })
        .collect()
}

/// Checks that each sender's records stand in the order of their numbers in each partition, and none of them twice.
///
/// # Panics
/// When they do not.
pub fn assert_in_order(cluster: &Cluster, topic: &str) {
    let mut seen = BTreeSet::new();
    for (partition, tags) in tags(cluster, topic).into_iter().enumerate() {
        let mut last: BTreeMap<u32, u32> = BTreeMap::new();
        for (offset, tag) in tags.into_iter().enumerate() {
            assert!(seen.insert(tag), "partition {partition}, offset {offset}: {tag:?} stands there twice");
            let before = last.insert(tag.sender, tag.number);
            assert!(
                before.is_none_or(|before| before < tag.number),
                "partition {partition}, offset {offset}: {tag:?} stands behind number {before:?}"
            );
        }
    }
}

/// Checks that the topic has exactly the records that were acknowledged, each once, where the acknowledgement says, and
/// in order.
///
/// # Panics
/// When it does not.
pub fn assert_exactly_once(cluster: &Cluster, topic: &str, sent: &[Sent]) {
    assert_in_order(cluster, topic);
    let tags = tags(cluster, topic);
    for (tag, ack) in sent {
        let (partition, offset) = (usize::try_from(ack.partition), usize::try_from(ack.offset));
        let (Ok(partition), Ok(offset)) = (partition, offset) else { panic!("{tag:?}: {ack:?}") };
        let found = tags.get(partition).and_then(|log| log.get(offset));
        assert_eq!(found, Some(tag), "{ack:?}");
    }
    let logged: usize = tags.iter().map(Vec::len).sum();
    assert_eq!(logged, sent.len(), "records in the log, and records acknowledged");
}

/// Checks that the topic has no record twice, all in order, and that what was reported of each is true: an acknowledged record
/// stands where the acknowledgement says, and a failed one as its error says.
///
/// # Panics
/// When it is not so.
pub fn assert_truly_reported(cluster: &Cluster, topic: &str, settled: &[Settled]) {
    assert_in_order(cluster, topic);
    let tags = tags(cluster, topic);
    let logged: BTreeSet<Tag> = tags.iter().flatten().copied().collect();
    for (tag, outcome) in settled {
        let is_logged = logged.contains(tag);
        match outcome {
            Ok(ack) if ack.offset == Ack::NO_OFFSET => assert!(is_logged, "{tag:?} is lost: {ack:?}"),
            Ok(ack) => {
                let (partition, offset) = (usize::try_from(ack.partition), usize::try_from(ack.offset));
                let log = partition.ok().and_then(|partition| tags.get(partition));
                let found = log.zip(offset.ok()).and_then(|(log, offset)| log.get(offset));
                assert_eq!(found, Some(tag), "{ack:?}");
            }
            Err(error) => match error.persisted() {
                Persisted::No => assert!(!is_logged, "{tag:?} is in the log: {error}"),
                Persisted::Yes => assert!(is_logged, "{tag:?} is lost: {error}"),
                Persisted::Maybe => {}
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_back_from_a_value_of_any_length() {
        let tag = Tag { sender: 3, number: 41 };
        for bytes in [0, 5, 100] {
            assert_eq!(Tag::read(tag.value_of(bytes).as_bytes()), Some(tag));
        }
        assert_eq!(tag.value_of(100).len(), 100);
        assert_eq!(Tag::read(b"41"), None);
    }
}
