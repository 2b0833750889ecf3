//! PushTelemetry: the metrics that a broker subscribed to (KIP-714).

use bytes::Bytes;

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::ClientInstanceId;
use crate::wire::since;

table! {
    /// Metrics of a client.
    ///
    /// ```
    /// use milena_codec::ids::ClientInstanceId;
    /// use milena_codec::message::{Message, PushTelemetryRequest, Version};
    /// let request = PushTelemetryRequest {
    ///     client_instance_id: ClientInstanceId([7; 16]),
    ///     subscription_id: 1,
    ///     metrics: "MetricsData".into(),
    ///     ..PushTelemetryRequest::default()
    /// };
    /// request.encode(&mut Vec::new(), Version::of::<PushTelemetryRequest>(0))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct PushTelemetryRequest {
        /// The client.
        client_instance_id: ClientInstanceId => since(0);
        /// The subscription of the metrics.
        subscription_id: i32 => since(0);
        /// Whether the client is about to end.
        terminating: bool => since(0);
        /// The compression of the metrics, by its id in record batches.
        compression_type: i8 => since(0);
        /// OpenTelemetry's `MetricsData`, in Protocol Buffers.
        metrics: Bytes => since(0);
    }

    /// The result.
    ///
    /// ```
    /// use milena_codec::ErrorCode;
    /// use milena_codec::message::PushTelemetryResponse;
    /// let response =
    ///     PushTelemetryResponse { error_code: ErrorCode::UNKNOWN_SUBSCRIPTION_ID, ..PushTelemetryResponse::default() };
    /// assert!(!response.error_code.is_ok());
    /// ```
    pub struct PushTelemetryResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(0);
        /// `UNKNOWN_SUBSCRIPTION_ID` sends the client back to GetTelemetrySubscriptions.
        error_code: ErrorCode => since(0);
    }
}

message!(
    ApiKey::PUSH_TELEMETRY, PushTelemetryRequest => PushTelemetryResponse,
    versions 0..=0, flexible since 0
);
