//! The options of `perf`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::args::CompressionOption;

/// Sends records as fast as the producer accepts them, or at a given rate, and reports throughput, latency and cost.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// The topic to send to
    #[arg(short, long)]
    pub(crate) topic: String,
    /// Number of records to send
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) num_records: u64,
    /// Bytes of each record's value
    #[arg(long, value_name = "BYTES", required_unless_present = "payload_file")]
    pub(crate) record_size: Option<u32>,
    /// A file whose lines are the values, in turn
    #[arg(long, value_name = "FILE", conflicts_with = "record_size")]
    pub(crate) payload_file: Option<PathBuf>,
    /// Kind of the values
    #[arg(long, value_enum, value_name = "KIND", default_value = "letters", conflicts_with = "payload_file")]
    pub(crate) payload: Payload,
    #[command(flatten)]
    pub(crate) compression: CompressionOption,
    /// Records a second, over all tasks; -1 for no limit
    #[arg(long, value_name = "R", default_value = "-1", allow_negative_numbers = true, value_parser = throughput)]
    pub(crate) throughput: Throughput,
    /// Await each record before the next one of its task is sent
    #[arg(long)]
    pub(crate) sync: bool,
    /// Tasks that send side by side
    #[arg(long, value_name = "K", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) tasks: u32,
    /// Give each record a key of its own, 8 bytes
    #[arg(long)]
    pub(crate) keyed: bool,
    /// Records to send before the measurement
    #[arg(long, value_name = "N", default_value = "0")]
    pub(crate) warmup: u64,
    /// Where the producer's input and output run
    #[arg(long, value_enum, value_name = "WHERE")]
    pub(crate) driver: Option<Driver>,
    /// The runtime: one thread for everything, or one worker for each processor
    #[arg(long, value_enum, value_name = "KIND", default_value = "current")]
    pub(crate) runtime: Runtime,
}

/// Records a second; none is without limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Throughput(pub(crate) Option<f64>);

/// Kind of the values without a payload file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Payload {
    /// 16 values of random letters in turn. They repeat within a batch: codecs compress them far better than real data
    Letters,
    /// JSON events, all of them different, which compress as those of a service do
    Json,
}

/// Where the producer's input and output run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Driver {
    /// A task beside those that send
    Task,
    /// A thread of its own
    Thread,
}

impl From<Driver> for milena::Driver {
    fn from(driver: Driver) -> Self {
        match driver {
            Driver::Task => Self::Task,
            Driver::Thread => Self::Thread,
        }
    }
}

/// The runtime of the tasks that send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Runtime {
    /// One thread for all tasks
    Current,
    /// One worker for each processor
    Multi,
}

fn throughput(text: &str) -> Result<Throughput, String> {
    match text.parse::<f64>() {
        Ok(-1.0) => Ok(Throughput(None)),
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(Throughput(Some(rate))),
        _ => Err("write records a second, or -1 for no limit".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throughput_is_positive_or_unlimited() {
        assert_eq!(throughput("-1"), Ok(Throughput(None)));
        assert_eq!(throughput("0.5"), Ok(Throughput(Some(0.5))));
        for wrong in ["0", "-2", "fast", "inf", "NaN"] {
            assert!(throughput(wrong).is_err(), "{wrong}");
        }
    }
}
