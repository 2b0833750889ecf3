//! GetTelemetrySubscriptions and PushTelemetry (KIP-714): one subscription for all clients, whose pushes are kept.

use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::StrBytes;
use milena_codec::ErrorCode;
use milena_codec::message::{GetTelemetrySubscriptionsRequest, PushTelemetryRequest};

use super::{Context, Response, State};
use crate::telemetry::TelemetryPush;

pub(super) fn subscribe(
    state: &mut State,
    cx: &Context<'_>,
    request: &theirs::GetTelemetrySubscriptionsRequest,
) -> Response {
    let Some(telemetry) = &mut state.telemetry else { return Response::Close };
    let body = theirs::GetTelemetrySubscriptionsResponse::default();
    if let Some(fault) = cx.plan.request_fault() {
        return cx.respond::<GetTelemetrySubscriptionsRequest>(&body.with_error_code(fault.code.0));
    }
    let mut client = request.client_instance_id;
    if client.is_nil() {
        telemetry.clients += 1;
        client = uuid::Uuid::from_u128(u128::from(telemetry.clients) << 64 | 0x7e1e);
    }
    let subscription = &telemetry.subscription;
    let metrics = subscription.metrics.iter().cloned().map(StrBytes::from_string);
    let interval_ms = i32::try_from(subscription.interval.as_millis()).unwrap_or(i32::MAX);
    let body = body
        .with_client_instance_id(client)
        .with_subscription_id(telemetry.subscription_id)
        .with_accepted_compression_types(subscription.compression.clone())
        .with_push_interval_ms(interval_ms)
        .with_telemetry_max_bytes(subscription.bytes_max)
        .with_delta_temporality(subscription.delta)
        .with_requested_metrics(metrics.collect());
    cx.respond::<GetTelemetrySubscriptionsRequest>(&body)
}

/// The checks of `ClientMetricsManager.processPushTelemetryRequest`, but for the interval between two pushes.
pub(super) fn push(state: &mut State, cx: &Context<'_>, request: &theirs::PushTelemetryRequest) -> Response {
    let Some(telemetry) = &mut state.telemetry else { return Response::Close };
    let bytes_max = usize::try_from(telemetry.subscription.bytes_max).unwrap_or_default();
    let code = match cx.plan.request_fault() {
        Some(fault) => fault.code,
        None if request.client_instance_id.is_nil() => ErrorCode::INVALID_REQUEST,
        None if request.subscription_id != telemetry.subscription_id => ErrorCode::UNKNOWN_SUBSCRIPTION_ID,
        None if !(0..=4).contains(&request.compression_type) => ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
        None if request.metrics.len() > bytes_max => ErrorCode::TELEMETRY_TOO_LARGE,
        None => ErrorCode::NONE,
    };
    if code.is_ok() {
        telemetry.add(TelemetryPush {
            client_instance_id: request.client_instance_id.into_bytes(),
            subscription_id: request.subscription_id,
            terminating: request.terminating,
            compression_type: request.compression_type,
            metrics: request.metrics.clone(),
            at: cx.now.elapsed,
        });
    }
    let body = theirs::PushTelemetryResponse::default().with_error_code(code.0);
    cx.respond::<PushTelemetryRequest>(&body)
}
