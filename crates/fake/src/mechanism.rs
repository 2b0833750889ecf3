//! The SASL mechanisms, by the names that clients know them by.

/// A SASL mechanism that the cluster has.
///
/// ```
/// assert_eq!(milena_fake::Mechanism::ScramSha256.name(), "SCRAM-SHA-256");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mechanism {
    /// Name and password (RFC 4616).
    Plain,
    /// SCRAM by SHA-256 (RFC 5802, RFC 7677).
    ScramSha256,
    /// SCRAM by SHA-512.
    ScramSha512,
    /// A bearer token (RFC 7628): a JWT without a signature, whose `exp` is checked (KIP-255).
    OAuthBearer,
}

impl Mechanism {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Plain, Self::ScramSha256, Self::ScramSha512, Self::OAuthBearer];

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

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name() == name)
    }
}
