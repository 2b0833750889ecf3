//! SASL: whether the broker accepts the credentials, and the mechanisms that it has enabled.
//!
//! The mechanisms are requested on a connection of its own, by a SaslHandshake without credentials behind it.

use milena_codec::ErrorCode;
use milena_codec::message::SaslHandshakeRequest;
use milena_connection::Endpoint;
use milena_connection::transport::{ConnectionError, Step};

use super::context::Context;
use super::report::{CheckStep, Finding};
use super::text::listed;

/// Most bytes of a mechanism's name (RFC 4422, 3.1: 20 characters).
const NAME_BYTES_MAX: usize = 64;

/// The mechanism of the request where none is configured: every broker knows its name.
const PLAIN: &str = "PLAIN";

/// Whether the error has a finding here.
pub(super) fn is_of_sasl(error: &ConnectionError) -> bool {
    error.step() == Step::Authentication
}

/// The findings at a server that was opened, or failed with `error`.
pub(super) async fn findings(
    cx: &Context,
    endpoint: &Endpoint,
    error: Option<&ConnectionError>,
) -> Vec<Finding> {
    let refused = error.filter(|error| is_of_sasl(error));
    let accepted = error.is_none_or(|error| matches!(error.step(), Step::Authorization));
    let mut findings = Vec::new();
    match (&cx.config.sasl, refused) {
        (_, Some(error)) => findings.push(Finding::of_connection(CheckStep::Sasl, endpoint, error)),
        (Some(sasl), None) if accepted => {
            let text = format!("the broker accepts the {} credentials", sasl.mechanism());
            findings.push(Finding::ok(CheckStep::Sasl, endpoint, text));
        }
        (None, None) if accepted => {
            findings.push(Finding::ok(
                CheckStep::Sasl,
                endpoint,
                "not configured, and the broker needs none",
            ));
        }
        // The connection failed before the authentication, and has its own finding.
        (_, None) => return findings,
    }
    if cx.config.sasl.is_some() || refused.is_some() {
        findings.extend(mechanisms(cx, endpoint).await);
    }
    findings
}

/// The mechanisms of the broker; none where it does not list them.
async fn mechanisms(cx: &Context, endpoint: &Endpoint) -> Option<Finding> {
    let configured = cx.config.sasl.as_ref().map(|sasl| sasl.mechanism().name());
    let request = SaslHandshakeRequest { mechanism: configured.unwrap_or(PLAIN).to_owned() };
    let mut connection = cx.open(endpoint, false).await.1.ok()?;
    let response = cx.bounded(endpoint, connection.call(&request)).await.ok()?;
    let is_listed = matches!(response.error_code, ErrorCode::NONE | ErrorCode::UNSUPPORTED_SASL_MECHANISM);
    let mut names: Vec<_> =
        response.mechanisms.into_iter().filter(|name| name.len() <= NAME_BYTES_MAX).collect();
    names.sort_unstable();
    names.dedup();
    let text = format!("mechanisms that the broker has enabled: {}", listed(&names));
    (is_listed && !names.is_empty()).then(|| Finding::ok(CheckStep::Sasl, endpoint, text))
}
