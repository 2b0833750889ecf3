//! The APIs of the brokers, one file for each, named as Kafka names them.
//!
//! A file reads the request and writes the response; the cluster's state and its rules stand in `core`. An API that names
//! topics also lists them as the [targets] by which hooks choose requests.

mod api_versions;
mod create_topics;
mod describe_cluster;
mod describe_configs;
mod describe_quorum;
mod fetch;
mod init_producer_id;
mod list_offsets;
mod metadata;
mod produce;
mod sasl_authenticate;
mod sasl_handshake;
mod telemetry;

pub(super) use produce::repeated;

use kafka_protocol::protocol::Encodable;
use milena_codec::ids::BrokerId;
use milena_codec::message::Message;

use super::request::{Body, Call, Head};
use super::response::{self, Response};
use super::state::State;
use super::{ConnectionId, Core, Now};
use crate::hook::{Plan, Target};

/// A request while it is served.
pub(super) struct Context<'a> {
    pub(super) head: &'a Head,
    /// Errors that hooks put in the place of results.
    pub(super) plan: &'a Plan,
    pub(super) broker: BrokerId,
    pub(super) connection: ConnectionId,
    pub(super) now: Now,
    /// A Fetch without enough records may wait for more.
    pub(super) may_wait: bool,
}

impl Context<'_> {
    /// The response to a request of type `M`, in the version of the request.
    fn respond<M: Message>(&self, body: &impl Encodable) -> Response {
        response::frame::<M>(self.head.correlation_id, self.head.version, body)
    }
}

/// Serves a request.
pub(super) fn serve(core: &mut Core, cx: &Context<'_>, body: &Body) -> Response {
    let state = &mut core.state;
    match body {
        Body::ApiVersions(request) => api_versions::serve(core, cx, request),
        Body::UnknownApiVersions => api_versions::serve_unknown(state, cx),
        Body::CreateTopics(request) => create_topics::serve(state, cx, request),
        Body::DescribeCluster(request) => describe_cluster::serve(state, cx, request),
        Body::DescribeConfigs(request) => describe_configs::serve(state, cx, request),
        Body::DescribeQuorum(request) => describe_quorum::serve(state, cx, request),
        Body::Fetch(request) => fetch::serve(state, cx, request),
        Body::InitProducerId(request) => init_producer_id::serve(state, cx, request),
        Body::ListOffsets(request) => list_offsets::serve(state, cx, request),
        Body::Metadata(request) => metadata::serve(state, cx, request),
        Body::Produce(request) => produce::serve(core, cx, request),
        Body::GetTelemetrySubscriptions(request) => telemetry::subscribe(state, cx, request),
        Body::PushTelemetry(request) => telemetry::push(state, cx, request),
        Body::SaslHandshake { mechanism } => sasl_handshake::serve(core, cx, mechanism),
        Body::SaslAuthenticate(auth_bytes) => sasl_authenticate::serve(core, cx, auth_bytes),
        Body::SaslBare(auth_bytes) => sasl_authenticate::serve_bare(core, cx, auth_bytes),
    }
}

/// The topics and partitions that a request names, for hooks to choose by.
pub(super) fn targets(state: &State, call: &Call) -> Vec<Target> {
    match &call.body {
        Body::Produce(request) => produce::targets(state, request),
        Body::Fetch(request) => fetch::targets(state, request, call.head.version),
        Body::ListOffsets(request) => list_offsets::targets(request),
        Body::Metadata(request) => metadata::targets(state, request),
        Body::CreateTopics(request) => create_topics::targets(request),
        Body::DescribeConfigs(request) => describe_configs::targets(request),
        Body::ApiVersions(_)
        | Body::UnknownApiVersions
        | Body::DescribeCluster(_)
        | Body::DescribeQuorum(_)
        | Body::GetTelemetrySubscriptions(_)
        | Body::PushTelemetry(_)
        | Body::InitProducerId(_)
        | Body::SaslAuthenticate(_)
        | Body::SaslBare(_)
        | Body::SaslHandshake { .. } => Vec::new(),
    }
}
