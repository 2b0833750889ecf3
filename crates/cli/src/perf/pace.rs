//! How fast a task may send.
//!
//! Record `k` is due `k / rate` seconds after the start. A task that falls behind, because the producer keeps it
//! waiting, catches up, and the time since a record was due counts as its latency: a producer that stalls cannot hide
//! that by getting fewer records (coordinated omission). The delay of a late timer is not the producer's, and does not
//! count.

use std::time::{Duration, Instant};

use tokio::time::sleep_until;

use crate::clock;

/// The pace of one task.
#[derive(Debug)]
pub(crate) struct Pace(Option<Paced>);

#[derive(Debug)]
struct Paced {
    per_second: f64,
    began: Instant,
    /// When the task last came back from waiting for its next record to be due.
    woke: Instant,
}

impl Pace {
    /// So many records a second from now on; none is without limit.
    pub(crate) fn start(per_second: Option<f64>) -> Self {
        let now = clock::now();
        Self(per_second.map(|per_second| Paced { per_second, began: now, woke: now }))
    }

    /// Waits until the record after `sent` others is due; how many are by then. After a while without any it comes
    /// back with 0, so that a task looks whether it is to go on.
    pub(crate) async fn wait(&mut self, sent: u64) -> u64 {
        let Some(paced) = &mut self.0 else { return u64::MAX };
        let now = clock::now();
        let due = paced.due(now);
        if due > sent {
            return due - sent;
        }
        let due_at = paced.due_at(sent);
        sleep_until(due_at.min(now + LOOK_UP_EVERY).into()).await;
        paced.woke = clock::now();
        let at_least = u64::from(paced.woke >= due_at);
        paced.due(paced.woke).saturating_sub(sent).max(at_least)
    }

    /// From when on the latency of the record after `sent` others counts.
    #[inline]
    pub(crate) fn start_of(&self, sent: u64) -> Instant {
        match &self.0 {
            None => clock::now(),
            Some(paced) => paced.due_at(sent).max(paced.woke),
        }
    }
}

impl Paced {
    /// How many records are due.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and what is beyond the type is more than any task sends"
    )]
    fn due(&self, now: Instant) -> u64 {
        let seconds = now.saturating_duration_since(self.began).as_secs_f64();
        (seconds * self.per_second) as u64 + 1
    }

    #[expect(clippy::cast_precision_loss, reason = "a nanosecond after so many records does not matter")]
    fn due_at(&self, sent: u64) -> Instant {
        let seconds = sent as f64 / self.per_second;
        let after = Duration::try_from_secs_f64(seconds).unwrap_or(FOREVER).min(FOREVER);
        self.began + after
    }
}

/// How long a task sleeps at most.
const LOOK_UP_EVERY: Duration = Duration::from_millis(100);
/// Longer than any measurement, and short enough to be added to a time.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3_600);

#[cfg(test)]
mod tests {
    use super::*;

    fn paced(per_second: f64) -> Paced {
        let now = clock::now();
        Paced { per_second, began: now, woke: now }
    }

    #[test]
    fn records_are_due_one_after_another() {
        let paced = paced(1_000.0);
        assert_eq!(paced.due(paced.began), 1);
        assert_eq!(paced.due(paced.began + Duration::from_micros(2_500)), 3);
        assert_eq!(paced.due_at(2_500) - paced.began, Duration::from_millis(2_500));
    }

    #[test]
    fn latency_of_a_late_record_counts_from_its_due_time() {
        let pace = Pace(Some(paced(1_000.0)));
        let began = pace.0.as_ref().unwrap().began;
        assert_eq!(pace.start_of(10), began + Duration::from_millis(10));
    }

    #[test]
    fn delay_of_a_late_timer_does_not_count() {
        let mut late = paced(1_000.0);
        late.woke = late.began + Duration::from_millis(12);
        let woke = late.woke;
        assert_eq!(Pace(Some(late)).start_of(10), woke);
    }

    #[test]
    fn tiny_rate_does_not_overflow_the_time() {
        let paced = paced(1e-300);
        assert_eq!(paced.due_at(1) - paced.began, FOREVER);
    }
}
