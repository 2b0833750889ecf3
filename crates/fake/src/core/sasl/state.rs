//! The SASL state of a connection, and the requests that it admits.

use std::time::Duration;

use milena_codec::message::ApiKey;

use super::exchange::Exchange;
use crate::mechanism::Mechanism;

/// `KafkaChannel.MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS`: an earlier re-authentication gets ILLEGAL_SASL_STATE.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) enum SaslState {
    /// The listener requires no SASL.
    NotRequired,
    /// SaslHandshake is expected.
    Handshake {
        has_versions: bool,
    },
    Authenticating {
        exchange: Exchange,
        /// The exchange goes on without Kafka's headers, as after a SaslHandshake v0.
        bare: bool,
        /// The session that is renewed.
        before: Option<Session>,
    },
    Authenticated(Session),
}

/// A session of an authenticated user.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) user: String,
    pub(crate) mechanism: Mechanism,
    /// End of the session; from then on only a re-authentication is served.
    pub(crate) until: Option<Duration>,
    /// Start of the latest re-authentication.
    pub(crate) renewed: Option<Duration>,
}

impl SaslState {
    pub(crate) const fn new(asked: bool) -> Self {
        match asked {
            true => Self::Handshake { has_versions: false },
            false => Self::NotRequired,
        }
    }

    /// Whether a request may be served now; if not, the connection closes.
    pub(crate) fn admits(&self, now: Duration, api: ApiKey) -> bool {
        match self {
            Self::NotRequired => true,
            Self::Handshake { .. } if api == ApiKey::SASL_HANDSHAKE => true,
            Self::Handshake { has_versions } => api == ApiKey::API_VERSIONS && !has_versions,
            Self::Authenticating { .. } => api == ApiKey::SASL_AUTHENTICATE,
            Self::Authenticated(session) if api == ApiKey::SASL_HANDSHAKE && session.may_be_renewed(now) => {
                true
            }
            Self::Authenticated(session) => session.until.is_none_or(|until| now < until),
        }
    }

    pub(crate) fn on_api_versions(&mut self) {
        if let Self::Handshake { has_versions } = self {
            *has_versions = true;
        }
    }

    pub(crate) const fn is_bare(&self) -> bool {
        matches!(self, Self::Authenticating { bare: true, .. })
    }

    /// Ends the session.
    pub(crate) const fn expire(&mut self) {
        if let Self::Authenticated(session) = self {
            session.until = Some(Duration::ZERO);
        }
    }

    /// The session that a SaslHandshake renews, if there is one; none if SaslHandshake is not expected.
    pub(crate) fn on_handshake(&self, now: Duration) -> Option<Option<Session>> {
        match self {
            Self::Handshake { .. } => Some(None),
            Self::Authenticated(session) if session.may_be_renewed(now) => {
                Some(Some(Session { renewed: Some(now), ..session.clone() }))
            }
            Self::NotRequired | Self::Authenticating { .. } | Self::Authenticated(_) => None,
        }
    }
}

impl Session {
    /// A session without an end cannot be renewed.
    fn may_be_renewed(&self, now: Duration) -> bool {
        self.until.is_some() && self.renewed.is_none_or(|renewed| now >= renewed + AGAIN_AFTER)
    }
}
