//! A partition: who leads it, who is in sync, what was appended and by whom.

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, LeaderEpoch};

use super::batch::Batch;
use super::log::{Keep, Log};
use super::producers::{Producers, Verdict};
use super::refusal::Refusal;
use super::topic_config::TopicConfig;

#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) leader: Option<BrokerId>,
    pub(crate) epoch: LeaderEpoch,
    pub(crate) replicas: Vec<BrokerId>,
    pub(crate) isr: Vec<BrokerId>,
    /// How many replicas may be in sync at most; all that live where it is none.
    pub(crate) isr_max: Option<usize>,
    pub(crate) log: Log,
    producers: Producers,
}

/// Where and when a batch was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) base_offset: i64,
    /// -1 where the producer's timestamps count.
    pub(crate) log_append_time_ms: i64,
    /// Records that the log did not have before.
    pub(crate) new_records: u64,
}

/// What a batch is checked against.
pub(crate) struct Terms<'a> {
    pub(crate) config: &'a TopicConfig,
    pub(crate) acks: i16,
    pub(crate) wall_ms: i64,
    pub(crate) keep: Keep,
}

impl Partition {
    pub(crate) fn new(replicas: Vec<BrokerId>, keep: Keep) -> Self {
        Self {
            leader: replicas.first().copied(),
            epoch: LeaderEpoch(0),
            isr: replicas.clone(),
            isr_max: None,
            replicas,
            log: Log::new(keep),
            producers: Producers::default(),
        }
    }

    /// Another leader, or none; a new term in any case.
    pub(crate) fn elect(&mut self, leader: Option<BrokerId>) {
        self.leader = leader;
        self.epoch.0 += 1;
    }

    /// Follows the brokers that live: the replicas in sync, and a leader among them.
    pub(crate) fn follow(&mut self, is_alive: impl Fn(BrokerId) -> bool) {
        let leader_lives = self.leader.is_some_and(&is_alive);
        if !leader_lives {
            let next = self.replicas.iter().copied().find(|broker| is_alive(*broker));
            if next != self.leader {
                self.elect(next);
            }
        }
        self.gather_isr(is_alive);
    }

    /// Who is in sync: the leader, then replicas that live, up to the limit.
    pub(crate) fn gather_isr(&mut self, is_alive: impl Fn(BrokerId) -> bool) {
        let followers = self.replicas.iter().copied().filter(|broker| Some(*broker) != self.leader);
        let in_sync = self.leader.into_iter().chain(followers).filter(|broker| is_alive(*broker));
        self.isr = in_sync.take(self.isr_max.unwrap_or(usize::MAX)).collect();
    }

    /// Appends a batch, or says why not, in the order in which a broker finds out.
    pub(crate) fn append(&mut self, batch: &Batch, terms: &Terms<'_>) -> Result<Appended, Refusal> {
        let min_insync = terms.config.min_insync_replicas.min(self.replicas.len());
        if terms.acks == -1 && self.isr.len() < min_insync {
            return Err(ErrorCode::NOT_ENOUGH_REPLICAS.into());
        }
        batch.check(terms.config, terms.wall_ms, terms.keep != Keep::Nothing)?;
        match self.producers.judge(batch.header()) {
            Verdict::Append => Ok(self.write(batch, terms)),
            Verdict::Duplicate { base_offset, timestamp_ms } => {
                Ok(Appended { base_offset, log_append_time_ms: timestamp_ms, new_records: 0 })
            }
            Verdict::Refuse(code) => Err(code.into()),
        }
    }

    /// Whether this broker may be read from, by a client that knows this term (-1 for none).
    pub(crate) fn serves_readers(&self, broker: BrokerId, epoch: i32) -> Result<(), ErrorCode> {
        match epoch {
            _ if self.leader != Some(broker) => Err(ErrorCode::NOT_LEADER_OR_FOLLOWER),
            0.. if epoch < self.epoch.0 => Err(ErrorCode::FENCED_LEADER_EPOCH),
            0.. if epoch > self.epoch.0 => Err(ErrorCode::UNKNOWN_LEADER_EPOCH),
            _ => Ok(()),
        }
    }

    fn write(&mut self, batch: &Batch, terms: &Terms<'_>) -> Appended {
        let append_time_ms = terms.config.log_append_time.then_some(terms.wall_ms);
        let base_offset = self.log.append(batch, self.epoch, append_time_ms);
        let timestamp_ms = append_time_ms.unwrap_or_else(|| batch.header().max_timestamp_ms);
        self.producers.remember(batch.header(), base_offset, timestamp_ms);
        Appended {
            base_offset,
            log_append_time_ms: append_time_ms.unwrap_or(-1),
            new_records: u64::try_from(batch.header().records).unwrap_or_default(),
        }
    }
}
