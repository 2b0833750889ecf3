//! InitProducerId without a transactional id: any broker returns a fresh producer id, whatever the client had before.

use kafka_protocol::messages as theirs;
use milena_codec::ErrorCode;
use milena_codec::message::InitProducerIdRequest;

use super::{Context, Response, State};

/// A transactional id is rejected for good: the cluster has no transaction coordinator.
pub(super) fn serve(
    state: &mut State,
    cx: &Context<'_>,
    request: &theirs::InitProducerIdRequest,
) -> Response {
    let code = match (cx.plan.request_fault(), &request.transactional_id) {
        (Some(fault), _) => fault.code,
        (None, Some(id)) if id.is_empty() => ErrorCode::INVALID_REQUEST,
        (None, Some(_)) => ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        (None, None) => ErrorCode::NONE,
    };
    let (id, epoch) = if code.is_ok() { (state.next_producer_id(), 0) } else { (-1, -1) };
    let body = theirs::InitProducerIdResponse::default()
        .with_error_code(code.0)
        .with_producer_id(theirs::ProducerId(id))
        .with_producer_epoch(epoch);
    cx.respond::<InitProducerIdRequest>(&body)
}
