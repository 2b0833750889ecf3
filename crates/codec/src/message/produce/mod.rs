//! Produce: record batches to the leaders of their partitions, and the result for each.
//!
//! The tables are whole messages. The producer uses [`put_request`], which writes a request around batches that stay where
//! they are, and [`ResponseReader`], which reads a response partition by partition without keeping it: the partitions before
//! a malformed byte count.
//!
//! Versions 3 … 13: 5 has the start offset of the log (KIP-192), 7 allows zstd (KIP-110), 8 lists the records that caused
//! a rejection (KIP-467), 10 has the new leader (KIP-951), 11 may return `TRANSACTION_ABORTABLE` and 12 adds partitions to
//! their transaction by itself (KIP-890), 13 names topics by their ids (KIP-516).

mod request;
mod response;

pub use request::{PartitionRecords, RequestFrame, put_request};
pub use response::{Elements, Endpoint, PartitionResult, RejectedRecord, ResponseReader, TopicKey};

use bytes::Bytes;

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::{BrokerId, LeaderEpoch, PartitionId, TopicId};
use crate::wire::{removed_after, since, tag};

table! {
    /// Record batches for some partitions.
    ///
    /// ```
    /// use milena_codec::message::{Message, PartitionProduceData, ProduceRequest, TopicProduceData, Version};
    /// let partition = PartitionProduceData { records: Some("a record batch".into()), ..Default::default() };
    /// let topic = TopicProduceData { name: "orders".to_owned(), partition_data: vec![partition], ..Default::default() };
    /// let request = ProduceRequest { acks: -1, timeout_ms: 30_000, topic_data: vec![topic], ..Default::default() };
    /// request.encode(&mut Vec::new(), Version::of::<ProduceRequest>(9))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct ProduceRequest {
        /// Null unless the batches belong to a transaction.
        transactional_id: Option<String> => since(3).nullable(3);
        /// 0: no response at all; 1: the leader wrote the batch; -1: all in-sync replicas wrote it.
        acks: i16 => since(0);
        /// How long the leader may wait for its followers, in milliseconds.
        timeout_ms: i32 => since(0);
        /// The batches, by topic.
        topic_data: Vec<TopicProduceData> => since(0);
    }

    /// The batches of a topic.
    pub struct TopicProduceData {
        /// The topic's name.
        name: String => removed_after(0, 12).ignorable();
        /// The topic's id.
        topic_id: TopicId => since(13).ignorable();
        /// One batch a partition: a broker keeps the last of two entries for the same one.
        partition_data: Vec<PartitionProduceData> => since(0);
    }

    /// The batch of a partition.
    pub struct PartitionProduceData {
        /// The partition.
        index: PartitionId => since(0);
        /// One record batch.
        records: Option<Bytes> => since(0).nullable(0);
    }

    /// The results.
    ///
    /// ```
    /// use milena_codec::ErrorCode;
    /// use milena_codec::message::{Message, PartitionProduceResponse, ProduceResponse, TopicProduceResponse, Version};
    /// let rejected = PartitionProduceResponse { error_code: ErrorCode::NOT_ENOUGH_REPLICAS, ..Default::default() };
    /// let topic = TopicProduceResponse { partition_responses: vec![rejected], ..Default::default() };
    /// let response = ProduceResponse { responses: vec![topic], throttle_time_ms: 100, ..Default::default() };
    /// response.encode(&mut Vec::new(), Version::of::<ProduceResponse>(9))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct ProduceResponse {
        /// By topic.
        responses: Vec<TopicProduceResponse> => since(0);
        /// How long the client should wait before its next request, in milliseconds (KIP-219).
        throttle_time_ms: i32 => since(1).ignorable();
        /// The endpoints of the leaders in `current_leader` (KIP-951).
        node_endpoints: Vec<NodeEndpoint> => tag(0, 10);
    }

    /// The results for a topic.
    pub struct TopicProduceResponse {
        /// The topic's name.
        name: String => removed_after(0, 12).ignorable();
        /// The topic's id.
        topic_id: TopicId => since(13).ignorable();
        /// By partition.
        partition_responses: Vec<PartitionProduceResponse> => since(0);
    }

    /// The result for the batch of a partition.
    pub struct PartitionProduceResponse {
        /// The partition.
        index: PartitionId => since(0);
        /// Whether it was written.
        error_code: ErrorCode => since(0);
        /// The offset of its first record.
        base_offset: i64 => since(0);
        /// When the broker appended it, or -1 when the topic keeps the producer's timestamps.
        log_append_time_ms: i64 = -1 => since(2).ignorable();
        /// The first offset of the partition's log.
        log_start_offset: i64 = -1 => since(5).ignorable();
        /// The records that caused a rejection (KIP-467).
        record_errors: Vec<BatchIndexAndErrorMessage> => since(8).ignorable();
        /// The reason for a rejection, as text.
        error_message: Option<String> => since(8).nullable(8).ignorable();
        /// The new leader of the partition, when the broker is not its leader (KIP-951).
        current_leader: LeaderIdAndEpoch => tag(0, 10);
    }

    /// A record that caused its batch to be rejected.
    ///
    /// ```
    /// use milena_codec::message::{BatchIndexAndErrorMessage, PartitionProduceResponse};
    /// let record = BatchIndexAndErrorMessage { batch_index: 3, batch_index_error_message: Some("no key".to_owned()) };
    /// let partition = PartitionProduceResponse { record_errors: vec![record], ..Default::default() };
    /// assert_eq!(partition.record_errors[0].batch_index, 3);
    /// ```
    pub struct BatchIndexAndErrorMessage {
        /// Its index in the batch, from 0.
        batch_index: i32 => since(8);
        /// The reason, as text.
        batch_index_error_message: Option<String> => since(8).nullable(8);
    }

    /// A leader and its epoch.
    ///
    /// ```
    /// use milena_codec::ids::{BrokerId, LeaderEpoch};
    /// use milena_codec::message::{LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, ProduceResponse};
    /// let leader = LeaderIdAndEpoch { leader_id: BrokerId(2), leader_epoch: LeaderEpoch(8) };
    /// let partition = PartitionProduceResponse { current_leader: leader, ..Default::default() };
    /// let endpoint = NodeEndpoint { node_id: BrokerId(2), host: "broker-2".to_owned(), port: 9092, rack: None };
    /// let response = ProduceResponse { node_endpoints: vec![endpoint], ..Default::default() };
    /// assert_eq!(partition.current_leader.leader_id, response.node_endpoints[0].node_id);
    /// ```
    pub struct LeaderIdAndEpoch {
        /// The leader, or -1.
        leader_id: BrokerId = BrokerId::NONE => since(10);
        /// Its epoch, or -1.
        leader_epoch: LeaderEpoch => since(10);
    }

    /// The endpoint of a broker.
    pub struct NodeEndpoint {
        /// The broker.
        node_id: BrokerId => since(10);
        /// Its host.
        host: String => since(10);
        /// Its port.
        port: i32 => since(10);
        /// Its rack.
        rack: Option<String> => since(10).nullable(10);
    }
}

message!(ApiKey::PRODUCE, ProduceRequest => ProduceResponse, versions 3..=13, flexible since 9);

/// The first version that names topics by their id instead of their name (KIP-516).
///
/// ```
/// use milena_codec::message::produce::TOPIC_IDS_SINCE;
/// let all_topics_have_ids = false;
/// let version = if all_topics_have_ids { TOPIC_IDS_SINCE } else { TOPIC_IDS_SINCE - 1 };
/// assert_eq!(version, 12);
/// ```
pub const TOPIC_IDS_SINCE: i16 = 13;
