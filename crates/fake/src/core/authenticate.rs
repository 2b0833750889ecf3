//! SaslHandshake and SaslAuthenticate: the steps from a stranger to somebody (KIP-43, KIP-152, KIP-368).

use std::time::Duration;

use bytes::{BufMut, BytesMut};
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::StrBytes;
use milena_codec::ErrorCode;
use milena_codec::message::{SaslAuthenticateRequest, SaslHandshakeRequest};

use super::answer::{self, Answer, words};
use super::request::Head;
use super::sasl::{Access, Exchange, Login, Proved, Saying, Session, Step};
use super::{ConnectionId, Core, Now};
use crate::hook::Plan;
use crate::journal::Authentication;
use crate::mechanism::Mechanism;

impl Core {
    /// A mechanism that there is none of ends the connection, behind the list of those that there are.
    pub(super) fn handshake(
        &mut self,
        now: Now,
        id: ConnectionId,
        head: &Head,
        plan: &Plan,
        mechanism: &str,
    ) -> Answer {
        let Some(connection) = self.connections.get_mut(&id) else { return Answer::Close };
        let offered = self.state.settings.access.as_ref().map_or(&[][..], |access| &access.mechanisms);
        let before = connection.login.beginning(now.elapsed);
        let known = Mechanism::of(mechanism).filter(|mechanism| offered.contains(mechanism));
        let code = match (plan.request_fault(), before, known) {
            (Some(fault), ..) => fault.code,
            (None, None, _) => ErrorCode::ILLEGAL_SASL_STATE,
            (None, Some(_), None) => ErrorCode::UNSUPPORTED_SASL_MECHANISM,
            // Whoever proves it again does so by the same mechanism.
            (None, Some(Some(before)), Some(mechanism)) if before.mechanism != mechanism => {
                return Answer::Close;
            }
            (None, Some(before), Some(mechanism)) => {
                let exchange = Exchange::new(mechanism, id);
                connection.login = Login::Exchanging { exchange, bare: head.version == 0, before };
                ErrorCode::NONE
            }
        };
        connection.leaving = code == ErrorCode::UNSUPPORTED_SASL_MECHANISM;
        let mut body = theirs::SaslHandshakeResponse::default();
        body.error_code = code.0;
        body.mechanisms = offered.iter().map(|known| StrBytes::from_static_str(known.name())).collect();
        answer::frame::<SaslHandshakeRequest>(head.correlation_id, head.version, &body)
    }

    /// One step of the exchange; what does not lead in ends the connection.
    pub(super) fn authenticate(
        &mut self,
        now: Now,
        id: ConnectionId,
        head: &Head,
        plan: &Plan,
        said: &Saying,
    ) -> Answer {
        let mut body = theirs::SaslAuthenticateResponse::default();
        match (plan.request_fault(), self.prove(now, id, said)) {
            (Some(fault), _) => {
                body.error_code = fault.code.0;
                body.error_message = words(fault.code, fault.message.clone());
                self.leave(id);
            }
            (None, None) => {
                body.error_code = ErrorCode::ILLEGAL_SASL_STATE.0;
                body.error_message = words(
                    ErrorCode::ILLEGAL_SASL_STATE,
                    Some("SaslAuthenticate is no time for now".to_owned()),
                );
            }
            (None, Some(Proof::More(says))) => body.auth_bytes = says.into(),
            (None, Some(Proof::In { says, lifetime })) => {
                body.auth_bytes = says.into();
                body.session_lifetime_ms = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
            }
            (None, Some(Proof::Refused(why))) => {
                body.error_code = ErrorCode::SASL_AUTHENTICATION_FAILED.0;
                body.error_message = Some(StrBytes::from_string(why));
                self.leave(id);
            }
        }
        answer::frame::<SaslAuthenticateRequest>(head.correlation_id, head.version, &body)
    }

    /// The same without Kafka's headers: a length and what is said.
    pub(super) fn authenticate_bare(&mut self, now: Now, id: ConnectionId, said: &Saying) -> Answer {
        match self.prove(now, id, said) {
            Some(Proof::More(says) | Proof::In { says, .. }) => {
                let mut frame = BytesMut::new();
                frame.put_i32(0);
                frame.put_slice(&says);
                Answer::Frame(answer::finish(frame))
            }
            Some(Proof::Refused(_)) | None => Answer::Close,
        }
    }

    /// A step of the exchange; none where there is no exchange.
    fn prove(&mut self, now: Now, id: ConnectionId, said: &Saying) -> Option<Proof> {
        let access = self.state.settings.access.as_ref()?;
        let connection = self.connections.get_mut(&id)?;
        let Login::Exchanging { exchange, before, .. } = &mut connection.login else { return None };
        let mechanism = exchange.mechanism();
        let entry = |user: Option<&str>, again| Authentication {
            broker: connection.broker,
            connection: id,
            at: now.elapsed,
            mechanism,
            user: user.map(str::to_owned),
            again,
        };
        let step = match exchange.step(access, now, &said.0) {
            Step::More(says) => return Some(Proof::More(says)),
            Step::Proved(proved) => unchanged(before.as_ref(), proved),
            Step::Refused(why) => Err(why),
        };
        match step {
            Ok(Proved { user, says, until_ms }) => {
                let lifetime = lifetime(access, now, until_ms);
                let renewed = before.as_ref().and_then(|before| before.renewed);
                self.journal.enter(entry(Some(&user), before.is_some()));
                let until = lifetime.map(|lifetime| now.elapsed + lifetime);
                connection.login = Login::In(Session { user, mechanism, until, renewed });
                Some(Proof::In { says, lifetime: lifetime.unwrap_or_default() })
            }
            Err(why) => {
                self.journal.enter(entry(None, before.is_some()));
                Some(Proof::Refused(why))
            }
        }
    }

    fn leave(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.leaving = true;
        }
    }
}

/// What came of a step.
enum Proof {
    More(Vec<u8>),
    In { says: Vec<u8>, lifetime: Duration },
    Refused(String),
}

/// Nobody becomes somebody else by proving it again (`ReauthInfo.ensurePrincipalUnchanged`).
fn unchanged(before: Option<&Session>, proved: Proved) -> Result<Proved, String> {
    match before {
        Some(before) if before.user != proved.user => Err(format!(
            "Cannot change principals during re-authentication from User.{} to User.{}",
            before.user, proved.user
        )),
        _ => Ok(proved),
    }
}

/// How long the session lasts: as the broker has it or as the token says, whichever ends first.
fn lifetime(access: &Access, now: Now, until_ms: Option<i64>) -> Option<Duration> {
    let own = Some(access.session_lifetime).filter(|lifetime| !lifetime.is_zero());
    let of_token = until_ms.map(|until| {
        Duration::from_millis(u64::try_from(until.saturating_sub(now.wall_ms)).unwrap_or_default())
    });
    own.into_iter().chain(of_token).min()
}
