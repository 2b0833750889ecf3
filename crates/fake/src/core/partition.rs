//! A partition: leader, replicas in sync, log, and the producers that appended to it.

use std::collections::BTreeMap;

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, LeaderEpoch};

use super::batch::Batch;
use super::codecs::Codecs;
use super::log::{Keep, Log};
use super::producers::{Producers, Verdict};
use super::rejection::Rejection;
use super::stored::Stored;
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
    /// The producers, as a replica without a restart knows them.
    producers: Producers,
    /// Where the snapshots end by which replicas started anew, or will.
    snapshots: BTreeMap<BrokerId, i64>,
}

/// Where and when a batch was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) base_offset: i64,
    /// -1 where the producer's timestamps count.
    pub(crate) log_append_time_ms: i64,
    /// Records that the log did not have before.
    pub(crate) new_records: u64,
    /// Offset deltas of its records are not 0, 1, 2 and so on, which a broker passes over.
    pub(crate) misnumbered: bool,
}

/// The rules of the topic and of the request for an append.
pub(crate) struct AppendOptions<'a> {
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
            snapshots: BTreeMap::new(),
        }
    }

    /// Another leader, or none; a new leader epoch in any case.
    pub(crate) fn elect(&mut self, leader: Option<BrokerId>) {
        self.leader = leader;
        self.epoch.0 += 1;
    }

    /// A replica ends: when it starts again, it remembers what is in its snapshot.
    pub(crate) fn stop(&mut self, replica: BrokerId) {
        if self.replicas.contains(&replica) {
            self.snapshots.insert(replica, self.log.end());
        }
    }

    /// Loses the batches that end behind an offset; the producers are read from the rest of the log; a new leader epoch.
    /// False, and nothing is lost, where the log does not reach back so far.
    pub(crate) fn truncate(&mut self, end: i64) -> bool {
        if end < self.log.start() {
            return false;
        }
        self.log.truncate(end);
        self.producers.rebuild(self.log.end(), self.log.batches().map(|batch| &batch.header));
        self.snapshots.clear();
        self.elect(self.leader);
        true
    }

    /// Producers are forgotten, as after `producer.id.expiration.ms`.
    pub(crate) fn forget_producers(&mut self) {
        self.producers = Producers::default();
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
        self.update_isr(is_alive);
    }

    /// Updates the replicas in sync: the leader, then live replicas, up to the limit.
    pub(crate) fn update_isr(&mut self, is_alive: impl Fn(BrokerId) -> bool) {
        let followers = self.replicas.iter().copied().filter(|broker| Some(*broker) != self.leader);
        let in_sync = self.leader.into_iter().chain(followers).filter(|broker| is_alive(*broker));
        self.isr = in_sync.take(self.isr_max.unwrap_or(usize::MAX)).collect();
    }

    /// Appends a batch, or returns the reason of its rejection, in the order of a broker's checks.
    pub(crate) fn append(
        &mut self,
        batch: &Batch,
        options: &AppendOptions<'_>,
        codecs: &mut Codecs,
    ) -> Result<Appended, Rejection> {
        let min_insync = options.config.min_insync_replicas.min(self.replicas.len());
        if options.acks == -1 && self.isr.len() < min_insync {
            return Err(ErrorCode::NOT_ENOUGH_REPLICAS.into());
        }
        let append_time_ms = options.config.log_append_time.then_some(options.wall_ms);
        let is_kept = options.keep != Keep::Nothing;
        let content = batch.check(options.config, options.wall_ms, is_kept, codecs)?;
        let stored = match &content {
            Some(content) if is_kept => {
                Some(Stored::new(batch, content, options.config, append_time_ms, codecs)?)
            }
            _ => None,
        };
        let snapshot = self.leader.and_then(|leader| self.snapshots.get(&leader));
        match self.producers.check(batch.header(), snapshot.copied().unwrap_or(0)) {
            Verdict::Append => {
                let misnumbered = content.is_some_and(|content| !content.numbered);
                Ok(Appended { misnumbered, ..self.write(batch, stored, append_time_ms) })
            }
            Verdict::Duplicate { base_offset, timestamp_ms } => Ok(Appended {
                base_offset,
                log_append_time_ms: timestamp_ms,
                new_records: 0,
                misnumbered: false,
            }),
            Verdict::Reject(code) => Err(code.into()),
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

    /// Writes what is kept of a batch, or counts it.
    fn write(&mut self, batch: &Batch, stored: Option<Stored>, append_time_ms: Option<i64>) -> Appended {
        let header = batch.header();
        let (base_offset, max_timestamp_ms) = match stored {
            None => (self.log.pass(header.records), append_time_ms.unwrap_or(header.max_timestamp_ms)),
            Some(stored) => {
                let max_timestamp_ms = stored.header.max_timestamp_ms;
                (self.log.append(stored, self.epoch), max_timestamp_ms)
            }
        };
        self.producers.update(header, base_offset, max_timestamp_ms);
        Appended {
            base_offset,
            log_append_time_ms: append_time_ms.unwrap_or(-1),
            new_records: u64::try_from(header.records).unwrap_or_default(),
            misnumbered: false,
        }
    }
}
