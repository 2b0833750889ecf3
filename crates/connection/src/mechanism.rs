//! The SASL mechanisms.

use std::fmt;

/// A SASL mechanism (RFC 4422). The client's configuration names it; there is no negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mechanism {
    /// User name and password in clear (RFC 4616).
    Plain,
    /// A proof of the password with SHA-256 (RFC 5802, RFC 7677).
    ScramSha256,
    /// A proof of the password with SHA-512.
    ScramSha512,
    /// A token of an identity provider (RFC 7628).
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
