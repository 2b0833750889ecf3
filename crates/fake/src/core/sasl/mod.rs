//! SASL as a broker has it: who may come in, by which mechanism, and for how long.
//!
//! ```text
//!              ApiVersions            SaslHandshake              SaslAuthenticate …
//!  Handshake ──────────────▶ Handshake ───────────────▶ Authenticating ────────────────▶ In
//!                                                         ▲      SaslHandshake      │
//!                                                         └─────────────────────────┘
//! ```
//!
//! Whatever does not fit the state closes the connection. Of the proofs nothing is shared with milena's client.

mod access;
mod exchange;
mod oauthbearer;
mod plain;
mod scram;
mod state;
mod step;

pub(crate) use access::{Access, DelegationToken};
pub(crate) use exchange::Exchange;
pub(crate) use state::{SaslState, Session};
pub(crate) use step::{Authenticated, Step};

use std::fmt;

use bytes::Bytes;

/// What a client said by a mechanism. It is not printed.
#[derive(Clone)]
pub(crate) struct SaslBytes(pub(crate) Bytes);

impl fmt::Debug for SaslBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SaslBytes({} bytes)", self.0.len())
    }
}
