//! The command line of the milena Kafka producer.
//!
//! | module | does |
//! |---|---|
//! | `commands`, `args`, `connection` | what was asked for, and the producer's settings that follow from it |
//! | `attempts` | connecting, and what is said meanwhile |
//! | `demo` | the main job on a cluster of its own, while things go wrong |
//! | `produce` | sends records from standard input or files |
//! | `perf` | measures: throughput, processor time, allocations, latencies |
//! | `sampler`, `latency`, `wire`, `figures` | how long records take, and what goes over the wire |
//! | `config` | tells which properties there are |
//! | `fake` | serves a cluster to whom it may concern |
//! | `exit`, `signals` | how a command ended, as an exit code; who may end it early |
//! | `output`, `terminal`, `logging` | standard output, and standard error with its bars and its log |
//! | `escape` | text of others, fit for a terminal |
//! | `clock` | the one place that reads the time |
//!
//! Results go to standard output, everything else to standard error.

mod args;
mod attempts;
mod clock;
mod commands;
mod config;
mod connection;
mod demo;
mod escape;
mod exit;
mod fake;
mod figures;
mod latency;
mod logging;
mod output;
mod perf;
mod produce;
mod sampler;
mod signals;
mod terminal;
mod wire;

use std::process::ExitCode;

use clap::Parser;

use commands::{Cli, Command};
use exit::{Exit, Failure};

/// Runs the command that the arguments of the process ask for.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(&cli.output);
    match run(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.tell();
            failure.exit().into()
        }
    }
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    let Cli { connection, output, command } = cli;
    match command {
        Command::Demo(options) => demo::run(&options, &connection, &output),
        Command::Produce(options) => produce::run(&options, &connection, &output),
        Command::Config(options) => config::run(&options, &output),
        Command::Fake(options) => fake::run(&options, &connection, &output),
        Command::Perf(options) => perf::run(&options, &connection, &output),
    }
}
