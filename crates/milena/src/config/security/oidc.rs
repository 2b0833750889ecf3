//! From the options of OAUTHBEARER to an identity provider: Java's names (KIP-768), those of its login module, and
//! librdkafka's.
//!
//! Tokens are fetched where the feature `oidc` is on; without it whoever asks for them is told so. Which authorities
//! vouch for the identity provider is set apart from those of the brokers, as in Java, where `ssl.*` among the options of
//! the login module says it, and in librdkafka, where `https.ca.*` does. Unless it is said, the system's authorities do.

#[cfg(feature = "oidc")]
use std::sync::Arc;
use std::time::Duration;

use milena_connection::sasl::Sasl;
use milena_connection::{FilePath, Text};
use secrecy::SecretString;

use super::jaas::Login;
use crate::error::ConfigError;

/// What was set; nothing is related to anything yet.
#[derive(Clone, Debug, Default)]
pub(in crate::config) struct OidcSettings {
    /// `sasl.oauthbearer.token.endpoint.url`.
    pub(in crate::config) endpoint: Option<Text>,
    /// `sasl.oauthbearer.method` is `oidc`.
    pub(in crate::config) by_method: bool,
    /// Java's handler is the one that asks an identity provider.
    pub(in crate::config) by_handler: bool,
    pub(in crate::config) client_id: Option<Text>,
    pub(in crate::config) client_secret: Option<SecretString>,
    pub(in crate::config) scope: Option<Text>,
    /// `sasl.oauthbearer.header.urlencode`.
    pub(in crate::config) url_encoded: bool,
    /// `https.ca.location`.
    pub(in crate::config) authorities_file: Option<FilePath>,
    /// `https.ca.pem`.
    pub(in crate::config) authorities_pem: Option<SecretString>,
    /// `sasl.login.connect.timeout.ms`.
    pub(in crate::config) connect_timeout: Option<Duration>,
    /// `sasl.login.read.timeout.ms`.
    pub(in crate::config) read_timeout: Option<Duration>,
    /// `sasl.login.retry.backoff.ms`.
    pub(in crate::config) retry_backoff: Option<Duration>,
    /// `sasl.login.retry.backoff.max.ms`.
    pub(in crate::config) retry_backoff_max: Option<Duration>,
}

impl OidcSettings {
    /// Whether anything that was set asks for an identity provider.
    pub(super) fn is_asked_for(&self, login: Option<&Login>) -> bool {
        let by_login = login.is_some_and(|login| login.option("clientId").is_some());
        self.endpoint.is_some() || self.client_id.is_some() || self.by_method || self.by_handler || by_login
    }

    #[cfg(not(feature = "oidc"))]
    #[expect(clippy::unused_self, reason = "the same as with the feature")]
    pub(super) fn in_force(&self, _: Option<&Login>) -> Result<Sasl, ConfigError> {
        Err(ConfigError::new(
            "sasl.mechanism",
            "`sasl.mechanism` = `OAUTHBEARER`: tokens of an identity provider are fetched with the feature `oidc` of the \
             crate `milena`, which is off: switch it on, or fetch them in a `TokenProvider`, and give it to \
             `ProducerBuilder::sasl`",
        ))
    }
}

#[cfg(feature = "oidc")]
mod fetched {
    use std::path::Path;

    use milena_connection::sasl::{OidcBuilder, OidcError, OidcTokens, Refresh, RefreshingTokens};
    use milena_connection::tls::Tls;
    use secrecy::ExposeSecret;

    use super::super::read::versions;
    use super::super::tls::{TlsSettings, on_lines};
    use super::*;

    const ENDPOINT: &str = "sasl.oauthbearer.token.endpoint.url";
    const CLIENT_ID: &str = "sasl.oauthbearer.client.credentials.client.id";
    const CLIENT_SECRET: &str = "sasl.oauthbearer.client.credentials.client.secret";
    const JAAS: &str = "sasl.jaas.config";

    /// Nobody means to wait longer, and sums of such waits are in range.
    const WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

    impl OidcSettings {
        /// The settings as a whole. A property goes before the option of the login module, as in Java.
        pub(in super::super) fn in_force(&self, login: Option<&Login>) -> Result<Sasl, ConfigError> {
            let tokens = self.builder(login)?.build().map_err(|error| refused(&error))?;
            let known = Refresh::default();
            let refresh = Refresh {
                retry_backoff: bounded(self.retry_backoff, known.retry_backoff),
                retry_backoff_max: bounded(self.retry_backoff_max, known.retry_backoff_max),
                ..known
            };
            Ok(Sasl::oauthbearer(Arc::new(RefreshingTokens::with_refresh(Arc::new(tokens), refresh))))
        }

