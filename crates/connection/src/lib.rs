//! Sockets, sessions and cluster metadata of the milena Kafka producer.

mod clock;
pub mod control;
mod endpoint;
mod exchange;
pub mod session;
pub mod transport;

pub use endpoint::{Endpoint, EndpointError, EndpointFault};
pub use exchange::{decode_response, encode_request};
