//! A topic: an id of its own, settings, partitions.

use milena_codec::ids::{BrokerId, PartitionId, TopicId};

use super::log::Keep;
use super::partition::Partition;
use super::topic_config::TopicConfig;

/// How many replicas a partition has where there are brokers enough.
const REPLICATION: usize = 3;
/// Most partitions of a topic.
pub(crate) const PARTITIONS_MAX: usize = 100_000;
/// The longest name (`Topic.MAX_NAME_LENGTH`).
const NAME_MAX: usize = 249;

#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) id: TopicId,
    pub(crate) config: TopicConfig,
    pub(crate) partitions: Vec<Partition>,
}

impl Topic {
    pub(crate) const fn new(id: TopicId, config: TopicConfig) -> Self {
        Self { id, config, partitions: Vec::new() }
    }

    /// Adds partitions until there are `count`, led by one broker after the other.
    pub(crate) fn grow(&mut self, count: usize, brokers: &[BrokerId], keep: Keep) {
        for number in self.partitions.len()..count.min(PARTITIONS_MAX) {
            let replicas = (0..brokers.len().min(REPLICATION))
                .map(|replica| brokers[(number + replica) % brokers.len()])
                .collect();
            self.partitions.push(Partition::new(replicas, keep));
        }
    }

    pub(crate) fn partition(&self, number: PartitionId) -> Option<&Partition> {
        self.partitions.get(usize::try_from(number.0).ok()?)
    }

    pub(crate) fn partition_mut(&mut self, number: PartitionId) -> Option<&mut Partition> {
        self.partitions.get_mut(usize::try_from(number.0).ok()?)
    }

    /// The partitions with their numbers.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (PartitionId, &Partition)> {
        (0..).map(PartitionId).zip(&self.partitions)
    }
}

/// `Topic.validate`: letters, digits, `.`, `_` and `-`; neither `.` nor `..` alone.
pub(crate) fn is_valid_name(name: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=NAME_MAX).contains(&name.len()) && name != "." && name != ".." && name.bytes().all(is_legal)
}

/// The topics that belong to the brokers themselves.
pub(crate) fn is_internal(name: &str) -> bool {
    matches!(name, "__consumer_offsets" | "__transaction_state" | "__share_group_state")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topic_names_are_those_of_kafka() {
        for name in ["orders", "a.b_c-1", &"x".repeat(249)] {
            assert!(is_valid_name(name), "{name}");
        }
        for name in ["", ".", "..", "a b", "ä", &"x".repeat(250)] {
            assert!(!is_valid_name(name), "{name}");
        }
    }
}
