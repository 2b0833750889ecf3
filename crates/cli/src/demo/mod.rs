//! `demo`: the main job on a cluster of its own, with nothing to be installed.
//!
//! ```text
//! three brokers ──▶ records are sent; meanwhile answers get lost, a leader moves, a broker dies and comes back
//!               ──▶ everything is read back from the brokers' logs and checked ──▶ report
//! ```

mod check;
mod load;
mod report;
mod story;
mod values;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use clap::Args;
use milena::{Producer, ProducerBuilder};
use milena_fake::Cluster;

use crate::args::{CompressionOption, ConnectionOptions, OutputOptions};
use crate::exit::{Exit, Failure};
use crate::latency::Latencies;
use crate::sampler::Sampler;
use crate::signals::Signals;
use crate::terminal::{Bar, Figures};
use crate::{clock, output, terminal};
use check::{Check, Faults, Found, Place};
use load::Load;
use report::{Report, Run};
use story::{BROKERS, PARTITIONS, Story, TOPIC};
use values::{SIZE_MIN, Values};

/// Sends records to three brokers in this process while things go wrong, and checks that each arrived exactly once.
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
    /// Let nothing go wrong
    #[arg(long)]
    no_faults: bool,
    /// What goes wrong is drawn from this; drawn itself unless given
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

/// The most bytes of a value, with room for what is around it.
const SIZE_MAX: i64 = 1_000_000;

/// Runs the command.
pub(crate) fn run(
    options: &Options,
    connection: &ConnectionOptions,
    out: &OutputOptions,
) -> Result<Exit, Failure> {
    connection.refuse_cluster("demo")?;
    let builder = options.compression.over(connection.producer()?)?;
    let runtime = tokio::runtime::Runtime::new().context("no runtime could be started");
    runtime.map_err(Failure::failed)?.block_on(interruptible(options, out, builder))
}

async fn interruptible(
    options: &Options,
    out: &OutputOptions,
    builder: ProducerBuilder,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen().context("signals cannot be listened to").map_err(Failure::failed)?;
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
    let cluster = Arc::new(cluster.context("three brokers cannot listen").map_err(Failure::failed)?);
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    let producer = builder.bootstrap_servers(cluster.bootstrap_servers()).seed(seed).build().await?;
    let places = Arc::new(Mutex::new(Vec::new()));
    let run = send(options, out, seed, &cluster, &producer, &places).await?;
    let faults = read_back(options, &cluster, &places.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Report::new(run, faults))
}

/// Sends all records, and waits until they are settled.
async fn send(
    options: &Options,
    out: &OutputOptions,
    seed: u64,
    cluster: &Arc<Cluster>,
    producer: &Producer,
    places: &Arc<Mutex<Vec<Place>>>,
) -> Result<Run, Failure> {
    let latencies = Arc::new(Latencies::new().map_err(Failure::failed)?);
    let sampler = Arc::new(sampler(&latencies, places));
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
    let sent = tokio::spawn(load.send()).await.context("the task that sends").map_err(Failure::failed)?;
    let flushed = producer.flush().await;
    let elapsed = clock::now() - began;
    sampler.finish();
    watcher.abort();
    drop(bar);
    if let Err(error) = flushed {
        tracing::error!("{error}");
    }
    // What was not accepted is missing in the logs, and the check says so.
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

/// Keeps the latencies, and where the records are said to be.
fn sampler(latencies: &Arc<Latencies>, places: &Arc<Mutex<Vec<Place>>>) -> Sampler {
    let (latencies, places) = (Arc::clone(latencies), Arc::clone(places));
    Sampler::new(move |number, latency, outcome| {
        // What failed is missing in the logs, and the check says so.
        let Ok(ack) = outcome else { return };
        latencies.record(latency);
        // A broker that recognised a copy tells no offset.
        if ack.offset != milena::Ack::NO_OFFSET {
            let place = Place { number, partition: ack.partition, offset: ack.offset };
            places.lock().unwrap_or_else(PoisonError::into_inner).push(place);
        }
    })
}

/// Reads the brokers' logs and checks them.
fn read_back(options: &Options, cluster: &Cluster, places: &[Place]) -> Faults {
    let mut check = Check::new(options.records, Values::new(options.size), places);
    for partition in 0..PARTITIONS {
        let mut reading = check.partition(partition);
        for batch in cluster.log_batches(TOPIC, partition) {
            for record in batch.records() {
                reading.record(Found { offset: record.offset, value: record.value.as_deref() });
            }
        }
    }
    for violation in cluster.violations() {
        check.violation(&violation.what);
    }
    check.finish()
}
