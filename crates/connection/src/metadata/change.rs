//! The changes that a Metadata response or a leader hint made, for the routing of records.

use std::sync::Arc;

use milena_codec::ErrorCode;
use milena_codec::ids::BrokerId;

use super::topic::TopicMetadata;
use crate::endpoint::Endpoint;

/// A change of the cluster's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A broker is new, or has another address.
    Broker {
        /// The broker.
        id: BrokerId,
        /// The address that the broker advertises.
        endpoint: Endpoint,
    },
    /// A broker left the cluster.
    BrokerGone(BrokerId),
    /// A topic in use is new, or has another leader, more partitions, or another topic id.
    Topic {
        /// The topic.
        topic: TopicMetadata,
        /// Whether the topic is, or may be, another one than the known one of the same name: it came into use, was
        /// recreated, or has no id and was unknown to a broker meanwhile. Nothing that was learned under the name before
        /// applies then, unless the topic id is the same.
        is_new: bool,
    },
    /// A broker returned an error for a topic in use. Comes with every such response; the known metadata of the topic
    /// stays.
    ///
    /// The topic is requested again, with a backoff, until it is forgotten.
    TopicFailed {
        /// The topic.
        name: Arc<str>,
        /// `UNKNOWN_TOPIC_OR_PARTITION`, `INVALID_TOPIC_EXCEPTION`, `TOPIC_AUTHORIZATION_FAILED` and their like.
        error: ErrorCode,
    },
    /// The client rebootstraps (KIP-1102): a broker returned `REBOOTSTRAP_REQUIRED`, or no broker has described the
    /// cluster for `metadata.recovery.rebootstrap.trigger.ms`. [`BrokerGone`](Self::BrokerGone) of all brokers follows;
    /// the next Metadata request goes to the bootstrap servers, on a new connection.
    Rebootstrap,
}
