//! The topic as the brokers have it: its id, its partitions, who leads them, and their logs. Clients learn of it later.

use std::mem;

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, LeaderEpoch, TopicId};

use crate::assignment::Leadership;
use crate::tests::Log;

/// As many partitions as a topic of these runs may have.
pub(super) const PARTITIONS_MAX: usize = 4;

/// See the module.
pub(super) struct Cluster {
    pub(super) topic_id: TopicId,
    pub(super) leaders: Vec<Leadership>,
    logs: Vec<Log>,
    /// The logs of the topics of the same name that were deleted.
    deleted: Vec<Vec<Log>>,
    /// `max.message.bytes`.
    pub(super) max: usize,
}

impl Cluster {
    pub(super) fn new(topic_id: TopicId, partitions: usize, max: usize) -> Self {
        let leader = Leadership { broker_sender: Some(BrokerId(1)), epoch: LeaderEpoch(0) };
        Self { topic_id, leaders: vec![leader; partitions], logs: logs(), deleted: Vec::new(), max }
    }

    /// Another producer writes to a partition.
    pub(super) fn append_others(&mut self, partition: usize, records: usize) {
        self.logs[partition].append_others(records);
    }

    /// The log of a partition, if this broker leads it.
    pub(super) fn log(&mut self, broker: i32, partition: i32, id: TopicId) -> Result<&mut Log, ErrorCode> {
        let index = usize::try_from(partition).unwrap();
        if !id.is_zero() && id != self.topic_id {
            return Err(ErrorCode::UNKNOWN_TOPIC_ID);
        }
        match self.leaders.get(index) {
            None => Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            Some(leader) if leader.broker_sender != Some(BrokerId(broker)) => {
                Err(ErrorCode::NOT_LEADER_OR_FOLLOWER)
            }
            Some(_) => Ok(&mut self.logs[index]),
        }
    }

    /// Every partition elects a leader by `choose`.
    pub(super) fn elect(&mut self, mut choose: impl FnMut() -> Option<BrokerId>) {
        for leader in &mut self.leaders {
            *leader = Leadership { broker_sender: choose(), epoch: LeaderEpoch(leader.epoch.0 + 1) };
        }
    }

    /// A broker starts anew: it leads what it led before, under a new epoch, and remembers little of the producers.
    pub(super) fn restart(&mut self, broker: i32) {
        for (leader, log) in self.leaders.iter_mut().zip(&mut self.logs) {
            if leader.broker_sender == Some(BrokerId(broker)) {
                leader.epoch = LeaderEpoch(leader.epoch.0 + 1);
                log.restart();
            }
        }
    }

    /// A broker ends, and replicas that were not in sync lead what it led: the last batches of their logs are missing.
    pub(super) fn elect_uncleanly(&mut self, broker: i32, dice: &mut fastrand::Rng) {
        for (leader, log) in self.leaders.iter_mut().zip(&mut self.logs) {
            if leader.broker_sender == Some(BrokerId(broker)) {
                let epoch = LeaderEpoch(leader.epoch.0 + 1);
                *leader = Leadership { broker_sender: Some(BrokerId(dice.i32(1..=2))), epoch };
                log.lose(if dice.u8(..4) == 0 { usize::MAX } else { dice.usize(..8) });
            }
        }
    }

    /// The topic gets more partitions.
    pub(super) fn grow(&mut self) {
        if self.leaders.len() < PARTITIONS_MAX {
            self.leaders.push(Leadership { broker_sender: Some(BrokerId(1)), epoch: LeaderEpoch(0) });
        }
    }

    /// An id that no topic had.
    pub(super) fn next_id(&self) -> TopicId {
        TopicId((self.deleted.len() as u128 + 2).to_be_bytes())
    }

    /// The topic is deleted, and another of the same name is created.
    pub(super) fn recreate(&mut self, id: TopicId, partitions: usize) {
        let fresh = Self::new(id, partitions, self.max);
        let before = mem::replace(self, fresh);
        self.deleted = before.deleted;
        self.deleted.push(before.logs);
    }

    /// All logs that a partition ever had.
    pub(super) fn all_logs(&self, partition: usize) -> impl Iterator<Item = &Log> {
        self.deleted.iter().chain([&self.logs]).map(move |logs| &logs[partition])
    }
}

fn logs() -> Vec<Log> {
    (0..PARTITIONS_MAX).map(|_| Log::default()).collect()
}
