//! The known metadata of a topic, and how a response is merged into it.
//!
//! Brokers lag behind each other. So for one topic id:
//!
//! * a leader epoch never decreases (KIP-320): an entry with a lower epoch is ignored; an entry without an epoch is
//!   applied, and the highest epoch stays;
//! * the partition count never decreases.
//!
//! Nothing of it applies to a recreated topic of the same name; see [`history`](super::history).

use std::fmt;
use std::sync::Arc;

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId, TopicId};
use milena_codec::message::{MetadataResponsePartition, MetadataResponseTopic};

/// A topic, as far as a producer needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicMetadata {
    /// The name.
    pub name: Arc<str>,
    /// The topic id; zero if the brokers return none (Kafka 2.7 and older).
    pub id: TopicId,
    /// The partitions, by partition number.
    pub partitions: Vec<PartitionMetadata>,
}

/// A partition, as far as a producer needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartitionMetadata {
    /// The leader, if there is one and its address is known.
    pub leader: Option<BrokerId>,
    /// The highest leader epoch that a broker returned; -1 if none did.
    pub epoch: LeaderEpoch,
    /// The reason for a missing leader.
    pub leaderless: Leaderless,
}

/// The reason for which a partition has no usable leader, as the brokers returned it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaderless {
    /// The brokers return no leader.
    #[default]
    NoLeader,
    /// The brokers return an error code for the partition.
    Error(ErrorCode),
    /// The leader is not among the brokers of the cluster.
    UnknownBroker(BrokerId),
}

impl Leaderless {
    /// The error code that brokers return for the partition, if any.
    #[must_use]
    pub const fn code(self) -> Option<ErrorCode> {
        match self {
            Self::Error(code) => Some(code),
            Self::NoLeader | Self::UnknownBroker(_) => None,
        }
    }
}

impl fmt::Display for Leaderless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLeader => {
                f.write_str("metadata: no broker leads the partition: start the brokers of its replicas")
            }
            Self::Error(code) => write!(f, "metadata: brokers return {code} for the partition"),
            Self::UnknownBroker(broker) => write!(
                f,
                "metadata: broker {} leads the partition, and is not among the brokers of the cluster",
                broker.0
            ),
        }
    }
}

impl TopicMetadata {
    /// A partition by its number.
    #[must_use]
    pub fn partition(&self, partition: PartitionId) -> Option<&PartitionMetadata> {
        self.partitions.get(usize::try_from(partition.0).ok()?)
    }

    /// Whether a partition is without a leader.
    pub(super) fn lacks_leaders(&self) -> bool {
        self.partitions.iter().any(|partition| partition.leader.is_none())
    }

    /// Forgets the leader epochs: they restart if the topic is recreated.
    pub(super) fn forget_epochs(&mut self) {
        self.partitions.iter_mut().for_each(|partition| partition.epoch = LeaderEpoch(-1));
    }

    /// Merges a response into the known metadata. `reachable` returns whether a broker's address is known.
    pub(super) fn merged(
        name: &Arc<str>,
        known: Option<&Self>,
        response: &MetadataResponseTopic,
        reachable: impl Fn(BrokerId) -> bool,
    ) -> Self {
        // A response without a topic id does not remove the known id.
        let id = known.map(|known| known.id).filter(|id| !id.is_zero()).unwrap_or(response.topic_id);
        let mut partitions = known.map(|known| known.partitions.clone()).unwrap_or_default();
        // Partitions are numbered without gaps; a number beyond the count is ignored.
        if partitions.len() < response.partitions.len() {
            partitions.resize(response.partitions.len(), PartitionMetadata::default());
        }
        for entry in &response.partitions {
            let place = usize::try_from(entry.partition_index.0).ok();
            if let Some(partition) = place.and_then(|place| partitions.get_mut(place)) {
                partition.apply(entry, &reachable);
            }
        }
        // The leader of a partition that is absent from the response may have left the cluster.
        for partition in &mut partitions {
            if let Some(gone) = partition.leader.take_if(|leader| !reachable(*leader)) {
                partition.leaderless = Leaderless::UnknownBroker(gone);
            }
        }
        Self { name: Arc::clone(name), id, partitions }
    }
}

impl PartitionMetadata {
    fn apply(&mut self, entry: &MetadataResponsePartition, reachable: impl Fn(BrokerId) -> bool) {
        let has_epoch = entry.leader_epoch >= LeaderEpoch(0);
        if has_epoch && entry.leader_epoch < self.epoch {
            return;
        }
        // Old brokers return REPLICA_NOT_AVAILABLE for a follower that is down; the leader is usable.
        let is_usable = entry.error_code.is_ok() || entry.error_code == ErrorCode::REPLICA_NOT_AVAILABLE;
        let named = Some(entry.leader_id).filter(|id| id.is_known());
        self.leader = named.filter(|id| is_usable && reachable(*id));
        self.leaderless = match (self.leader, named) {
            (Some(_), _) => Leaderless::NoLeader,
            (None, _) if !is_usable => Leaderless::Error(entry.error_code),
            (None, Some(unknown)) => Leaderless::UnknownBroker(unknown),
            (None, None) => Leaderless::NoLeader,
        };
        self.epoch = self.epoch.max(entry.leader_epoch);
    }
}
