//! From `sasl.*` to [`Sasl`]: a mechanism with its credentials.

use milena_connection::Shown;
use milena_connection::sasl::{Mechanism, Sasl};
use secrecy::ExposeSecret;

use super::jaas::{self, Login, Module};
use crate::config::foreign::instead_of;
use crate::config::settings::{OidcSettings, SaslSettings};
use crate::config::signs;
use crate::error::ConfigError;

impl SaslSettings {
    /// The effective mechanism and its credentials; `by_default` is the mechanism unless one is set.
    pub(super) fn effective(
        &self,
        by_default: Option<Mechanism>,
        oidc: &OidcSettings,
    ) -> Result<Sasl, ConfigError> {
        let mechanism = self.effective_mechanism(by_default)?;
        let login = self.login()?;
        if mechanism == Mechanism::OAuthBearer {
            return match &login {
                Some(login) if login.module != Module::OAuthBearer => Err(other_module(mechanism, login)),
                login => self.effective_oauthbearer(oidc, login.as_ref()),
            };
        }
        let (username, password) = match &login {
            // Java's modules of PLAIN and SCRAM take the same options.
            Some(login) if login.module != Module::OAuthBearer => {
                let username = login.option("username").map(|name| name.expose_secret().to_owned());
                (username, login.option("password").cloned())
            }
            Some(login) => return Err(other_module(mechanism, login)),
            None => (self.username.as_deref().map(str::to_owned), self.password.clone()),
        };
        let (Some(username), Some(password)) = (username, password) else {
            return Err(self.no_credentials(mechanism));
        };
        let token = login.is_some_and(|login| login.module == Module::Scram && is_true(&login, "tokenauth"));
        // Kafka's tools, Java's client and librdkafka do not apply SASLprep.
        let sasl = match mechanism {
            Mechanism::ScramSha256 => Sasl::scram_sha_256(username, password).unprepared(),
            Mechanism::ScramSha512 => Sasl::scram_sha_512(username, password).unprepared(),
            _ => Sasl::plain(username, password),
        };
        Ok(if token { sasl.delegated() } else { sasl })
    }

    fn effective_mechanism(&self, by_default: Option<Mechanism>) -> Result<Mechanism, ConfigError> {
        let Some(name) = &self.mechanism else {
            return by_default.ok_or_else(|| {
                ConfigError::new(
                    "sasl.mechanism",
                    format!("`sasl.mechanism` is not set, which means Kerberos (`GSSAPI`), and that is not supported: {WRITE_ONE}"),
                )
            });
        };
        MECHANISMS.into_iter().find(|known| known.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
            let remedy = instead_of(name).unwrap_or(WRITE_ONE);
            ConfigError::of_value("sasl.mechanism", Shown(name), &format!(" is not supported: {remedy}"))
        })
    }

    fn login(&self) -> Result<Option<Login>, ConfigError> {
        let Some(jaas) = &self.jaas else { return Ok(None) };
        let text = jaas.expose_secret();
        jaas::parse(text).map(Some).map_err(|remedy| {
            let remedy = signs::quote(text).map_or(remedy, signs::without_quote);
            ConfigError::new("sasl.jaas.config", format!("`sasl.jaas.config` cannot be read: {remedy}"))
        })
    }

    fn no_credentials(&self, mechanism: Mechanism) -> ConfigError {
        let (property, message) = if self.jaas.is_some() {
            let message =
                "`sasl.jaas.config` has no `username` or no `password`: write both, in double quotes";
            ("sasl.jaas.config", message.to_owned())
        } else {
            let property = if self.username.is_none() { "sasl.username" } else { "sasl.password" };
            let message = format!(
                "`{property}` is not set, and `sasl.mechanism` = `{mechanism}` needs it: write `sasl.username` and \
                 `sasl.password`, or `sasl.jaas.config`"
            );
            (property, message)
        };
        ConfigError::new(property, message)
    }
}

const MECHANISMS: [Mechanism; 4] =
    [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512, Mechanism::OAuthBearer];

const WRITE_ONE: &str = "write `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER`";

/// A boolean as Java parses it.
fn is_true(login: &Login, option: &str) -> bool {
    login.option(option).is_some_and(|value| value.expose_secret().eq_ignore_ascii_case("true"))
}

fn other_module(mechanism: Mechanism, login: &Login) -> ConfigError {
    ConfigError::new(
        "sasl.jaas.config",
        format!(
            "`sasl.jaas.config` has the login module `{}`, which is not one for `sasl.mechanism` = `{mechanism}`: \
             change one of the two",
            login.module.class()
        ),
    )
}
