//! A histogram of latencies, from a nanosecond to an hour, to three figures.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::{CreationError, Histogram};
use serde::Serialize;

/// Latencies longer than this count as this.
const LONGEST_NS: u64 = 3_600_000_000_000;
/// Figures that are kept of a value.
const FIGURES: u8 = 3;

/// Latencies, from any number of tasks.
#[derive(Debug)]
pub(crate) struct Latencies(Mutex<Histogram<u64>>);

impl Latencies {
    /// # Errors
    /// Never with the bounds above, which the library checks all the same.
    pub(crate) fn new() -> Result<Self, CreationError> {
        Ok(Self(Mutex::new(Histogram::new_with_bounds(1, LONGEST_NS, FIGURES)?)))
    }

    /// Counts one latency.
    pub(crate) fn record(&self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.lock().saturating_record(nanos);
    }

    /// Forgets all.
    pub(crate) fn reset(&self) {
        self.lock().reset();
    }

    /// The latencies below which so many of all are; none where nothing was counted.
    pub(crate) fn summary(&self) -> Option<Summary> {
        let histogram = self.lock();
        let at = |quantile: f64| micros(histogram.value_at_quantile(quantile));
        (!histogram.is_empty()).then(|| Summary {
            records: histogram.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: micros(histogram.max()),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Histogram<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Latencies in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// Of so many records.
    #[serde(skip)]
    pub(crate) records: u64,
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

/// To a tenth, which is finer than the histogram where it matters.
#[expect(clippy::cast_precision_loss, reason = "an hour of nanoseconds fits 53 bits")]
fn micros(nanos: u64) -> f64 {
    (nanos as f64 / 100.0).round() / 10.0
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "in µs:")?;
        writeln!(f, "{:>12} {:>12} {:>12} {:>12} {:>12}", "p50", "p90", "p99", "p99.9", "max")?;
        let Self { p50, p90, p99, p999, max, .. } = self;
        write!(f, "{p50:>12.1} {p90:>12.1} {p99:>12.1} {p999:>12.1} {max:>12.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_what_was_counted() {
        let latencies = Latencies::new().unwrap();
        assert_eq!(latencies.summary(), None);
        for micros in 1..=1_000 {
            latencies.record(Duration::from_micros(micros));
        }
        let summary = latencies.summary().unwrap();
        let near = |found: f64, expected: f64| (found - expected).abs() / expected < 0.002;
        assert!(near(summary.p50, 500.0) && near(summary.p999, 999.0), "{summary:?}");
        assert!(near(summary.max, 1_000.0), "{summary:?}");
        latencies.reset();
        assert_eq!(latencies.summary(), None);
    }

    #[test]
    fn latency_of_a_day_is_capped() {
        let latencies = Latencies::new().unwrap();
        latencies.record(Duration::from_secs(24 * 3_600));
        assert!(latencies.summary().unwrap().max >= 3_600e6);
    }
}
