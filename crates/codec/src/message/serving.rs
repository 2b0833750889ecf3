//! Requests that only a serving side reads: what milena-fake lets through to its own reader after this one.

use super::ApiKey;
use super::table::{message, table};
use crate::ids::{BrokerId, LeaderEpoch, PartitionId, TopicId};
use crate::wire::{removed_after, since, tag};

table! {
    /// Asks for offsets by timestamp, the first (-2) or the last (-1) among them.
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
        /// The term of the leader that the client knows.
        current_leader_epoch: LeaderEpoch => since(4).ignorable();
        /// The timestamp, or one of the special values.
        timestamp: i64 => since(0);
    }

    /// Asks for records.
    pub struct FetchRequest {
        /// The cluster that the client thinks it speaks to.
        cluster_id: Option<String> => tag(0, 12).nullable(12).ignorable();
        /// -1 for a client.
        replica_id: BrokerId = BrokerId::NONE => removed_after(0, 14).ignorable();
        /// The same for newer followers.
        replica_state: ReplicaState => tag(1, 15).ignorable();
        /// How long to wait for `min_bytes`, in milliseconds.
        max_wait_ms: i32 => since(0);
        /// How many bytes are worth an answer.
        min_bytes: i32 => since(0);
        /// How many bytes the answer may have.
        max_bytes: i32 = i32::MAX => since(3).ignorable();
        /// 1 hides open transactions.
        isolation_level: i8 => since(4).ignorable();
        /// The fetch session (KIP-227).
        session_id: i32 => since(7).ignorable();
        /// The turn in the session.
        session_epoch: i32 = -1 => since(7).ignorable();
        /// The topics.
        topics: Vec<FetchTopic> => since(0);
        /// The partitions that leave the session.
        forgotten_topics_data: Vec<ForgottenTopic> => since(7);
        /// The rack of the client.
        rack_id: String => since(11).ignorable();
    }

    /// Who a follower is.
    pub struct ReplicaState {
        /// Its number, -1 for a client.
        replica_id: BrokerId = BrokerId::NONE => since(15);
        /// Its epoch.
        replica_epoch: i64 = -1 => since(15);
    }

    /// A topic to fetch from.
    pub struct FetchTopic {
        /// Its name.
        topic: String => removed_after(0, 12).ignorable();
        /// Its id.
        topic_id: TopicId => since(13).ignorable();
        /// Its partitions.
        partitions: Vec<FetchPartition> => since(0);
    }

    /// A partition to fetch from.
    pub struct FetchPartition {
        /// Its number.
        partition: PartitionId => since(0);
        /// The term of the leader that the client knows.
        current_leader_epoch: LeaderEpoch => since(9).ignorable();
        /// The first offset wanted.
        fetch_offset: i64 => since(0);
        /// The term of the last record that the client has.
        last_fetched_epoch: i32 = -1 => since(12);
        /// Where a follower's log begins.
        log_start_offset: i64 = -1 => since(5).ignorable();
        /// How many bytes of this partition the answer may have.
        partition_max_bytes: i32 => since(0);
        /// The directory of a follower.
        replica_directory_id: TopicId => tag(0, 17).ignorable();
        /// The high watermark that a follower knows.
        high_watermark: i64 = i64::MAX => tag(1, 18).ignorable();
    }

    /// Partitions that leave the fetch session.
    pub struct ForgottenTopic {
        /// The topic's name.
        topic: String => removed_after(7, 12).ignorable();
        /// The topic's id.
        topic_id: TopicId => since(13).ignorable();
        /// The partitions.
        partitions: Vec<PartitionId> => since(7);
    }

    /// Asks for new topics.
    pub struct CreateTopicsRequest {
        /// The topics.
        topics: Vec<CreatableTopic> => since(0);
        /// How long the broker may take, in milliseconds.
        timeout_ms: i32 = 60_000 => since(0);
        /// Whether only to say what would happen.
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
        /// Which replicas, where the client wants to say.
        assignments: Vec<CreatableReplicaAssignment> => since(0);
        /// Its settings.
        configs: Vec<CreatableTopicConfig> => since(0);
    }

    /// The replicas of a partition.
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
        value: Option<String> => since(0).nullable(0);
    }
}

message!(ListOffsetsRequest, ApiKey::LIST_OFFSETS, versions 1..=10, flexible since 6);
message!(FetchRequest, ApiKey::FETCH, versions 4..=18, flexible since 12);
message!(CreateTopicsRequest, ApiKey::CREATE_TOPICS, versions 2..=7, flexible since 5);
