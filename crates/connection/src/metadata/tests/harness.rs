//! [`Metadata`] with a clock of the test, and builders of responses.

use std::time::{Duration, Instant};

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId, TopicId};
use milena_codec::message::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};

use crate::clock;
use crate::endpoint::Endpoint;
use crate::metadata::{Change, Metadata, MetadataConfig, TopicMetadata};

pub(super) const MAX_AGE: Duration = Duration::from_secs(300);
pub(super) const REBOOTSTRAP_AFTER: Duration = Duration::from_secs(120);

/// The first step of the backoff in milliseconds; each step doubles it.
pub(super) const STEP: u64 = 100;

pub(super) struct MetadataHarness {
    pub(super) metadata: Metadata,
    pub(super) now: Instant,
}

impl MetadataHarness {
    /// Metadata with the bootstrap servers `boot-1` and `boot-2` alone.
    pub(super) fn new() -> Self {
        Self::with(Some(REBOOTSTRAP_AFTER))
    }

    pub(super) fn with(rebootstrap_after: Option<Duration>) -> Self {
        let config = MetadataConfig {
            max_age: MAX_AGE,
            refresh_backoff: Box::new(|attempt| Duration::from_millis(STEP << attempt)),
            allow_auto_topic_creation: false,
            rebootstrap_after,
        };
        let now = clock::now();
        let bootstrap = Endpoint::list("boot-1:9092,boot-2:9092").unwrap();
        Self { metadata: Metadata::new(bootstrap, config, now), now }
    }

    /// Metadata with topic `t` in use, after a response with three brokers and `partitions`.
    pub(super) fn knowing(partitions: &[(i32, i32)]) -> Self {
        let mut harness = Self::new();
        harness.metadata.want("t", harness.now);
        harness.respond(vec![topic("t", 1, partitions)]);
        harness
    }

    /// Sends a request, and applies a response with three brokers.
    pub(super) fn respond(&mut self, topics: Vec<MetadataResponseTopic>) -> Vec<Change> {
        self.respond_with(response(&[1, 2, 3], topics))
    }

    pub(super) fn respond_with(&mut self, response: MetadataResponse) -> Vec<Change> {
        self.metadata.next_request();
        self.metadata.on_response(response, self.now)
    }

    /// Sends a request that fails.
    pub(super) fn fail(&mut self) -> Vec<Change> {
        self.metadata.next_request();
        self.metadata.on_failure(self.now)
    }

    /// The hosts of the candidates, in order.
    pub(super) fn candidates(&mut self) -> Vec<String> {
        self.metadata.next_request().0.into_iter().map(|endpoint| endpoint.host).collect()
    }

    /// The time until the next request is due.
    pub(super) fn due(&self) -> Option<Duration> {
        self.metadata.due().map(|due| due.saturating_duration_since(self.now))
    }

    /// Advances the time until the next request is due.
    pub(super) fn wait(&mut self) {
        self.now += self.due().unwrap_or_default();
    }

    /// Leader and epoch of each partition of `t`.
    pub(super) fn leaders(&self) -> Vec<(i32, i32)> {
        self.metadata.topic("t").map(leaders).unwrap_or_default()
    }
}

pub(super) fn leaders(topic: &TopicMetadata) -> Vec<(i32, i32)> {
    let pair = |leader: Option<BrokerId>, epoch: LeaderEpoch| (leader.map_or(-1, |leader| leader.0), epoch.0);
    topic.partitions.iter().map(|partition| pair(partition.leader, partition.epoch)).collect()
}

pub(super) fn steps(count: u64) -> Option<Duration> {
    Some(Duration::from_millis(STEP * count))
}

pub(super) fn response(brokers: &[i32], topics: Vec<MetadataResponseTopic>) -> MetadataResponse {
    let brokers = brokers.iter().map(|id| broker(*id, &format!("broker-{id}"), 9092)).collect();
    MetadataResponse { brokers, topics, cluster_id: Some("cluster".into()), ..Default::default() }
}

pub(super) fn broker(id: i32, host: &str, port: i32) -> MetadataResponseBroker {
    MetadataResponseBroker { node_id: BrokerId(id), host: host.into(), port, rack: None }
}

/// A topic whose id has `id` in every byte, with the leader and epoch of each partition.
pub(super) fn topic(name: &str, id: u8, partitions: &[(i32, i32)]) -> MetadataResponseTopic {
    let partition = |(index, &(leader, epoch))| MetadataResponsePartition {
        partition_index: PartitionId(index),
        leader_id: BrokerId(leader),
        leader_epoch: LeaderEpoch(epoch),
        ..Default::default()
    };
    MetadataResponseTopic {
        name: Some(name.into()),
        topic_id: TopicId([id; 16]),
        partitions: (0..).zip(partitions).map(partition).collect(),
        ..Default::default()
    }
}

pub(super) fn failed_topic(name: &str, error_code: ErrorCode) -> MetadataResponseTopic {
    MetadataResponseTopic { error_code, ..topic(name, 0, &[]) }
}
