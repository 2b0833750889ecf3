//! How the batches of a partition stand: what is worth sending, and when the next one will be.

use std::time::Instant;

use super::super::settings::{AccumulatorConfig, Shared};
use super::Queue;
use crate::sync::CHUNK_BYTES_MAX;

impl Queue {
    /// Whether a batch of `bytes` is to be offered and is not yet.
    pub(super) fn is_due_at(&self, bytes: usize, shared: &Shared) -> bool {
        !self.offered && bytes > shared.config.offered_from()
    }

    /// When the open batch was opened.
    pub(in crate::accumulator) fn opened_at(&self) -> Option<Instant> {
        self.times.map(|times| times.opened)
    }

    /// The bytes of the budget that the chunks of the open batch take.
    #[cfg(all(test, not(loom)))]
    pub(in crate::accumulator) fn open_capacity(&self) -> usize {
        self.full.iter().chain([&self.tail]).map(Vec::capacity).sum()
    }

    /// Whether a batch is worth sending now. `idle`: nothing of the partition is in flight.
    pub(in crate::accumulator) fn is_ready(
        &self,
        now: Instant,
        idle: bool,
        config: &AccumulatorConfig,
    ) -> bool {
        let open_is_ready = |opened: Instant| {
            self.offered
                || (self.skip_linger && idle)
                || now >= opened + config.linger
                || now >= opened + config.open_for_max
        };
        !self.closed.is_empty() || self.opened_at().is_some_and(open_is_ready)
    }

    /// Notes for the timing of the batch that is taken next that it is worth sending, if it is.
    pub(in crate::accumulator) fn note_ready(
        &mut self,
        now: Instant,
        idle: bool,
        config: &AccumulatorConfig,
    ) {
        if self.is_ready(now, idle, config) {
            let next = self.closed.front_mut().map(|batch| &mut batch.times).or(self.times.as_mut());
            next.into_iter().for_each(|times| times.note_ready(now));
        }
    }

    /// When the open batch is worth sending by its age or, later, takes no more records.
    pub(in crate::accumulator) fn ages(&self, now: Instant, config: &AccumulatorConfig) -> Option<Instant> {
        let opened = self.opened_at()?;
        [config.linger, config.open_for_max].map(|age| opened + age).into_iter().filter(|at| *at > now).min()
    }

    /// Length of the batch that is taken next.
    pub(in crate::accumulator) fn next_bytes(&self) -> usize {
        match self.closed.front() {
            Some(batch) => batch.bytes(),
            None if self.is_open() => self.open_bytes(),
            None => 0,
        }
    }

    /// About the length of the next chunk.
    pub(in crate::accumulator) fn next_chunk_bytes(&self) -> usize {
        let bytes = if self.is_open() { self.open_bytes() } else { self.last_bytes };
        bytes.min(CHUNK_BYTES_MAX)
    }

    /// When the oldest batch is given up.
    pub(in crate::accumulator) fn expires(&self, config: &AccumulatorConfig) -> Option<Instant> {
        let oldest = self.closed.front().map(|batch| batch.times.opened).or_else(|| self.opened_at());
        oldest.map(|opened| opened + config.delivery_timeout)
    }
}
