//! Kafka's wire format for a producer: bytes ⇄ messages ⇄ record batches.
//!
//! ```text
//!  a connection   ┌────────┬─────────┬────────┬─────────┬─ …
//!                 │ length │ content │ length │ content │       frame
//!                 └────────┴────┬────┴────────┴─────────┴─ …
//!                 ┌─────────────┴─────────────────────┬─────────┐
//!  a request      │ api key · version · id · client   │ message │   message::header
//!  a response     │                      id           │ message │
//!                 └───────────────────────────────────┴────┬────┘
//!                 ┌────────────────────────────────────────┴────┐
//!  a message      │ one row a field, by version                 │   message
//!                 └────────────────────────────────────────┬────┘
//!                 ┌──────────────────────────────┬─────────┴────┐
//!  a batch        │ header · CRC-32C             │ records      │   record
//!                 └──────────────────────────────┴─────────┬────┘
//!                 ┌────────────────────────────────────────┴────┐
//!  records        │ as they are, or compressed as a whole       │   compression
//!                 └─────────────────────────────────────────────┘
//! ```
//!
//! * [`wire`]: numbers, strings, arrays and tagged fields, read within bounds and written in place.
//! * [`message`]: the requests and responses, each a table that reads like Kafka's own schema.
//! * [`record`]: record batch v2, encoded straight into the batch that goes out, and read back without a copy.
//! * [`compression`]: gzip, snappy, lz4 and zstd for the records of a batch.
//! * [`frame`]: the bounds of the messages on a connection.
//! * [`ErrorCode`] and the newtypes of [`ids`]: every number from the wire has a type.
//!
//! The crate knows no clock, no socket and no runtime, and trusts nothing that it reads: a count never allocates
//! more than the bytes that are left could hold, every length is checked, and every error has the offset of the malformed byte.
//!
//! # A message
//!
//! ```
//! use milena_codec::message::{MetadataRequest, Message, Version};
//!
//! let request = MetadataRequest { allow_auto_topic_creation: false, ..MetadataRequest::default() };
//! let version = Version::of::<MetadataRequest>(12);
//! let mut bytes = Vec::new();
//! request.encode(&mut bytes, version)?;
//! assert_eq!(MetadataRequest::decode_exact(&bytes, version)?, request);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A batch
//!
//! ```
//! use milena_codec::record::{BatchLimits, OpenBatch, RecordBatch, Stamp};
//!
//! let mut open = OpenBatch::new(BatchLimits::default());
//! open.append(1_700_000_000_000, Some(b"user-123"), Some(b"3 apples"), &[])?;
//! open.append(1_700_000_000_005, None, Some(b"2 pears"), &[])?;
//! let stamped = open.close().ok_or("a batch has records")?.stamp(Stamp::NONE);
//!
//! let batch = RecordBatch::parse(stamped.bytes())?;
//! for (record, value) in batch.records().zip([b"3 apples".as_slice(), b"2 pears"]) {
//!     assert_eq!(record?.value, Some(value));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod compression;
mod error_code;
mod errors;
pub mod frame;
pub mod ids;
pub mod message;
mod printable;
pub mod record;
pub mod wire;

pub use error_code::ErrorCode;
pub use printable::{printable, steers};
