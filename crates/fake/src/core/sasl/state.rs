//! How far a connection came in proving who it is, and what it may ask meanwhile.

use std::time::Duration;

use milena_codec::message::ApiKey;

use super::exchange::Exchange;
use crate::mechanism::Mechanism;

/// `KafkaChannel.MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS`: who proves it again sooner is told that this is no time for it.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) enum SaslState {
    /// The listener asks nobody.
    NotRequired,
    /// Nothing is known yet.
    Handshake {
        has_versions: bool,
    },
    Authenticating {
        exchange: Exchange,
        /// The exchange goes on without Kafka's headers, as after a SaslHandshake v0.
        bare: bool,
        /// What there was, when this is to renew it.
        before: Option<Session>,
    },
    Authenticated(Session),
}

/// Somebody who proved who he is.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) user: String,
    pub(crate) mechanism: Mechanism,
    /// From when on nothing is served but a new proof.
    pub(crate) until: Option<Duration>,
    /// When it was begun to be renewed for the last time.
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

    /// Ends what time it has left.
    pub(crate) const fn expire(&mut self) {
        if let Self::Authenticated(session) = self {
            session.until = Some(Duration::ZERO);
        }
    }

    /// What a SaslHandshake begins with; none where this is no time for one.
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
