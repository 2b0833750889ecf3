//! SaslAuthenticate: one step of an exchange (KIP-152, KIP-368), also without Kafka's headers.

use std::time::Duration;

use bytes::{BufMut, BytesMut};
use kafka_protocol::messages as theirs;
use milena_codec::ErrorCode;
use milena_codec::message::SaslAuthenticateRequest;

use super::{Context, Core, Now, Response, response};
use crate::core::sasl::{Access, Authenticated, SaslBytes, SaslState, Session, Step};
use crate::journal::Authentication;

/// Serves one step; a step that fails ends the connection.
pub(super) fn serve(core: &mut Core, cx: &Context<'_>, auth_bytes: &SaslBytes) -> Response {
    let body = theirs::SaslAuthenticateResponse::default();
    let failed = |code: ErrorCode, message: Option<String>| {
        body.clone().with_error_code(code.0).with_error_message(response::error_message(code, message))
    };
    let outcome = step(core, cx, auth_bytes);
    let has_failed = cx.plan.request_fault().is_some() || matches!(outcome, Some(Err(_)));
    let body = match (cx.plan.request_fault(), outcome) {
        (Some(fault), _) => failed(fault.code, fault.message.clone()),
        (None, None) => {
            let why = "SaslAuthenticate is not expected in this state of the connection";
            failed(ErrorCode::ILLEGAL_SASL_STATE, Some(why.to_owned()))
        }
        (None, Some(Ok((reply, lifetime)))) => body
            .with_auth_bytes(reply.into())
            .with_session_lifetime_ms(i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX)),
        (None, Some(Err(why))) => failed(ErrorCode::SASL_AUTHENTICATION_FAILED, Some(why)),
    };
    if let (true, Some(connection)) = (has_failed, core.connections.get_mut(&cx.connection)) {
        connection.closes = true;
    }
    cx.respond::<SaslAuthenticateRequest>(&body)
}

/// The same without Kafka's headers: a length and the bytes of the mechanism.
pub(super) fn serve_bare(core: &mut Core, cx: &Context<'_>, auth_bytes: &SaslBytes) -> Response {
    match step(core, cx, auth_bytes) {
        Some(Ok((reply, _))) => {
            let mut frame = BytesMut::new();
            frame.put_i32(0);
            frame.put_slice(&reply);
            Response::Frame(response::finish(frame))
        }
        Some(Err(_)) | None => Response::Close,
    }
}

/// A step of the exchange: the bytes to the client, and the lifetime of the session, which is zero before authentication
/// and for a session without an end. The error is the broker's error message; none if there is no exchange.
fn step(
    core: &mut Core,
    cx: &Context<'_>,
    auth_bytes: &SaslBytes,
) -> Option<Result<(Vec<u8>, Duration), String>> {
    let access = core.state.settings.access.as_ref()?;
    let connection = core.connections.get_mut(&cx.connection)?;
    let SaslState::Authenticating { exchange, before, .. } = &mut connection.sasl else { return None };
    let mechanism = exchange.mechanism();
    let step = match exchange.step(access, cx.now, &auth_bytes.0) {
        Step::Challenge(reply) => return Some(Ok((reply, Duration::ZERO))),
        Step::Authenticated(proved) => unchanged(before.as_ref(), proved),
        Step::Failed(why) => Err(why),
    };
    core.journal.add_authentication(Authentication {
        broker: connection.broker,
        connection: cx.connection,
        at: cx.now.elapsed,
        mechanism,
        user: step.as_ref().ok().map(|proved| proved.user.clone()),
        again: before.is_some(),
    });
    let renewed = before.as_ref().and_then(|before| before.renewed);
    Some(step.map(|Authenticated { user, reply, until_ms }| {
        let lifetime = lifetime(access, cx.now, until_ms);
        let until = lifetime.map(|lifetime| cx.now.elapsed + lifetime);
        connection.sasl = SaslState::Authenticated(Session { user, mechanism, until, renewed });
        (reply, lifetime.unwrap_or_default())
    }))
}

/// Re-authentication cannot change the user (`ReauthInfo.ensurePrincipalUnchanged`).
fn unchanged(before: Option<&Session>, proved: Authenticated) -> Result<Authenticated, String> {
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
