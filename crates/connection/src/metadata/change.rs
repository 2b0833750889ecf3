//! What an answer changed, for whoever routes by it.

use std::sync::Arc;

use milena_codec::ErrorCode;
use milena_codec::ids::BrokerId;

use super::topic::TopicMetadata;
use crate::endpoint::Endpoint;

/// Something that is now known of the cluster and was not before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A broker is new, or is to be reached elsewhere.
    Broker {
        /// Which.
        id: BrokerId,
        /// Where it listens.
        endpoint: Endpoint,
    },
    /// A broker is no longer part of the cluster.
    BrokerGone(BrokerId),
    /// A topic in use is new, has another leader, more partitions, or another id.
    Topic {
        /// The topic.
        topic: TopicMetadata,
        /// Whether it is, or may be, another one than was known under its name: it came into use, was created anew, or has no
        /// id and was unknown to a broker meanwhile. Nothing that was learned under the name before counts for it, unless
        /// its id is the same.
        is_new: bool,
    },
    /// A broker cannot tell about a topic in use. Comes with every such answer; what was known of the topic stays.
    ///
    /// The topic is asked for again, with a backoff, until it is forgotten.
    TopicFailed {
        /// Which.
        name: Arc<str>,
        /// `UNKNOWN_TOPIC_OR_PARTITION`, `INVALID_TOPIC_EXCEPTION`, `TOPIC_AUTHORIZATION_FAILED` and their like.
        error: ErrorCode,
    },
    /// The client begins again, because a broker wants it to or because nobody has described the cluster for long
    /// (KIP-1102). All brokers are gone, as further changes say; the next question goes to the bootstrap servers, on a
    /// connection of its own.
    Rebootstrap,
}
