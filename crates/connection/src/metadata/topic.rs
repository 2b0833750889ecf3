//! What is known of a topic, and how an answer about it is believed.
//!
//! Answers come from brokers that may lag behind each other. So for one and the same topic id:
//!
//! * a leader epoch never goes back (KIP-320): an entry with a lower one is passed over; one without an epoch is
//!   believed, and the highest epoch seen is kept;
//! * partitions never become fewer.
//!
//! Of another topic of the same name nothing is known that was known of the old one; see [`history`](super::history).

use std::fmt;
use std::sync::Arc;

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId, TopicId};
use milena_codec::message::{MetadataResponsePartition, MetadataResponseTopic};

/// A topic, as far as a producer cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicMetadata {
    /// Its name.
    pub name: Arc<str>,
    /// Its id; zero where the brokers do not tell.
    pub id: TopicId,
    /// Its partitions: the place is the partition's number.
    pub partitions: Vec<PartitionMetadata>,
}

/// A partition, as far as a producer cares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartitionMetadata {
    /// Who leads it, if anyone does whose address is known.
    pub leader: Option<BrokerId>,
    /// The highest term that any answer told; -1 where none did.
    pub epoch: LeaderEpoch,
    /// Why there is no leader, where there is none.
    pub leaderless: Leaderless,
}

/// Why a partition has no leader that can be used, as the brokers returned it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaderless {
    /// The brokers name none.
    #[default]
    Untold,
    /// An error code for the partition.
    Error(ErrorCode),
    /// A broker that is not among the brokers of the cluster.
    Stranger(BrokerId),
}

impl Leaderless {
    /// The code that brokers return for the partition, where they do.
    #[must_use]
    pub const fn code(self) -> Option<ErrorCode> {
        match self {
            Self::Error(code) => Some(code),
            Self::Untold | Self::Stranger(_) => None,
        }
    }
}

impl fmt::Display for Leaderless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untold => f.write_str("no broker leads the partition"),
            Self::Error(code) => write!(f, "brokers return {code} for the partition"),
            Self::Stranger(broker) => write!(
                f,
                "broker {} leads the partition, and is not among the brokers of the cluster",
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

    /// Forgets the leader epochs: the topic may be created anew, and they begin again then.
    pub(super) fn forget_epochs(&mut self) {
        self.partitions.iter_mut().for_each(|partition| partition.epoch = LeaderEpoch(-1));
    }

    /// What is known after an answer, from what was known before and the answer.
    ///
    /// `reachable` tells whether a broker's address is known.
    pub(super) fn merged(
        name: &Arc<str>,
        known: Option<&Self>,
        answer: &MetadataResponseTopic,
        reachable: impl Fn(BrokerId) -> bool,
    ) -> Self {
        // A broker that does not tell an id does not take the known one away.
        let id = known.map(|known| known.id).filter(|id| !id.is_zero()).unwrap_or(answer.topic_id);
        let mut partitions = known.map(|known| known.partitions.clone()).unwrap_or_default();
        // A topic's partitions are numbered without gaps; a number beyond their count is none of theirs.
        if partitions.len() < answer.partitions.len() {
            partitions.resize(answer.partitions.len(), PartitionMetadata::default());
        }
        for entry in &answer.partitions {
            let place = usize::try_from(entry.partition_index.0).ok();
            if let Some(partition) = place.and_then(|place| partitions.get_mut(place)) {
                partition.believe(entry, &reachable);
            }
        }
        // The leader of a partition that this answer does not mention may have gone since.
        for partition in &mut partitions {
            if let Some(gone) = partition.leader.take_if(|leader| !reachable(*leader)) {
                partition.leaderless = Leaderless::Stranger(gone);
            }
        }
        Self { name: Arc::clone(name), id, partitions }
    }
}

impl PartitionMetadata {
    fn believe(&mut self, entry: &MetadataResponsePartition, reachable: impl Fn(BrokerId) -> bool) {
        let told = entry.leader_epoch >= LeaderEpoch(0);
        if told && entry.leader_epoch < self.epoch {
            return;
        }
        // Old brokers say REPLICA_NOT_AVAILABLE about a replica that is down; the leader is as good as ever.
        let fine = entry.error_code.is_ok() || entry.error_code == ErrorCode::REPLICA_NOT_AVAILABLE;
        let named = Some(entry.leader_id).filter(|id| id.is_known());
        self.leader = named.filter(|id| fine && reachable(*id));
        self.leaderless = match (self.leader, named) {
            (Some(_), _) => Leaderless::Untold,
            (None, _) if !fine => Leaderless::Error(entry.error_code),
            (None, Some(stranger)) => Leaderless::Stranger(stranger),
            (None, None) => Leaderless::Untold,
        };
        self.epoch = self.epoch.max(entry.leader_epoch);
    }
}
