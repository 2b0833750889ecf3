//! A leader hint: the leader of one partition, in a response to Produce (KIP-951).

use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId};

use super::brokers::Brokers;
use super::change::Change;
use super::topic::{Leaderless, PartitionMetadata, TopicMetadata};
use crate::endpoint::Endpoint;

/// The leader of a partition, as a broker that does not lead it returns it (KIP-951).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The partition.
    pub partition: PartitionId,
    /// Its leader.
    pub leader: BrokerId,
    /// The leader's term.
    pub epoch: LeaderEpoch,
    /// Where the leader listens, if that was told; made of a broker's words by [`Endpoint::new`].
    pub endpoint: Option<Endpoint>,
}

/// What became of the hints about a topic.
#[derive(Debug, Default)]
pub struct Hinted {
    /// What changed: brokers first, then the topic.
    pub changes: Vec<Change>,
    /// How many were not believed.
    pub passed_over: usize,
}

impl Hint {
    /// Applies the hint if its epoch is newer and its leader's address is known. Returns the change of that address, if any.
    pub(super) fn believe(self, known: &mut TopicMetadata, brokers: &mut Brokers) -> Option<Option<Change>> {
        let Self { partition, leader, epoch, endpoint } = self;
        let place = usize::try_from(partition.0).ok()?;
        let slot = known.partitions.get_mut(place).filter(|slot| epoch > slot.epoch)?;
        let moved = endpoint.and_then(|endpoint| brokers.insert(leader, endpoint));
        brokers.get(leader)?;
        *slot = PartitionMetadata { leader: Some(leader), epoch, leaderless: Leaderless::default() };
        Some(moved)
    }
}
