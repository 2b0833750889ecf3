//! ApiVersions: the APIs and their versions, also for a client that requests them in an unknown version.

use kafka_protocol::messages as theirs;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use milena_codec::ErrorCode;
use milena_codec::message::{ApiKey, ApiVersionsRequest};

use super::{Context, Core, Response, State, response};

pub(super) fn serve(core: &mut Core, cx: &Context<'_>, request: &theirs::ApiVersionsRequest) -> Response {
    let is_valid = cx.head.version < 3 || names_client(request);
    if let (true, Some(connection)) = (is_valid, core.connections.get_mut(&cx.connection)) {
        connection.sasl.on_api_versions();
    }
    let code = match cx.plan.request_fault() {
        Some(fault) => fault.code,
        None if is_valid => ErrorCode::NONE,
        None => ErrorCode::INVALID_REQUEST,
    };
    let api_keys = if code.is_ok() { offered(&core.state, |_| true) } else { Vec::new() };
    let body = theirs::ApiVersionsResponse::default().with_error_code(code.0).with_api_keys(api_keys);
    cx.respond::<ApiVersionsRequest>(&body)
}

/// The response to an unknown version: a body of version 0 with the versions of ApiVersions alone (KIP-511).
pub(super) fn serve_unknown(state: &State, cx: &Context<'_>) -> Response {
    let body = theirs::ApiVersionsResponse::default()
        .with_error_code(ErrorCode::UNSUPPORTED_VERSION.0)
        .with_api_keys(offered(state, |api| api == ApiKey::API_VERSIONS));
    response::frame::<ApiVersionsRequest>(cx.head.correlation_id, 0, &body)
}

/// `ApiVersionsRequest.isValid`: since version 3 the client names itself, in letters, digits, `.` and `-`.
fn names_client(request: &theirs::ApiVersionsRequest) -> bool {
    let is_name = |name: &str| {
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        let is_outer = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        name.bytes().all(is_inner) && is_outer(name.bytes().next()) && is_outer(name.bytes().last())
    };
    is_name(&request.client_software_name) && is_name(&request.client_software_version)
}

fn offered(state: &State, is_included: impl Fn(ApiKey) -> bool) -> Vec<ApiVersion> {
    let offered = state.settings.versions.iter().filter(|(api, _)| is_included(*api));
    let entry = |(api, versions): (ApiKey, &std::ops::RangeInclusive<i16>)| {
        let (min, max) = (*versions.start(), *versions.end());
        ApiVersion::default().with_api_key(api.0).with_min_version(min).with_max_version(max)
    };
    offered.map(entry).collect()
}
