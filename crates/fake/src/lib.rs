//! An in-process Kafka cluster, strict where a real one is.
//!
//! It speaks the protocol over real sockets ([`Cluster::start`]) or in-memory streams ([`Builder::in_memory`],
//! [`Cluster::dial`]), so that any client can be tested against it, on a paused clock if need be. It refuses what a
//! broker refuses, in the order in which a broker finds out: bad CRCs, gaps in sequences, batches too large, keyless
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
//! // What goes wrong: the next Produce request is written, but its answer is lost.
//! cluster.on(ApiKey::PRODUCE).topic("orders").apply_then(Action::Disconnect);
//! // A broker that dies and comes back:
//! cluster.kill(2);
//! cluster.restart(2)?;
//!
//! // What came of it:
//! assert!(cluster.log("orders", 0).is_empty());
//! assert!(cluster.violations().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! * [`Builder`] says what the cluster is like: brokers, topics, what is kept, which release it looks like.
//! * The verbs of [`Cluster`] change it while it runs: leaders, brokers, topics, delays. A broker that starts again remembers of each
//!   producer what a snapshot holds; [`Cluster::truncate`] loses the end of a log, [`Cluster::forget_producers`] the producers.
//! * [`Cluster::on`] sets hooks: what goes wrong with which request, how often. [`On::disconnect_then_apply`] has a request
//!   appended after its connection ended.
//! * [`Cluster::log`], [`Cluster::journal`] and [`Cluster::violations`] tell what happened.
//!
//! Batches of every codec are decompressed, up to 100 MiB each, and checked inside as Kafka 4.3 checks them; a topic may
//! have its batches encoded anew with a codec of its own ([`TopicConfig::compression_type`]). What is stored, and how
//! large each batch was on its way, is in [`Cluster::log_batches`].
//!
//! One connection's requests are served one after another. There are no transactions and no consumer groups. Whoever
//! may come in ([`Builder::user`]) may do everything. With the feature `tls`, connections speak TLS (`Builder::tls`).

mod builder;
mod cluster;
mod core;
mod hook;
mod journal;
mod mechanism;
mod on;
mod operations;
mod release;
mod shell;

pub use builder::Builder;
pub use cluster::Cluster;
pub use core::{Keep, LoggedBatch, LoggedRecord, TopicCompression, TopicConfig};
pub use hook::Action;
pub use journal::{Authentication, JournalEntry, Violation};
pub use mechanism::Mechanism;
pub use milena_codec::ErrorCode;
pub use milena_codec::compression::Compression;
pub use milena_codec::ids::{BrokerId, PartitionId};
pub use milena_codec::message::ApiKey;
pub use on::{Hold, On};
pub use operations::Brokers;
pub use release::Release;
