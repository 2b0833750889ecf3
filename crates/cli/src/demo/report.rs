//! The report of `demo`.

use std::fmt;
use std::time::Duration;

use milena::ProducerMetrics;
use milena_fake::LogFaults;
use serde::Serialize;

use super::story::PARTITIONS;
use crate::figures::{float, per_second};
use crate::latency::Summary;
use crate::wire::Wire;

/// The result.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Whether every record is there exactly once, and in order.
    pub(super) held: bool,
    records: u64,
    seconds: f64,
    records_per_second: f64,
    /// Millions of bytes of values.
    mb_per_second: f64,
    latency_us: Option<Summary>,
    /// Which records the latencies are of.
    latency_of: &'static str,
    batches: u64,
    retries: u64,
    connections: u64,
    #[serde(flatten)]
    wire: Wire,
    seed: u64,
    events: Vec<String>,
    faults: u64,
    first_faults: Vec<String>,
}

/// The measured figures.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) records: u64,
    pub(super) size: u32,
    pub(super) seed: u64,
    pub(super) elapsed: Duration,
    pub(super) latency: Option<Summary>,
    pub(super) metrics: ProducerMetrics,
    pub(super) events: Vec<String>,
}

impl Report {
    pub(super) fn new(run: Run, faults: LogFaults) -> Self {
        let Run { records, size, seed, elapsed, latency, metrics, events } = run;
        let seconds = elapsed.as_secs_f64();
        let records_per_second = per_second(records, seconds);
        Self {
            held: faults.count == 0,
            records,
            seconds,
            records_per_second,
            mb_per_second: records_per_second * float(u64::from(size)) / 1e6,
            latency_us: latency,
            latency_of: "1 record in 64",
            batches: metrics.batches,
            retries: metrics.retries,
            connections: metrics.connections,
            wire: Wire::between(&ProducerMetrics::default(), &metrics),
            seed,
            events,
            faults: faults.count,
            first_faults: faults.first,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, seconds, batches, retries, connections, seed, .. } = self;
        writeln!(f, "{records} records sent in {seconds:.3} s (seed {seed})")?;
        writeln!(f, "{:>14.0} records/s", self.records_per_second)?;
        writeln!(f, "{:>14.2} MB/s", self.mb_per_second)?;
        writeln!(f, "{batches:>14} batches, {retries} of them sent again, over {connections} connections")?;
        writeln!(f, "{}", self.wire)?;
        if let Some(latency) = &self.latency_us {
            writeln!(f, "latency of {}, {latency}", self.latency_of)?;
        }
        if self.held {
            return writeln!(
                f,
                "exactly once: all {records} records were read back from {PARTITIONS} partitions, each there once, \
                 whole and in order"
            );
        }
        writeln!(f, "NOT exactly once, {} faults:", self.faults)?;
        self.first_faults.iter().try_for_each(|fault| writeln!(f, "  {fault}"))
    }
}
