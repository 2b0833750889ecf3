//! Bytes on the wire, and the ratio of compression.

use std::fmt;

use milena::ProducerMetrics;
use serde::Serialize;

use crate::figures::float;

/// Bytes to the brokers between two readings of a producer's metrics.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Wire {
    /// Bytes of Produce requests.
    pub(crate) wire_bytes: u64,
    /// Bytes of the records of compressed topics, before compression.
    pub(crate) plain_bytes: u64,
    /// Compressed bytes by plain ones; none where nothing was compressed.
    pub(crate) compression_ratio: Option<f64>,
    /// Time that codecs took, over all threads.
    pub(crate) compression_seconds: f64,
}

impl Wire {
    pub(crate) fn between(before: &ProducerMetrics, after: &ProducerMetrics) -> Self {
        let plain_bytes = after.plain_bytes - before.plain_bytes;
        let compressed_bytes = after.compressed_bytes - before.compressed_bytes;
        Self {
            wire_bytes: after.bytes - before.bytes,
            plain_bytes,
            compression_ratio: (plain_bytes > 0).then(|| float(compressed_bytes) / float(plain_bytes)),
            compression_seconds: (after.compression_time - before.compression_time).as_secs_f64(),
        }
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>14.2} MB on the wire", float(self.wire_bytes) / 1e6)?;
        let Some(ratio) = self.compression_ratio else { return Ok(()) };
        write!(
            f,
            ", {:.2} MB of records compressed to {:.1} % in {:.3} s",
            float(self.plain_bytes) / 1e6,
            ratio * 100.0,
            self.compression_seconds
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn wire_bytes_are_the_difference_of_two_snapshots() {
        let mut before = ProducerMetrics::default();
        (before.bytes, before.plain_bytes, before.compressed_bytes) = (1_000_000, 4_000_000, 900_000);
        let mut after = before.clone();
        after.bytes += 2_500_000;
        assert_eq!(Wire::between(&before, &after).to_string(), "          2.50 MB on the wire");
        (after.plain_bytes, after.compressed_bytes) = (14_000_000, 3_400_000);
        after.compression_time = Duration::from_millis(125);
        let wire = Wire::between(&before, &after);
        assert_eq!(wire.compression_ratio, Some(0.25));
        assert_eq!(
            wire.to_string(),
            "          2.50 MB on the wire, 10.00 MB of records compressed to 25.0 % in 0.125 s"
        );
    }
}
