//! `check`: the preflight of the library, as text or JSON.

use clap::Args;
use milena::{CheckReport, CheckStep, Severity};
use tokio::runtime::Builder;

use crate::args::{ConnectionOptions, OutputOptions};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::runtime::runtime;
use crate::signals::Signals;

/// Finds out, without writing anything, whether records can be delivered, and what to do if not: names, TCP, TLS, SASL, versions,
/// advertised addresses, permissions, replicas, limits, clocks.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// A topic to check; may be repeated
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    named: Vec<String>,
    /// Topics to check
    #[arg(value_name = "TOPIC")]
    topics: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(
    options: &Options,
    connection: &ConnectionOptions,
    out: &OutputOptions,
) -> Result<Exit, Failure> {
    runtime(&mut Builder::new_current_thread())?.block_on(check(options, connection, out))
}

async fn check(
    options: &Options,
    connection: &ConnectionOptions,
    out: &OutputOptions,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let builder = connection.producer()?;
    // An invalid setting is an error as in all other commands.
    builder.clone().validate()?;
    let topics = options.named.iter().chain(&options.topics).map(String::as_str);
    let report = tokio::select! {
        report = milena::check(&builder, topics) => report,
        exit = signals.next() => return Ok(exit),
    };
    output::print(&report, out.json)?;
    Ok(exit(&report))
}

fn exit(report: &CheckReport) -> Exit {
    let is_config = |finding: &milena::Finding| {
        finding.step() == CheckStep::Config && finding.severity() == Severity::Error
    };
    match report.findings().iter().any(is_config) {
        true => Exit::Usage,
        false if report.is_usable() => Exit::Delivered,
        false => Exit::FaultFound,
    }
}
