//! SaslAuthenticate: one step of an exchange (KIP-152, KIP-368), also without Kafka's headers.

use std::time::Duration;

use bytes::{BufMut, BytesMut};
use kafka_protocol::messages as theirs;
use milena_codec::ErrorCode;
use milena_codec::message::SaslAuthenticateRequest;

use super::{Answer, Context, Core, Now, answer};
use crate::core::sasl::{Access, Login, Proved, Saying, Session, Step};
use crate::journal::Authentication;

/// Serves one step; a step that fails ends the connection.
pub(super) fn serve(core: &mut Core, cx: &Context<'_>, said: &Saying) -> Answer {
    let body = theirs::SaslAuthenticateResponse::default();
    let failed = |code: ErrorCode, message: Option<String>| {
        body.clone().with_error_code(code.0).with_error_message(answer::words(code, message))
    };
    let proof = prove(core, cx, said);
    let is_refused = cx.plan.request_fault().is_some() || matches!(proof, Some(Proof::Refused(_)));
    let body = match (cx.plan.request_fault(), proof) {
        (Some(fault), _) => failed(fault.code, fault.message.clone()),
        (None, None) => {
            let why = "SaslAuthenticate is not expected in this state of the connection";
            failed(ErrorCode::ILLEGAL_SASL_STATE, Some(why.to_owned()))
        }
        (None, Some(Proof::More(says))) => body.with_auth_bytes(says.into()),
        (None, Some(Proof::In { says, lifetime })) => body
            .with_auth_bytes(says.into())
            .with_session_lifetime_ms(i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX)),
        (None, Some(Proof::Refused(why))) => failed(ErrorCode::SASL_AUTHENTICATION_FAILED, Some(why)),
    };
    if let (true, Some(connection)) = (is_refused, core.connections.get_mut(&cx.connection)) {
        connection.leaving = true;
    }
    cx.respond::<SaslAuthenticateRequest>(&body)
}

/// The same without Kafka's headers: a length and the bytes of the mechanism.
pub(super) fn serve_bare(core: &mut Core, cx: &Context<'_>, said: &Saying) -> Answer {
    match prove(core, cx, said) {
        Some(Proof::More(says) | Proof::In { says, .. }) => {
            let mut frame = BytesMut::new();
            frame.put_i32(0);
            frame.put_slice(&says);
            Answer::Frame(answer::finish(frame))
        }
        Some(Proof::Refused(_)) | None => Answer::Close,
    }
}

/// The result of a step.
enum Proof {
    More(Vec<u8>),
    In { says: Vec<u8>, lifetime: Duration },
    Refused(String),
}

/// A step of the exchange; none if there is no exchange.
fn prove(core: &mut Core, cx: &Context<'_>, said: &Saying) -> Option<Proof> {
    let access = core.state.settings.access.as_ref()?;
    let connection = core.connections.get_mut(&cx.connection)?;
    let Login::Exchanging { exchange, before, .. } = &mut connection.login else { return None };
    let mechanism = exchange.mechanism();
    let step = match exchange.step(access, cx.now, &said.0) {
        Step::More(says) => return Some(Proof::More(says)),
        Step::Proved(proved) => unchanged(before.as_ref(), proved),
        Step::Refused(why) => Err(why),
    };
    core.journal.enter(Authentication {
        broker: connection.broker,
        connection: cx.connection,
        at: cx.now.elapsed,
        mechanism,
        user: step.as_ref().ok().map(|proved| proved.user.clone()),
        again: before.is_some(),
    });
    Some(match step {
        Ok(Proved { user, says, until_ms }) => {
            let lifetime = lifetime(access, cx.now, until_ms);
            let renewed = before.as_ref().and_then(|before| before.renewed);
            let until = lifetime.map(|lifetime| cx.now.elapsed + lifetime);
            connection.login = Login::In(Session { user, mechanism, until, renewed });
            Proof::In { says, lifetime: lifetime.unwrap_or_default() }
        }
        Err(why) => Proof::Refused(why),
    })
}

/// Re-authentication cannot change the user (`ReauthInfo.ensurePrincipalUnchanged`).
fn unchanged(before: Option<&Session>, proved: Proved) -> Result<Proved, String> {
    match before {
        Some(before) if before.user != proved.user => Err(format!(
            "Cannot change principals during re-authentication from User.{} to User.{}",
            before.user, proved.user
        )),
        _ => Ok(proved),
    }
}

/// Lifetime of the session: that of the broker or that of the token, whichever ends first.
fn lifetime(access: &Access, now: Now, until_ms: Option<i64>) -> Option<Duration> {
    let own = Some(access.session_lifetime).filter(|lifetime| !lifetime.is_zero());
    let of_token = until_ms.map(|until| {
        Duration::from_millis(u64::try_from(until.saturating_sub(now.wall_ms)).unwrap_or_default())
    });
    own.into_iter().chain(of_token).min()
}
