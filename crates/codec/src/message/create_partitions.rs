//! CreatePartitions: more partitions for a topic (KIP-195). Version 3 may return `THROTTLING_QUOTA_EXCEEDED`
//! (KIP-599).

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::BrokerId;
use crate::wire::since;

table! {
    /// Adds partitions to topics.
    ///
    /// ```
    /// use milena_codec::message::{CreatePartitionsRequest, CreatePartitionsTopic, Message, Version};
    /// let topic = CreatePartitionsTopic { name: "orders".to_owned(), count: 12, assignments: None };
    /// let request = CreatePartitionsRequest { topics: vec![topic], timeout_ms: 30_000, validate_only: false };
    /// request.encode(&mut Vec::new(), Version::of::<CreatePartitionsRequest>(3))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct CreatePartitionsRequest {
        /// By topic.
        topics: Vec<CreatePartitionsTopic> => since(0);
        /// How long the broker may take, in milliseconds.
        timeout_ms: i32 => since(0);
        /// Whether only to validate the request.
        validate_only: bool => since(0);
    }

    /// A topic that grows.
    pub struct CreatePartitionsTopic {
        /// Its name.
        name: String => since(0);
        /// How many partitions it will have, the old ones included.
        count: i32 => since(0);
        /// The replicas, one row a new partition; null to leave that to the broker.
        assignments: Option<Vec<CreatePartitionsAssignment>> = Some(Vec::new()) => since(0).nullable(0);
    }

    /// The replicas of a new partition.
    ///
    /// ```
    /// use milena_codec::ids::BrokerId;
    /// use milena_codec::message::{CreatePartitionsAssignment, CreatePartitionsTopic};
    /// let replicas = CreatePartitionsAssignment { broker_ids: vec![BrokerId(1), BrokerId(2)] };
    /// let topic = CreatePartitionsTopic { name: "orders".to_owned(), count: 7, assignments: Some(vec![replicas]) };
    /// assert_eq!(topic.count, 7);
    /// ```
    pub struct CreatePartitionsAssignment {
        /// The brokers.
        broker_ids: Vec<BrokerId> => since(0);
    }

    /// The result.
    ///
    /// ```
    /// use milena_codec::message::{CreatePartitionsResponse, CreatePartitionsTopicResult};
    /// let failed = CreatePartitionsTopicResult { error_message: Some("too few".to_owned()), ..Default::default() };
    /// let response = CreatePartitionsResponse { results: vec![failed], ..Default::default() };
    /// assert!(response.results.iter().any(|topic| topic.error_message.is_some()));
    /// ```
    pub struct CreatePartitionsResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(0);
        /// By topic.
        results: Vec<CreatePartitionsTopicResult> => since(0);
    }

    /// The result for a topic.
    pub struct CreatePartitionsTopicResult {
        /// Its name.
        name: String => since(0);
        /// The reason for which it has no new partitions.
        error_code: ErrorCode => since(0);
        /// The same as text.
        error_message: Option<String> => since(0).nullable(0);
    }
}

message!(
    ApiKey::CREATE_PARTITIONS, CreatePartitionsRequest => CreatePartitionsResponse,
    versions 0..=3, flexible since 2
);
