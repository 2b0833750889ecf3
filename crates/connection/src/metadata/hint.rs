//! A leader hint: the current leader of a partition, in a Produce response (KIP-951).

use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId};

use super::brokers::Brokers;
use super::change::Change;
use super::topic::{Leaderless, PartitionMetadata, TopicMetadata};
use crate::endpoint::Endpoint;

/// The leader of a partition, as a broker that does not lead the partition returns it (KIP-951).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The partition.
    pub partition: PartitionId,
    /// The leader of the partition.
    pub leader: BrokerId,
    /// The leader epoch.
    pub epoch: LeaderEpoch,
    /// The address of the leader, if the response has one; [`Endpoint::new`] checks it.
    pub endpoint: Option<Endpoint>,
}

/// The result of the leader hints of a topic.
#[derive(Debug, Default)]
pub struct Hinted {
    /// The changes: brokers first, then the topic.
    pub changes: Vec<Change>,
    /// The number of hints that were not applied.
    pub ignored: usize,
}

impl Hint {
    /// Applies the hint if its epoch is newer than the known one and the leader's address is known. Returns the change of
    /// that address, if any.
    pub(super) fn apply(self, known: &mut TopicMetadata, brokers: &mut Brokers) -> Option<Option<Change>> {
        let Self { partition, leader, epoch, endpoint } = self;
        let place = usize::try_from(partition.0).ok()?;
        let slot = known.partitions.get_mut(place).filter(|slot| epoch > slot.epoch)?;
        let moved = endpoint.and_then(|endpoint| brokers.insert(leader, endpoint));
        brokers.get(leader)?;
        *slot = PartitionMetadata { leader: Some(leader), epoch, leaderless: Leaderless::default() };
        Some(moved)
    }
}
