//! The records of the demo, from one task.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use milena::Topic;
use milena_fake::Cluster;

use super::story::Story;
use super::values::Values;
use crate::clock;
use crate::sampler::{ONE_IN, Sampler};

/// The records to send, and the faults meanwhile.
pub(super) struct Load {
    pub(super) topic: Topic,
    pub(super) cluster: Arc<Cluster>,
    pub(super) story: Story,
    pub(super) sampler: Arc<Sampler>,
    pub(super) values: Values,
    pub(super) records: u64,
    /// How many were sent so far.
    pub(super) sent: Arc<AtomicU64>,
    /// Called with each fault.
    pub(super) tell: fn(&str),
}

impl Load {
    /// Sends all records, in the order of their numbers; returns the faults.
    ///
    /// # Errors
    /// When a record is not accepted, or the story cannot go on.
    pub(super) async fn send(mut self) -> anyhow::Result<Vec<String>> {
        let mut happened = Vec::new();
        let mut number = 0;
        while number < self.records {
            while self.story.next_at() == Some(number) {
                if let Some(what) =
                    self.story.go_on(&self.cluster).context("demo: cannot inject the next fault")?
                {
                    (self.tell)(&what);
                    happened.push(what);
                }
            }
            number = self.burst(number).await?;
            self.sent.store(number, Ordering::Relaxed);
        }
        Ok(happened)
    }

    /// Sends until the next record whose latency is taken, or before which a fault is due.
    async fn burst(&mut self, from: u64) -> anyhow::Result<u64> {
        let until_event = self.story.next_at().unwrap_or(self.records);
        let until = (from / ONE_IN * ONE_IN + ONE_IN).min(until_event).min(self.records);
        for number in from..until {
            let began = (number % ONE_IN == 0).then(clock::now);
            let delivery = self.topic.enqueue(None, Some(self.values.of(number))).await?;
            if let Some(began) = began {
                self.sampler.keep(number, began, delivery);
            }
        }
        Ok(until)
    }
}
