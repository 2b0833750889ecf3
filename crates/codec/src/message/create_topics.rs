//! CreateTopics: new topics (KIP-4), with the broker's defaults from version 4 on (KIP-464). The response has their
//! configuration (KIP-525) and their ids (KIP-516); version 6 may return `THROTTLING_QUOTA_EXCEEDED` (KIP-599).

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::{BrokerId, PartitionId, TopicId};
use crate::wire::{since, tag};

table! {
    /// Creates topics.
    ///
    /// ```
    /// use milena_codec::message::{CreatableTopic, CreatableTopicConfig, CreateTopicsRequest, Message, Version};
    /// let config = CreatableTopicConfig { name: "cleanup.policy".to_owned(), value: Some("compact".to_owned()) };
    /// let topic = CreatableTopic {
    ///     name: "orders".to_owned(),
    ///     num_partitions: 6,
    ///     replication_factor: 3,
    ///     configs: vec![config],
    ///     ..CreatableTopic::default()
    /// };
    /// let request = CreateTopicsRequest { topics: vec![topic], ..CreateTopicsRequest::default() };
    /// request.encode(&mut Vec::new(), Version::of::<CreateTopicsRequest>(7))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct CreateTopicsRequest {
        /// The topics.
        topics: Vec<CreatableTopic> => since(0);
        /// How long the broker may take, in milliseconds.
        timeout_ms: i32 = 60_000 => since(0);
        /// Whether only to validate the request.
        validate_only: bool => since(1);
    }

    /// A topic to create.
    pub struct CreatableTopic {
        /// Its name.
        name: String => since(0);
        /// How many partitions, or -1 for the broker's default.
        num_partitions: i32 => since(0);
        /// How many replicas, or -1 for the broker's default.
        replication_factor: i16 => since(0);
        /// The replicas, where the client assigns them.
        assignments: Vec<CreatableReplicaAssignment> => since(0);
        /// Its settings.
        configs: Vec<CreatableTopicConfig> => since(0);
    }

    /// The replicas of a partition.
    ///
    /// ```
    /// use milena_codec::ids::{BrokerId, PartitionId};
    /// use milena_codec::message::{CreatableReplicaAssignment, CreatableTopic};
    /// let assignment =
    ///     CreatableReplicaAssignment { partition_index: PartitionId(0), broker_ids: vec![BrokerId(1), BrokerId(2)] };
    /// let topic = CreatableTopic { num_partitions: -1, replication_factor: -1, ..Default::default() };
    /// let topic = CreatableTopic { assignments: vec![assignment], ..topic };
    /// assert_eq!(topic.assignments.len(), 1);
    /// ```
    pub struct CreatableReplicaAssignment {
        /// The partition.
        partition_index: PartitionId => since(0);
        /// The brokers.
        broker_ids: Vec<BrokerId> => since(0);
    }

    /// A setting of a topic.
    pub struct CreatableTopicConfig {
        /// Its name.
        name: String => since(0);
        /// Its value.
        value: Option<String> = Some(String::new()) => since(0).nullable(0);
    }

    /// The result.
    ///
    /// ```
    /// use milena_codec::ErrorCode;
    /// use milena_codec::message::{CreatableTopicConfigs, CreatableTopicResult, CreateTopicsResponse};
    /// let config = CreatableTopicConfigs { name: "retention.ms".to_owned(), ..Default::default() };
    /// let topic = CreatableTopicResult {
    ///     error_code: ErrorCode::TOPIC_ALREADY_EXISTS,
    ///     configs: Some(vec![config]),
    ///     ..CreatableTopicResult::default()
    /// };
    /// let response = CreateTopicsResponse { topics: vec![topic], ..CreateTopicsResponse::default() };
    /// let failed = response.topics.iter().filter(|topic| !topic.error_code.is_ok());
    /// assert_eq!(failed.count(), 1);
    /// ```
    pub struct CreateTopicsResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(2).ignorable();
        /// By topic.
        topics: Vec<CreatableTopicResult> => since(0);
    }

    /// The result for a topic.
    pub struct CreatableTopicResult {
        /// Its name.
        name: String => since(0);
        /// Its id.
        topic_id: TopicId => since(7).ignorable();
        /// The reason for which it was not created.
        error_code: ErrorCode => since(0);
        /// The same as text.
        error_message: Option<String> = Some(String::new()) => since(1).nullable(0).ignorable();
        /// The reason for which its configuration is missing.
        topic_config_error_code: ErrorCode => tag(0, 5).ignorable();
        /// How many partitions it has.
        num_partitions: i32 = -1 => since(5).ignorable();
        /// How many replicas each has.
        replication_factor: i16 = -1 => since(5).ignorable();
        /// Its settings.
        configs: Option<Vec<CreatableTopicConfigs>> = Some(Vec::new()) => since(5).nullable(5).ignorable();
    }

    /// A setting of a topic that was created.
    pub struct CreatableTopicConfigs {
        /// Its name.
        name: String => since(5);
        /// Its value; null where it is a secret.
        value: Option<String> = Some(String::new()) => since(5).nullable(5);
        /// Whether it cannot be changed.
        read_only: bool => since(5);
        /// Where the value comes from, as in DescribeConfigs.
        config_source: i8 = -1 => since(5).ignorable();
        /// Whether it is a secret.
        is_sensitive: bool => since(5);
    }
}

message!(
    ApiKey::CREATE_TOPICS, CreateTopicsRequest => CreateTopicsResponse,
    versions 2..=7, flexible since 5
);
