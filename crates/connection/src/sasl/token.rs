//! Tokens for OAUTHBEARER, and their providers.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use secrecy::SecretString;

use crate::error::TokenError;

/// A bearer token.
#[derive(Clone, Debug)]
pub struct Token {
    /// The value that is sent: a compact JWT, as a rule.
    pub value: SecretString,
    /// The rest of the token's lifetime; none if unknown.
    pub lifetime: Option<Duration>,
    /// SASL extensions: names and values that are sent with the token (KIP-342).
    pub extensions: Vec<(String, String)>,
}

/// A source of tokens.
pub trait TokenProvider: Send + Sync + Debug {
    /// A token that is valid at present.
    ///
    /// # Errors
    /// [`TokenError`] if there is none.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the request.
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>>;
}
