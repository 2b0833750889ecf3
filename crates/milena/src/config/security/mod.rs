//! Security by name: from the properties of Java, librdkafka and sarama to [`Tls`] and [`Sasl`].
//!
//! ```text
//!  properties ──▶ Security ── effective ──▶ Tls?, Sasl?
//!                  listener                 the protocol decides which of the two there are;
//!                  tls, sasl, oidc          properties of the other one have no effect, as in Java, with a warning
//! ```
//!
//! No other property implies a protocol: Java and librdkafka use plaintext unless `security.protocol` is set, and a file of
//! theirs means the same here. sarama's switches and the keys of [`Config`](super::Config) do imply it.
//!
//! No secret is ever part of an error, of `Debug`, or of a listing.

pub(crate) mod jaas;
mod oauth;
mod oidc;
mod sasl;
mod tls;

#[cfg(test)]
mod features;
#[cfg(test)]
mod oidc_tests;
#[cfg(test)]
mod tests;

use milena_connection::sasl::{Mechanism, Sasl};
use milena_connection::tls::Tls;

use super::protocol::Protocol;
use super::settings::{Group, ListenerSettings, Security};
use crate::error::ConfigError;

/// Effective security.
#[derive(Clone, Debug)]
pub(super) struct Effective {
    pub(super) protocol: Protocol,
    pub(super) tls: Option<Tls>,
    pub(super) sasl: Option<Sasl>,
    /// Effective properties, by name; secrets are hidden.
    pub(super) listed: Vec<(&'static str, String)>,
    /// Properties that were set and have no effect.
    pub(super) unused: Vec<&'static str>,
}

impl Security {
    /// Applies the rules between the properties. `tls` and `sasl` by type replace them.
    pub(super) fn effective(&self, tls: Option<Tls>, sasl: Option<Sasl>) -> Result<Effective, ConfigError> {
        let protocol = self.protocol()?;
        let by_name = Protocol { tls: protocol.tls && tls.is_none(), sasl: protocol.sasl && sasl.is_none() };
        let tls = if by_name.tls { Some(self.tls.effective()?) } else { tls };
        let by_default = self.listener.sasl.map(|_| Mechanism::Plain);
        let sasl = if by_name.sasl { Some(self.sasl.effective(by_default, &self.oidc)?) } else { sasl };
        if let Some(sasl) = &sasl {
            check(sasl)?;
        }
        let (mut listed, mut unused) = (Vec::new(), Vec::new());
        for (is_used, of_group) in [
            (by_name.tls, self.tls.listed()),
            (by_name.sasl, self.sasl.listed()),
            (by_name.sasl, self.oidc.listed()),
        ] {
            if is_used {
                listed.extend(of_group);
            } else {
                unused.extend(of_group.into_iter().map(|(name, _)| name));
            }
        }
        let protocol = Protocol { tls: tls.is_some(), sasl: sasl.is_some() };
        let mechanism = sasl.as_ref().map(|sasl| ("sasl.mechanism", sasl.mechanism().name().to_owned()));
        listed.retain(|(name, _)| *name != "sasl.mechanism");
        listed.sort_unstable();
        unused.sort_unstable();
        let first = [("security.protocol", protocol.name().to_owned())].into_iter().chain(mechanism);
        Ok(Effective { protocol, tls, sasl, listed: first.chain(listed).collect(), unused })
    }

    fn protocol(&self) -> Result<Protocol, ConfigError> {
        let ListenerSettings { protocol, tls, sasl } = self.listener;
        let switched = Protocol { tls: tls.unwrap_or_default(), sasl: sasl.unwrap_or_default() };
        let Some(protocol) = protocol else { return Ok(switched) };
        let against = |switch: Option<bool>, protocol| switch.is_some_and(|switch| switch != protocol);
        let needed = Protocol { tls: tls.unwrap_or(protocol.tls), sasl: sasl.unwrap_or(protocol.sasl) };
        if against(tls, protocol.tls) || against(sasl, protocol.sasl) {
            let fault = format!(
                ", and the other settings need `{}`: leave it out, or change one of the two",
                needed.name()
            );
            return Err(ConfigError::of_value("security.protocol", protocol.name(), &fault));
        }
        Ok(protocol)
    }
}

/// Rejects credentials that cannot be sent to any broker, before the first connection.
fn check(sasl: &Sasl) -> Result<(), ConfigError> {
    let rejected = |error| ConfigError::of_value("sasl.mechanism", sasl.mechanism(), &format!(": {error}"));
    sasl.validate().map_err(rejected)
}
