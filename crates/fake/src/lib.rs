//! An in-process Kafka cluster, strict where a real one is.
//!
//! It serves the protocol over real sockets ([`Cluster::start`]) or in-memory streams ([`Builder::in_memory`],
//! [`Cluster::dial`]), so that any client can be tested against it, on a paused clock if need be. It rejects the
//! requests that a broker rejects, in the order of a broker's checks: bad CRCs, gaps in sequences, batches too large, keyless
//! records on compacted topics. Batches are read by kafka-protocol, which shares no code with milena; milena's own
//! bounded decoder goes first, because it trusts no count on the wire.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use milena_fake::{Action, ApiKey, Cluster, ErrorCode};
//!
//! let cluster = Cluster::builder().brokers(3).topic("orders", 6).start().await?;
//! println!("produce to {}", cluster.bootstrap_servers());
//!
//! // A fault: the batches of the next Produce request are appended, but its response is lost.
//! cluster.on(ApiKey::PRODUCE).topic("orders").apply_then(Action::Disconnect);
//! // A broker that dies and comes back:
//! cluster.kill(2);
//! cluster.restart(2)?;
//!
//! // The result:
//! assert!(cluster.log("orders", 0).is_empty());
//! assert!(cluster.violations().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! * [`Builder`] has the settings: brokers, topics, kept records, release.
//! * The operations of [`Cluster`] change it while it runs: leaders, brokers, topics, delays. A broker that starts again remembers of each
//!   producer what a snapshot holds; [`Cluster::truncate`] loses the end of a log, [`Cluster::forget_producers`] the producers.
//! * [`Cluster::on`] sets hooks: which fault, for which requests, how often. [`On::disconnect_then_apply`] has a request
//!   appended after its connection ended.
//! * [`Cluster::log`], [`Cluster::journal`] and [`Cluster::violations`] return the result; [`LogCheck`] compares the logs with
//!   the reported outcomes.
//!
//! Batches of every codec are decompressed, up to 100 MiB each, and checked inside as Kafka 4.3 checks them; a topic may
//! have its batches encoded anew with a codec of its own ([`TopicConfig::compression_type`]). [`Cluster::log_batches`] has the
//! stored batches, and the length of each as it was sent.
//!
//! One connection's requests are served one after another. There are no transactions and no consumer groups. Each user
//! ([`Builder::user`]) may do everything that is not denied to all of them ([`Cluster::deny_topic`], [`Cluster::deny_cluster`]). The feature `tls` adds TLS (`Builder::tls`).

mod acl;
mod builder;
mod cluster;
mod core;
mod hook;
mod journal;
mod log_check;
mod mechanism;
mod on;
mod operations;
mod release;
mod shell;
mod telemetry;

pub use acl::AclOperation;
pub use builder::Builder;
pub use cluster::Cluster;
pub use core::{Keep, LoggedBatch, LoggedRecord, TopicCompression, TopicConfig};
pub use hook::Action;
pub use journal::{Authentication, JournalEntry, Violation};
pub use log_check::{LogCheck, LogFaults, RecordId};
pub use mechanism::Mechanism;
pub use milena_codec::ErrorCode;
pub use milena_codec::compression::Compression;
pub use milena_codec::ids::{BrokerId, PartitionId};
pub use milena_codec::message::ApiKey;
pub use on::{Hold, On};
pub use operations::Brokers;
pub use release::Release;
pub use telemetry::{TelemetryPush, TelemetrySubscription};
