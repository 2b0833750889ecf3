//! The configuration of a producer: by typed setters, or by the property names of Java, librdkafka and sarama.
//!
//! ```text
//!  ProducerBuilder ─ typed setters ─╮
//!                  ─ property(name) ┴▶ Settings ── validate ──▶ ProducerConfig ──▶ driver, `milena config`, logs
//!                                  ╰─▶ Origins ── names, lines ──▶ errors and warnings
//! ```
//!
//! [`PROPERTIES`] is the settings table: each name, type, default, range and meaning stands there once. Rules between
//! settings are in `validate`; names and values of other programs are in `foreign`. A [`ProducerConfig`] is valid as a whole, and no code below checks it again.

mod builder;
mod by_name;
mod compression;
mod effective;
mod file;
mod foreign;
mod listing;
mod nearest;
mod options;
mod origins;
mod properties_file;
mod protocol;
mod security;
mod servers;
mod service;
mod settings;
mod signs;
mod tls_files;
mod validate;
mod value;
mod warning;

pub use compression::Compression;
pub use options::{Acks, Driver, MetadataRecovery};
pub use service::Config;
pub use settings::{PROPERTIES, ProducerConfig, Property, Support};
pub use warning::ConfigWarning;

use std::sync::Arc;

use milena_connection::transport::Connector;

use crate::hooks::Hooks;
use origins::Origins;
use settings::Settings;

/// Collects the settings of a producer. Only the bootstrap servers have no default, and the defaults are safe:
/// `acks=all`, idempotence, retries until the delivery timeout.
///
/// ```
/// use std::time::Duration;
/// use milena::{Acks, ProducerBuilder};
///
/// let config = ProducerBuilder::default()
///     .bootstrap_servers("kafka-1:9092,kafka-2:9092")
///     .acks(Acks::All)
///     .linger(Duration::from_millis(20))
///     .validate()?;
/// # Ok::<(), milena::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct ProducerBuilder {
    settings: Settings,
    origins: Origins,
    connector: Option<Arc<dyn Connector>>,
    pub(crate) hooks: Hooks,
}

/// Shown in place of a secret.
const HIDDEN: &str = "[hidden]";
