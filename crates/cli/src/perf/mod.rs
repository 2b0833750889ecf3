//! `perf`: the counterpart of `kafka-producer-perf-test`.
//!
//! ```text
//! every task:   warm-up ──▶ gate ─────────────▶ gate ──▶ its part ──▶ done
//! measurement:              gate ▶ flush ▶ meter ▶ gate ──────────────▶ flush ▶ meter ▶ close ▶ report
//! ```
//!
//! The measurement ends when the last record is settled. Latency is that of 1 record in 64; of all with `--sync`.

mod events;
mod load;
mod meter;
mod options;
mod pace;
mod payload;
mod progress;
mod report;
mod run;

use std::sync::Arc;

use milena::{Producer, ProducerBuilder, ProducerConfig};
use tokio::runtime::Builder;

use crate::args::{ConnectionOptions, OutputOptions};
use crate::attempts::Attempts;
use crate::escape::escaped;
use crate::exit::{Exit, Failure};
use crate::runtime::runtime;
use crate::{connection, output};
pub(crate) use options::Options;
use payload::Payloads;
use report::{Report, Settings};
use run::Run;

/// Runs the command.
pub(crate) fn run(
    options: &Options,
    cluster: &ConnectionOptions,
    out: &OutputOptions,
) -> Result<Exit, Failure> {
    let mut builder = options.compression.over(cluster.producer()?)?;
    if let Some(driver) = options.driver {
        builder = builder.driver(driver.into());
    }
    let config = builder.clone().validate()?;
    connection::log(&config);
    let payloads = Payloads::of(options)?;
    let settings = settings(options, &config);
    let attempts = Attempts::new(&config, cluster.wait, out.quiet);
    let mut runtime_of = match options.runtime {
        options::Runtime::Current => Builder::new_current_thread(),
        options::Runtime::Multi => Builder::new_multi_thread(),
    };
    let (report, interrupted) =
        runtime(&mut runtime_of)?.block_on(measure(options, out, builder, &attempts, payloads, settings))?;
    output::print(&report, out.json)?;
    let failed = if report.errors == 0 { Exit::Delivered } else { Exit::Failed };
    Ok(interrupted.unwrap_or(failed))
}

/// The result, and how the command ends if it was interrupted.
async fn measure(
    options: &Options,
    out: &OutputOptions,
    builder: ProducerBuilder,
    attempts: &Arc<Attempts>,
    payloads: Payloads,
    settings: Settings,
) -> Result<(Report, Option<Exit>), Failure> {
    let producer: Producer = attempts.connect(builder).await?;
    tracing::info!("connection: connected");
    let topic = producer.topic(options.topic.as_str()).await.map_err(Failure::failed)?;
    let measured = Run::new(options, producer.clone(), topic, payloads)?.measure(!out.quiet).await?;
    if let Some(error) = &measured.refused {
        let error = error.to_string();
        tracing::error!(error = %escaped(&error), "produce: a record was rejected; the records behind it were not sent");
    }
    if let Some(error) = &measured.unsettled {
        tracing::error!("{}", escaped(&error.to_string()));
    }
    Ok((Report::new(measured.counts, measured.usage, measured.latency, settings), measured.interrupted))
}

fn settings(options: &Options, config: &ProducerConfig) -> Settings {
    Settings {
        topic: options.topic.clone(),
        num_records: options.num_records,
        record_size: options.record_size,
        payload: match (&options.payload_file, options.payload) {
            (Some(_), _) => "file",
            (None, options::Payload::Letters) => "letters",
            (None, options::Payload::Json) => "json",
        },
        payload_file: options.payload_file.as_ref().map(|file| file.display().to_string()),
        throughput: options.throughput.0.unwrap_or(-1.0),
        sync: options.sync,
        tasks: options.tasks,
        keyed: options.keyed,
        warmup: options.warmup,
        runtime: options.runtime,
        properties: config.properties().into_iter().collect(),
    }
}
