//! Metadata: the brokers, and which of them leads which partition (KIP-4).
//!
//! Version 2 names the cluster (KIP-78), 4 lets the client forbid new topics, 5 lists replicas that are down
//! (KIP-112), 7 carries the leader's epoch (KIP-320), 8 … 10 the authorized operations (KIP-430), 10 and 12 topic ids
//! (KIP-516), and 13 may send the client back to its bootstrap servers (KIP-1102).

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::{BrokerId, LeaderEpoch, PartitionId, TopicId};
use crate::wire::{InlineVec, removed_after, since};

/// The authorized operations were not requested.
const OPERATIONS_UNKNOWN: i32 = i32::MIN;

table! {
    /// Requests some topics, or all.
    ///
    /// ```
    /// use milena_codec::message::{Message, MetadataRequest, MetadataRequestTopic, Version};
    /// let request = MetadataRequest {
    ///     topics: Some(vec![MetadataRequestTopic::named("orders")]),
    ///     allow_auto_topic_creation: false,
    ///     ..MetadataRequest::default()
    /// };
    /// request.encode(&mut Vec::new(), Version::of::<MetadataRequest>(12))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct MetadataRequest {
        /// The topics; null for all of them (in version 0 an empty list is all), empty for the brokers alone.
        topics: Option<Vec<MetadataRequestTopic>> = Some(Vec::new()) => since(0).nullable(1);
        /// Whether the broker may create a topic that does not exist.
        allow_auto_topic_creation: bool = true => since(4);
        /// Whether to list what the client may do to the cluster.
        include_cluster_authorized_operations: bool => removed_after(8, 10);
        /// Whether to list what the client may do to each topic.
        include_topic_authorized_operations: bool => since(8);
    }

    /// A requested topic, by name or by id.
    pub struct MetadataRequestTopic {
        /// The id; zero for a request by name.
        topic_id: TopicId => since(10).ignorable();
        /// The name; null for a request by id.
        name: Option<String> = Some(String::new()) => since(0).nullable(10);
    }

    /// The brokers, and the requested topics.
    ///
    /// ```
    /// use milena_codec::ids::{BrokerId, PartitionId};
    /// use milena_codec::message::{MetadataResponse, MetadataResponsePartition, MetadataResponseTopic};
    /// let partition = MetadataResponsePartition { leader_id: BrokerId(3), ..Default::default() };
    /// let topic = MetadataResponseTopic { partitions: vec![partition], ..Default::default() };
    /// let response = MetadataResponse { topics: vec![topic], ..Default::default() };
    /// for partition in response.topics.iter().flat_map(|topic| &topic.partitions) {
    ///     assert_eq!((partition.partition_index, partition.leader_id), (PartitionId(0), BrokerId(3)));
    /// }
    /// ```
    pub struct MetadataResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(3).ignorable();
        /// The brokers that are up.
        brokers: Vec<MetadataResponseBroker> => since(0);
        /// The cluster id.
        cluster_id: Option<String> => since(2).nullable(2).ignorable();
        /// The controller, or -1.
        controller_id: BrokerId = BrokerId::NONE => since(1).ignorable();
        /// The requested topics.
        topics: Vec<MetadataResponseTopic> => since(0);
        /// The operations that the client may do on the cluster, as a bit field.
        cluster_authorized_operations: i32 = OPERATIONS_UNKNOWN => removed_after(8, 10);
        /// `REBOOTSTRAP_REQUIRED` sends the client back to its bootstrap servers (KIP-1102).
        error_code: ErrorCode => since(13).ignorable();
    }

    /// A broker.
    ///
    /// ```
    /// use milena_codec::ids::BrokerId;
    /// use milena_codec::message::{MetadataResponse, MetadataResponseBroker};
    /// let broker =
    ///     MetadataResponseBroker { node_id: BrokerId(1), host: "broker-1".to_owned(), port: 9092, rack: None };
    /// let response = MetadataResponse { brokers: vec![broker], ..MetadataResponse::default() };
    /// assert!(response.brokers.iter().any(|broker| broker.node_id == BrokerId(1)));
    /// ```
    pub struct MetadataResponseBroker {
        /// Its number.
        node_id: BrokerId => since(0);
        /// The host that it advertises.
        host: String => since(0);
        /// The port that it advertises.
        port: i32 => since(0);
        /// Its rack.
        rack: Option<String> => since(1).nullable(1).ignorable();
    }

    /// A topic.
    pub struct MetadataResponseTopic {
        /// The reason for which the topic is not described.
        error_code: ErrorCode => since(0);
        /// Its name; null when it was requested by an id that no topic has.
        name: Option<String> = Some(String::new()) => since(0).nullable(12);
        /// Its id.
        topic_id: TopicId => since(10).ignorable();
        /// Whether it belongs to the brokers themselves.
        is_internal: bool => since(1).ignorable();
        /// Its partitions.
        partitions: Vec<MetadataResponsePartition> => since(0);
        /// The operations that the client may do on the topic, as a bit field.
        topic_authorized_operations: i32 = OPERATIONS_UNKNOWN => since(8);
    }

    /// A partition.
    pub struct MetadataResponsePartition {
        /// `LEADER_NOT_AVAILABLE` and its like.
        error_code: ErrorCode => since(0);
        /// Its number.
        partition_index: PartitionId => since(0);
        /// Its leader, or -1.
        leader_id: BrokerId => since(0);
        /// The leader's epoch.
        leader_epoch: LeaderEpoch => since(7).ignorable();
        /// The brokers that should hold it.
        replica_nodes: InlineVec<BrokerId> => since(0);
        /// The brokers that are in sync.
        isr_nodes: InlineVec<BrokerId> => since(0);
        /// The brokers that should hold it and are down.
        offline_replicas: InlineVec<BrokerId> => since(5).ignorable();
    }
}

message!(ApiKey::METADATA, MetadataRequest => MetadataResponse, versions 0..=13, flexible since 9);

impl MetadataRequestTopic {
    /// A request by name.
    ///
    /// ```
    /// use milena_codec::message::MetadataRequestTopic;
    /// assert_eq!(MetadataRequestTopic::named("orders").name.as_deref(), Some("orders"));
    /// ```
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..Self::default() }
    }
}
