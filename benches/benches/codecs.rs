//! The cost of a codec by itself, and its cost for the record beside it.
//!
//! * *Bare*: processor time a record of compressing batches of so many events of `milena perf --payload json`, each in one
//!   piece, with a context that is kept. `cargo bench -p milena-bench --bench codecs -- bare RECORDS…`
//! * *Beside a flood*: how long an awaited record of one partition takes while another partition is flooded with such
//!   events, without compression and with each codec. `cargo bench -p milena-bench --bench codecs -- beside BROKER`, where the
//!   broker has a topic `bench` of two partitions and costs nothing.

use std::time::{Duration, Instant};

use milena::{Compression, Producer, Record};
use milena_codec::compression::{Compression as Codec, Compressor};
use milena_codec::record::put_record;
use rustix::time::{ClockId, clock_gettime};

#[path = "../../crates/cli/src/perf/events.rs"]
mod events;

const EVENT_BYTES: usize = 100;
const _: () = assert!(EVENT_BYTES >= events::BYTES_MIN);
/// All events together: more than one batch holds.
const EVENTS_BYTES: usize = 6 << 20;
const CODECS: [Compression; 5] = [
    Compression::None,
    Compression::Lz4,
    Compression::Snappy,
    Compression::Zstd { level: 3 },
    Compression::Gzip { level: -1 },
];
const BESIDE: Duration = Duration::from_secs(5);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["beside", broker] => beside(broker),
        ["bare", ref records @ ..] if !records.is_empty() => {
            records.iter().filter_map(|records| records.parse().ok()).for_each(bare);
        }
        _ => bare(600),
    }
}

/// Compresses batches of so many records for a while.
fn bare(records: usize) {
    let batches = batches(records);
    for codec in [Codec::Lz4, Codec::Snappy, Codec::Zstd, Codec::Gzip] {
        let Ok(mut compressor) = Compressor::new(codec, None) else { continue };
        let (mut out, mut done, mut bytes) = (Vec::new(), 0, (0, 0));
        let mut began = processor_time();
        for round in 0.. {
            for batch in &batches {
                out.clear();
                let _ = compressor.compress([&batch[..]].into_iter(), &mut out);
                (done, bytes) = (done + records, (bytes.0 + out.len(), bytes.1 + batch.len()));
            }
            if round == 0 {
                // The first round warms up.
                (done, began) = (0, processor_time());
            } else if processor_time() - began > Duration::from_secs(2) {
                break;
            }
        }
        let nanos = (processor_time() - began).as_secs_f64() * 1e9 / done as f64;
        println!(
            "{codec:>6}, {records} records a batch: {nanos:7.1} ns a record, {:.3} of their length",
            ratio(bytes)
        );
    }
}

/// As many batches as hold all events once, three at least.
fn batches(records: usize) -> Vec<Vec<u8>> {
    let events = events();
    let count = events.len().div_ceil(records).max(3);
    let mut next = events.iter().cycle();
    let mut batch = || {
        let mut batch = Vec::new();
        for (index, event) in (0..).zip(next.by_ref().take(records)) {
            put_record(&mut batch, index, 0, None, Some(event), &[]);
        }
        batch
    };
    (0..count).map(|_| batch()).collect()
}

fn events() -> Vec<Vec<u8>> {
    let mut events = events::Events::new(1);
    (0..EVENTS_BYTES / EVENT_BYTES).map(|_| events.event(EVENT_BYTES)).collect()
}

fn ratio((compressed, plain): (usize, usize)) -> f64 {
    compressed as f64 / plain as f64
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Awaited records of partition 1, one every two milliseconds, while partition 0 takes all that goes.
fn beside(broker: &str) {
    let events = events();
    for round in 0..3 {
        for compression in CODECS {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            let Ok(runtime) = runtime else { return eprintln!("no runtime") };
            let outcome = runtime.block_on(flooded(broker, compression, &events));
            match outcome {
                Err(error) => return eprintln!("{error}"),
                Ok((mut waits, flood)) => {
                    waits.sort_unstable();
                    let at = |share: usize| waits[(waits.len() * share / 1_000).min(waits.len() - 1)];
                    println!(
                        "round {round}, {compression:>7}: p50 {:?}, p99 {:?}, p99.9 {:?} of {} awaited; {:.2} M records/s beside",
                        at(500),
                        at(990),
                        at(999),
                        waits.len(),
                        flood / 1e6
                    );
                }
            }
        }
    }
}

async fn flooded(
    broker: &str,
    compression: Compression,
    events: &[Vec<u8>],
) -> Result<(Vec<Duration>, f64), Box<dyn std::error::Error>> {
    let producer = Producer::builder().bootstrap_servers(broker).compression(compression).build().await?;
    let flood = tokio::spawn(flood(producer.clone(), events.to_vec()));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut waits = Vec::new();
    let end = now() + BESIDE;
    while now() < end {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let began = now();
        producer.send(Record::to("bench").partition(1).value(&b"an awaited record"[..])).await?;
        waits.push(now() - began);
    }
    flood.abort();
    let records = producer.metrics().records;
    Ok((waits, records as f64 / (BESIDE.as_secs_f64() + 0.5)))
}

async fn flood(producer: Producer, events: Vec<Vec<u8>>) {
    for event in events.iter().cycle() {
        let record = Record::to("bench").partition(0).value(event.clone());
        if producer.enqueue(record).await.is_err() {
            return;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "what is measured is time")]
fn now() -> Instant {
    Instant::now()
}
