//! Tokens from an identity provider: OAuth's client credentials grant (RFC 6749, section 4.4; KIP-768).
//!
//! The token endpoint is fixed when the token provider is built, and reached by https alone. The server there receives the
//! client's secret, and is not trusted otherwise: redirects are not followed, a response is bounded, and no byte of a
//! response is shown in an error (CVE-2025-27817 is an attack through such errors).

mod http;
mod response;
#[cfg(test)]
mod tests;
mod url;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use milena_backoff::{Backoff, new_seed};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::refreshing::BACKOFF_MIN;
use super::token::{Token, TokenProvider};
use crate::clock;
use crate::error::TokenError;
use crate::lock::lock;
use crate::shown::Text;
use crate::tls::{Tls, TlsConnector};
use crate::transport::{Connector, Tcp};
use response::token_in;
use url::{Url, form_encoded};

pub use url::UrlError;

/// The settings of token requests, before the provider is built.
///
/// ```no_run
/// use std::sync::Arc;
/// use milena_connection::sasl::{OidcTokens, RefreshingTokens, Sasl};
/// let tokens = OidcTokens::builder("https://id.example.com/oauth2/token", "client", "s3cret").scope("kafka").build()?;
/// let sasl = Sasl::oauthbearer(Arc::new(RefreshingTokens::new(Arc::new(tokens))));
/// # Ok::<(), milena_connection::sasl::OidcError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct OidcBuilder {
    url: Text,
    client_id: Text,
    client_secret: SecretString,
    scope: Option<Text>,
    url_encoded: bool,
    extensions: Vec<(String, String)>,
    allowed: Option<Vec<String>>,
    tls: Tls,
    connector: Option<Arc<dyn Connector>>,
    times: Times,
    seed: Option<u64>,
}

/// Timeouts and backoff.
#[derive(Clone, Copy, Debug)]
struct Times {
    connect: Duration,
    read: Duration,
    retry_backoff: Duration,
    retry_backoff_max: Duration,
}

/// Invalid settings of a token provider.
#[derive(Debug)]
#[non_exhaustive]
pub enum OidcError {
    /// The URL of the token endpoint is invalid.
    Url(UrlError),
    /// The URL of the token endpoint is not an allowed one.
    NotAllowed,
    /// The client id or secret is empty, or the id has a `:`, which ends the id in the header (RFC 7617, section 2).
    Credentials,
    /// The TLS settings are invalid.
    Tls(crate::tls::TlsSetupError),
}

/// Requests a token from an identity provider for each call.
///
/// [`RefreshingTokens`](super::RefreshingTokens) around it keeps a token as long as the token is valid.
pub struct OidcTokens {
    url: Url,
    connector: TlsConnector,
    authorization: SecretString,
    body: String,
    extensions: Vec<(String, String)>,
    times: Times,
    backoff: Mutex<Backoff>,
}

impl OidcTokens {
    /// Tokens from `url` for a client id and secret.
    pub fn builder(
        url: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
    ) -> OidcBuilder {
        OidcBuilder {
            url: url.into().into(),
            client_id: client_id.into().into(),
            client_secret: client_secret.into(),
            scope: None,
            url_encoded: false,
            extensions: Vec::new(),
            allowed: None,
            tls: Tls::new(),
            connector: None,
            times: Times {
                connect: Duration::from_secs(10),
                read: Duration::from_secs(10),
                retry_backoff: Duration::from_millis(100),
                retry_backoff_max: Duration::from_secs(10),
            },
            seed: None,
        }
    }
}

impl OidcBuilder {
    /// The scope of the token (`sasl.oauthbearer.scope`).
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into().into());
        self
    }

    /// URL-encodes id and secret in the header (RFC 6749, section 2.3.1). Off unless set, as in Java
    /// (`sasl.oauthbearer.header.urlencode`), since few identity providers expect it.
    pub const fn url_encoded(mut self, encoded: bool) -> Self {
        self.url_encoded = encoded;
        self
    }

    /// Adds a SASL extension, a name and a value that the broker receives with each token (KIP-342).
    pub fn extension(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extensions.push((name.into(), value.into()));
        self
    }

    /// Restricts the token endpoint to these URLs: [`build`](Self::build) rejects others.
    pub fn allow_only<U: Into<String>>(mut self, urls: impl IntoIterator<Item = U>) -> Self {
        self.allowed = Some(urls.into_iter().map(Into::into).collect());
        self
    }

    /// The TLS settings; the authorities of the system unless set.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// The connector below TLS, for a proxy for example. TCP unless set.
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.connector = Some(connector);
        self
    }

    /// The timeouts of opening a connection and of the request: 10 s each unless set
    /// (`sasl.login.connect.timeout.ms`, `sasl.login.read.timeout.ms`).
    pub const fn timeouts(mut self, connect: Duration, read: Duration) -> Self {
        self.times.connect = connect;
        self.times.read = read;
        self
    }

    /// The wait after a failed attempt, doubled each time, ±20 %, and the time after which a token request fails: 100 ms
    /// and 10 s unless set (`sasl.login.retry.backoff.ms`, `sasl.login.retry.backoff.max.ms`).
    pub const fn retry_backoff(mut self, first: Duration, max: Duration) -> Self {
        self.times.retry_backoff = first;
        self.times.retry_backoff_max = max;
        self
    }

    /// The seed of the backoff's jitter; a new one for each provider unless set.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the token provider.
    ///
    /// # Errors
    /// [`OidcError`] for invalid settings.
    pub fn build(self) -> Result<OidcTokens, OidcError> {
        if self.allowed.as_ref().is_some_and(|allowed| !allowed.iter().any(|url| url == self.url.as_str())) {
            return Err(OidcError::NotAllowed);
        }
        let url = Url::parse(&self.url).map_err(OidcError::Url)?;
        let authorization =
            authorization(&self.client_id, self.client_secret.expose_secret(), self.url_encoded)?;
        let inner = self.connector.unwrap_or_else(|| Arc::new(Tcp::default()));
        let connector = TlsConnector::new(inner, &self.tls, self.times.connect).map_err(OidcError::Tls)?;
        let mut body = "grant_type=client_credentials".to_owned();
        if let Some(scope) = self.scope.filter(|scope| !scope.trim().is_empty()) {
            body.push_str("&scope=");
            body.push_str(&form_encoded(scope.trim()));
        }
        let (extensions, times) = (self.extensions, self.times);
        let seed = self.seed.unwrap_or_else(new_seed);
        let backoff =
            Mutex::new(Backoff::new(times.retry_backoff.max(BACKOFF_MIN), times.retry_backoff_max, seed));
        Ok(OidcTokens { url, connector, authorization, body, extensions, times, backoff })
    }
}

