//! Sockets, sessions and cluster metadata of the milena Kafka producer.
//!
//! ```text
//!                 the driver (crate milena)
//!        │                   │                    │
//!        ▼                   ▼                    ▼
//!   metadata            control               session          state machines: metadata, session
//!   when to ask,        one call at           bytes in, bytes  shells: control, transport
//!   whom to believe     a time      ────────▶ out, deadlines
//!        │                   │                    │
//!        │                   ▼                    │
//!        │              transport                 │            the only sockets
//!        ▼                   ▼                    ▼
//!    endpoint ◀──────────────┘                exchange         one request ⇄ one frame
//! ```
//!
//! * [`Endpoint`]: where a broker listens, as users write it and brokers advertise it.
//! * [`Shown`]: a text of the configuration in an error; what may be a secret is hidden.
//! * [`transport`]: opens connections, over all addresses of a name, within a time-out.
//! * [`tls`]: a connector that puts TLS around the connections of another one; whom to trust, and what we show.
//! * [`sasl`]: who we are, and the exchanges that prove it. A session carries them out; what takes a runtime, random
//!   numbers or somebody else's token it asks its shell for.
//! * [`session`]: one connection's conversation: negotiation, pipelined requests, strict answers, the fate of every
//!   request when it ends. Payloads are any bytes, so that produce requests pass without a copy.
//! * [`control`]: a connection for few and small requests.
//! * [`metadata`]: the brokers of the cluster, and who leads the partitions of the topics in use.
//!
//! Two rules run through all of it. The state machines know no socket, no clock and no dice: time and backoff are
//! given to them, so a conversation can be replayed. And no peer is trusted: nothing is allocated by a length or count
//! that was only promised, whatever breaks the protocol ends the connection, and what is kept is bounded.
//!
//! What an answer *means* for records is decided elsewhere; this crate does not know the accumulator, and retries
//! nothing of its own accord.

mod clock;
mod connection;
pub mod control;
mod endpoint;
mod exchange;
pub mod metadata;
mod reset;
pub mod sasl;
pub mod session;
mod shown;
pub mod tls;
pub mod transport;

pub use connection::Connection;
pub use endpoint::{Endpoint, EndpointError, EndpointFault, Servers};
pub use exchange::{decode_response, encode_request};
pub use reset::reset;
pub use secrecy::SecretString;
pub use shown::{FilePath, SHOWN_BYTES_MAX, Shown, Text, holds_pem, may_be_secret};
