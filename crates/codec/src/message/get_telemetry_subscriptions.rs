//! GetTelemetrySubscriptions: which metrics a broker wants to have from a client, and how often (KIP-714).

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::ClientInstanceId;
use crate::wire::since;

table! {
    /// Requests the subscription of a client.
    ///
    /// ```
    /// use milena_codec::ids::ClientInstanceId;
    /// use milena_codec::message::{GetTelemetrySubscriptionsRequest, Message, Version};
    /// let request = GetTelemetrySubscriptionsRequest { client_instance_id: ClientInstanceId::ZERO };
    /// request.encode(&mut Vec::new(), Version::of::<GetTelemetrySubscriptionsRequest>(0))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct GetTelemetrySubscriptionsRequest {
        /// The client; zero to be assigned an id.
        client_instance_id: ClientInstanceId => since(0);
    }

    /// The subscription.
    ///
    /// ```
    /// use std::time::Duration;
    /// use milena_codec::message::GetTelemetrySubscriptionsResponse;
    /// let response = GetTelemetrySubscriptionsResponse { push_interval_ms: 60_000, ..Default::default() };
    /// let interval = Duration::from_millis(u64::try_from(response.push_interval_ms)?);
    /// assert_eq!(interval, Duration::from_secs(60));
    /// # Ok::<(), std::num::TryFromIntError>(())
    /// ```
    pub struct GetTelemetrySubscriptionsResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(0);
        /// The reason for which there is none.
        error_code: ErrorCode => since(0);
        /// The id of the client.
        client_instance_id: ClientInstanceId => since(0);
        /// Repeated in each push, so that a stale one is noticed.
        subscription_id: i32 => since(0);
        /// The codecs that a push may be compressed with, by their ids in record batches, the best first.
        accepted_compression_types: Vec<i8> => since(0);
        /// How often to push, in milliseconds.
        push_interval_ms: i32 => since(0);
        /// How many bytes a push may have.
        telemetry_max_bytes: i32 => since(0);
        /// Whether counters start anew with each push.
        delta_temporality: bool => since(0);
        /// Beginnings of names; none for no metrics, one that is empty for all.
        requested_metrics: Vec<String> => since(0);
    }
}

message!(
    ApiKey::GET_TELEMETRY_SUBSCRIPTIONS, GetTelemetrySubscriptionsRequest => GetTelemetrySubscriptionsResponse,
    versions 0..=0, flexible since 0
);
