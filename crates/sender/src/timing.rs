//! The time that each stage of a batch took, from its first record to its outcome.
//!
//! ```text
//!  opened      worth sending      in a request      in the last request      outcome
//!    ├─ linger ──┤                      │                     │                  │
//!    ├──────────── queue ───────────────┼────── retries ──────┼────── wire ──────┤
//! ```
//!
//! Everything is by batch: a record that came later into the batch waited less in the queue. Nothing is measured a record.

use std::time::{Duration, Instant};

/// The time that each stage of a batch took, to the microsecond. `queue + retries + wire` is the [total](Self::total).
///
/// ```
/// # let timing = milena_sender::BatchTiming::default();
/// if timing.retries > timing.wire {
///     println!("{} attempts, {:?} of {:?} before the last one", timing.attempts, timing.retries, timing.total());
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchTiming {
    /// From the first record of the batch until the batch was first put into a request, or until its end where that did not
    /// happen (Java's `record-queue-time`).
    pub queue: Duration,
    /// The part of `queue` before the batch was worth sending, at most `linger.ms`. The broker sender notes that time when it
    /// looks at the partition: a broker sender that is busy notes it late.
    pub linger: Duration,
    /// The work of the codec, which is part of `queue`; where a broker rejected the batch as too large, of `retries`. The parts
    /// of a batch that was cut have the time of the whole.
    pub compression: Duration,
    /// From the first request with the batch to the last one: responses of failed attempts, and backoff.
    pub retries: Duration,
    /// From the last request with the batch to its outcome: a response as a rule (Java's `request-latency`), or the deadline. It
    /// includes the time in the connection's buffers.
    pub wire: Duration,
    /// The number of requests with the batch; of a part, those of the batch that it was cut from included.
    pub attempts: u32,
}

impl BatchTiming {
    /// From the first record of the batch to its outcome.
    ///
    /// ```
    /// assert!(milena_sender::BatchTiming::default().total().is_zero());
    /// ```
    #[must_use]
    pub fn total(&self) -> Duration {
        self.queue + self.retries + self.wire
    }
}

/// The times of a batch on its way. They move with it: those after the first are kept short, in microseconds since then, and
/// saturate after 71 minutes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchTimes {
    /// When its first record came.
    pub(crate) opened: Instant,
    /// When it was found to be worth sending; [`NEVER`] before.
    ready: u32,
    compression: u32,
    /// Its first request and its last one, while there are `attempts`.
    first: u32,
    last: u32,
    attempts: u32,
}

const NEVER: u32 = u32::MAX;

impl BatchTimes {
    /// The first record came.
    pub(crate) const fn opened(now: Instant) -> Self {
        Self { opened: now, ready: NEVER, compression: 0, first: 0, last: 0, attempts: 0 }
    }

    /// The batch is worth sending. The first such time counts.
    pub(crate) fn note_ready(&mut self, now: Instant) {
        if self.ready == NEVER {
            self.ready = self.at(now);
        }
    }

    /// A codec took so long.
    pub(crate) fn note_compression(&mut self, elapsed: Duration) {
        self.compression = self.compression.saturating_add(micros(elapsed));
    }

    /// The batch is put into a request.
    pub(crate) fn note_request(&mut self, now: Instant) {
        self.last = self.at(now);
        if self.attempts == 0 {
            self.first = self.last;
        }
        self.attempts = self.attempts.saturating_add(1);
    }

    /// The batch did not fit that request. The time of the request before is not kept: the next one follows at once.
    pub(crate) const fn take_back_request(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
    }

    /// The timing of a batch with this outcome at `now`. `linger_max` is `linger.ms`.
    pub(crate) fn timing(&self, now: Instant, linger_max: Duration) -> BatchTiming {
        let total = now.saturating_duration_since(self.opened);
        let [first, last] = match self.attempts {
            0 => [total; 2],
            _ => [self.first, self.last].map(|at| duration(at).min(total)),
        };
        BatchTiming {
            queue: first,
            linger: duration(self.ready).min(linger_max).min(first),
            compression: duration(self.compression),
            retries: last.saturating_sub(first),
            wire: total - last,
            attempts: self.attempts,
        }
    }

    /// The same for the histograms of all batches, in microseconds, with the least work: queue and wire where the batch was sent,
    /// and the total.
    pub(crate) fn micros(&self, now: Instant) -> (Option<[u32; 2]>, u32) {
        let total = self.at(now);
        let sent = (self.attempts > 0).then(|| [self.first, total.saturating_sub(self.last)]);
        (sent, total)
    }

    fn at(&self, now: Instant) -> u32 {
        micros(now.saturating_duration_since(self.opened))
    }
}

fn micros(time: Duration) -> u32 {
    let seconds = u32::try_from(time.as_secs()).ok();
    let micros =
        seconds.and_then(|seconds| seconds.checked_mul(1_000_000)?.checked_add(time.subsec_micros()));
    micros.unwrap_or(NEVER)
}

const fn duration(micros: u32) -> Duration {
    Duration::from_micros(micros as u64)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::tests::some_time;

    const LINGER: Duration = Duration::from_millis(5);

    #[test]
    fn stages_of_a_batch_add_up_to_the_total() {
        let start = some_time();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut times = BatchTimes::opened(start);
        times.note_ready(at(3));
        times.note_ready(at(4));
        times.note_compression(Duration::from_millis(2));
        times.note_request(at(10));
        times.note_request(at(110));
        let timing = times.timing(at(150), LINGER);
        assert_eq!(timing, BatchTiming { attempts: 2, ..of([10, 3, 2, 100, 40]) });
        assert_eq!(timing.total(), Duration::from_millis(150));
    }

    #[test]
    fn batch_that_was_never_sent_has_spent_its_time_in_the_queue() {
        let start = some_time();
        let mut times = BatchTimes::opened(start);
        times.note_request(start + LINGER);
        times.take_back_request();
        let timing = times.timing(start + Duration::from_millis(70), LINGER);
        assert_eq!(timing, of([70, 5, 0, 0, 0]));
    }

    /// Queue, linger, compression, retries and wire, in milliseconds.
    fn of(stages: [u64; 5]) -> BatchTiming {
        let [queue, linger, compression, retries, wire] = stages.map(Duration::from_millis);
        BatchTiming { queue, linger, compression, retries, wire, attempts: 0 }
    }
}
