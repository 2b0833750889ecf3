//! A broker's subscription, within bounds: names of metrics, interval, size, codec and temporality.

use std::time::Duration;

use bytes::Bytes;
use milena_codec::compression::{Compression, Compressor, Outcome};
use milena_codec::message::GetTelemetrySubscriptionsResponse;

use super::PUSH_INTERVAL;

/// The shortest interval that Kafka accepts for a subscription (`ClientMetricsConfigs.MIN_INTERVAL_MS`).
const PUSH_INTERVAL_MIN: Duration = Duration::from_millis(100);
/// Prefixes of names that are kept; further ones are ignored.
const PREFIXES_MAX: usize = 1_000;
/// A prefix that is longer than every name of a metric matches none.
const PREFIX_BYTES_MAX: usize = 256;
/// The most bytes of a push before compression, whatever the broker accepts.
const PUSH_BYTES_MAX: usize = 1 << 20;

/// The metrics that a broker wants, and how it wants them.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) id: i32,
    pub(super) interval: Duration,
    /// The most bytes of a push, before compression.
    pub(super) bytes_max: usize,
    /// Sums are those since the last push.
    pub(super) delta: bool,
    prefixes: Vec<String>,
    codec: Compression,
}

impl Subscription {
    pub(super) fn of(response: GetTelemetrySubscriptionsResponse, rejected_codecs: &[i8]) -> Self {
        let interval = u64::try_from(response.push_interval_ms).ok().filter(|ms| *ms > 0);
        let bytes_max = usize::try_from(response.telemetry_max_bytes).ok().filter(|bytes| *bytes > 0);
        let prefixes = response.requested_metrics.into_iter().take(PREFIXES_MAX);
        Self {
            id: response.subscription_id,
            interval: interval.map_or(PUSH_INTERVAL, Duration::from_millis).max(PUSH_INTERVAL_MIN),
            bytes_max: bytes_max.unwrap_or(PUSH_BYTES_MAX).min(PUSH_BYTES_MAX),
            delta: response.delta_temporality,
            prefixes: prefixes.filter(|prefix| prefix.len() <= PREFIX_BYTES_MAX).collect(),
            codec: codec_of(&response.accepted_compression_types, rejected_codecs),
        }
    }

    /// Whether any metric may be wanted.
    pub(super) const fn wants_any(&self) -> bool {
        !self.prefixes.is_empty()
    }

    /// Whether the metric of this name is wanted: an empty prefix stands for all.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.prefixes.iter().any(|prefix| name.starts_with(prefix))
    }

    /// The id of the codec, as pushes have it.
    pub(super) fn codec_id(&self) -> i8 {
        i8::try_from(self.codec.id()).unwrap_or_default()
    }

    /// Compresses a push, which goes as it is where the codec cannot make it smaller. Returns the id of the codec.
    pub(super) fn compress(&self, data: Vec<u8>) -> (i8, Bytes) {
        let mut compressed = Vec::new();
        let outcome = match self.codec {
            Compression::None => return (0, data.into()),
            codec => Compressor::new(codec, None)
                .map(|mut codec| codec.compress([&data[..]].into_iter(), &mut compressed)),
        };
        match outcome {
            Ok(Outcome::Compressed { .. }) => (self.codec_id(), compressed.into()),
            _ => (0, data.into()),
        }
    }
}

/// The first codec that the broker accepts and this build has.
fn codec_of(accepted: &[i8], rejected: &[i8]) -> Compression {
    let known = accepted.iter().filter(|id| !rejected.contains(id));
    let codecs = known.filter_map(|id| Compression::from_id(u8::try_from(*id).ok()?));
    let mut available = codecs.filter(|codec| Compressor::new(*codec, None).is_ok());
    available.next().unwrap_or(Compression::None)
}
