//! The messages, each a table of fields with the versions that carry them.
//!
//! A table reads like Kafka's own schema (`clients/src/main/resources/common/message/*.json` in Apache Kafka): one
//! row a field; [`since`](crate::wire::since), [`tag`](crate::wire::tag) and
//! [`removed_after`](crate::wire::removed_after) say which versions carry it. One macro, `table!`, makes both
//! directions of a table.
//!
//! The API key and the versions stand in [`Message`]; the headers around a message in [`header`].

mod api_versions;
pub mod header;
mod init_producer_id;
mod metadata;
pub mod produce;
mod serving;
mod table;
#[cfg(test)]
mod tests;

pub use api_versions::{
    ApiVersion, ApiVersionsRequest, ApiVersionsResponse, FinalizedFeature, SupportedFeature,
};
pub use init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
pub use metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseBroker,
    MetadataResponsePartition, MetadataResponseTopic,
};
pub use produce::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceData,
    PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceData, TopicProduceResponse,
};
pub use serving::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig, CreateTopicsRequest, FetchPartition,
    FetchRequest, FetchTopic, ForgottenTopic, ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
    ReplicaState,
};

use std::ops::RangeInclusive;

use bytes::Bytes;

pub use crate::wire::Version;
use crate::wire::{DecodeError, EncodeError, Field, Problem, Reader};

/// Which request a message belongs to.
///
/// ```
/// use milena_codec::message::ApiKey;
/// assert_eq!(ApiKey::PRODUCE.to_string(), "Produce");
/// assert_eq!(ApiKey(77).to_string(), "api key 77");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKey(pub i16);

crate::wire::field_by_inner!(ApiKey, i16);

macro_rules! api_keys {
    ($($name:ident = $key:literal, $text:literal;)*) => {
        impl ApiKey {
            $(
                #[doc = concat!("`", $text, "`")]
                pub const $name: Self = Self($key);
            )*

            /// Kafka's name, where this crate knows it.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($key => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

api_keys! {
    PRODUCE = 0, "Produce";
    FETCH = 1, "Fetch";
    LIST_OFFSETS = 2, "ListOffsets";
    METADATA = 3, "Metadata";
    API_VERSIONS = 18, "ApiVersions";
    CREATE_TOPICS = 19, "CreateTopics";
    INIT_PRODUCER_ID = 22, "InitProducerId";
}

impl std::fmt::Display for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "api key {}", self.0),
        }
    }
}

/// A request or a response of the protocol: a table with an API key and a range of versions.
pub trait Message: Field + Default {
    /// Kafka's name for it.
    const NAME: &'static str;
    /// The API it belongs to.
    const KEY: ApiKey;
    /// The versions that this crate knows: all that Kafka 2.1 … 4.3 brokers speak.
    const VERSIONS: RangeInclusive<i16>;
    /// The first version with compact fields and tags (KIP-482).
    const FLEXIBLE_SINCE: i16;

    /// Appends the message in the given version, without a header.
    ///
    /// # Errors
    /// [`EncodeError`] when the version does not exist or cannot carry what is set.
    fn encode(&self, out: &mut Vec<u8>, version: Version) -> Result<(), EncodeError> {
        if !Self::VERSIONS.contains(&version.number) {
            return Err(EncodeError::UnknownVersion { message: Self::NAME, version: version.number });
        }
        self.put(out, version)
    }

    /// Reads a message, leaving what comes after it.
    ///
    /// # Errors
    /// [`DecodeError`] with the position of the first byte that is wrong.
    fn decode(input: &mut Reader<'_>, version: Version) -> Result<Self, DecodeError> {
        if !Self::VERSIONS.contains(&version.number) {
            return Err(input.problem(Problem::UnknownVersion(version.number)));
        }
        Self::read(input, version)
    }

    /// Reads a message that must fill all of `bytes`.
    ///
    /// # Errors
    /// As [`decode`](Self::decode), and [`Problem::Trailing`] when bytes are left.
    fn decode_exact(bytes: &[u8], version: Version) -> Result<Self, DecodeError> {
        decode_all(Reader::new(bytes), version)
    }

    /// Reads a message that must fill all of a shared buffer; large fields share it instead of being copied.
    ///
    /// # Errors
    /// As [`decode_exact`](Self::decode_exact).
    fn decode_shared(bytes: &Bytes, version: Version) -> Result<Self, DecodeError> {
        decode_all(Reader::shared(bytes), version)
    }
}

impl Version {
    /// The version `number` of the message `M`.
    ///
    /// ```
    /// use milena_codec::message::{ProduceRequest, Version};
    /// assert!(!Version::of::<ProduceRequest>(8).flexible);
    /// assert!(Version::of::<ProduceRequest>(9).flexible);
    /// ```
    #[must_use]
    pub fn of<M: Message>(number: i16) -> Self {
        Self { number, flexible: number >= M::FLEXIBLE_SINCE }
    }
}

fn decode_all<M: Message>(mut input: Reader<'_>, version: Version) -> Result<M, DecodeError> {
    let message = M::decode(&mut input, version)?;
    input.finish()?;
    Ok(message)
}

/// A request, and what answers it.
pub trait Request: Message {
    /// The answer.
    type Response: Message;
}
