//! Tokens for OAUTHBEARER, and who gives them out.

use std::fmt::{self, Debug};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use secrecy::SecretString;

/// A bearer token.
#[derive(Clone, Debug)]
pub struct Token {
    /// What is sent: a compact JWT, as a rule.
    pub value: SecretString,
    /// How long it is good for, from now on; none where that is not known.
    pub lifetime: Option<Duration>,
    /// Names and values that go with it (KIP-342).
    pub extensions: Vec<(String, String)>,
}

/// There is no token: why, without a word of what is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenError(String);

impl TokenError {
    /// With a message that holds no secret.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TokenError {}

/// Gives out tokens.
pub trait TokenProvider: Send + Sync + Debug {
    /// A token that is good now.
    ///
    /// # Errors
    /// [`TokenError`] when there is none.
    ///
    /// # Cancel safety
    /// Dropping the future gives the question up.
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>>;
}
