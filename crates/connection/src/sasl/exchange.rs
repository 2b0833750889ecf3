//! One SASL exchange: the client's messages and the server's challenges, without Kafka's frames.

use std::sync::Arc;

use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;

use super::scram::{Challenge, Hash, Keys, Scram};
use super::token::Token;
use super::{Sasl, bearer, plain};
use crate::error::SaslError;

/// An exchange in progress.
pub(crate) enum Exchange {
    /// The client's message, until it is sent.
    Plain(Zeroizing<Vec<u8>>),
    Scram(Scram),
    Bearer(Bearer),
}

/// An OAUTHBEARER exchange.
pub(crate) struct Bearer {
    message: Zeroizing<Vec<u8>>,
    token: Token,
    /// The server's reason for a rejected token.
    refusal: Option<String>,
}

/// The next step of an exchange.
pub(crate) enum Step {
    /// Send this message.
    Send(Zeroizing<Vec<u8>>),
    /// Derive the keys for this challenge, for [`Exchange::prove`].
    Derive(Hash, Challenge),
    /// The exchange succeeded.
    Done,
}

impl Exchange {
    pub(super) fn bearer(token: Token) -> Result<Self, SaslError> {
        let message = bearer::message(&token)?;
        Ok(Self::Bearer(Bearer { message, token, refusal: None }))
    }

    /// The client's first message. To be taken once.
    pub(crate) fn first(&mut self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Plain(message) | Self::Bearer(Bearer { message, .. }) => std::mem::take(message),
            Self::Scram(scram) => Zeroizing::new(scram.first()),
        }
    }

    /// Continues after a response without an error code.
    pub(crate) fn answered(&mut self, sasl: &Sasl, bytes: &[u8]) -> Result<Step, SaslError> {
        match self {
            // RFC 4616 has no response but success.
            Self::Plain(_) => Ok(Step::Done),
            Self::Scram(scram) if scram.is_proven() => {
                scram.concluded(bytes)?;
                Ok(Step::Done)
            }
            Self::Scram(scram) => {
                let challenge = scram.challenged(bytes, sasl.iterations_max())?;
                Ok(Step::Derive(scram.hash(), challenge))
            }
            Self::Bearer(Bearer { refusal: None, .. }) if bytes.is_empty() => Ok(Step::Done),
            Self::Bearer(Bearer { refusal, token, .. }) if refusal.is_none() => {
                *refusal = Some(bearer::status(bytes, token.value.expose_secret()));
                Ok(Step::Send(Zeroizing::new(bearer::GIVE_UP.to_vec())))
            }
            // A server that rejected the token cannot accept it afterwards.
            Self::Bearer(Bearer { refusal, .. }) => Err(SaslError::Refused {
                mechanism: sasl.mechanism(),
                message: refusal.take().unwrap_or_default(),
            }),
        }
    }

    /// Continues with derived keys.
    pub(crate) fn prove(&mut self, keys: &Arc<Keys>) -> Result<Step, SaslError> {
        match self {
            Self::Scram(scram) => Ok(Step::Send(scram.prove(keys)?)),
            Self::Plain(_) | Self::Bearer(_) => Err(SaslError::Interrupted("unexpected SCRAM keys")),
        }
    }

    /// The server's reason for a rejected token; it comes before the error code.
    pub(crate) fn refusal(&self) -> Option<&str> {
        match self {
            Self::Bearer(bearer) => bearer.refusal.as_deref(),
            Self::Plain(_) | Self::Scram(_) => None,
        }
    }

    /// The token, a secret that errors must not repeat.
    pub(crate) fn token(&self) -> Option<&str> {
        match self {
            Self::Bearer(bearer) => Some(bearer.token.value.expose_secret()),
            Self::Plain(_) | Self::Scram(_) => None,
        }
    }
}

/// A PLAIN exchange.
pub(super) fn plain(username: &str, password: &str) -> Result<Exchange, SaslError> {
    Ok(Exchange::Plain(plain::message(username, password)?))
}
