//! Users, delegation tokens, mechanisms, and the lifetime of sessions.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::mechanism::Mechanism;

/// The users and mechanisms of a cluster that requires SASL.
#[derive(Clone)]
pub(crate) struct Access {
    /// Names and passwords.
    pub(crate) users: BTreeMap<String, String>,
    /// DelegationToken tokens by their id (KIP-48).
    pub(crate) delegations: BTreeMap<String, DelegationToken>,
    pub(crate) mechanisms: Vec<Mechanism>,
    /// `connections.max.reauth.ms`; zero for no end.
    pub(crate) session_lifetime: Duration,
    pub(crate) scram_iterations: u32,
}

/// A delegation token.
#[derive(Clone)]
pub(crate) struct DelegationToken {
    pub(crate) owner: String,
    /// Its HMAC in base64, which is the password.
    pub(crate) hmac: String,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            users: BTreeMap::new(),
            delegations: BTreeMap::new(),
            mechanisms: Mechanism::ALL.to_vec(),
            session_lifetime: Duration::ZERO,
            scram_iterations: 4096,
        }
    }
}

/// Without the passwords.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("users", &self.users.keys())
            .field("mechanisms", &self.mechanisms)
            .field("session_lifetime", &self.session_lifetime)
            .finish_non_exhaustive()
    }
}
