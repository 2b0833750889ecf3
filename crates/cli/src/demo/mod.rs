//! `demo`: the main job on a cluster of its own, with nothing to be installed.
//!
//! ```text
//! three brokers ──▶ records are sent; meanwhile responses are lost, a leader moves, a broker dies and comes back
//!               ──▶ everything is read back from the brokers' logs and checked ──▶ report
//! ```

mod load;
mod report;
mod story;
mod values;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use clap::Args;
use milena::{Producer, ProducerBuilder};
use milena_fake::{Cluster, LogCheck, LogFaults, RecordId};
use tokio::runtime::Builder;

use crate::args::{CompressionOption, ConnectionOptions, OutputOptions};
use crate::exit::{Exit, Failure};
use crate::latency::Latencies;
use crate::runtime::runtime;
use crate::sampler::Sampler;
use crate::signals::Signals;
use crate::terminal::{Bar, Figures};
use crate::{clock, output, terminal};
use load::Load;
use report::{Report, Run};
use story::{BROKERS, PARTITIONS, Story, TOPIC};
use values::{SIZE_MIN, Values, number_of};

/// Sends records to three brokers in this process, injects faults, and checks that each record is delivered exactly once.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// How many records to send; all of them are held in memory, to be read back
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = clap::value_parser!(u64).range(1..))]
    records: u64,
    /// Bytes of each record's value
    #[arg(long, value_name = "BYTES", default_value = "100", value_parser = clap::value_parser!(u32).range(SIZE_MIN..=SIZE_MAX))]
    size: u32,
    #[command(flatten)]
    compression: CompressionOption,
    /// Inject no faults
    #[arg(long)]
    no_faults: bool,
    /// Seed of the faults; random without it
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

/// The most bytes of a value, with room for the rest of the record.
const SIZE_MAX: i64 = 1_000_000;

/// Runs the command.
pub(crate) fn run(
    options: &Options,
    connection: &ConnectionOptions,
    out: &OutputOptions,
) -> Result<Exit, Failure> {
    connection.refuse_cluster("demo")?;
    let builder = options.compression.over(connection.producer()?)?;
    runtime(&mut Builder::new_multi_thread())?.block_on(interruptible(options, out, builder))
}

async fn interruptible(
    options: &Options,
    out: &OutputOptions,
    builder: ProducerBuilder,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let report = tokio::select! {
        biased;
        exit = signals.next() => return Ok(exit),
        report = play(options, out, builder) => report?,
    };
    output::print(&report, out.json)?;
    Ok(if report.held { Exit::Delivered } else { Exit::FaultFound })
}

async fn play(options: &Options, out: &OutputOptions, builder: ProducerBuilder) -> Result<Report, Failure> {
    let cluster = Cluster::builder().brokers(BROKERS.unsigned_abs() as usize);
    let cluster = cluster.topic(TOPIC, PARTITIONS.unsigned_abs() as usize).start().await;
    let cluster = Arc::new(cluster.context("demo: three brokers cannot listen").map_err(Failure::failed)?);
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    let producer = builder.bootstrap_servers(cluster.bootstrap_servers()).seed(seed).build().await?;
    let check = Arc::new(Mutex::new(LogCheck::default()));
    let run = send(options, out, seed, &cluster, &producer, &check).await?;
    let check = std::mem::take(&mut *check.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Report::new(run, read_back(check, options, &cluster)))
}

/// Sends all records, and waits until they are settled.
async fn send(
    options: &Options,
    out: &OutputOptions,
    seed: u64,
    cluster: &Arc<Cluster>,
    producer: &Producer,
    check: &Arc<Mutex<LogCheck>>,
) -> Result<Run, Failure> {
    let latencies = Arc::new(Latencies::new().map_err(Failure::failed)?);
    let sampler = Arc::new(sampler(&latencies, check));
    let story = if options.no_faults { Story::calm() } else { Story::of(options.records, seed) };
    let sent = Arc::<AtomicU64>::default();
    let bar = progress(options.records, !out.quiet, Arc::clone(&sent));
    let load = Load {
        topic: producer.topic(TOPIC).await.map_err(Failure::failed)?,
        cluster: Arc::clone(cluster),
        story,
        sampler: Arc::clone(&sampler),
        values: Values::new(options.size),
        records: options.records,
        sent,
        tell: if out.quiet { |_| {} } else { terminal::say },
    };
    let watched = Arc::clone(&sampler);
    let watcher = tokio::spawn(async move { watched.watch().await });
    let began = clock::now();
    let sent =
        tokio::spawn(load.send()).await.context("demo: the sending task ended").map_err(Failure::failed)?;
    let flushed = producer.flush().await;
    let elapsed = clock::now() - began;
    sampler.finish();
    watcher.abort();
    drop(bar);
    if let Err(error) = flushed {
        tracing::error!("{error}");
    }
    // A record that was not accepted is missing in the logs: the check finds it.
    let events = sent.unwrap_or_else(|error| {
        tracing::error!("{error:#}");
        Vec::new()
    });
    drop(producer.close().await);
    let (latency, metrics) = (latencies.summary(), producer.metrics());
    Ok(Run { records: options.records, size: options.size, seed, elapsed, latency, metrics, events })
}

/// The bar: how many of the records were sent.
fn progress(records: u64, wanted: bool, sent: Arc<AtomicU64>) -> Bar {
    Bar::start(Some(records), wanted, move |rate| {
        let position = sent.load(Ordering::Relaxed);
        Figures { position, text: format!("{position} of {records} records, {rate:.0}/s").into() }
    })
}

/// Keeps the latencies, and the offsets that the acknowledgements report.
fn sampler(latencies: &Arc<Latencies>, check: &Arc<Mutex<LogCheck>>) -> Sampler {
    let (latencies, check) = (Arc::clone(latencies), Arc::clone(check));
    Sampler::new(move |number, latency, outcome| {
        // A record that failed is missing in the logs: the check finds it.
        let Ok(ack) = outcome else { return };
        latencies.record(latency);
        // The acknowledgement of a repeated batch has no offset.
        if ack.offset != milena::Ack::NO_OFFSET {
            let record = RecordId { sender: 0, number };
            let mut check = check.lock().unwrap_or_else(PoisonError::into_inner);
            check.expect_at(record, ack.partition, ack.offset);
        }
    })
}

/// Reads the brokers' logs, and compares them with the records that were sent.
fn read_back(mut check: LogCheck, options: &Options, cluster: &Cluster) -> LogFaults {
    (0..options.records).for_each(|number| check.expect(RecordId { sender: 0, number }));
    let mut values = Values::new(options.size);
    check.read(cluster, TOPIC, |record| {
        let value = record.value.as_deref()?;
        let number = number_of(value)?;
        Some((RecordId { sender: 0, number }, value == values.of(number)))
    });
    for violation in cluster.violations() {
        check.add_fault(format!("protocol violation: {}", violation.what));
    }
    check.finish()
}
