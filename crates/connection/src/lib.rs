//! Sockets, sessions and cluster metadata of the milena Kafka producer.
//!
//! ```text
//!                 the driver (crate milena)
//!        │                   │                     │
//!        ▼                   ▼                     ▼
//!    metadata        RequestConnection ──────▶ Connection      shells: Connection, transport
//!    when to request,  one call at a time      the I/O of      state machines: metadata, session
//!    parts to apply          │                 a session
//!        │                   ▼                     │
//!        │               transport                 ▼           the only sockets: transport
//!        ▼                   │                  session
//!    endpoint ◀──────────────┘                     ▼
//!                                               exchange       one request ⇄ one frame
//! ```
//!
//! * [`Endpoint`]: the address of a broker, as users write it and brokers advertise it.
//! * [`Shown`]: a text of the configuration in an error; possible secrets are hidden.
//! * [`transport`]: opens connections, over all addresses of a name, within a timeout.
//! * [`tls`]: a connector that adds TLS to the connections of another one; authorities and client certificates.
//! * [`sasl`]: credentials, and the exchanges that authenticate the client. A session carries them out; steps that need a
//!   runtime, random numbers or a token provider are left to its shell.
//! * [`session`]: the protocol of one connection: negotiation, pipelined requests, strict responses, and the disposition of
//!   every request at the end. Payloads are any bytes, so that Produce requests pass without a copy.
//! * [`Connection`]: the I/O of a session, one shell for every connection.
//! * [`RequestConnection`]: a connection for few and small requests.
//! * [`transport::ConnectionError`]: the one error of all of it: endpoint, step, fault, and whether another attempt can succeed.
//! * [`metadata`]: the brokers of the cluster, and the leaders of the partitions of the topics in use.
//!
//! Two rules hold everywhere. The state machines use no socket, no clock and no random numbers: time and backoff are
//! arguments, so a conversation can be replayed. And no peer is trusted: nothing is allocated by an announced length or count,
//! a protocol violation ends the connection, and all stored data is bounded.
//!
//! The meaning of a Produce response for records is decided elsewhere; this crate does not know the accumulator. The only
//! retries of its own are token requests.

mod clock;
mod connection;
mod endpoint;
mod error;
mod exchange;
mod lock;
mod mechanism;
pub mod metadata;
mod request_connection;
mod reset;
pub mod sasl;
pub mod session;
mod shown;
pub mod tls;
pub mod transport;
#[cfg(test)]
mod warnings;

pub use connection::Connection;
pub use endpoint::{Endpoint, EndpointError, EndpointFault, Servers};
pub use exchange::{decode_response, encode_request};
pub use request_connection::RequestConnection;
pub use reset::reset;
pub use secrecy::SecretString;
pub use shown::{FilePath, SHOWN_BYTES_MAX, Shown, Text, holds_pem, may_be_secret};
