//! AddPartitionsToTxn: announces the partitions that a transaction will write to (KIP-98).
//!
//! Clients use versions up to 3. Brokers use 4 and 5 among themselves (KIP-890): there, one request carries several
//! transactions. Version 2 may return `PRODUCER_FENCED` (KIP-588), version 5 `TRANSACTION_ABORTABLE`.

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::{PartitionId, ProducerEpoch, ProducerId};
use crate::wire::{removed_after, since};

table! {
    /// Adds partitions.
    ///
    /// ```
    /// use milena_codec::ids::{PartitionId, ProducerEpoch, ProducerId};
    /// use milena_codec::message::{AddPartitionsToTxnRequest, AddPartitionsToTxnTopic, Message, Version};
    /// let topic = AddPartitionsToTxnTopic { name: "orders".to_owned(), partitions: vec![PartitionId(0)] };
    /// let request = AddPartitionsToTxnRequest {
    ///     v3_and_below_transactional_id: "payments".to_owned(),
    ///     v3_and_below_producer_id: ProducerId(9),
    ///     v3_and_below_producer_epoch: ProducerEpoch(0),
    ///     v3_and_below_topics: vec![topic],
    ///     ..AddPartitionsToTxnRequest::default()
    /// };
    /// request.encode(&mut Vec::new(), Version::of::<AddPartitionsToTxnRequest>(3))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct AddPartitionsToTxnRequest {
        /// The transactions, from version 4 on.
        transactions: Vec<AddPartitionsToTxnTransaction> => since(4);
        /// The transactional id.
        v3_and_below_transactional_id: String => removed_after(0, 3);
        /// The producer id of the transaction.
        v3_and_below_producer_id: ProducerId = ProducerId(0) => removed_after(0, 3);
        /// The epoch of that producer id.
        v3_and_below_producer_epoch: ProducerEpoch = ProducerEpoch(0) => removed_after(0, 3);
        /// The partitions, by topic.
        v3_and_below_topics: Vec<AddPartitionsToTxnTopic> => removed_after(0, 3);
    }

    /// The partitions of one transaction.
    ///
    /// ```
    /// use milena_codec::message::{AddPartitionsToTxnRequest, AddPartitionsToTxnTransaction};
    /// let transaction = AddPartitionsToTxnTransaction { verify_only: true, ..Default::default() };
    /// let request = AddPartitionsToTxnRequest { transactions: vec![transaction], ..Default::default() };
    /// assert!(request.transactions[0].verify_only);
    /// ```
    pub struct AddPartitionsToTxnTransaction {
        /// Its transactional id.
        transactional_id: String => since(4);
        /// Its producer id.
        producer_id: ProducerId = ProducerId(0) => since(4);
        /// The epoch of that producer id.
        producer_epoch: ProducerEpoch = ProducerEpoch(0) => since(4);
        /// Whether only to report which partitions belong to it already.
        verify_only: bool => since(4);
        /// The partitions, by topic.
        topics: Vec<AddPartitionsToTxnTopic> => since(4);
    }

    /// The partitions of a topic.
    pub struct AddPartitionsToTxnTopic {
        /// The topic.
        name: String => since(0);
        /// Its partitions.
        partitions: Vec<PartitionId> => since(0);
    }

    /// The result.
    ///
    /// ```
    /// use milena_codec::ErrorCode;
    /// use milena_codec::message::{
    ///     AddPartitionsToTxnPartitionResult, AddPartitionsToTxnResponse, AddPartitionsToTxnTopicResult,
    /// };
    /// fn added(response: &AddPartitionsToTxnResponse) -> bool {
    ///     let topics = response.results_by_topic_v3_and_below.iter();
    ///     let mut partitions = topics.flat_map(|topic: &AddPartitionsToTxnTopicResult| &topic.results_by_partition);
    ///     partitions.all(|one: &AddPartitionsToTxnPartitionResult| one.partition_error_code == ErrorCode::NONE)
    /// }
    /// assert!(added(&AddPartitionsToTxnResponse::default()));
    /// ```
    pub struct AddPartitionsToTxnResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(0);
        /// The reason for which nothing was done.
        error_code: ErrorCode => since(4).ignorable();
        /// By transaction, from version 4 on.
        results_by_transaction: Vec<AddPartitionsToTxnResult> => since(4);
        /// By topic.
        results_by_topic_v3_and_below: Vec<AddPartitionsToTxnTopicResult> => removed_after(0, 3);
    }

    /// The result for the partitions of one transaction.
    ///
    /// ```
    /// use milena_codec::message::{AddPartitionsToTxnResponse, AddPartitionsToTxnResult};
    /// let result = AddPartitionsToTxnResult { transactional_id: "payments".to_owned(), ..Default::default() };
    /// let response = AddPartitionsToTxnResponse { results_by_transaction: vec![result], ..Default::default() };
    /// assert_eq!(response.results_by_transaction.len(), 1);
    /// ```
    pub struct AddPartitionsToTxnResult {
        /// Its transactional id.
        transactional_id: String => since(4);
        /// By topic.
        topic_results: Vec<AddPartitionsToTxnTopicResult> => since(4);
    }

    /// The result for the partitions of a topic.
    pub struct AddPartitionsToTxnTopicResult {
        /// The topic.
        name: String => since(0);
        /// By partition.
        results_by_partition: Vec<AddPartitionsToTxnPartitionResult> => since(0);
    }

    /// The result for a partition.
    pub struct AddPartitionsToTxnPartitionResult {
        /// The partition.
        partition_index: PartitionId => since(0);
        /// `OPERATION_NOT_ATTEMPTED` when another partition was rejected.
        partition_error_code: ErrorCode => since(0);
    }
}

message!(
    ApiKey::ADD_PARTITIONS_TO_TXN, AddPartitionsToTxnRequest => AddPartitionsToTxnResponse,
    versions 0..=5, flexible since 3
);
