//! One authentication as the mechanism has it: what is said, and what is made of the answers. No bytes of Kafka.

use std::sync::Arc;

use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;

use super::error::SaslError;
use super::scram::{Challenge, Hash, Keys, Scram};
use super::token::Token;
use super::{Sasl, bearer, plain};

/// An exchange that is going on. It knows what to say first.
pub(crate) enum Exchange {
    /// The message, until it is sent.
    Plain(Zeroizing<Vec<u8>>),
    Scram(Scram),
    Bearer(Bearer),
}

/// An OAUTHBEARER exchange.
pub(crate) struct Bearer {
    message: Zeroizing<Vec<u8>>,
    token: Token,
    /// Why the server refuses the token, once it said so.
    refusal: Option<String>,
}

/// What an answer leads to.
pub(crate) enum Step {
    /// This is to be sent.
    Send(Zeroizing<Vec<u8>>),
    /// The keys for this have to be derived, for [`Exchange::prove`].
    Derive(Hash, Challenge),
    /// Both sides are content.
    Done,
}

impl Exchange {
    pub(super) fn bearer(token: Token) -> Result<Self, SaslError> {
        let message = bearer::message(&token)?;
        Ok(Self::Bearer(Bearer { message, token, refusal: None }))
    }

    /// What is said first. Once.
    pub(crate) fn first(&mut self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Plain(message) | Self::Bearer(Bearer { message, .. }) => std::mem::take(message),
            Self::Scram(scram) => Zeroizing::new(scram.first()),
        }
    }

    /// Goes on after an answer of the server that is no refusal.
    pub(crate) fn answered(&mut self, sasl: &Sasl, bytes: &[u8]) -> Result<Step, SaslError> {
        match self {
            // RFC 4616 knows no answer but success.
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
            // Whoever refused the token cannot be content with it afterwards.
            Self::Bearer(Bearer { refusal, .. }) => Err(SaslError::Refused {
                mechanism: sasl.mechanism(),
                message: refusal.take().unwrap_or_default(),
            }),
        }
    }

    /// Goes on with derived keys.
    pub(crate) fn prove(&mut self, keys: &Arc<Keys>) -> Result<Step, SaslError> {
        match self {
            Self::Scram(scram) => Ok(Step::Send(scram.prove(keys)?)),
            Self::Plain(_) | Self::Bearer(_) => {
                Err(SaslError::Interrupted("keys came that nobody asked for"))
            }
        }
    }

    /// What the server said before it refused for good, and what must not be repeated of what it says now.
    pub(crate) fn refusal(&self) -> Option<&str> {
        match self {
            Self::Bearer(bearer) => bearer.refusal.as_deref(),
            Self::Plain(_) | Self::Scram(_) => None,
        }
    }

    /// What was sent and is a secret.
    pub(crate) fn token(&self) -> Option<&str> {
        match self {
            Self::Bearer(bearer) => Some(bearer.token.value.expose_secret()),
            Self::Plain(_) | Self::Scram(_) => None,
        }
    }
}

/// PLAIN, ready to be sent.
pub(super) fn plain(username: &str, password: &str) -> Result<Exchange, SaslError> {
    Ok(Exchange::Plain(plain::message(username, password)?))
}
