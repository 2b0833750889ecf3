//! DescribeProducers: the state of the producers of a partition, as its leader has it (KIP-664). An unknown outcome may
//! follow from it.

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::{PartitionId, ProducerId};
use crate::wire::since;

table! {
    /// Requests the producers of partitions.
    ///
    /// ```
    /// use milena_codec::ids::PartitionId;
    /// use milena_codec::message::{DescribeProducersRequest, DescribeProducersTopic, Message, Version};
    /// let topic = DescribeProducersTopic { name: "orders".to_owned(), partition_indexes: vec![PartitionId(0)] };
    /// let request = DescribeProducersRequest { topics: vec![topic] };
    /// request.encode(&mut Vec::new(), Version::of::<DescribeProducersRequest>(0))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct DescribeProducersRequest {
        /// The partitions, by topic.
        topics: Vec<DescribeProducersTopic> => since(0);
    }

    /// The partitions of a topic.
    pub struct DescribeProducersTopic {
        /// The topic.
        name: String => since(0);
        /// Its partitions.
        partition_indexes: Vec<PartitionId> => since(0);
    }

    /// The producers, by topic.
    ///
    /// ```
    /// use milena_codec::message::{
    ///     DescribeProducersPartitionResult, DescribeProducersResponse, DescribeProducersTopicResult, ProducerState,
    /// };
    /// let producer = ProducerState { last_sequence: 41, ..Default::default() };
    /// let partition = DescribeProducersPartitionResult { active_producers: vec![producer], ..Default::default() };
    /// let topic = DescribeProducersTopicResult { partitions: vec![partition], ..Default::default() };
    /// let response = DescribeProducersResponse { topics: vec![topic], ..Default::default() };
    /// assert_eq!(response.topics[0].partitions[0].active_producers[0].last_sequence, 41);
    /// ```
    pub struct DescribeProducersResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(0);
        /// By topic.
        topics: Vec<DescribeProducersTopicResult> => since(0);
    }

    /// The producers of a topic's partitions.
    pub struct DescribeProducersTopicResult {
        /// The topic.
        name: String => since(0);
        /// By partition.
        partitions: Vec<DescribeProducersPartitionResult> => since(0);
    }

    /// The producers of a partition.
    pub struct DescribeProducersPartitionResult {
        /// The partition.
        partition_index: PartitionId => since(0);
        /// The reason for which they are missing.
        error_code: ErrorCode => since(0);
        /// The same as text.
        error_message: Option<String> => since(0).nullable(0);
        /// One row a producer.
        active_producers: Vec<ProducerState> => since(0);
    }

    /// The state of a producer.
    pub struct ProducerState {
        /// Its id.
        producer_id: ProducerId = ProducerId(0) => since(0);
        /// Its epoch, in 32 bits here.
        producer_epoch: i32 => since(0);
        /// The sequence of its last record; -1 for none.
        last_sequence: i32 = -1 => since(0);
        /// The timestamp of its last record, in milliseconds since 1970; -1 for none.
        last_timestamp: i64 = -1 => since(0);
        /// The epoch of the coordinator of its transactions.
        coordinator_epoch: i32 => since(0);
        /// Where its open transaction began; -1 for none.
        current_txn_start_offset: i64 = -1 => since(0);
    }
}

message!(
    ApiKey::DESCRIBE_PRODUCERS, DescribeProducersRequest => DescribeProducersResponse,
    versions 0..=0, flexible since 0
);
