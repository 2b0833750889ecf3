//! What a broker sender tells the assignment.

use std::sync::Arc as StdArc;

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, PartitionId, ProducerId};
use milena_codec::message::NodeEndpoint;

use super::responses::LeaderHint;
use crate::partition_sender::{Loss, PartitionSender};

/// A broker sender's message to the assignment.
#[derive(Debug)]
pub enum SenderEvent {
    /// Nothing of this partition is in flight here any more: another broker sender may have it.
    Released(Box<PartitionSender>),
    /// The broker does not lead the partition, or could not be reached.
    Stale {
        /// The topic.
        topic: StdArc<str>,
        /// The partition.
        partition: PartitionId,
        /// The code that the broker returned; none where the connection ended.
        code: Option<ErrorCode>,
        /// Its leader, where the response names one.
        hint: Option<LeaderHint>,
    },
    /// The broker lost records that it had acknowledged.
    Loss {
        /// The broker.
        broker: Option<BrokerId>,
        /// The topic.
        topic: StdArc<str>,
        /// The partition.
        partition: PartitionId,
        /// What is known of it.
        loss: Loss,
    },
    /// There is something to send to a dormant topic.
    TopicHasRecords(StdArc<str>),
    /// Nothing is left of the partition with this serial, of this topic: the answer to a question of the assignment.
    AtRest(StdArc<str>, u32),
    /// Where the brokers named in hints are.
    Endpoints(Vec<NodeEndpoint>),
    /// A broker does not know the producer id any more, or its epochs are used up.
    ProducerIdExhausted(ProducerId),
}
