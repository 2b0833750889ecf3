//! TxnOffsetCommit: the offsets of a group, which become visible with their transaction (KIP-98).
//!
//! Version 2 carries the leader's epoch (KIP-320), 3 the member that commits (KIP-447), 4 may return
//! `TRANSACTION_ABORTABLE`, and 5 needs no AddOffsetsToTxn before it where `transaction.version` is 2 (KIP-890).

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::{LeaderEpoch, PartitionId, ProducerEpoch, ProducerId};
use crate::wire::since;

table! {
    /// Commits offsets.
    ///
    /// ```
    /// use milena_codec::message::{
    ///     Message, TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic, Version,
    /// };
    /// let partition = TxnOffsetCommitRequestPartition { committed_offset: 40, ..Default::default() };
    /// let topic = TxnOffsetCommitRequestTopic { name: "orders".to_owned(), partitions: vec![partition] };
    /// let request = TxnOffsetCommitRequest {
    ///     transactional_id: "payments".to_owned(),
    ///     group_id: "consumers".to_owned(),
    ///     topics: vec![topic],
    ///     ..TxnOffsetCommitRequest::default()
    /// };
    /// request.encode(&mut Vec::new(), Version::of::<TxnOffsetCommitRequest>(3))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct TxnOffsetCommitRequest {
        /// The transactional id.
        transactional_id: String => since(0);
        /// The group.
        group_id: String => since(0);
        /// The producer id of the transaction.
        producer_id: ProducerId = ProducerId(0) => since(0);
        /// The epoch of that producer id.
        producer_epoch: ProducerEpoch = ProducerEpoch(0) => since(0);
        /// The generation of the group; -1 where the consumer assigns its partitions itself.
        generation_id: i32 = -1 => since(3);
        /// The member that consumed.
        member_id: String => since(3);
        /// Its static name, or null.
        group_instance_id: Option<String> => since(3).nullable(3);
        /// The offsets, by topic.
        topics: Vec<TxnOffsetCommitRequestTopic> => since(0);
    }

    /// The offsets of a topic.
    pub struct TxnOffsetCommitRequestTopic {
        /// The topic.
        name: String => since(0);
        /// By partition.
        partitions: Vec<TxnOffsetCommitRequestPartition> => since(0);
    }

    /// The offset of a partition.
    pub struct TxnOffsetCommitRequestPartition {
        /// The partition.
        partition_index: PartitionId => since(0);
        /// The offset of the next record to consume.
        committed_offset: i64 => since(0);
        /// The epoch of the leader that the last record came from.
        committed_leader_epoch: LeaderEpoch => since(2).ignorable();
        /// The metadata of the consumer.
        committed_metadata: Option<String> = Some(String::new()) => since(0).nullable(0);
    }

    /// The result.
    ///
    /// ```
    /// use milena_codec::ErrorCode;
    /// use milena_codec::message::{
    ///     TxnOffsetCommitResponse, TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
    /// };
    /// let partition = TxnOffsetCommitResponsePartition { error_code: ErrorCode::ILLEGAL_GENERATION, ..Default::default() };
    /// let topic = TxnOffsetCommitResponseTopic { partitions: vec![partition], ..Default::default() };
    /// let response = TxnOffsetCommitResponse { topics: vec![topic], ..Default::default() };
    /// let mut partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
    /// assert!(partitions.any(|one| !one.error_code.is_ok()));
    /// ```
    pub struct TxnOffsetCommitResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(0);
        /// By topic.
        topics: Vec<TxnOffsetCommitResponseTopic> => since(0);
    }

    /// The result for a topic.
    pub struct TxnOffsetCommitResponseTopic {
        /// The topic.
        name: String => since(0);
        /// By partition.
        partitions: Vec<TxnOffsetCommitResponsePartition> => since(0);
    }

    /// The result for a partition.
    pub struct TxnOffsetCommitResponsePartition {
        /// The partition.
        partition_index: PartitionId => since(0);
        /// The reason for a rejection.
        error_code: ErrorCode => since(0);
    }
}

message!(
    ApiKey::TXN_OFFSET_COMMIT, TxnOffsetCommitRequest => TxnOffsetCommitResponse,
    versions 0..=5, flexible since 3
);