/// The `Authorization` header (RFC 7617).
fn authorization(id: &str, secret: &str, encoded: bool) -> Result<SecretString, OidcError> {
    if id.is_empty() || secret.is_empty() || (id.contains(':') && !encoded) {
        return Err(OidcError::Credentials);
    }
    let pair = Zeroizing::new(match encoded {
        true => format!("{}:{}", form_encoded(id), form_encoded(secret)),
        false => format!("{id}:{secret}"),
    });
    let pair = Zeroizing::new(BASE64.encode(pair.as_bytes()));
    Ok(format!("Basic {}", pair.as_str()).into())
}

/// A failed attempt.
enum Failure {
    /// A retry may succeed.
    Transient(String),
    /// A retry would fail again.
    Definite(String),
}

impl OidcTokens {
    /// Attempts until one succeeds, one fails for good, or `retry_backoff_max` is over.
    async fn fetch(&self) -> Result<Token, TokenError> {
        let begin = clock::now();
        let mut failures: u32 = 0;
        loop {
            let reason = match self.attempt().await {
                Ok(token) => return Ok(token),
                Err(Failure::Definite(reason)) => return Err(self.error(&reason)),
                Err(Failure::Transient(reason)) => reason,
            };
            let wait = lock(&self.backoff).after(failures).max(BACKOFF_MIN);
            if clock::now().saturating_duration_since(begin) + wait >= self.times.retry_backoff_max {
                return Err(self.error(&reason));
            }
            tokio::time::sleep(wait).await;
            failures = failures.saturating_add(1);
        }
    }

    async fn attempt(&self) -> Result<Token, Failure> {
        let dial = self.connector.connect(self.url.endpoint(), self.times.connect);
        let mut stream = dial.await.map_err(|error| match error.is_permanent() {
            true => Failure::Definite(error.to_string()),
            false => Failure::Transient(error.to_string()),
        })?;
        let request = http::request(&self.url, self.authorization.expose_secret(), &self.body);
        let exchange = http::exchange(&mut stream, &request);
        let response = match tokio::time::timeout(self.times.read, exchange).await {
            Ok(response) => response.map_err(|error| Failure::Transient(error.to_string()))?,
            Err(_) => return Err(Failure::Transient(format!("no response within {:?}", self.times.read))),
        };
        match response.status {
            200 | 201 => token_in(&response.body, &self.extensions)
                .map_err(|reason| Failure::Definite(reason.to_owned())),
            300..=399 => Err(Failure::Definite("redirects are not followed".to_owned())),
            // Request timeout, and too many requests: transient, unlike the other client errors.
            status @ (408 | 429) => Err(Failure::Transient(format!("it returned {status}"))),
            status @ 400..=499 => Err(Failure::Definite(format!(
                "it rejected the request with {status}: check client id, client secret and scope"
            ))),
            status => Err(Failure::Transient(format!("it returned {status}"))),
        }
    }

    fn error(&self, reason: &str) -> TokenError {
        TokenError::new(format!("the identity provider at {}: {reason}", self.url.endpoint()))
    }
}

impl TokenProvider for OidcTokens {
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
        Box::pin(self.fetch())
    }
}

impl fmt::Debug for OidcTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcTokens").field("endpoint", self.url.endpoint()).finish_non_exhaustive()
    }
}

impl fmt::Display for OidcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(error) => write!(f, "invalid token endpoint: {error}"),
            Self::NotAllowed => {
                f.write_str("the token endpoint is not among the allowed URLs: correct one of the two")
            }
            Self::Credentials => {
                f.write_str("the client id or the client secret is empty, or the client id has a colon")
            }
            Self::Tls(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for OidcError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Url(error) => Some(error),
            Self::Tls(error) => error.source(),
            Self::NotAllowed | Self::Credentials => None,
        }
    }
}
