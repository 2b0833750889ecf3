//! Produce: record batches to the leaders of their partitions, and what became of each.
//!
//! The tables are whole messages. The producer uses [`put_request`], which writes a request around batches that stay where
//! they are, and [`AnswerReader`], which reads a response partition by partition without keeping it: the partitions before
//! a malformed byte count.
//!
//! Versions 3 … 13: 5 tells where the log begins (KIP-192), 7 allows zstd (KIP-110), 8 tells which records are at fault
//! (KIP-467), 10 who leads now (KIP-951), 11 may be answered with `TRANSACTION_ABORTABLE` and 12 adds partitions to their
//! transaction by itself (KIP-890), 13 names topics by their ids (KIP-516).

mod answers;
mod request;

pub use answers::{AnswerReader, Elements, Endpoint, PartitionAnswer, RejectedRecord, TopicKey};
pub use request::{PartitionRecords, RequestFrame, put_request};

use bytes::Bytes;

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::{BrokerId, LeaderEpoch, PartitionId, TopicId};
use crate::wire::{removed_after, since, tag};

table! {
    /// Record batches for some partitions.
    pub struct ProduceRequest {
        /// Null unless the batches belong to a transaction.
        transactional_id: Option<String> => since(3).nullable(3);
        /// 0: no answer at all; 1: the leader wrote it; -1: every in-sync replica did.
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

    /// What became of the batches.
    pub struct ProduceResponse {
        /// By topic.
        responses: Vec<TopicProduceResponse> => since(0);
        /// How long the client should wait before its next request, in milliseconds (KIP-219).
        throttle_time_ms: i32 => since(1).ignorable();
        /// Where the leaders named in `current_leader` are (KIP-951).
        node_endpoints: Vec<NodeEndpoint> => tag(0, 10);
    }

    /// What became of the batches of a topic.
    pub struct TopicProduceResponse {
        /// The topic's name.
        name: String => removed_after(0, 12).ignorable();
        /// The topic's id.
        topic_id: TopicId => since(13).ignorable();
        /// By partition.
        partition_responses: Vec<PartitionProduceResponse> => since(0);
    }

    /// What became of the batch of a partition.
    pub struct PartitionProduceResponse {
        /// The partition.
        index: PartitionId => since(0);
        /// Whether it was written.
        error_code: ErrorCode => since(0);
        /// The offset of its first record.
        base_offset: i64 => since(0);
        /// When the broker appended it, or -1 when the topic keeps the producer's timestamps.
        log_append_time_ms: i64 = -1 => since(2).ignorable();
        /// Where the partition's log begins.
        log_start_offset: i64 = -1 => since(5).ignorable();
        /// The records that caused the batch to be refused (KIP-467).
        record_errors: Vec<BatchIndexAndErrorMessage> => since(8).ignorable();
        /// Why the batch was refused, in words.
        error_message: Option<String> => since(8).nullable(8).ignorable();
        /// Who leads the partition now, when the broker does not (KIP-951).
        current_leader: LeaderIdAndEpoch => tag(0, 10);
    }

    /// A record that caused its batch to be refused.
    pub struct BatchIndexAndErrorMessage {
        /// Its place in the batch, from 0.
        batch_index: i32 => since(8);
        /// Why, in words.
        batch_index_error_message: Option<String> => since(8).nullable(8);
    }

    /// A leader and its term.
    pub struct LeaderIdAndEpoch {
        /// The leader, or -1.
        leader_id: BrokerId = BrokerId::NONE => since(10);
        /// Its term, or -1.
        leader_epoch: LeaderEpoch => since(10);
    }

    /// Where a broker listens.
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
pub const TOPIC_IDS_SINCE: i16 = 13;
