//! Security by name: what Java, librdkafka and sarama call it, and what it comes to as a whole.
//!
//! ```text
//!  properties ──▶ Security ── in_force ──▶ Tls?, Sasl?
//!                  protocol                 protocol decides which of the two there are;
//!                  tls, sasl                what belongs to the other one has no effect, as in Java, and is told
//! ```
//!
//! A name never implies a protocol: Java and librdkafka speak plaintext unless `security.protocol` says otherwise, and a
//! file that works with them means the same here. sarama's switches and the struct of a service's settings do imply it.
//!
//! No value of a secret is ever part of an error, of `Debug`, or of what is told.

pub(crate) mod jaas;
mod oauth;
mod oidc;
mod protocol;
pub(super) mod read;
mod sasl;
mod tls;

#[cfg(test)]
mod features;
#[cfg(test)]
mod oidc_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use milena_connection::may_be_secret;
use milena_connection::sasl::{Mechanism, Sasl};
use milena_connection::tls::Tls;

pub(super) use protocol::Protocol;
use sasl::SaslSettings;
use tls::TlsSettings;

use crate::error::ConfigError;

/// What stands in the place of a secret.
pub(super) const HIDDEN: &str = "[hidden]";

/// What was set by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Security {
    pub(super) protocol: Option<Protocol>,
    /// A switch of its own says whether there is TLS.
    pub(super) switch_tls: Option<bool>,
    /// A switch of its own says whether there is SASL, which is PLAIN unless a mechanism is named.
    pub(super) switch_sasl: Option<bool>,
    pub(super) tls: TlsSettings,
    pub(super) sasl: SaslSettings,
    /// What was set, by the first name of its property, secrets hidden.
    told: BTreeMap<&'static str, String>,
}

/// What is in force.
#[derive(Clone, Debug)]
pub(super) struct InForce {
    pub(super) tls: Option<Tls>,
    pub(super) sasl: Option<Sasl>,
    /// By name, secrets hidden.
    pub(super) told: Vec<(&'static str, String)>,
    /// What was set and has no effect.
    pub(super) unused: Vec<&'static str>,
}

impl Security {
    /// Remembers that a property was set.
    pub(super) fn tell(&mut self, name: &'static str, value: &str) {
        if name.starts_with("ssl.") || is_of_sasl(name) || name.starts_with("danger.") {
            let value = if may_be_secret(value) { HIDDEN } else { value };
            self.told.insert(name, value.to_owned());
        }
    }

    /// Relates everything to everything. What was given by type, `tls` and `sasl`, replaces what was set by name.
    pub(super) fn in_force(self, tls: Option<Tls>, sasl: Option<Sasl>) -> Result<InForce, ConfigError> {
        let protocol = self.protocol_in_force()?;
        let by_name = Protocol { tls: protocol.tls && tls.is_none(), sasl: protocol.sasl && sasl.is_none() };
        let tls = if by_name.tls { Some(self.tls.in_force()?) } else { tls };
        let by_default = self.switch_sasl.map(|_| Mechanism::Plain);
        let sasl = if by_name.sasl { Some(self.sasl.in_force(by_default)?) } else { sasl };
        let (used, unused): (Vec<_>, Vec<_>) = self
            .told
            .into_iter()
            .partition(|(name, _)| if is_of_sasl(name) { by_name.sasl } else { by_name.tls });
        let protocol = Protocol { tls: tls.is_some(), sasl: sasl.is_some() };
        let mut told = vec![("security.protocol", protocol.name().to_owned())];
        if let Some(sasl) = &sasl {
            told.push(("sasl.mechanism", sasl.mechanism().name().to_owned()));
        }
        told.extend(used.into_iter().filter(|(name, _)| *name != "sasl.mechanism"));
        Ok(InForce { tls, sasl, told, unused: unused.into_iter().map(|(name, _)| name).collect() })
    }

    fn protocol_in_force(&self) -> Result<Protocol, ConfigError> {
        let switched =
            Protocol { tls: self.switch_tls.unwrap_or_default(), sasl: self.switch_sasl.unwrap_or_default() };
        let Some(protocol) = self.protocol else { return Ok(switched) };
        let against = |switch: Option<bool>, protocol| switch.is_some_and(|switch| switch != protocol);
        if against(self.switch_tls, protocol.tls) || against(self.switch_sasl, protocol.sasl) {
            return Err(ConfigError::new(
                "security.protocol",
                format!(
                    "`security.protocol` = `{}`, and what else is set asks for `{}`: leave it out, or change one of \
                     the two",
                    protocol.name(),
                    switched.name()
                ),
            ));
        }
        Ok(protocol)
    }
}

/// Whether a property belongs to SASL: `https.ca.*` are the authorities of an identity provider.
fn is_of_sasl(name: &str) -> bool {
    name.contains("sasl.") || name.starts_with("https.")
}
