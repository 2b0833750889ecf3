//! Tagged records, and the check of their reported outcomes against the log: nothing lost, nothing twice, all in order.

#![expect(clippy::panic, reason = "what is checked here fails its test")]

use milena::{Ack, Persisted, Record, SendError};
use milena_fake::{Cluster, LogCheck, LogFaults, LoggedRecord, RecordId};

/// A record's sender and number. The tag is at the start of the record's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// The sender.
    pub sender: u32,
    /// The number of the sender's record, in the order in which the producer accepted them.
    pub number: u32,
}

/// A record and its acknowledgement.
pub type Sent = (Tag, Ack);

/// A record and its outcome.
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

    fn id(self) -> RecordId {
        RecordId { sender: self.sender, number: self.number.into() }
    }

    /// The tag of a value.
    #[must_use]
    pub fn read(value: &[u8]) -> Option<Self> {
        let end = value.iter().position(|byte| *byte == b' ')?;
        let (sender, number) = std::str::from_utf8(&value[..end]).ok()?.split_once('/')?;
        Some(Self { sender: sender.parse().ok()?, number: number.parse().ok()? })
    }
}

/// The tags of a topic's records, by partition and in the order of their offsets.
///
/// # Panics
/// When a record has no tag, or the offsets have a gap.
#[must_use]
pub fn tags(cluster: &Cluster, topic: &str) -> Vec<Vec<Tag>> {
    let partitions = cluster.partition_count(topic).unwrap_or(0);
    let tag = |(offset, record): (i64, LoggedRecord)| {
        assert_eq!(record.offset, offset, "the offsets have a gap");
        let tag = record.value.as_deref().and_then(Tag::read);
        tag.unwrap_or_else(|| panic!("the record at offset {offset} has no tag"))
    };
    let log = |partition| (0..).zip(cluster.log(topic, partition)).map(tag).collect();
    (0..).take(partitions).map(log).collect()
}

/// Checks that each sender's records are in the order of their numbers in each partition, and none of them twice.
///
/// # Panics
/// When they are not.
pub fn assert_in_order(cluster: &Cluster, topic: &str) {
    assert_truly_reported(cluster, topic, &[]);
}

/// Checks that the topic has exactly the records that were acknowledged, each once, at the offset of its acknowledgement,
/// and in order.
///
/// # Panics
/// When it does not.
pub fn assert_exactly_once(cluster: &Cluster, topic: &str, sent: &[Sent]) {
    let mut check = LogCheck::default();
    for (tag, ack) in sent {
        assert_ne!(ack.offset, Ack::NO_OFFSET, "{tag:?}");
        check.expect_at(tag.id(), ack.partition, ack.offset);
    }
    read(&mut check, cluster, topic);
    assert_eq!(check.finish(), LogFaults::default());
}

/// Checks that the topic has no record twice, all in order, and that each reported outcome is true: an acknowledged record
/// is at the offset of its acknowledgement, and a failed one in the log or not, as its error reports.
///
/// # Panics
/// When it is not so.
pub fn assert_truly_reported(cluster: &Cluster, topic: &str, settled: &[Settled]) {
    let mut check = LogCheck::default();
    check.allow_others();
    for (tag, outcome) in settled {
        match outcome {
            Ok(ack) if ack.offset != Ack::NO_OFFSET => check.expect_at(tag.id(), ack.partition, ack.offset),
            Ok(_) => check.expect(tag.id()),
            Err(error) if error.persisted() == Persisted::Yes => check.expect(tag.id()),
            Err(_) => {}
        }
    }
    read(&mut check, cluster, topic);
    for (tag, outcome) in settled {
        if let Some(error) = outcome.as_ref().err().filter(|error| error.persisted() == Persisted::No) {
            assert!(!check.has_read(tag.id()), "{tag:?} is in the log: {error}");
        }
    }
    assert_eq!(check.finish(), LogFaults::default());
}

fn read(check: &mut LogCheck, cluster: &Cluster, topic: &str) {
    check.read(cluster, topic, |record| Some((Tag::read(record.value.as_deref()?)?.id(), true)));
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
