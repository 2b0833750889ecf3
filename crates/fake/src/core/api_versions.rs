//! ApiVersions: what is on offer; also to those who ask in a version that nobody knows.

use kafka_protocol::messages as theirs;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use milena_codec::ErrorCode;
use milena_codec::message::{ApiKey, ApiVersionsRequest};

use super::answer::{self, Answer};
use super::request::Head;
use super::state::State;
use crate::hook::Plan;

/// `ApiVersionsRequest.isValid`: since version 3 the client names itself, in letters, digits, `.` and `-`.
pub(crate) fn is_valid(head: &Head, request: &theirs::ApiVersionsRequest) -> bool {
    let is_named = |name: &str| {
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        let is_outer = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        name.bytes().all(is_inner) && is_outer(name.bytes().next()) && is_outer(name.bytes().last())
    };
    head.version < 3
        || (is_named(&request.client_software_name) && is_named(&request.client_software_version))
}

pub(crate) fn serve(state: &State, head: &Head, plan: &Plan, request: &theirs::ApiVersionsRequest) -> Answer {
    let code = match plan.request_fault() {
        Some(fault) => fault.code,
        None if is_valid(head, request) => ErrorCode::NONE,
        None => ErrorCode::INVALID_REQUEST,
    };
    let mut body = theirs::ApiVersionsResponse::default();
    body.error_code = code.0;
    if code.is_ok() {
        body.api_keys = state
            .settings
            .versions
            .iter()
            .map(|(api, on_offer)| entry(api, *on_offer.start(), *on_offer.end()))
            .collect();
    }
    answer::frame::<ApiVersionsRequest>(head.correlation_id, head.version, &body)
}

/// The answer to an unknown version: a body of version 0, which names the versions of ApiVersions alone.
pub(crate) fn serve_unknown(state: &State, head: &Head) -> Answer {
    let mut body = theirs::ApiVersionsResponse::default();
    body.error_code = ErrorCode::UNSUPPORTED_VERSION.0;
    let own = state.settings.versions.iter().filter(|(api, _)| *api == ApiKey::API_VERSIONS);
    body.api_keys = own.map(|(api, on_offer)| entry(api, *on_offer.start(), *on_offer.end())).collect();
    answer::frame::<ApiVersionsRequest>(head.correlation_id, 0, &body)
}

fn entry(api: ApiKey, min: i16, max: i16) -> ApiVersion {
    ApiVersion::default().with_api_key(api.0).with_min_version(min).with_max_version(max)
}