        pub(in super::super) fn builder(&self, login: Option<&Login>) -> Result<OidcBuilder, ConfigError> {
            let option = |name| login.and_then(|login| login.option(name));
            let text = |name| option(name).map(|value| Text::from(value.expose_secret()));
            let endpoint = self.endpoint.as_deref().ok_or_else(|| missing(ENDPOINT, ""))?;
            let id = self.client_id.clone().or_else(|| text("clientId"));
            let id = id.ok_or_else(|| missing(CLIENT_ID, ", or `clientId` in `sasl.jaas.config`"))?;
            let secret = self.client_secret.as_ref().or_else(|| option("clientSecret"));
            let secret =
                secret.ok_or_else(|| missing(CLIENT_SECRET, ", or `clientSecret` in `sasl.jaas.config`"))?;
            let mut builder = OidcTokens::builder(endpoint.trim(), id.trim(), secret.clone())
                .url_encoded(self.url_encoded)
                .tls(self.tls(login)?);
            if let Some(scope) = self.scope.clone().or_else(|| text("scope")) {
                builder = builder.scope(&*scope);
            }
            for (name, value) in login.into_iter().flat_map(Login::options) {
                if let Some(name) = name.strip_prefix("extension_") {
                    builder = builder.extension(name, value.expose_secret());
                }
            }
            Ok(self.timed(builder))
        }

        /// A time-out of 0 is none in Java; a token is not waited for without end here.
        fn timed(&self, builder: OidcBuilder) -> OidcBuilder {
            const TIMEOUT: Duration = Duration::from_secs(10);
            let timeout = |set: Option<Duration>| bounded(set.filter(|time| !time.is_zero()), TIMEOUT);
            let known = Refresh::default();
            builder.timeouts(timeout(self.connect_timeout), timeout(self.read_timeout)).retry_backoff(
                bounded(self.retry_backoff, known.retry_backoff),
                bounded(self.retry_backoff_max, known.retry_backoff_max),
            )
        }

        /// Who vouches for the identity provider.
        fn tls(&self, login: Option<&Login>) -> Result<Tls, ConfigError> {
            if let Some(login) = login
                && login.options().any(|(name, _)| name.starts_with("ssl."))
            {
                return tls_of_login(login).map_err(|said| {
                    ConfigError::new(JAAS, format!("`{JAAS}`, for the identity provider: {said}"))
                });
            }
            match (&self.authorities_file, &self.authorities_pem) {
                (Some(_), Some(_)) => Err(ConfigError::new(
                    "https.ca.location",
                    "`https.ca.location` and `https.ca.pem` are both set: leave one of them out",
                )),
                (Some(file), None) if **file == *Path::new("probe") => Ok(Tls::new()),
                (Some(file), None) => Ok(Tls::new().ca_file(&**file)),
                (None, Some(pem)) => Ok(Tls::new().ca_pem(on_lines(pem))),
                (None, None) => Ok(Tls::new()),
            }
        }
    }

    /// The names are those of Java's clients. The identity provider's own name is always checked.
    fn tls_of_login(login: &Login) -> Result<Tls, String> {
        let secret = |name| login.option(name).filter(|value| !value.expose_secret().is_empty()).cloned();
        let text = |name| secret(name).map(|value| Text::from(value.expose_secret()));
        let versions = text("ssl.enabled.protocols").map(|list| versions(&list)).transpose()?.flatten();
        let settings = TlsSettings {
            truststore_type: text("ssl.truststore.type"),
            authorities_file: text("ssl.truststore.location").map(|path| FilePath::from(&*path)),
            authorities_pem: secret("ssl.truststore.certificates"),
            truststore_password: secret("ssl.truststore.password"),
            keystore_type: text("ssl.keystore.type"),
            certificate_file: text("ssl.keystore.location").map(|path| FilePath::from(&*path)),
            certificate_pem: secret("ssl.keystore.certificate.chain"),
            keystore_password: secret("ssl.keystore.password"),
            key_pem: secret("ssl.keystore.key"),
            key_password: secret("ssl.key.password"),
            versions,
            ..TlsSettings::default()
        };
        settings.in_force().map_err(|error| error.to_string())
    }

    fn bounded(set: Option<Duration>, known: Duration) -> Duration {
        set.unwrap_or(known).min(WAIT_MAX)
    }

    fn missing(property: &str, or: &str) -> ConfigError {
        ConfigError::new(
            property,
            format!("`{property}` is not set, and an identity provider is to be asked: write it{or}"),
        )
    }

    fn refused(error: &OidcError) -> ConfigError {
        let (property, remedy) = match error {
            OidcError::Credentials => (
                CLIENT_ID,
                "; write an id without one and a secret, or set `sasl.oauthbearer.header.urlencode` to `true`",
            ),
            OidcError::Url(_) => (ENDPOINT, "; write `https://host/path`"),
            _ => (ENDPOINT, ""),
        };
        ConfigError::new(property, format!("`{property}`: {error}{remedy}"))
    }
}
