//! SaslHandshake: the mechanism of the exchange that follows (KIP-43, KIP-368).

use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::StrBytes;
use milena_codec::ErrorCode;
use milena_codec::message::SaslHandshakeRequest;

use super::{Context, Core, Response};
use crate::core::sasl::{Exchange, SaslState};
use crate::mechanism::Mechanism;

/// An unsupported mechanism closes the connection, behind the list of the supported ones.
pub(super) fn serve(core: &mut Core, cx: &Context<'_>, mechanism: &str) -> Response {
    let Some(connection) = core.connections.get_mut(&cx.connection) else { return Response::Close };
    let offered = core.state.settings.access.as_ref().map_or(&[][..], |access| &access.mechanisms);
    let before = connection.sasl.on_handshake(cx.now.elapsed);
    let known = Mechanism::of(mechanism).filter(|mechanism| offered.contains(mechanism));
    let code = match (cx.plan.request_fault(), before, known) {
        (Some(fault), ..) => fault.code,
        (None, None, _) => ErrorCode::ILLEGAL_SASL_STATE,
        (None, Some(_), None) => ErrorCode::UNSUPPORTED_SASL_MECHANISM,
        // A session is renewed by its own mechanism.
        (None, Some(Some(before)), Some(mechanism)) if before.mechanism != mechanism => {
            return Response::Close;
        }
        (None, Some(before), Some(mechanism)) => {
            let exchange = Exchange::new(mechanism, cx.connection);
            connection.sasl = SaslState::Authenticating { exchange, bare: cx.head.version == 0, before };
            ErrorCode::NONE
        }
    };
    connection.closes = code == ErrorCode::UNSUPPORTED_SASL_MECHANISM;
    let mechanisms = offered.iter().map(|known| StrBytes::from_static_str(known.name())).collect();
    let body = theirs::SaslHandshakeResponse::default().with_error_code(code.0).with_mechanisms(mechanisms);
    cx.respond::<SaslHandshakeRequest>(&body)
}
