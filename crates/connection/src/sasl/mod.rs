//! SASL: credentials, mechanisms, and the exchanges that authenticate the client to a broker.

mod bearer;
mod exchange;
#[cfg(feature = "oidc")]
mod oidc;
mod plain;
mod refreshing;
mod saslprep;
mod scram;
mod text;
mod token;
mod unsecured;
mod work;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

pub(crate) use exchange::{Exchange, Step};
#[cfg(feature = "oidc")]
pub use oidc::{OidcBuilder, OidcError, OidcTokens, UrlError};
pub use refreshing::{Refresh, RefreshingTokens};
use scram::{ITERATIONS_MAX, ITERATIONS_MIN, KeysCache};
use text::sanitised;

pub use crate::error::{CredentialError, SaslError, ScramError, TokenError};
pub use crate::mechanism::Mechanism;
use crate::shown::Text;
pub use token::{Token, TokenProvider};
pub use unsecured::UnsecuredTokens;
pub(crate) use work::Done;
pub use work::{Outcome, Work};

/// Credentials and their mechanism.
///
/// Clones share the keys that were derived from the password, so that only a client's first connection derives them.
#[derive(Clone, Debug)]
pub struct Sasl {
    mechanism: Mechanism,
    credentials: Credentials,
    iterations_max: u32,
    prepared: bool,
    shared: Arc<Shared>,
}

/// The state that all connections of a client share.
#[derive(Debug, Default)]
struct Shared {
    keys: KeysCache,
    /// Whether the warning about credentials without TLS was logged.
    warned: AtomicBool,
}

#[derive(Clone, Debug)]
enum Credentials {
    Password { username: Text, password: SecretString, delegated: bool },
    Token(Arc<dyn TokenProvider>),
}

impl Sasl {
    /// PLAIN: user name and password.
    #[must_use]
    pub fn plain(username: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::password(Mechanism::Plain, username.into(), password.into(), false)
    }

    /// SCRAM-SHA-256: user name and password.
    #[must_use]
    pub fn scram_sha_256(username: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::password(Mechanism::ScramSha256, username.into(), password.into(), false)
    }

    /// SCRAM-SHA-512: user name and password.
    #[must_use]
    pub fn scram_sha_512(username: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::password(Mechanism::ScramSha512, username.into(), password.into(), false)
    }

    /// Marks the credentials as a delegation token (KIP-48): the user name is the token's id, the password its HMAC. Only
    /// SCRAM has such tokens; other mechanisms ignore the mark.
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
        Self::new(Mechanism::OAuthBearer, Credentials::Token(provider))
    }

    /// The maximum number of SCRAM iterations that a broker may request for the derivation of keys: 100 000 unless set, and
    /// at least 4 096.
    #[must_use]
    pub fn max_iterations(mut self, iterations: u32) -> Self {
        self.iterations_max = iterations.max(ITERATIONS_MIN);
        self
    }

    /// SCRAM with user name and password as they are, without SASLprep (RFC 4013).
    ///
    /// RFC 5802 requires SASLprep, and this client uses it by default. Kafka's own tools store and compare the bytes as
    /// typed (`ScramFormatter.normalize`), which matters where SASLprep changes them: `½` or a soft hyphen, for example.
    ///
    /// SASLprep of text beyond ASCII needs the feature `saslprep`; without it such text is rejected, unless this is called.
    #[must_use]
    pub const fn unprepared(mut self) -> Self {
        self.prepared = false;
        self
    }

    /// Whether the mechanism can carry the credentials.
    ///
    /// # Errors
    /// [`CredentialError`] if not. Tokens are checked when the provider returns them.
    ///
    /// ```
    /// use milena_connection::sasl::Sasl;
    /// assert!(Sasl::plain("alice", "s3cret").validate().is_ok());
    /// let error = Sasl::plain("alice", "one\0two").validate().unwrap_err();
    /// assert_eq!(error.to_string(), "the password has a NUL character, which PLAIN cannot carry");
    /// ```
    pub fn validate(&self) -> Result<(), CredentialError> {
        let Credentials::Password { .. } = self.credentials else { return Ok(()) };
        let (username, password) = self.prepared()?;
        match self.mechanism {
            Mechanism::Plain => plain::validate(&username, &password),
            _ => Ok(()),
        }
    }

    /// The mechanism.
    #[must_use]
    pub const fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    fn password(mechanism: Mechanism, username: String, password: SecretString, delegated: bool) -> Self {
        Self::new(mechanism, Credentials::Password { username: username.into(), password, delegated })
    }

    fn new(mechanism: Mechanism, credentials: Credentials) -> Self {
        let shared = Arc::default();
        Self { mechanism, credentials, iterations_max: ITERATIONS_MAX, prepared: true, shared }
    }

    /// User name and password in the form of the mechanism; both empty for a token.
    fn prepared(&self) -> Result<(String, Zeroizing<String>), CredentialError> {
        let Credentials::Password { username, password, .. } = &self.credentials else {
            return Ok(Default::default());
        };
        let password = password.expose_secret();
        if self.mechanism == Mechanism::Plain {
            return Ok(((**username).to_owned(), Zeroizing::new(password.to_owned())));
        }
        Ok((self.prepare(username, "user name")?, Zeroizing::new(self.prepare(password, "password")?)))
    }

    /// User name or password for SCRAM (RFC 5802, section 5.1): SASLprep is applied, and empty text rejected.
    fn prepare(&self, text: &str, what: &'static str) -> Result<String, CredentialError> {
        let prepared = match self.prepared {
            true => saslprep::prepare(text, what)?,
            false => text.into(),
        };
        match prepared.is_empty() {
            true => Err(CredentialError::Empty { what }),
            false => Ok(prepared.into_owned()),
        }
    }

    const fn is_delegated(&self) -> bool {
        matches!(self.credentials, Credentials::Password { delegated: true, .. })
    }

    const fn iterations_max(&self) -> u32 {
        self.iterations_max
    }

    /// A broker's message for an error: printable, without the password, and without `token`, which the broker received.
    pub(crate) fn words(&self, message: &str, token: Option<&str>) -> String {
        let password = match &self.credentials {
            Credentials::Password { password, .. } => password.expose_secret(),
            Credentials::Token(_) => "",
        };
        sanitised(message, &[password, token.unwrap_or_default()])
    }
}
