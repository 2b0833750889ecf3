//! DescribeCluster: the live brokers, and what the client may do to the cluster.

use kafka_protocol::messages as theirs;
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::protocol::StrBytes;
use milena_codec::ErrorCode;
use milena_codec::message::DescribeClusterRequest;

use super::metadata::{CLUSTER_ID, cluster_operations};
use super::{Context, Response, State, response};

/// The endpoint type of brokers (KIP-919).
const BROKERS: i8 = 1;

pub(super) fn serve(state: &State, cx: &Context<'_>, request: &theirs::DescribeClusterRequest) -> Response {
    let code = match cx.plan.request_fault() {
        Some(fault) => fault.code,
        None if request.endpoint_type != BROKERS => ErrorCode::MISMATCHED_ENDPOINT_TYPE,
        None => ErrorCode::NONE,
    };
    let mut body = theirs::DescribeClusterResponse::default()
        .with_error_code(code.0)
        .with_error_message(response::error_message(code, None));
    if code.is_ok() {
        body.brokers = brokers(state);
        body.controller_id = body.brokers.first().map_or(theirs::BrokerId(-1), |broker| broker.broker_id);
        body.cluster_id = StrBytes::from_static_str(CLUSTER_ID);
        body.cluster_authorized_operations =
            cluster_operations(state, request.include_cluster_authorized_operations);
    }
    cx.respond::<DescribeClusterRequest>(&body)
}

fn brokers(state: &State) -> Vec<DescribeClusterBroker> {
    let described = state.live_brokers().map(|(id, broker)| {
        let (host, port) = broker.advertised();
        DescribeClusterBroker::default()
            .with_broker_id(theirs::BrokerId(id.0))
            .with_host(StrBytes::from_string(host.to_owned()))
            .with_port(port.into())
    });
    described.collect()
}
