//! From `sasl.*` to a mechanism with its credentials.

use milena_connection::sasl::{Mechanism, Sasl};
use milena_connection::{Shown, Text};
use secrecy::{ExposeSecret, SecretString};

use super::jaas::{self, Login, Module};
use super::oauth::OAuthSettings;
use crate::error::ConfigError;

/// What was set; nothing is related to anything yet.
#[derive(Clone, Debug, Default)]
pub(in crate::config) struct SaslSettings {
    pub(in crate::config) mechanism: Option<Text>,
    pub(in crate::config) jaas: Option<SecretString>,
    pub(in crate::config) username: Option<Text>,
    pub(in crate::config) password: Option<SecretString>,
    pub(in crate::config) oauth: OAuthSettings,
}

impl SaslSettings {
    /// The settings as a whole. `by_default` is the mechanism of who named none.
    pub(super) fn in_force(&self, by_default: Option<Mechanism>) -> Result<Sasl, ConfigError> {
        let mechanism = self.mechanism(by_default)?;
        let login = self.login()?;
        if mechanism == Mechanism::OAuthBearer {
            return match &login {
                Some(login) if login.module != Module::OAuthBearer => Err(other_module(mechanism, login)),
                login => self.oauth.in_force(login.as_ref()),
            };
        }
        let (username, password) = match &login {
            // Java's modules of PLAIN and SCRAM do the same with a name and a password.
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
        // Kafka's own tools, which made the user, know no SASLprep, and neither do Java's client and librdkafka.
        let sasl = match mechanism {
            Mechanism::ScramSha256 => Sasl::scram_sha_256(username, password).unprepared(),
            Mechanism::ScramSha512 => Sasl::scram_sha_512(username, password).unprepared(),
            _ => Sasl::plain(username, password),
        };
        Ok(if token { sasl.delegated() } else { sasl })
    }

    fn mechanism(&self, by_default: Option<Mechanism>) -> Result<Mechanism, ConfigError> {
        let Some(name) = &self.mechanism else {
            return by_default.ok_or_else(|| {
                ConfigError::new(
                    "sasl.mechanism",
                    format!("`sasl.mechanism` is not set, which means Kerberos (`GSSAPI`), and that is not supported: {WRITE_ONE}"),
                )
            });
        };
        MECHANISMS.into_iter().find(|known| known.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
            ConfigError::new(
                "sasl.mechanism",
                format!("`sasl.mechanism` = `{}` is not supported: {WRITE_ONE}", Shown(name)),
            )
        })
    }

    fn login(&self) -> Result<Option<Login>, ConfigError> {
        let Some(jaas) = &self.jaas else { return Ok(None) };
        jaas::parse(jaas.expose_secret()).map(Some).map_err(|remedy| {
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

/// As Java reads a boolean.
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
