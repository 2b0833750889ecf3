//! Fetch: requests records. A producer never sends it. A broker such as milena-fake reads the request and writes the
//! response by its own code, so that there is no table of the response here.

use super::ApiKey;
use super::table::{message, table};
use crate::ids::{BrokerId, DirectoryId, LeaderEpoch, PartitionId, TopicId};
use crate::wire::{removed_after, since, tag};

table! {
    /// Requests records.
    ///
    /// ```
    /// use milena_codec::message::{FetchPartition, FetchRequest, FetchTopic, Message, Version};
    /// let partition = FetchPartition { fetch_offset: 40, partition_max_bytes: 1 << 20, ..Default::default() };
    /// let topic = FetchTopic { topic: "orders".to_owned(), partitions: vec![partition], ..Default::default() };
    /// let request = FetchRequest { max_wait_ms: 500, min_bytes: 1, topics: vec![topic], ..Default::default() };
    /// request.encode(&mut Vec::new(), Version::of::<FetchRequest>(12))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct FetchRequest {
        /// The cluster id that the client expects.
        cluster_id: Option<String> => tag(0, 12).nullable(12).ignorable();
        /// -1 for a client.
        replica_id: BrokerId = BrokerId::NONE => removed_after(0, 14);
        /// The same for newer followers.
        replica_state: ReplicaState => tag(1, 15);
        /// How long to wait for `min_bytes`, in milliseconds.
        max_wait_ms: i32 => since(0);
        /// The least bytes of a response before `max_wait_ms` is over.
        min_bytes: i32 => since(0);
        /// The most bytes of the response.
        max_bytes: i32 = i32::MAX => since(3).ignorable();
        /// 1 hides open transactions.
        isolation_level: i8 => since(4).ignorable();
        /// The fetch session (KIP-227).
        session_id: i32 => since(7).ignorable();
        /// The epoch of the session.
        session_epoch: i32 = -1 => since(7).ignorable();
        /// The topics.
        topics: Vec<FetchTopic> => since(0);
        /// The partitions that leave the session.
        forgotten_topics_data: Vec<ForgottenTopic> => since(7);
        /// The rack of the client.
        rack_id: String => since(11).ignorable();
    }

    /// A follower.
    ///
    /// ```
    /// use milena_codec::ids::BrokerId;
    /// use milena_codec::message::{FetchRequest, ReplicaState};
    /// let follower = ReplicaState { replica_id: BrokerId(2), replica_epoch: 7 };
    /// let request = FetchRequest { replica_state: follower, ..FetchRequest::default() };
    /// assert!(request.replica_state.replica_id.is_known());
    /// ```
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
        /// The epoch of the leader that the client knows.
        current_leader_epoch: LeaderEpoch => since(9).ignorable();
        /// The first offset wanted.
        fetch_offset: i64 => since(0);
        /// The leader epoch of the last record that the client has.
        last_fetched_epoch: i32 = -1 => since(12);
        /// Where a follower's log begins.
        log_start_offset: i64 = -1 => since(5).ignorable();
        /// The most bytes of this partition in the response.
        partition_max_bytes: i32 => since(0);
        /// The directory of a follower.
        replica_directory_id: DirectoryId => tag(0, 17).ignorable();
        /// The high watermark that a follower knows.
        high_watermark: i64 = i64::MAX => tag(1, 18).ignorable();
    }

    /// Partitions that leave the fetch session.
    ///
    /// ```
    /// use milena_codec::ids::PartitionId;
    /// use milena_codec::message::{FetchRequest, ForgottenTopic};
    /// let topic = ForgottenTopic { partitions: vec![PartitionId(0)], ..ForgottenTopic::default() };
    /// let request = FetchRequest { forgotten_topics_data: vec![topic], ..FetchRequest::default() };
    /// assert_eq!(request.forgotten_topics_data.len(), 1);
    /// ```
    pub struct ForgottenTopic {
        /// The topic's name.
        topic: String => removed_after(7, 12).ignorable();
        /// The topic's id.
        topic_id: TopicId => since(13).ignorable();
        /// The partitions.
        partitions: Vec<PartitionId> => since(7);
    }
}

message!(ApiKey::FETCH, FetchRequest, versions 4..=18, flexible since 12);
