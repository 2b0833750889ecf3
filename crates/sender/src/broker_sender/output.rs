//! The results of a broker sender: the next step of its driver, and events for the assignment.

use std::sync::Arc as StdArc;
use std::time::Instant;

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId, ProducerId};
use milena_codec::message::NodeEndpoint;

use super::ProduceRequest;
use crate::compression::CompressionJob;
use crate::ids::PartitionSerial;
use crate::partition_sender::{Loss, PartitionSender};

/// The next step of the driver.
#[derive(Debug)]
pub enum Output {
    /// Write this, and poll again.
    Send(ProduceRequest),
    /// Run this, here or elsewhere, and poll again. The result comes back as [`Input::Compressed`](super::Input::Compressed), or
    /// from another thread by [`SenderMailbox::compressed`](crate::accumulator::SenderMailbox::compressed).
    Compress(CompressionJob),
    /// Reset the connection, hand in the requests that were on it as [`Input::Disconnected`](super::Input::Disconnected), and poll
    /// again: the connection holds batches that give way to callers that wait for room.
    Reset,
    /// A caller holds a partition: let other tasks run, and poll again.
    Again,
    /// Sleep until then, or until there is something in the mailbox or from the connection.
    Idle {
        /// When to poll again at the latest.
        until: Option<Instant>,
        /// Offers need not wake the driver: nothing can be sent before a response comes.
        ignores_offers: bool,
    },
    /// After [`Input::Abort`](super::Input::Abort): everything that was not complete has failed.
    Done,
}

/// An event for the assignment.
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
        /// The offsets that are known of it.
        loss: Loss,
    },
    /// There is something to send to a dormant topic.
    TopicHasRecords(StdArc<str>),
    /// Nothing is left of the partition with this serial, of this topic: the assignment has requested it.
    AtRest(StdArc<str>, PartitionSerial),
    /// Where the brokers named in hints are.
    Endpoints(Vec<NodeEndpoint>),
    /// A broker does not know the producer id any more, or its epochs are used up.
    ProducerIdExhausted(ProducerId),
}

/// The leader of a partition, as a broker that does not lead it returns it (KIP-951).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderHint {
    /// The leader.
    pub leader: BrokerId,
    /// Its term.
    pub epoch: LeaderEpoch,
}
