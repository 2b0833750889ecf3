//! One run: the tasks, the gate between warm-up and measured part, and what was counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use milena::{ErrorKind, FlushError, Producer, ProducerMetrics, SendError, Topic};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::load::{Load, Sent, Shared};
use super::meter::{Meter, Usage};
use super::options::Options;
use super::payload::Payloads;
use super::progress;
use crate::exit::{Exit, Failure};
use crate::latency::{Latencies, Summary};
use crate::sampler::Sampler;
use crate::signals::Signals;
use crate::wire::Wire;

/// A run that is to be measured.
pub(crate) struct Run<'a> {
    options: &'a Options,
    producer: Producer,
    topic: Topic,
    shared: Arc<Shared>,
    signals: Signals,
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) usage: Usage,
    pub(crate) counts: Counts,
    pub(crate) latency: Option<Summary>,
    /// Why a record was not accepted, which ended the run.
    pub(crate) refused: Option<SendError>,
    /// Error of the flush, for accepted records that failed.
    pub(crate) unsettled: Option<FlushError>,
    pub(crate) interrupted: Option<Exit>,
}

/// The counts of the measured part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    /// Of keys and values that were delivered.
    pub(crate) bytes: u64,
    pub(crate) batches: u64,
    pub(crate) retries: u64,
    pub(crate) wire: Wire,
}

/// The sum of all tasks.
#[derive(Debug, Default)]
struct Sum {
    sent: Sent,
    interrupted: Option<Exit>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        options: &'a Options,
        producer: Producer,
        topic: Topic,
        payloads: Payloads,
    ) -> Result<Self, Failure> {
        let latencies = Arc::new(Latencies::new().map_err(Failure::failed)?);
        let stopped = Arc::new(AtomicBool::new(false));
        let sampler = sampler(&latencies, &stopped);
        let shared = Arc::new(Shared { payloads, sampler, latencies, stopped });
        let signals = Signals::listen()?;
        Ok(Self { options, producer, topic, shared, signals })
    }

    /// Warms up, measures, and closes the producer.
    pub(crate) async fn measure(mut self, tell: bool) -> Result<Measured, Failure> {
        let gate = Arc::new(Barrier::new(self.options.tasks as usize + 1));
        let mut tasks = self.start(&gate);
        let watched = Arc::clone(&self.shared);
        let watcher = tokio::spawn(async move { watched.sampler.watch().await });

        gate.wait().await;
        self.producer.flush().await.context("produce: warm-up failed").map_err(Failure::failed)?;
        self.shared.sampler.finish();
        self.shared.latencies.reset();
        let before = self.producer.metrics();
        let teller = tell.then(|| {
            tokio::spawn(progress::tell(self.producer.clone(), Arc::clone(&self.shared), before.records))
        });
        let meter = Meter::read();
        gate.wait().await;
        let sum = self.finish(&mut tasks).await?;
        let flushed = self.flush().await;
        let usage = meter.used();

        self.shared.sampler.finish();
        watcher.abort();
        teller.inspect(|teller| teller.abort());
        let latency = self.shared.latencies.summary();
        // The flush has reported the failures.
        let closed = self.producer.close().await;
        let counts = self.counts(&sum.sent, &before);
        let unsettled = flushed.and(closed).err();
        Ok(Measured {
            usage,
            counts,
            latency,
            refused: sum.sent.refused,
            unsettled,
            interrupted: sum.interrupted,
        })
    }

    fn start(&self, gate: &Arc<Barrier>) -> JoinSet<Sent> {
        let mut tasks = JoinSet::new();
        let count = u64::from(self.options.tasks);
        let mut first = 0;
        for number in 0..count {
            let records = part(self.options.num_records, number, count);
            let warmup = part(self.options.warmup, number, count);
            let load = Load {
                shared: Arc::clone(&self.shared),
                topic: self.topic.clone(),
                keyed: self.options.keyed,
                sync: self.options.sync,
                per_second: self.options.throughput.0.map(|rate| rate / f64::from(self.options.tasks)),
                first,
            };
            first += records;
            let gate = Arc::clone(gate);
            tasks.spawn(async move {
                let warmed = load.send(warmup).await;
                gate.wait().await;
                gate.wait().await;
                match warmed.refused {
                    None => load.send(records).await,
                    refused => Sent { refused, failed: warmed.failed, ..Sent::default() },
                }
            });
        }
        tasks
    }

    /// Waits for all tasks. A signal stops them.
    async fn finish(&mut self, tasks: &mut JoinSet<Sent>) -> Result<Sum, Failure> {
        let mut sum = Sum::default();
        loop {
            tokio::select! {
                biased;
                ended = tasks.join_next() => match ended {
                    None => return Ok(sum),
                    Some(ended) => sum.sent.add(ended.context("produce: a sending task ended").map_err(Failure::failed)?),
                },
                exit = self.signals.next(), if sum.interrupted.is_none() => {
                    self.shared.stopped.store(true, Ordering::Relaxed);
                    sum.interrupted = Some(exit);
                }
            }
        }
    }

    /// Flushes, unless a signal comes.
    async fn flush(&mut self) -> Result<(), FlushError> {
        tokio::select! {
            biased;
            flushed = self.producer.flush() => flushed,
            _ = self.signals.next() => Ok(()),
        }
    }

    fn counts(&self, sent: &Sent, before: &ProducerMetrics) -> Counts {
        let after = self.producer.metrics();
        // Where each record is awaited, those that failed are not among the accepted ones.
        let failed_later = if self.options.sync { 0 } else { after.failed - before.failed };
        let delivered = sent.accepted.saturating_sub(failed_later);
        let keys = if self.options.keyed { delivered.saturating_mul(8) } else { 0 };
        Counts {
            delivered,
            failed: failed_later + sent.failed,
            bytes: self.shared.payloads.bytes_of(delivered).saturating_add(keys),
            batches: after.batches - before.batches,
            retries: after.retries - before.retries,
            wire: Wire::between(before, &after),
        }
    }
}

/// Keeps the latencies. Once records time out, those behind them would as well, and there is nothing to measure.
fn sampler(latencies: &Arc<Latencies>, stopped: &Arc<AtomicBool>) -> Sampler {
    let (latencies, stopped) = (Arc::clone(latencies), Arc::clone(stopped));
    Sampler::new(move |_, latency, outcome| match outcome.map_err(|error| error.kind()) {
        Ok(_) => latencies.record(latency),
        Err(ErrorKind::DeliveryTimeout | ErrorKind::RetriesExhausted) => {
            stopped.store(true, Ordering::Relaxed);
        }
        // The flush reports the failure.
        Err(_) => {}
    })
}

impl Sent {
    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.failed += other.failed;
        self.refused = self.refused.take().or(other.refused);
    }
}

/// How many of `all` fall to task `number` of `count`.
fn part(all: u64, number: u64, count: u64) -> u64 {
    all / count + u64::from(number < all % count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_sum_up_and_differ_by_one_at_most() {
        let parts: Vec<_> = (0..3).map(|number| part(11, number, 3)).collect();
        assert_eq!(parts, [4, 4, 3]);
        assert_eq!((0..20_000).map(|number| part(7, number, 20_000)).sum::<u64>(), 7);
    }
}
