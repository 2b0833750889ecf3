//! From the options of OAUTHBEARER to who gives out its tokens.

use milena_connection::sasl::Sasl;
use secrecy::SecretString;

use super::jaas::Login;
use crate::error::ConfigError;

/// What was set; nothing is related to anything yet.
#[derive(Clone, Debug, Default)]
pub(in crate::config) struct OAuthSettings {
    /// `sasl.oauthbearer.token.endpoint.url`.
    pub(in crate::config) endpoint: Option<String>,
    pub(in crate::config) client_id: Option<String>,
    pub(in crate::config) client_secret: Option<SecretString>,
    pub(in crate::config) scope: Option<String>,
}

impl OAuthSettings {
    /// The settings as a whole, with the options of Java's login module if there is one.
    pub(super) fn in_force(&self, login: Option<&Login>) -> Result<Sasl, ConfigError> {
        let _ = login;
        Err(ConfigError::new(
            "sasl.mechanism",
            "`sasl.mechanism` = `OAUTHBEARER` by name is not supported yet: give a token provider to \
             `ProducerBuilder::sasl`",
        ))
    }
}
