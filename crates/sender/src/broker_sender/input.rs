//! The facts that are handed to a broker sender: one enum for all of them, and one for those about a single partition.

use std::fmt;
use std::time::Instant;

use milena_codec::ids::{ProducerIdAndEpoch, TopicId};

use super::ProduceRequest;
use crate::compression::CompressionResult;
use crate::ids::{PartitionSerial, ProduceVersion};
use crate::outcome::Obstacle;
use crate::partition_sender::PartitionSender;

/// A fact for a broker sender, after it has happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// The assignment gives or takes a partition, or reports something about one.
    Partition(PartitionCommand),
    /// The producer has a producer id and epoch, or others than before.
    ProducerId(ProducerIdAndEpoch),
    /// A connection to the broker at this address is being opened. The same fact may be handed in any number of times.
    Connecting(fmt::Arguments<'a>),
    /// A connection is ready, on which Produce has this version.
    Connected(ProduceVersion),
    /// The broker cannot be used, for this reason: the errors of records that expire name it.
    Unusable(Obstacle),
    /// The broker responded to a request.
    Response {
        /// The request.
        request: ProduceRequest,
        /// The body of the response, with the tagged fields that end its header.
        body: &'a [u8],
    },
    /// A request without a response is written (`acks=0`).
    Written(ProduceRequest),
    /// The connection ended.
    Disconnected {
        /// The requests without a response, in order; each with whether the broker may have had all of it.
        requests: Vec<(ProduceRequest, bool)>,
        /// Whether the broker did not respond in time. The next requests are smaller then.
        timed_out: bool,
    },
    /// A job of the broker sender is done.
    Compressed(CompressionResult),
    /// The driver was to wake at `since`, and wakes later by more than [`LATE_MIN`](crate::partition_sender::LATE_MIN), because
    /// the process was suspended or the thread blocked. Batches that were never sent have one attempt, for at most one request
    /// time-out.
    WokeLate {
        /// The time of the timer.
        since: Instant,
    },
    /// The producer ends: everything that is not complete fails, here and in the queues.
    Abort,
}

/// A fact about one partition, from the assignment to a broker sender. The driver passes it on as it is.
#[derive(Debug)]
pub enum PartitionCommand {
    /// The broker sender has this partition from now on.
    Adopt(Box<PartitionSender>),
    /// The broker sender gives the partition with this serial back, once nothing of it is in flight.
    Leave(PartitionSerial),
    /// The topic of the partition with this serial has another id. A batch may have been closed for that.
    TopicId(PartitionSerial, TopicId),
    /// The topic of the partition with this serial is, or may be, another one of the same name, and no id shows it. A batch may
    /// have been closed for that.
    AnotherTopic(PartitionSerial),
    /// The leader of the partition with this serial was elected again: the broker here, which may not know the run.
    LeaderElected(PartitionSerial),
    /// The broker sender reports if nothing is left of the partition with this serial
    /// ([`SenderEvent::AtRest`](super::SenderEvent::AtRest)).
    ReportRest(PartitionSerial),
}
