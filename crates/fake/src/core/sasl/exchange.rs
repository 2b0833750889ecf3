//! A SASL exchange by one mechanism.

use super::access::Access;
use super::oauthbearer::OAuthBearer;
use super::plain;
use super::scram::Scram;
use super::step::Step;
use crate::core::{ConnectionId, Now};
use crate::mechanism::Mechanism;

/// An exchange that is under way.
#[derive(Debug)]
pub(crate) enum Exchange {
    Plain,
    Scram(Scram),
    OAuthBearer(OAuthBearer),
}

impl Exchange {
    pub(crate) fn new(mechanism: Mechanism, connection: ConnectionId) -> Self {
        match mechanism {
            Mechanism::Plain => Self::Plain,
            Mechanism::ScramSha256 | Mechanism::ScramSha512 => Self::Scram(Scram::new(mechanism, connection)),
            Mechanism::OAuthBearer => Self::OAuthBearer(OAuthBearer::default()),
        }
    }

    pub(crate) const fn mechanism(&self) -> Mechanism {
        match self {
            Self::Plain => Mechanism::Plain,
            Self::Scram(scram) => scram.mechanism(),
            Self::OAuthBearer(_) => Mechanism::OAuthBearer,
        }
    }

    pub(crate) fn step(&mut self, access: &Access, now: Now, auth_bytes: &[u8]) -> Step {
        match self {
            Self::Plain => plain::step(access, auth_bytes),
            Self::Scram(scram) => scram.step(access, auth_bytes),
            Self::OAuthBearer(token) => token.step(now.wall_ms, auth_bytes),
        }
    }
}
