//! ListOffsets: where a partition's log begins or ends, or where its first record since some time is (KIP-79).
//!
//! The special timestamps by version: the highest timestamp from 7 on (KIP-734), the start of the local log
//! from 8 (KIP-405), the end of the remote one from 9 (KIP-1005), with a time-out for it from 10 (KIP-1075), the first
//! offset that is still to be uploaded from 11 (KIP-1023). Version 4 carries the leader's epoch (KIP-320).

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::{BrokerId, LeaderEpoch, PartitionId};
use crate::wire::since;

table! {
    /// Requests offsets.
    ///
    /// ```
    /// use milena_codec::ids::{BrokerId, PartitionId};
    /// use milena_codec::message::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic, Message, Version};
    /// // -1 is the end of the log.
    /// let end = ListOffsetsPartition { partition_index: PartitionId(0), timestamp: -1, ..Default::default() };
    /// let topic = ListOffsetsTopic { name: "orders".to_owned(), partitions: vec![end] };
    /// let request = ListOffsetsRequest { replica_id: BrokerId::NONE, topics: vec![topic], ..Default::default() };
    /// request.encode(&mut Vec::new(), Version::of::<ListOffsetsRequest>(7))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct ListOffsetsRequest {
        /// -1 for a client.
        replica_id: BrokerId => since(0);
        /// 1 hides open transactions.
        isolation_level: i8 => since(2);
        /// The topics.
        topics: Vec<ListOffsetsTopic> => since(0);
        /// How long the broker may take for offsets in remote storage, in milliseconds.
        timeout_ms: i32 => since(10).ignorable();
    }

    /// A topic of the question.
    pub struct ListOffsetsTopic {
        /// Its name.
        name: String => since(0);
        /// Its partitions.
        partitions: Vec<ListOffsetsPartition> => since(0);
    }

    /// A partition of the question.
    pub struct ListOffsetsPartition {
        /// Its number.
        partition_index: PartitionId => since(0);
        /// The epoch of the leader that the client knows.
        current_leader_epoch: LeaderEpoch => since(4).ignorable();
        /// In milliseconds since 1970; or -1 the end, -2 the start, -3 the highest timestamp, -4 … -6 as the versions
        /// have them.
        timestamp: i64 => since(0);
    }

    /// The offsets.
    ///
    /// ```
    /// use milena_codec::message::{
    ///     ListOffsetsPartitionResponse, ListOffsetsResponse, ListOffsetsTopicResponse,
    /// };
    /// let partition = ListOffsetsPartitionResponse { offset: 42, ..Default::default() };
    /// let topic = ListOffsetsTopicResponse { name: "orders".to_owned(), partitions: vec![partition] };
    /// let response = ListOffsetsResponse { topics: vec![topic], ..Default::default() };
    /// assert_eq!(response.topics[0].partitions[0].offset, 42);
    /// ```
    pub struct ListOffsetsResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(2).ignorable();
        /// By topic.
        topics: Vec<ListOffsetsTopicResponse> => since(0);
    }

    /// The offsets of a topic.
    pub struct ListOffsetsTopicResponse {
        /// Its name.
        name: String => since(0);
        /// By partition.
        partitions: Vec<ListOffsetsPartitionResponse> => since(0);
    }

    /// The offset of a partition.
    pub struct ListOffsetsPartitionResponse {
        /// The partition.
        partition_index: PartitionId => since(0);
        /// The reason for which there is none.
        error_code: ErrorCode => since(0);
        /// The timestamp of the record there, in milliseconds since 1970, or -1.
        timestamp: i64 = -1 => since(1);
        /// The offset, or -1.
        offset: i64 = -1 => since(1);
        /// The epoch of the leader that wrote the record there.
        leader_epoch: LeaderEpoch => since(4);
    }
}

message!(ApiKey::LIST_OFFSETS, ListOffsetsRequest => ListOffsetsResponse, versions 1..=11, flexible since 6);
