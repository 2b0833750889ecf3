//! An authentication on a connection: the handshake that names the mechanism (KIP-43), then the exchange in
//! SaslAuthenticate (KIP-152), whose last response may bound the session's lifetime (KIP-368).
//!
//! ```text
//!  opening ──opened──▶ handshaking ──response──▶ exchanging ──response──▶ over
//!     │ Work               │ Request               │ Request ▲
//!                                                  ▼       │ resumed
//!                                                 deriving ┘ Work
//! ```
//!
//! The first message is prepared before the handshake: a broker takes no other request between the handshake and the last
//! response, so that part is kept short.

use std::time::Duration;

use bytes::Bytes;
use milena_codec::ErrorCode;
use milena_codec::message::{
    Message, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use milena_codec::wire::{EncodeError, SecretBytes};
use secrecy::zeroize::Zeroizing;

use super::config::SessionConfig;
use super::versions::Versions;
use crate::exchange::{decode_response, encode_secret_request};
use crate::sasl::{Done, Exchange, Mechanism, Outcome, Sasl, SaslError, Step, Work};

/// The version of SaslHandshake that is followed by SaslAuthenticate. Every broker since Kafka 1.0 knows it.
const HANDSHAKE_VERSION: i16 = 1;
/// The shortest lifetime; shorter ones count as this: brokers reject a re-authentication within one second
/// (`KafkaChannel.MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS`).
pub(super) const LIFETIME_MIN: Duration = Duration::from_secs(1);
/// The most mechanisms of a broker that an error names.
const OFFERED_MAX: usize = 16;

/// One authentication, first or again.
pub(super) struct Authentication {
    sasl: Sasl,
    authenticate_version: i16,
    state: State,
}

enum State {
    /// The first message is prepared.
    Opening,
    Handshaking(Exchange),
    Exchanging(Exchange),
    Deriving(Exchange),
    Over,
}

/// The next step of the session.
pub(super) enum Next {
    Request(SaslRequest),
    Work(Work),
    /// The broker accepted the credentials, for a lifetime where there is one.
    Done {
        lifetime: Option<Duration>,
    },
}

/// A request.
pub(super) enum SaslRequest {
    Handshake(SaslHandshakeRequest),
    Authenticate(SaslAuthenticateRequest, i16),
}

impl Authentication {
    /// A new authentication, and its first work.
    pub(super) fn begin(
        config: &SessionConfig,
        sasl: &Sasl,
        versions: &Versions,
    ) -> Result<(Self, Work), SaslError> {
        let knows_handshake =
            versions.range(SaslHandshakeRequest::KEY).is_some_and(|range| range.contains(&HANDSHAKE_VERSION));
        let authenticate_version = versions.pick::<SaslAuthenticateRequest>().filter(|_| knows_handshake);
        let authenticate_version = authenticate_version.ok_or(SaslError::TooOld)?;
        let work = Work::open(sasl.clone(), config.secure);
        Ok((Self { sasl: sasl.clone(), authenticate_version, state: State::Opening }, work))
    }

    /// Continues with the outcome of work.
    pub(super) fn resumed(&mut self, outcome: Outcome) -> Result<Next, SaslError> {
        match (std::mem::replace(&mut self.state, State::Over), outcome.0?) {
            (State::Opening, Done::Opened(exchange)) => {
                self.state = State::Handshaking(exchange);
                let mechanism = self.sasl.mechanism().name().to_owned();
                Ok(Next::Request(SaslRequest::Handshake(SaslHandshakeRequest { mechanism })))
            }
            (State::Deriving(mut exchange), Done::Derived(keys)) => {
                let step = exchange.prove(&keys)?;
                Ok(self.step(exchange, step, None))
            }
            _ => Err(SaslError::Interrupted("unexpected outcome of work")),
        }
    }

    /// Continues with the response of the broker.
    pub(super) fn answered(&mut self, body: &[u8]) -> Result<Next, SaslError> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Handshaking(mut exchange) => {
                self.shaken(&decode_response(body, HANDSHAKE_VERSION).map_err(SaslError::Malformed)?)?;
                let first = exchange.first();
                Ok(self.step(exchange, Step::Send(first), None))
            }
            State::Exchanging(mut exchange) => {
                let answer =
                    decode_response(body, self.authenticate_version).map_err(SaslError::Malformed)?;
                self.accepted(&exchange, &answer)?;
                let step = exchange.answered(&self.sasl, &answer.auth_bytes.0)?;
                Ok(self.step(exchange, step, lifetime_of(&answer)))
            }
            State::Opening | State::Deriving(_) | State::Over => Err(SaslError::Unending),
        }
    }

    /// The missing part, for the error of a time-out.
    pub(super) const fn awaited(&self) -> &'static str {
        match (&self.state, self.sasl.mechanism()) {
            (State::Opening, Mechanism::OAuthBearer) => "a token from its provider",
            (State::Opening | State::Deriving(_), _) => "the local computation",
            _ => "the broker's response",
        }
    }

    /// Whether the broker has not responded yet.
    pub(super) const fn is_handshaking(&self) -> bool {
        matches!(self.state, State::Handshaking(_))
    }

    fn step(&mut self, exchange: Exchange, step: Step, lifetime: Option<Duration>) -> Next {
        match step {
            Step::Send(bytes) => {
                self.state = State::Exchanging(exchange);
                let auth_bytes = SecretBytes(Bytes::from_owner(bytes));
                Next::Request(SaslRequest::Authenticate(
                    SaslAuthenticateRequest { auth_bytes },
                    self.authenticate_version,
                ))
            }
            Step::Derive(hash, challenge) => {
                self.state = State::Deriving(exchange);
                Next::Work(Work::derive(self.sasl.clone(), hash, challenge))
            }
            Step::Done => Next::Done { lifetime },
        }
    }

    /// Whether the broker has the mechanism.
    fn shaken(&self, answer: &SaslHandshakeResponse) -> Result<(), SaslError> {
        match answer.error_code {
            ErrorCode::NONE => Ok(()),
            ErrorCode::UNSUPPORTED_SASL_MECHANISM => {
                let offered = answer.mechanisms.iter().take(OFFERED_MAX);
                Err(SaslError::MechanismNotEnabled {
                    mechanism: self.sasl.mechanism(),
                    offered: offered.map(|name| self.sasl.words(name, None)).collect(),
                })
            }
            ErrorCode::ILLEGAL_SASL_STATE => Err(SaslError::SaslNotUsed),
            code => Err(SaslError::HandshakeRefused(code)),
        }
    }

    /// Whether the broker goes on with the exchange.
    fn accepted(&self, exchange: &Exchange, answer: &SaslAuthenticateResponse) -> Result<(), SaslError> {
        let code = answer.error_code;
        if code == ErrorCode::NONE {
            return Ok(());
        }
        let words = answer.error_message.as_deref().unwrap_or_default();
        let words = self.sasl.words(words, exchange.token());
        let message = match exchange.refusal() {
            Some(status) if words.is_empty() => status.to_owned(),
            Some(status) => format!("{status}: {words}"),
            None => words,
        };
        match code {
            ErrorCode::SASL_AUTHENTICATION_FAILED => {
                Err(SaslError::Refused { mechanism: self.sasl.mechanism(), message })
            }
            ErrorCode::ILLEGAL_SASL_STATE => Err(SaslError::SaslNotUsed),
            code => Err(SaslError::Failed { code, message }),
        }
    }
}

impl SaslRequest {
    /// The whole frame. Wiped when it is dropped, since it holds a secret.
    pub(super) fn frame(
        &self,
        correlation_id: i32,
        client_id: Option<&str>,
    ) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
        match self {
            Self::Handshake(request) => {
                encode_secret_request(request, HANDSHAKE_VERSION, correlation_id, client_id, 0)
            }
            Self::Authenticate(request, version) => {
                let bytes = request.auth_bytes.0.len();
                encode_secret_request(request, *version, correlation_id, client_id, bytes)
            }
        }
    }
}

/// The lifetime of a session. Brokers return 0 for a session without an end; negative values count as 0.
fn lifetime_of(answer: &SaslAuthenticateResponse) -> Option<Duration> {
    let ms = u64::try_from(answer.session_lifetime_ms).ok().filter(|ms| *ms > 0)?;
    Some(Duration::from_millis(ms).max(LIFETIME_MIN))
}
