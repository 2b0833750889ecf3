//! The command line of the milena Kafka producer.
//!
//! | module | does |
//! |---|---|
//! | `args`, `connection` | what was asked for, and the producer's settings that follow from it |
//! | `perf` | measures: throughput, processor time, allocations, latencies |
//! | `exit`, `signals` | how a command ended, as an exit code; who may end it early |
//! | `logging`, `clock` | standard error, and the one place that reads the time |
//!
//! Results go to standard output, everything else to standard error.

mod args;
mod clock;
mod connection;
mod exit;
mod logging;
mod perf;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
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
        Command::Perf(options) => perf::run(&options, &connection, &output),
    }
}
