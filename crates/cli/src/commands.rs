//! The commands, each with its options.

use clap::{Parser, Subcommand};

use crate::args::{ConnectionOptions, OutputOptions};
use crate::{check, config, demo, fake, perf, produce};

/// A Kafka producer for the command line.
#[derive(Debug, Parser)]
#[command(name = "milena", version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: ConnectionOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Deliver a million records exactly once while a broker fails; no cluster is needed
    Demo(demo::Options),
    /// Send records from standard input or from files
    Produce(produce::Options),
    /// Measure throughput, latency and processor time of delivered records
    Perf(perf::Options),
    /// Find out without writing anything whether records can be delivered, and what to do if not
    Check(check::Options),
    /// List all properties of --config and -X with their effective values, or describe one
    Config(config::Options),
    /// Serve an in-process cluster to any client, until Ctrl-C
    Fake(fake::Options),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn options_are_consistent() {
        Cli::command().debug_assert();
    }
}
