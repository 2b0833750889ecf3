//! DescribeQuorum: the replicas of the metadata log, as the active controller has them (KIP-595).
//!
//! Version 1 has the times of each replica (KIP-836), version 2 the directories and the listeners of the voters (KIP-853). The
//! controller returns its own time of day as the `last_caught_up_timestamp` of its own replica
//! (`LeaderState.describeReplicaState`).

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::{BrokerId, DirectoryId, LeaderEpoch, PartitionId};
use crate::wire::since;

table! {
    /// Requests the replicas of the metadata log: partition 0 of `__cluster_metadata`.
    ///
    /// ```
    /// use milena_codec::message::{
    ///     DescribeQuorumRequest, DescribeQuorumRequestPartition, DescribeQuorumRequestTopic, Message, Version,
    /// };
    /// let topic = DescribeQuorumRequestTopic {
    ///     topic_name: "__cluster_metadata".to_owned(),
    ///     partitions: vec![DescribeQuorumRequestPartition::default()],
    /// };
    /// let request = DescribeQuorumRequest { topics: vec![topic] };
    /// request.encode(&mut Vec::new(), Version::of::<DescribeQuorumRequest>(2))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct DescribeQuorumRequest {
        /// The partitions, by topic.
        topics: Vec<DescribeQuorumRequestTopic> => since(0);
    }

    /// The partitions of a topic.
    pub struct DescribeQuorumRequestTopic {
        /// The topic.
        topic_name: String => since(0);
        /// Its partitions.
        partitions: Vec<DescribeQuorumRequestPartition> => since(0);
    }

    /// A partition.
    pub struct DescribeQuorumRequestPartition {
        /// Its number.
        partition_index: PartitionId => since(0);
    }

    /// The replicas of the metadata log.
    ///
    /// ```
    /// use milena_codec::ids::BrokerId;
    /// use milena_codec::message::{
    ///     DescribeQuorumPartition, DescribeQuorumReplica, DescribeQuorumResponse, DescribeQuorumTopic,
    /// };
    /// let replica =
    ///     DescribeQuorumReplica { replica_id: BrokerId(3), last_caught_up_timestamp: 1_795_361_904_511, ..Default::default() };
    /// let partition =
    ///     DescribeQuorumPartition { leader_id: BrokerId(3), current_voters: vec![replica], ..Default::default() };
    /// let topic = DescribeQuorumTopic { partitions: vec![partition], ..Default::default() };
    /// let response = DescribeQuorumResponse { topics: vec![topic], ..Default::default() };
    /// let partition = &response.topics[0].partitions[0];
    /// let leader = partition.current_voters.iter().find(|voter| voter.replica_id == partition.leader_id);
    /// assert_eq!(leader.map(|leader| leader.last_caught_up_timestamp), Some(1_795_361_904_511));
    /// ```
    pub struct DescribeQuorumResponse {
        /// The reason for which nothing is described.
        error_code: ErrorCode => since(0);
        /// The same as text.
        error_message: Option<String> = Some(String::new()) => since(2).nullable(2).ignorable();
        /// The partitions, by topic.
        topics: Vec<DescribeQuorumTopic> => since(0);
        /// The nodes of the quorum.
        nodes: Vec<DescribeQuorumNode> => since(2);
    }

    /// The partitions of a topic.
    pub struct DescribeQuorumTopic {
        /// The topic.
        topic_name: String => since(0);
        /// Its partitions.
        partitions: Vec<DescribeQuorumPartition> => since(0);
    }

    /// A partition.
    pub struct DescribeQuorumPartition {
        /// Its number.
        partition_index: PartitionId => since(0);
        /// The reason for which it is not described.
        error_code: ErrorCode => since(0);
        /// The same as text.
        error_message: Option<String> = Some(String::new()) => since(2).nullable(2).ignorable();
        /// Its leader, which is the active controller, or -1.
        leader_id: BrokerId => since(0);
        /// The leader's epoch.
        leader_epoch: LeaderEpoch = LeaderEpoch(0) => since(0);
        /// The high watermark.
        high_watermark: i64 => since(0);
        /// The replicas of the voters.
        current_voters: Vec<DescribeQuorumReplica> => since(0);
        /// The replicas of the observers, such as brokers.
        observers: Vec<DescribeQuorumReplica> => since(0);
    }

    /// A replica.
    pub struct DescribeQuorumReplica {
        /// The node.
        replica_id: BrokerId => since(0);
        /// The directory of the log.
        replica_directory_id: DirectoryId => since(2);
        /// The end of its log, or -1.
        log_end_offset: i64 => since(0);
        /// The time of its last fetch by the leader's clock, in milliseconds since 1970; -1 if unknown.
        last_fetch_timestamp: i64 = -1 => since(1).ignorable();
        /// The time at which it had the whole log, by the leader's clock; -1 if unknown. For the leader: now.
        last_caught_up_timestamp: i64 = -1 => since(1).ignorable();
    }

    /// A node of the quorum.
    pub struct DescribeQuorumNode {
        /// Its number.
        node_id: BrokerId => since(2);
        /// Its listeners.
        listeners: Vec<DescribeQuorumListener> => since(2);
    }

    /// A listener of a controller.
    pub struct DescribeQuorumListener {
        /// Its name.
        name: String => since(2);
        /// The host.
        host: String => since(2);
        /// The port.
        port: u16 => since(2);
    }
}

message!(
    ApiKey::DESCRIBE_QUORUM, DescribeQuorumRequest => DescribeQuorumResponse,
    versions 0..=2, flexible since 0
);
