//! The records of one task.
//!
//! The loops are measured, so that they do next to nothing beside sending: no clock, no allocation, no channel
//! and no shared counter a record, but for the records whose latency is taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use milena::{SendError, Topic};

use super::pace::Pace;
use super::payload::Payloads;
use crate::clock;
use crate::latency::Latencies;
use crate::sampler::{ONE_IN, Sampler};

/// The state that all tasks share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) payloads: Payloads,
    pub(crate) sampler: Sampler,
    pub(crate) latencies: Arc<Latencies>,
    /// Set to end the tasks.
    pub(crate) stopped: Arc<AtomicBool>,
}

/// One task's part.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) shared: Arc<Shared>,
    pub(crate) topic: Topic,
    pub(crate) keyed: bool,
    pub(crate) sync: bool,
    /// Records a second of this task.
    pub(crate) per_second: Option<f64>,
    /// The number of its first record, over all tasks.
    pub(crate) first: u64,
}

/// The outcome of one task's part.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Records that were accepted; where each is awaited, those that were delivered.
    pub(crate) accepted: u64,
    /// Records that were not: after the first of them a task sends no more.
    pub(crate) failed: u64,
    /// Why not, of one of them.
    pub(crate) refused: Option<SendError>,
}

impl Load {
    /// Sends so many records, fewer if the tasks are stopped. A record that is not accepted, or where each is awaited
    /// not delivered, stops them all: those behind it would not be either.
    pub(crate) async fn send(&self, records: u64) -> Sent {
        let mut sent = Sent::default();
        let mut pace = Pace::start(self.per_second);
        let outcome = match self.sync {
            true => self.one_by_one(records, &mut pace, &mut sent.accepted).await,
            false => self.side_by_side(records, &mut pace, &mut sent.accepted).await,
        };
        if let Err(error) = outcome {
            self.shared.stopped.store(true, Ordering::Relaxed);
            sent.failed = 1;
            sent.refused = Some(error);
        }
        sent
    }

    async fn side_by_side(&self, records: u64, pace: &mut Pace, accepted: &mut u64) -> Result<(), SendError> {
        let Shared { payloads, sampler, stopped, .. } = &*self.shared;
        let mut turn = payloads.turn_of(self.first);
        while *accepted < records && !stopped.load(Ordering::Relaxed) {
            let until_sample = ONE_IN - *accepted % ONE_IN;
            let mut burst = pace.wait(*accepted).await.min(until_sample).min(records - *accepted);
            if burst > 0 && until_sample == ONE_IN {
                let began = pace.start_of(*accepted);
                let key = (self.first + *accepted).to_be_bytes();
                let entering = self.topic.enqueue(self.keyed.then_some(&key), Some(payloads.get(turn)));
                sampler.keep(self.first + *accepted, began, entering.await?);
                turn = payloads.after(turn);
                *accepted += 1;
                burst -= 1;
            }
            for _ in 0..burst {
                let key = (self.first + *accepted).to_be_bytes();
                let entering = self.topic.enqueue(self.keyed.then_some(&key), Some(payloads.get(turn)));
                drop(entering.await?);
                turn = payloads.after(turn);
                *accepted += 1;
            }
        }
        Ok(())
    }

    async fn one_by_one(&self, records: u64, pace: &mut Pace, accepted: &mut u64) -> Result<(), SendError> {
        let Shared { payloads, latencies, stopped, .. } = &*self.shared;
        let mut turn = payloads.turn_of(self.first);
        while *accepted < records && !stopped.load(Ordering::Relaxed) {
            if pace.wait(*accepted).await == 0 {
                continue;
            }
            let began = pace.start_of(*accepted);
            let key = (self.first + *accepted).to_be_bytes();
            match self.topic.send(self.keyed.then_some(&key), Some(payloads.get(turn))).await {
                Ok(_) => latencies.record(clock::now().saturating_duration_since(began)),
                Err(error) => return Err(error),
            }
            turn = payloads.after(turn);
            *accepted += 1;
        }
        Ok(())
    }
}
