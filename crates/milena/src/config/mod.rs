//! The settings of a producer: set one by one with types, or by the names that Java, librdkafka and sarama gave them.
//!
//! [`ProducerBuilder`] takes settings in any order, and [`ProducerBuilder::validate`] turns them into a [`ProducerConfig`],
//! which is right as a whole: nothing below checks it again. [`PROPERTIES`] is the one table of names; the command
//! line prints it.

mod builder;
mod by_name;
mod compression;
mod file;
mod in_force;
mod nearest;
mod options;
mod property;
mod security;
mod service;
mod table;
mod validate;
mod value;

pub use builder::ProducerBuilder;
pub use compression::Compression;
pub use options::{Acks, Driver, MetadataRecovery, ProducerConfig};
pub use property::{Property, Support};
pub use service::Config;
pub use table::PROPERTIES;
