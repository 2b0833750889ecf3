//! Metrics that clients push (KIP-714): brokers without a receiver do not offer the APIs, and others check each push.

use milena_codec::ErrorCode;
use milena_codec::ids::ClientInstanceId;
use milena_codec::message::{GetTelemetrySubscriptionsRequest, PushTelemetryRequest};
use milena_fake::TelemetrySubscription;

use crate::client::*;

#[tokio::test]
async fn broker_without_a_receiver_of_metrics_closes_the_connection() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    wire.send(&GetTelemetrySubscriptionsRequest::default(), 0).await;
    assert!(wire.frame().await.is_none());
}

#[tokio::test]
async fn broker_checks_client_subscription_codec_and_size_of_a_push() {
    let subscription = TelemetrySubscription { bytes_max: 10, ..TelemetrySubscription::default() };
    let cluster = small(|builder| builder.telemetry(subscription)).await;
    let mut wire = Wire::to(&cluster, 1);
    let given = wire.call(&GetTelemetrySubscriptionsRequest::default(), 0).await;
    assert!(given.error_code.is_ok() && given.client_instance_id != ClientInstanceId::ZERO);
    assert_eq!((given.push_interval_ms, given.delta_temporality), (60_000, true));

    let valid = PushTelemetryRequest {
        client_instance_id: given.client_instance_id,
        subscription_id: given.subscription_id,
        terminating: false,
        compression_type: 0,
        metrics: "metrics".into(),
    };
    let client_instance_id = ClientInstanceId::ZERO;
    for (push, code) in [
        (valid.clone(), ErrorCode::NONE),
        (PushTelemetryRequest { client_instance_id, ..valid.clone() }, ErrorCode::INVALID_REQUEST),
        (PushTelemetryRequest { subscription_id: 7, ..valid.clone() }, ErrorCode::UNKNOWN_SUBSCRIPTION_ID),
        (
            PushTelemetryRequest { compression_type: 9, ..valid.clone() },
            ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
        ),
        (PushTelemetryRequest { metrics: "x".repeat(11).into(), ..valid }, ErrorCode::TELEMETRY_TOO_LARGE),
    ] {
        assert_eq!(wire.call(&push, 0).await.error_code, code, "{push:?}");
    }
    assert_eq!(cluster.telemetry_pushes().len(), 1, "those that were rejected are not kept");
}
