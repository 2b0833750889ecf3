//! Tokens from an identity provider: OAuth's client credentials grant (RFC 6749, section 4.4; KIP-768).
//!
//! The place where tokens are given out is fixed when the provider of tokens is built, and reached by https alone. What
//! answers there is trusted with the client's secret and with nothing else: redirects are not followed, an answer is
//! bounded, and no byte of it is shown in an error (CVE-2025-27817 is what else it could be used for).

mod answer;
mod http;
#[cfg(test)]
mod tests;
mod url;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::token::{Token, TokenError, TokenProvider};
use crate::clock;
use crate::shown::Text;
use crate::tls::{Tls, TlsConnector};
use crate::transport::{Connector, Tcp};
use answer::token_in;
use url::{Url, form_encoded};

pub use url::UrlError;

/// How tokens are asked for, before the provider is built.
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
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
struct Times {
    connect: Duration,
    read: Duration,
    retry_backoff: Duration,
    retry_backoff_max: Duration,
}

/// A provider of tokens that cannot be built.
#[derive(Debug)]
#[non_exhaustive]
pub enum OidcError {
    /// The place to ask at cannot be used.
    Url(UrlError),
    /// It is not one of those that are allowed.
    NotAllowed,
    /// The client's id or secret is empty, or the id has a `:`, where what is sent ends the id (RFC 7617, section 2).
    Credentials,
    /// The certificates cannot be used.
    Tls(crate::tls::TlsSetupError),
}

/// Asks an identity provider for a token, each time that somebody asks for one.
///
/// Put [`RefreshingTokens`](super::RefreshingTokens) around it, so that a token serves as long as it is good.
pub struct OidcTokens {
    url: Url,
    connector: TlsConnector,
    authorization: SecretString,
    body: String,
    extensions: Vec<(String, String)>,
    times: Times,
}

impl OidcTokens {
    /// Tokens from `url` for a client of this id and secret.
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
        }
    }
}

impl OidcBuilder {
    /// What the token is asked for (`sasl.oauthbearer.scope`).
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into().into());
        self
    }

    /// Encodes id and secret as RFC 6749, section 2.3.1 asks for, before they become a header. Off unless set, as in
    /// Java (`sasl.oauthbearer.header.urlencode`), since few identity providers do so.
    pub const fn url_encoded(mut self, encoded: bool) -> Self {
        self.url_encoded = encoded;
        self
    }

    /// One more name and value for the broker, along with each token (KIP-342).
    pub fn extension(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extensions.push((name.into(), value.into()));
        self
    }

    /// Refuses to be built for any other place than these.
    pub fn allow_only<U: Into<String>>(mut self, urls: impl IntoIterator<Item = U>) -> Self {
        self.allowed = Some(urls.into_iter().map(Into::into).collect());
        self
    }

    /// Whom to trust; what the system trusts unless set.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// How connections are opened below TLS: through a proxy, say. Plain TCP unless set.
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.connector = Some(connector);
        self
    }

    /// How long opening a connection may take, and the request on it: 10 s each unless set
    /// (`sasl.login.connect.timeout.ms`, `sasl.login.read.timeout.ms`).
    pub const fn timeouts(mut self, connect: Duration, read: Duration) -> Self {
        self.times.connect = connect;
        self.times.read = read;
        self
    }

    /// How long to wait after a try that failed, doubled each time, and after how long in all to give up: 100 ms and
    /// 10 s unless set (`sasl.login.retry.backoff.ms`, `sasl.login.retry.backoff.max.ms`).
    pub const fn retry_backoff(mut self, first: Duration, max: Duration) -> Self {
        self.times.retry_backoff = first;
        self.times.retry_backoff_max = max;
        self
    }

    /// The provider.
    ///
    /// # Errors
    /// [`OidcError`] that says what cannot be used.
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
        Ok(OidcTokens { url, connector, authorization, body, extensions, times })
    }
}

/// The header that says who the client is (RFC 7617).
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

/// Why a try failed.
enum Failure {
    /// Another one may do better.
    Passing(String),
    /// It would fail again.
    Definite(String),
}

impl OidcTokens {
    /// Tries until a token is there, it makes no sense, or it takes too long.
    async fn ask(&self) -> Result<Token, TokenError> {
        let begin = clock::now();
        let mut backoff = self.times.retry_backoff.max(BACKOFF_MIN);
        loop {
            let said = match self.try_once().await {
                Ok(token) => return Ok(token),
                Err(Failure::Definite(said)) => return Err(self.error(&said)),
                Err(Failure::Passing(said)) => said,
            };
            let spent = clock::now().saturating_duration_since(begin);
            if spent + backoff >= self.times.retry_backoff_max {
                return Err(self.error(&said));
            }
            tokio::time::sleep(backoff).await;
            backoff *= 2;
        }
    }

    async fn try_once(&self) -> Result<Token, Failure> {
        let dial = self.connector.connect(self.url.endpoint(), self.times.connect);
        let mut stream = dial.await.map_err(|error| match error.is_definite() {
            true => Failure::Definite(error.to_string()),
            false => Failure::Passing(error.to_string()),
        })?;
        let request = http::request(&self.url, self.authorization.expose_secret(), &self.body);
        let exchange = http::exchange(&mut stream, &request);
        let response = match tokio::time::timeout(self.times.read, exchange).await {
            Ok(response) => response.map_err(|error| Failure::Passing(error.to_string()))?,
            Err(_) => return Err(Failure::Passing(format!("no answer within {:?}", self.times.read))),
        };
        match response.status {
            200 | 201 => {
                token_in(&response.body, &self.extensions).map_err(|said| Failure::Definite(said.to_owned()))
            }
            300..=399 => Err(Failure::Definite("it redirects, which is not followed".to_owned())),
            // A time-out of its own, and too many requests: the others of their kind say that the request is wrong.
            status @ (408 | 429) => Err(Failure::Passing(format!("it answers {status}"))),
            status @ 400..=499 => Err(Failure::Definite(format!(
                "it refuses with {status}: check the client's id and secret, and the scope"
            ))),
            status => Err(Failure::Passing(format!("it answers {status}"))),
        }
    }

    fn error(&self, said: &str) -> TokenError {
        TokenError::new(format!("the identity provider at {}: {said}", self.url.endpoint()))
    }
}

/// Whatever is configured: nobody is asked more often than that.
const BACKOFF_MIN: Duration = Duration::from_millis(10);

impl TokenProvider for OidcTokens {
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
        Box::pin(self.ask())
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
            Self::Url(error) => write!(f, "the token endpoint cannot be used: {error}"),
            Self::NotAllowed => f.write_str("the token endpoint is not one of those that are allowed"),
            Self::Credentials => f.write_str("the client's id or secret is empty, or the id has a colon"),
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
