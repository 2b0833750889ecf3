//! A Kafka producer in pure Rust: an implementation of the wire protocol that links no C.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use milena::{Producer, Record};
//!
//! let producer = Producer::connect("localhost:9092").await?;
//! let ack = producer.send(Record::to("orders").key("user-123").value("3 apples")).await?;
//! println!("{} @ {}", ack.partition, ack.offset);
//!
//! let delivery = producer.enqueue(("orders", "user-123", "4 pears")).await?;
//! delivery.await?;
//! producer.close().await?;
//! # Ok(()) }
//! ```
//!
//! * [`Producer`] sends records; clones are cheap. [`Topic`] is for loops that send to one topic.
//! * [`ProducerBuilder`] has the settings, by type and by the names of other clients.
//! * [`check()`] finds out, without writing, whether a producer could deliver, and why not.
//! * [`Delivery`] is the future of a record's outcome; [`SendError`] states whether it may have been written all the same.
//! * [`blocking`] is the same for plain threads.
//! * [`Error`] is any of the errors, for functions that return several of them.
//!
//! Order is the order of acceptance: a record waits for room behind those that came before it, and is written behind
//! them in its partition, whatever is sent again. Everything that runs by itself is one driver, a task on the runtime
//! that builds the producer unless [`Driver::Thread`] is chosen.

pub mod blocking;
mod check;
mod clock;
pub mod config;
mod connectivity;
mod core;
mod deadlines;
mod dispatcher;
mod driver;
mod error;
mod hooks;
mod metrics;
mod outcome;
mod park;
mod producer;
mod record;
mod registry;
mod reports;
mod telemetry;
mod topic_name;

pub use check::{CheckReport, CheckSettings, CheckStep, Finding, Severity, check};
pub use config::{Acks, Compression, Config, Driver, MetadataRecovery, ProducerBuilder, ProducerConfig};
pub use error::{
    ConfigError, ConnectError, ConnectErrorKind, Error, ErrorKind, FlushError, Persisted, ScopeError,
    SendError, TryEnqueueError, TryEnqueueErrorKind,
};
pub use hooks::{DeadLetters, Interceptor};
#[cfg(feature = "metrics")]
pub use metrics::MetricsPublisher;
pub use metrics::{BrokerMetrics, BudgetHolder, JavaGroup, JavaMetric, ProducerMetrics, TopicMetrics};
pub use milena_connection::sasl::{self, Sasl};
pub use milena_connection::tls::{self, Tls};
pub use milena_connection::{Endpoint, SecretString, transport};
pub use milena_partitioner::Partitioner;
pub use milena_sender::{BatchTiming, LatencyHistogram};
pub use producer::{
    BufferHolder, ConnectionFailure, Delivery, Enqueue, EnqueueDetached, IntoTopicRecord, Producer,
    ProducerStatus, Topic, TopicRecord, TopicSink,
};
pub use record::{Ack, Header, IntoPayload, IntoTopicName, Record};
pub use reports::{Report, Reports};
