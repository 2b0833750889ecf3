//! The command line of the milena Kafka producer.
//!
//! | module | does |
//! |---|---|
//! | `commands`, `args`, `connection` | commands and options, and the producer's settings from them |
//! | `attempts` | connecting, with the attempts on a terminal |
//! | `demo` | exactly-once delivery on an in-process cluster with faults |
//! | `produce` | sends records from standard input or files |
//! | `perf` | measures: throughput, processor time, allocations, latencies |
//! | `sampler`, `latency`, `wire`, `figures` | how long records take, and what goes over the wire |
//! | `check` | finds out whether records can be delivered |
//! | `config` | lists the properties |
//! | `fake` | serves an in-process cluster |
//! | `exit`, `signals` | exit codes and errors; SIGINT and SIGTERM |
//! | `output`, `terminal`, `logging` | standard output, and standard error with its bars and its log |
//! | `escape` | foreign text with its control characters escaped |
//! | `runtime`, `clock` | the tokio runtime; the one place that reads the time |
//!
//! Results go to standard output, everything else to standard error.

mod args;
mod attempts;
mod check;
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
mod runtime;
mod sampler;
mod signals;
mod terminal;
mod wire;

use std::process::ExitCode;

use clap::Parser;

use commands::{Cli, Command};
use exit::{Exit, Failure};

/// Runs the command of the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(&cli.output);
    match run(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.print();
            failure.exit().into()
        }
    }
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    let Cli { connection, output, command } = cli;
    match command {
        Command::Demo(options) => demo::run(&options, &connection, &output),
        Command::Produce(options) => produce::run(&options, &connection, &output),
        Command::Check(options) => check::run(&options, &connection, &output),
        Command::Config(options) => config::run(&options, &connection, &output),
        Command::Fake(options) => fake::run(&options, &connection, &output),
        Command::Perf(options) => perf::run(&options, &connection, &output),
    }
}
