//! SASL as a broker has it: who may come in, by which mechanism, and for how long.
//!
//! ```text
//!              ApiVersions            SaslHandshake              SaslAuthenticate …
//!  Greeting ──────────────▶ Greeting ───────────────▶ Exchanging ────────────────▶ In
//!                                                         ▲      SaslHandshake      │
//!                                                         └─────────────────────────┘
//! ```
//!
//! Whatever does not fit the state closes the connection. Of the proofs nothing is shared with milena's client.

mod access;
mod exchange;
mod login;
mod oauthbearer;
mod plain;
mod scram;
mod step;

pub(crate) use access::{Access, Delegation};
pub(crate) use exchange::Exchange;
pub(crate) use login::{Login, Session};
pub(crate) use step::{Proved, Step};

use std::fmt;

use bytes::Bytes;

/// What a client said by a mechanism. It is not printed.
#[derive(Clone)]
pub(crate) struct Saying(pub(crate) Bytes);

impl fmt::Debug for Saying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Saying({} bytes)", self.0.len())
    }
}
