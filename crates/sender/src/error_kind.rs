//! [`ErrorKind`]: the kinds of failures of records, of those that were accepted and of those that were not.

use std::fmt;

/// Declares the kinds with their names, so that no kind is without one.
macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident = $name:literal;)*) => {
        /// Why a record failed, in one word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$meta])* $kind,)*
        }

        impl ErrorKind {
            /// The name in snake case, as reports have it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// The topic was not found within `max.block.ms`.
    UnknownTopic = "unknown_topic";
    /// No topic can have this name, or the broker reserves it.
    InvalidTopic = "invalid_topic";
    /// The topic has no such partition, and got none within `max.block.ms`.
    InvalidPartition = "invalid_partition";
    /// The partitioner is `manual`, and the record names no partition.
    NoPartition = "no_partition";
    /// The record is larger than `max.request.size`, or than what the broker takes.
    MessageTooLarge = "message_too_large";
    /// No room in `buffer.memory` within `max.block.ms`.
    BufferFull = "buffer_full";
    /// `delivery.timeout.ms` passed first.
    DeliveryTimeout = "delivery_timeout";
    /// `retries` were used up.
    RetriesExhausted = "retries_exhausted";
    /// The broker found something wrong with the record or with its batch.
    InvalidRecord = "invalid_record";
    /// The timestamp is negative, or the broker finds it too far from now.
    InvalidTimestamp = "invalid_timestamp";
    /// The broker does not support the codec that the topic is compressed with.
    UnsupportedCompression = "unsupported_compression";
    /// The producer may not write to the topic.
    TopicAuthorizationFailed = "topic_authorization_failed";
    /// The producer may not write to the cluster.
    ClusterAuthorizationFailed = "cluster_authorization_failed";
    /// An attempt got no response, and later responses do not show its outcome: the record may have been written.
    OutcomeUnknown = "outcome_unknown";
    /// The broker rejected the record for another reason, and would again.
    Refused = "refused";
    /// The producer was closed first, or the runtime of its driver ended: the message names which.
    Closed = "closed";
    /// A fault of the client itself, such as a driver that panicked.
    Internal = "internal";
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
