//! The messages, each a table of fields with the versions that carry them.
//!
//! A table reads like Kafka's own schema (`clients/src/main/resources/common/message/*.json` in Apache Kafka): one
//! row a field; `since`, `tag` and `removed_after` name the versions that carry it. One macro, `table!`, makes both
//! directions of a table. A new message is a file with its tables, one line that gives request and response their
//! [`ApiKey`] and versions, and a row in `list.rs`, from which every test takes it.
//!
//! * **Versions** are those of Kafka 4.3, which are all that brokers of 2.1 … 4.3 need. Versions that KIP-896 removed in
//!   Kafka 4.0, such as Produce 0 … 2, are left out. A version is given by its number, through
//!   [`Version::of`], and is an error where the message does not have it. Encoding loses nothing silently: a
//!   field that is set and that the version has no place for is an error, unless the schema calls it ignorable.
//! * **Nulls** are `Option`s. A null where the version allows none is an error in both directions. A field that the
//!   version does not carry reads as its default, which is the schema's own.
//! * **Tagged fields** (KIP-482) stand in the table like all others, are written only when they differ from their
//!   default, and keep it when they are absent. Tags that a table does not know are passed over, and are gone when the
//!   message is written again.
//! * **Bounds**: what decoding allocates is at most 24 times the bytes that it is given.
//!
//! The API key and the versions stand in [`Message`]; the headers around a message in [`header`].
//!
//! ```
//! use milena_codec::ids::CoordinatorType;
//! use milena_codec::message::{FindCoordinatorRequest, Message, Version};
//! use milena_codec::wire::EncodeError;
//!
//! let request = FindCoordinatorRequest {
//!     key_type: CoordinatorType::TRANSACTION,
//!     coordinator_keys: vec!["payments".to_owned()],
//!     ..FindCoordinatorRequest::default()
//! };
//! let version = Version::of::<FindCoordinatorRequest>(4);
//! let mut bytes = Vec::new();
//! request.encode(&mut bytes, version)?;
//! assert_eq!(FindCoordinatorRequest::decode_exact(&bytes, version)?, request);
//!
//! // Version 3 has one key, in a field of its own.
//! let refused = request.encode(&mut Vec::new(), Version::of::<FindCoordinatorRequest>(3));
//! assert_eq!(refused, Err(EncodeError::NotInVersion { field: "coordinator_keys", version: 3 }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod add_offsets_to_txn;
mod add_partitions_to_txn;
mod api_key;
mod api_versions;
mod create_partitions;
mod create_topics;
mod delete_topics;
mod describe_cluster;
mod describe_configs;
mod describe_producers;
mod describe_quorum;
mod end_txn;
mod fetch;
mod find_coordinator;
mod get_telemetry_subscriptions;
pub mod header;
mod init_producer_id;
mod list;
mod list_offsets;
mod metadata;
pub mod produce;
mod push_telemetry;
mod row;
mod sasl_authenticate;
mod sasl_handshake;
mod table;
#[cfg(test)]
mod tests;
mod txn_offset_commit;

pub use add_offsets_to_txn::*;
pub use add_partitions_to_txn::*;
pub use api_key::ApiKey;
pub use api_versions::*;
pub use create_partitions::*;
pub use create_topics::*;
pub use delete_topics::*;
pub use describe_cluster::*;
pub use describe_configs::*;
pub use describe_producers::*;
pub use describe_quorum::*;
pub use end_txn::*;
pub use fetch::*;
pub use find_coordinator::*;
pub use get_telemetry_subscriptions::*;
pub use init_producer_id::*;
pub use list_offsets::*;
pub use metadata::*;
pub use produce::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceData,
    PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceData, TopicProduceResponse,
};
pub use push_telemetry::*;
pub use sasl_authenticate::*;
pub use sasl_handshake::*;
pub use txn_offset_commit::*;

use std::ops::RangeInclusive;

use bytes::Bytes;

pub use crate::wire::Version;
use crate::wire::{DecodeError, EncodeError, Field, Problem, Reader};

/// A request or a response of the protocol: a table with an API key and a range of versions.
///
/// ```
/// use milena_codec::message::{ApiKey, EndTxnResponse, Message, Version};
/// use milena_codec::wire::Reader;
/// assert_eq!((EndTxnResponse::NAME, EndTxnResponse::KEY), ("EndTxnResponse", ApiKey::END_TXN));
/// assert_eq!((EndTxnResponse::VERSIONS, EndTxnResponse::FLEXIBLE_SINCE), (0..=5, 3));
/// let version = Version::of::<EndTxnResponse>(0);
/// let (mut bytes, response) = (Vec::new(), EndTxnResponse::default());
/// response.encode(&mut bytes, version)?;
/// assert_eq!(EndTxnResponse::decode_exact(&bytes, version)?, response);
/// assert_eq!(EndTxnResponse::decode_shared(&bytes.clone().into(), version)?, response);
/// assert_eq!(EndTxnResponse::decode(&mut Reader::new(&bytes), version)?, response);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Message: Field + Default {
    /// Kafka's name for the message.
    const NAME: &'static str;
    /// The API it belongs to.
    const KEY: ApiKey;
    /// The versions that this crate knows: those of Kafka 4.3.
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
        Ok(Self::read(input, version)?)
    }

    /// Reads a message that must fill all of `bytes`.
    ///
    /// # Errors
    /// As [`decode`](Self::decode), and [`Problem::Trailing`] when bytes are left.
    fn decode_exact(bytes: &[u8], version: Version) -> Result<Self, DecodeError> {
        decode_all(Reader::new(bytes), version)
    }

    /// Reads a message that must fill all of a shared buffer; byte ranges such as record batches share it instead of being
    /// copied.
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

/// A request, and the type of its response.
///
/// ```
/// use milena_codec::message::{Message, MetadataRequest, Request, Version};
/// use milena_codec::wire::DecodeError;
/// fn response_of<R: Request>(body: &[u8], version: i16) -> Result<R::Response, DecodeError> {
///     R::Response::decode_exact(body, Version::of::<R::Response>(version))
/// }
/// assert!(response_of::<MetadataRequest>(&[0; 8], 0)?.topics.is_empty());
/// # Ok::<(), DecodeError>(())
/// ```
pub trait Request: Message {
    /// The response.
    type Response: Message;
}
