//! A Kafka producer in pure Rust.
#![expect(dead_code, reason = "the driver that reads the configuration stands in other modules")]

pub mod config;
mod error;
mod record;

pub use config::{Acks, Config, Driver, ProducerBuilder};
pub use error::{
    ConfigError, ConnectError, ConnectErrorKind, ErrorKind, FlushError, Persisted, SendError,
    TryEnqueueError, TryEnqueueErrorKind,
};
pub use record::{Ack, Header, Record};
