//! What can be asked for: the commands, each with its options.

use clap::{Parser, Subcommand};

use crate::args::{ConnectionOptions, OutputOptions};
use crate::{config, demo, fake, perf, produce};

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
    /// See a million records arrive exactly once while a broker dies, with no cluster needed
    Demo(demo::Options),
    /// Send records from standard input or from files
    Produce(produce::Options),
    /// Measure how fast records are delivered, at what cost
    Perf(perf::Options),
    /// List every property that --config and -X take, or tell about one
    Config(config::Options),
    /// Serve an in-process cluster to any client, until Ctrl-C
    Fake(fake::Options),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_options_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}
