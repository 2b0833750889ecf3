//! Who we are, and how it is proved to a broker: SASL.

mod token;

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

pub use token::{Token, TokenError, TokenProvider};

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

/// Credentials, and the mechanism that they are for.
#[derive(Clone, Debug)]
pub struct Sasl {
    mechanism: Mechanism,
    credentials: Credentials,
}

#[derive(Clone, Debug)]
#[allow(dead_code, reason = "read by the exchanges")]
enum Credentials {
    Password { username: String, password: SecretString, delegated: bool },
    Token(Arc<dyn TokenProvider>),
}

impl Sasl {
    /// PLAIN: name and password.
    #[must_use]
    pub fn plain(username: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::password(Mechanism::Plain, username.into(), password.into(), false)
    }

    /// SCRAM-SHA-256: name and password.
    #[must_use]
    pub fn scram_sha_256(username: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::password(Mechanism::ScramSha256, username.into(), password.into(), false)
    }

    /// SCRAM-SHA-512: name and password.
    #[must_use]
    pub fn scram_sha_512(username: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::password(Mechanism::ScramSha512, username.into(), password.into(), false)
    }

    /// The same credentials as those of a delegation token (KIP-48): the name is the token's id, the password its
    /// HMAC. Only SCRAM knows such tokens; with another mechanism nothing changes.
    #[must_use]
    pub fn delegated(mut self) -> Self {
        if let Credentials::Password { delegated, .. } = &mut self.credentials {
            *delegated = true;
        }
        self
    }

    /// OAUTHBEARER: a token of `provider` for each authentication.
    #[must_use]
    pub fn oauthbearer(provider: Arc<dyn TokenProvider>) -> Self {
        Self { mechanism: Mechanism::OAuthBearer, credentials: Credentials::Token(provider) }
    }

    /// The mechanism.
    #[must_use]
    pub const fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    const fn password(
        mechanism: Mechanism,
        username: String,
        password: SecretString,
        delegated: bool,
    ) -> Self {
        Self { mechanism, credentials: Credentials::Password { username, password, delegated } }
    }
}
