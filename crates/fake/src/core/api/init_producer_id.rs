//! InitProducerId without a transactional id: any broker returns a fresh producer id, whatever the client had before.

use kafka_protocol::messages as theirs;
use milena_codec::ErrorCode;
use milena_codec::message::{ApiKey, InitProducerIdRequest};

use super::{Context, Response, State};
use crate::acl::AclOperation;

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
        (None, None) if !may_write(state) => ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
        (None, None) => ErrorCode::NONE,
    };
    let (id, epoch) = if code.is_ok() { (state.next_producer_id(), 0) } else { (-1, -1) };
    let body = theirs::InitProducerIdResponse::default()
        .with_error_code(code.0)
        .with_producer_id(theirs::ProducerId(id))
        .with_producer_epoch(epoch);
    cx.respond::<InitProducerIdRequest>(&body)
}

/// `KafkaApis.handleInitProducerIdRequest`: IDEMPOTENT_WRITE on the cluster, or since Kafka 2.8, which has DescribeCluster, WRITE
/// on any topic (KIP-679).
fn may_write(state: &State) -> bool {
    let is_new = state.settings.versions.offer(ApiKey::DESCRIBE_CLUSTER, 0);
    let on_any = || state.topics.keys().any(|topic| state.acl.allows_on(topic, AclOperation::Write));
    state.acl.allows(AclOperation::IdempotentWrite) || (is_new && on_any())
}
