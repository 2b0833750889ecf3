//! `produce`: records from standard input or files, to a cluster.
//!
//! ```text
//! thread "input":  bytes ─frames─▶ lines, values ─parser─▶ records ─chunks─▶
//! pump:            ─▶ producer ─▶ unsettled, in order ─▶ reports, dead letters, counts
//! ```
//!
//! Memory is bounded whatever the input's length: frames, chunks, the records that are unsettled, and what the
//! producer itself may hold.

mod input;
mod options;
mod outage;
mod progress;
mod pump;
mod report;
mod summary;
mod topics;
mod unsettled;

use std::io::IsTerminal;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use milena::{Producer, ProducerBuilder};
use tokio::runtime::Builder;

use crate::args::{ConnectionOptions, OutputOptions};
use crate::attempts::Attempts;
use crate::escape::escaped;
use crate::exit::{Exit, Failure};
use crate::runtime::runtime;
use crate::signals::Signals;
use crate::{clock, connection, output, terminal};
use input::Input;
use options::Format;
pub(crate) use options::Options;
use options::Reports;
use outage::Outage;
use progress::Progress;
use pump::{Pump, Stop};
use report::{DeadLetters, Reporter};
use summary::{Counts, Summary};
use topics::Topics;
use unsettled::Unsettled;

/// Runs the command.
pub(crate) fn run(
    options: &Options,
    cluster: &ConnectionOptions,
    out: &OutputOptions,
) -> Result<Exit, Failure> {
    options.check().map_err(Failure::usage)?;
    let builder = options.over(cluster.producer()?)?;
    let config = builder.clone().validate()?;
    connection::log(&config);
    let frame_bytes_max = frame_bytes_max(config.max_request_size());
    let runtime = runtime(&mut Builder::new_current_thread())?;
    let attempts = Attempts::new(&config, cluster.wait, out.quiet);
    runtime.block_on(produce(options, out, builder, &attempts, frame_bytes_max))
}

/// A byte may take six in JSON, as `\u0000`; what is around the value has room beside it.
const fn frame_bytes_max(record_bytes_max: usize) -> usize {
    record_bytes_max.saturating_mul(6).saturating_add(64 << 10)
}

async fn produce(
    options: &Options,
    out: &OutputOptions,
    builder: ProducerBuilder,
    attempts: &Arc<Attempts>,
    frame_bytes_max: usize,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let dead_letters =
        options.dead_letter.as_deref().map(DeadLetters::open).transpose().map_err(Failure::usage)?;
    let producer: Producer = tokio::select! {
        biased;
        exit = signals.next() => return Ok(exit),
        connected = attempts.connect(builder) => connected?,
    };
    tracing::info!("connection: connected");
    let input = Input::start(options, frame_bytes_max);
    let input = input.context("input: cannot start the thread that reads").map_err(Failure::failed)?;
    let reports = options.report != Reports::None;
    let reports_on_terminal = reports && std::io::stdout().is_terminal();
    let mut pump = Pump {
        signals,
        reporter: Reporter::new(options.report),
        dead_letters,
        progress: Progress::start(options, !out.quiet && !reports_on_terminal, Arc::clone(&input.bytes)),
        many_topics: options.format == Format::Json,
        unsettled: Unsettled::default(),
        counts: Counts::default(),
        topics: Topics::default(),
        outage: Outage::default(),
        stopped: None,
        printed: Vec::new(),
        interrupted: None,
    };
    let began = clock::now();
    pump.run(&producer, input).await;
    summarize(&Summary::new(pump.counts, clock::now() - began), reports, out)?;
    exit_of(pump)
}

/// Prints the summary: on standard output as JSON with `--json` and without reports, and otherwise on standard error.
fn summarize(summary: &Summary, reports: bool, out: &OutputOptions) -> Result<(), Failure> {
    match (out.json, reports) {
        (true, false) => output::print(summary, true)?,
        (true, true) => terminal::say(&serde_json::to_string(summary).map_err(Failure::failed)?),
        (false, _) if out.quiet => {}
        (false, _) => terminal::say(&summary.to_string()),
    }
    Ok(())
}

fn exit_of(pump: Pump) -> Result<Exit, Failure> {
    match (pump.stopped, pump.interrupted) {
        (Some(Stop::Output(error)), _) => Err(Failure::failed(error)),
        (_, Some(exit)) => Ok(exit),
        (Some(Stop::BadInput(what)), None) => Err(Failure::usage(anyhow!("input: {}", escaped(&what)))),
        (Some(Stop::Refused(error)), None) => {
            let text = error.to_string();
            let why = match pump.printed.iter().find(|(_, printed)| printed.to_string() == text) {
                Some((record, _)) => format!("see the error of record {record}"),
                None => escaped(&text).to_string(),
            };
            Err(Failure::failed(anyhow!(
                "produce: stopped reading the input, because no record is accepted: {why}"
            )))
        }
        (None, None) if pump.counts.failed > 0 => Ok(Exit::Failed),
        (None, None) => Ok(Exit::Delivered),
    }
}
