//! From the options of OAUTHBEARER to tokens of an identity provider: Java's names (KIP-768), the options of its login
//! module, and librdkafka's names.
//!
//! Without the feature `oidc` these options are an error. The authorities of the identity provider are not those of the
//! brokers: they are `ssl.*` among the options of Java's login module, librdkafka's `https.ca.*`, or else the system's.

#[cfg(feature = "oidc")]
use std::sync::Arc;

use milena_connection::sasl::Sasl;

use super::jaas::Login;
use crate::config::settings::OidcSettings;
use crate::error::ConfigError;

impl OidcSettings {
    /// Whether a setting needs an identity provider.
    pub(super) fn is_requested(&self, login: Option<&Login>) -> bool {
        let by_login = login.is_some_and(|login| login.option("clientId").is_some());
        let by_switch = self.by_method == Some(true) || self.by_handler == Some(true);
        self.endpoint.is_some() || self.client_id.is_some() || by_switch || by_login
    }

    #[cfg(not(feature = "oidc"))]
    #[expect(clippy::unused_self, reason = "the same as with the feature")]
    pub(super) fn effective(&self, _: Option<&Login>) -> Result<Sasl, ConfigError> {
        Err(ConfigError::new(
            "sasl.mechanism",
            "`sasl.mechanism` = `OAUTHBEARER`: tokens of an identity provider need the feature `oidc` of the crate \
             `milena`, which is off: turn it on, or give a `TokenProvider` to `ProducerBuilder::sasl`",
        ))
    }
}

#[cfg(feature = "oidc")]
mod fetched {
    use std::path::Path;
    use std::time::Duration;

    use milena_connection::Text;
    use milena_connection::sasl::{OidcBuilder, OidcError, OidcTokens, Refresh, RefreshingTokens};
    use milena_connection::tls::Tls;
    use secrecy::ExposeSecret;

    use super::super::tls::on_lines;
    use super::*;
    use crate::config::settings::{Group, Settings, TlsSettings};

    const ENDPOINT: &str = "sasl.oauthbearer.token.endpoint.url";
    const CLIENT_ID: &str = "sasl.oauthbearer.client.credentials.client.id";
    const CLIENT_SECRET: &str = "sasl.oauthbearer.client.credentials.client.secret";
    const JAAS: &str = "sasl.jaas.config";

    /// The bound of each wait; sums of such waits do not overflow.
    const WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

    impl OidcSettings {
        /// The effective source of tokens. A property takes precedence over an option of the login module, as in Java.
        pub(in super::super) fn effective(&self, login: Option<&Login>) -> Result<Sasl, ConfigError> {
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
                .url_encoded(self.url_encoded == Some(true))
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

        /// A timeout of 0 is none in Java; here it is the default.
        fn timed(&self, builder: OidcBuilder) -> OidcBuilder {
            const TIMEOUT: Duration = Duration::from_secs(10);
            let timeout = |set: Option<Duration>| bounded(set.filter(|time| !time.is_zero()), TIMEOUT);
            let known = Refresh::default();
            builder.timeouts(timeout(self.connect_timeout), timeout(self.read_timeout)).retry_backoff(
                bounded(self.retry_backoff, known.retry_backoff),
                bounded(self.retry_backoff_max, known.retry_backoff_max),
            )
        }

        /// TLS with the identity provider.
        fn tls(&self, login: Option<&Login>) -> Result<Tls, ConfigError> {
            if let Some(login) = login
                && login.options().any(|(name, _)| name.starts_with("ssl."))
            {
                return tls_of_login(login).map_err(|error| {
                    ConfigError::new(JAAS, format!("`{JAAS}`, for the identity provider: {error}"))
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

    /// Options with the names of Java's properties. The identity provider's host name is always checked.
    fn tls_of_login(login: &Login) -> Result<Tls, String> {
        let mut settings = Settings::default();
        for row in TlsSettings::ROWS.iter().filter(|row| !NO_OPTIONS.contains(&row.name)) {
            if let Some(value) = login.option(row.name) {
                row.store(&mut settings, value.expose_secret())?;
            }
        }
        settings.security.tls.effective().map_err(|error| error.to_string())
    }

    /// Properties of TLS that are no options of Java's login module.
    const NO_OPTIONS: [&str; 3] =
        ["ssl.key.location", "ssl.endpoint.identification.algorithm", "danger.accept.any.host.name"];

    fn bounded(set: Option<Duration>, known: Duration) -> Duration {
        set.unwrap_or(known).min(WAIT_MAX)
    }

    fn missing(property: &str, or: &str) -> ConfigError {
        ConfigError::new(
            property,
            format!("`{property}` is not set, and the identity provider needs it: write it{or}"),
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
