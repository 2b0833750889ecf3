//! Metrics that clients push to the cluster (KIP-714): the subscription, and the pushes that came.

use std::time::Duration;

use bytes::Bytes;

/// The subscription that the brokers give to every client.
///
/// ```
/// use milena_fake::TelemetrySubscription;
/// let all = TelemetrySubscription::default();
/// assert_eq!(all.metrics, [""]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetrySubscription {
    /// Beginnings of names; one that is empty for all, none for no metrics.
    pub metrics: Vec<String>,
    /// How often clients push.
    pub interval: Duration,
    /// Whether sums begin again with each push.
    pub delta: bool,
    /// The ids of codecs, the best first.
    pub compression: Vec<i8>,
    /// The most bytes of a push, as it is sent: a longer one gets `TELEMETRY_TOO_LARGE`.
    pub bytes_max: i32,
}

impl Default for TelemetrySubscription {
    fn default() -> Self {
        Self {
            metrics: vec![String::new()],
            interval: Duration::from_secs(60),
            delta: true,
            compression: Vec::new(),
            bytes_max: 1 << 20,
        }
    }
}

/// A push of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetryPush {
    /// The client.
    pub client_instance_id: [u8; 16],
    /// The subscription that the client has.
    pub subscription_id: i32,
    /// Whether the client is about to end.
    pub terminating: bool,
    /// The id of the codec.
    pub compression_type: i8,
    /// OpenTelemetry's `MetricsData`, compressed as it was sent.
    pub metrics: Bytes,
    /// When it came, since the cluster started.
    pub at: Duration,
}
