//! The SASL mechanisms.

use std::fmt;

/// How a client proves who it is (RFC 4422). The client fixes it; no broker is asked which it would like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mechanism {
    /// Name and password as they are (RFC 4616).
    Plain,
    /// A proof that one knows the password, by SHA-256 (RFC 7677).
    ScramSha256,
    /// The same by SHA-512.
    ScramSha512,
    /// A token that somebody else gave out (RFC 7628).
    OAuthBearer,
}

impl Mechanism {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::OAuthBearer => "OAUTHBEARER",
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
