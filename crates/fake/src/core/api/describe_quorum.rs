//! DescribeQuorum: the metadata log, whose leader has the time of day of the cluster (KIP-836). The first live broker is the active
//! controller, and the only voter.

use kafka_protocol::messages as theirs;
use kafka_protocol::messages::describe_quorum_response::{PartitionData, ReplicaState, TopicData};
use milena_codec::ErrorCode;
use milena_codec::message::DescribeQuorumRequest;

use super::{Context, Response, State, response};
use crate::acl::AclOperation;

const TOPIC: &str = "__cluster_metadata";

pub(super) fn serve(state: &State, cx: &Context<'_>, request: &theirs::DescribeQuorumRequest) -> Response {
    // `DescribeQuorumRequest.singletonRequest`: other partitions are rejected.
    let is_log = matches!(&request.topics[..], [topic] if &*topic.topic_name.0 == TOPIC
        && matches!(&topic.partitions[..], [partition] if partition.partition_index == 0));
    let code = match cx.plan.request_fault() {
        Some(fault) => fault.code,
        None if !state.acl.allows(AclOperation::Describe) => ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
        None if !is_log => ErrorCode::INVALID_REQUEST,
        None => ErrorCode::NONE,
    };
    let body = theirs::DescribeQuorumResponse::default()
        .with_error_code(code.0)
        .with_error_message(response::error_message(code, None));
    cx.respond::<DescribeQuorumRequest>(&match code.is_ok() {
        true => body.with_topics(vec![described(state, cx, request)]),
        false => body,
    })
}

fn described(state: &State, cx: &Context<'_>, request: &theirs::DescribeQuorumRequest) -> TopicData {
    let leader = state.live_brokers().next().map_or(-1, |(id, _)| id.0);
    let replica = ReplicaState::default()
        .with_replica_id(theirs::BrokerId(leader))
        .with_last_fetch_timestamp(cx.now.wall_ms)
        .with_last_caught_up_timestamp(cx.now.wall_ms);
    let partition = PartitionData::default()
        .with_leader_id(theirs::BrokerId(leader))
        .with_error_message(None)
        .with_current_voters(vec![replica]);
    let name = request.topics.first().map(|topic| topic.topic_name.clone()).unwrap_or_default();
    TopicData::default().with_topic_name(name).with_partitions(vec![partition])
}
