//! The report of `perf`: a page of text, or one JSON object.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::meter::{Usage, peak_memory_bytes};
use super::options::Runtime;
use super::run::Counts;
use crate::figures::{float, per, per_second};
use crate::latency::Summary;
use crate::wire::Wire;

/// The result.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Records that were delivered.
    pub(crate) records: u64,
    /// Records that failed.
    pub(crate) errors: u64,
    pub(crate) seconds: f64,
    pub(crate) records_per_second: f64,
    /// Millions of bytes of keys and values.
    pub(crate) mb_per_second: f64,
    pub(crate) cpu_ns_per_record: f64,
    pub(crate) allocations_per_record: Option<f64>,
    pub(crate) peak_rss_bytes: Option<u64>,
    pub(crate) latency_us: Option<Summary>,
    /// Which records the latencies are of.
    pub(crate) latency_of: &'static str,
    /// How many these are.
    pub(crate) latency_records: u64,
    pub(crate) batches: u64,
    pub(crate) records_per_batch: f64,
    pub(crate) retries: u64,
    #[serde(flatten)]
    pub(crate) wire: Wire,
    pub(crate) config: Settings,
}

/// The effective settings.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Settings {
    pub(crate) topic: String,
    pub(crate) num_records: u64,
    pub(crate) record_size: Option<u32>,
    /// `letters`, `json` or `file`.
    pub(crate) payload: &'static str,
    pub(crate) payload_file: Option<String>,
    pub(crate) throughput: f64,
    pub(crate) sync: bool,
    pub(crate) tasks: u32,
    pub(crate) keyed: bool,
    pub(crate) warmup: u64,
    pub(crate) runtime: Runtime,
    /// The producer's, by name.
    pub(crate) properties: BTreeMap<&'static str, String>,
}

impl Report {
    pub(crate) fn new(counts: Counts, usage: Usage, latency: Option<Summary>, config: Settings) -> Self {
        let seconds = usage.elapsed.as_secs_f64();
        Self {
            records: counts.delivered,
            errors: counts.failed,
            seconds,
            records_per_second: per_second(counts.delivered, seconds),
            mb_per_second: per_second(counts.bytes, seconds) / 1e6,
            cpu_ns_per_record: per(usage.processor.as_secs_f64() * 1e9, counts.delivered),
            allocations_per_record: usage.allocations.map(|count| per(float(count), counts.delivered)),
            peak_rss_bytes: peak_memory_bytes(),
            latency_us: latency,
            latency_of: if config.sync { "all records" } else { "1 record in 64" },
            latency_records: latency.map_or(0, |latency| latency.records),
            batches: counts.batches,
            records_per_batch: per(float(counts.delivered), counts.batches),
            retries: counts.retries,
            wire: counts.wire,
            config,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, errors, seconds, batches, retries, .. } = self;
        writeln!(f, "{records} records delivered, {errors} failed, in {seconds:.3} s")?;
        writeln!(f, "{:>14.0} records/s", self.records_per_second)?;
        writeln!(f, "{:>14.2} MB/s", self.mb_per_second)?;
        writeln!(f, "{:>14.1} ns of processor time a record", self.cpu_ns_per_record)?;
        if let Some(allocations) = self.allocations_per_record {
            writeln!(f, "{allocations:>14.5} allocations a record")?;
        }
        if let Some(bytes) = self.peak_rss_bytes {
            writeln!(f, "{:>14.1} MB of memory at most", float(bytes) / 1e6)?;
        }
        writeln!(
            f,
            "{:>14.1} records a batch, {batches} batches, {retries} retries",
            self.records_per_batch
        )?;
        writeln!(f, "{}", self.wire)?;
        let Some(latency) = &self.latency_us else { return Ok(()) };
        write!(f, "latency of {}, {latency}", self.latency_of)
    }
}
