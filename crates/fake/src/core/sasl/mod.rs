//! The broker's side of SASL: users, mechanisms, and the lifetime of a session.
//!
//! ```text
//!              ApiVersions            SaslHandshake              SaslAuthenticate …
//!  Handshake ──────────────▶ Handshake ───────────────▶ Authenticating ────────────────▶ In
//!                                                         ▲      SaslHandshake      │
//!                                                         └─────────────────────────┘
//! ```
//!
//! A request that does not fit the state closes the connection. The mechanisms share no code with milena's client.

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

/// Bytes of a client's SASL mechanism. `Debug` does not print them: they are a secret.
#[derive(Clone)]
pub(crate) struct SaslBytes(pub(crate) Bytes);

impl fmt::Debug for SaslBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SaslBytes({} bytes)", self.0.len())
    }
}
