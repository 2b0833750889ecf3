//! CreatePartitions: more partitions for a topic (KIP-195). Version 3 may be answered with `THROTTLING_QUOTA_EXCEEDED`
//! (KIP-599).

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::BrokerId;
use crate::wire::since;

table! {
    /// Asks for more partitions.
    pub struct CreatePartitionsRequest {
        /// By topic.
        topics: Vec<CreatePartitionsTopic> => since(0);
        /// How long the broker may take, in milliseconds.
        timeout_ms: i32 => since(0);
        /// Whether only to say what would happen.
        validate_only: bool => since(0);
    }

    /// A topic that grows.
    pub struct CreatePartitionsTopic {
        /// Its name.
        name: String => since(0);
        /// How many partitions it shall have, the old ones included.
        count: i32 => since(0);
        /// Which replicas, one row a new partition; null to leave that to the broker.
        assignments: Option<Vec<CreatePartitionsAssignment>> = Some(Vec::new()) => since(0).nullable(0);
    }

    /// The replicas of a new partition.
    pub struct CreatePartitionsAssignment {
        /// The brokers.
        broker_ids: Vec<BrokerId> => since(0);
    }

    /// What became of it.
    pub struct CreatePartitionsResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(0);
        /// By topic.
        results: Vec<CreatePartitionsTopicResult> => since(0);
    }

    /// What became of a topic.
    pub struct CreatePartitionsTopicResult {
        /// Its name.
        name: String => since(0);
        /// Why it did not grow.
        error_code: ErrorCode => since(0);
        /// The same in words.
        error_message: Option<String> => since(0).nullable(0);
    }
}

message!(
    ApiKey::CREATE_PARTITIONS, CreatePartitionsRequest => CreatePartitionsResponse,
    versions 0..=3, flexible since 2
);
