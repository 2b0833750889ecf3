//! Sockets, sessions and cluster metadata of the milena Kafka producer.

mod clock;
mod endpoint;
pub mod transport;

pub use endpoint::{Endpoint, EndpointError};
