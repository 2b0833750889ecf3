//! InitProducerId without a transactional id: any broker gives a fresh identity, whatever the client held before.

use kafka_protocol::messages as theirs;
use milena_codec::ErrorCode;
use milena_codec::message::InitProducerIdRequest;

use super::answer::{self, Answer};
use super::request::Head;
use super::state::State;
use crate::hook::Plan;

/// A transactional id is refused for good: there is no transaction coordinator here.
pub(crate) fn serve(
    state: &mut State,
    head: &Head,
    plan: &Plan,
    request: &theirs::InitProducerIdRequest,
) -> Answer {
    let code = match (plan.request_fault(), &request.transactional_id) {
        (Some(fault), _) => fault.code,
        (None, Some(id)) if id.is_empty() => ErrorCode::INVALID_REQUEST,
        (None, Some(_)) => ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        (None, None) => ErrorCode::NONE,
    };
    let mut body = theirs::InitProducerIdResponse::default();
    body.error_code = code.0;
    body.producer_id = theirs::ProducerId(-1);
    body.producer_epoch = -1;
    if code.is_ok() {
        body.producer_id = theirs::ProducerId(state.next_producer_id());
        body.producer_epoch = 0;
    }
    answer::frame::<InitProducerIdRequest>(head.correlation_id, head.version, &body)
}
