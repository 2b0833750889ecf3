//! What a broker tells on the side about one partition, and whether it is believed.

use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId};

use super::brokers::Brokers;
use super::change::Change;
use super::topic::{Leaderless, PartitionMetadata, TopicMetadata};
use crate::endpoint::Endpoint;

/// Who leads a partition now, by a broker that does not (KIP-951).
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
    /// Believes it, or not. Returns whether the leader listens elsewhere than was known, if it is believed.
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
