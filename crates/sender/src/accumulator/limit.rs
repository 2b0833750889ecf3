//! The length that a batch of a topic may have: the one place where the settings and the broker's rejections meet.
//!
//! ```text
//! max.request.size, batch.size ─┐
//! request.bytes.max ────────────┼─▶ start ─▶ wire_bytes_max ─▶ where a batch is closed
//! 1 000 000 ────────────────────┘               ▲
//! MESSAGE_TOO_LARGE, acknowledged batches ──────┘
//! ```
//!
//! A broker's `max.message.bytes` counts the batch as it is sent, and no broker returns it with its rejection. The limit is
//! therefore searched for: a rejection halves it, batches that were acknowledged raise it again, up to an eighth below
//! the shortest batch that was rejected.

use milena_codec::record::HEADER_BYTES;

use crate::sync::{AtomicUsize, Ordering};

/// How long the batches of one topic may be, shared by its partitions.
#[derive(Debug)]
pub struct TopicLimit {
    /// The limit by the settings alone.
    start: usize,
    /// The limit in force.
    limit: AtomicUsize,
    /// The longest batch that was acknowledged since the search began.
    accepted: AtomicUsize,
    /// The shortest batch that was rejected; `usize::MAX` while there is none.
    rejected: AtomicUsize,
}

impl TopicLimit {
    /// The limit by the settings: nothing was rejected yet.
    pub(super) const fn new(start: usize) -> Self {
        Self {
            start,
            limit: AtomicUsize::new(start),
            accepted: AtomicUsize::new(0),
            rejected: AtomicUsize::new(usize::MAX),
        }
    }

    /// The most bytes of a batch on the wire.
    #[must_use]
    pub fn wire_bytes_max(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// A broker rejected a batch of `bytes` as too large (MESSAGE_TOO_LARGE): it rejects longer ones as well.
    pub fn rejected(&self, bytes: usize) {
        let rejected = self.rejected.fetch_min(bytes, Ordering::Relaxed).min(bytes);
        let accepted = self.accepted.load(Ordering::Relaxed);
        // Acknowledged under an older configuration of the topic.
        let accepted = if accepted < rejected { accepted } else { 0 };
        self.accepted.store(accepted, Ordering::Relaxed);
        let limit = (rejected / 2).max(accepted).max(HEADER_BYTES + 1);
        self.limit.fetch_min(limit, Ordering::Relaxed);
    }

    /// Whether a broker rejected a batch, so that the length of acknowledged ones is of interest.
    #[must_use]
    pub fn is_searching(&self) -> bool {
        self.rejected.load(Ordering::Relaxed) != usize::MAX
    }

    /// A broker took a batch of `bytes`. One that filled the limit has the next ones try half of the way to the shortest
    /// that was rejected, until an eighth is left.
    pub fn accepted(&self, bytes: usize) {
        let rejected = self.rejected.load(Ordering::Relaxed);
        if rejected == usize::MAX {
            return;
        }
        self.accepted.fetch_max(bytes, Ordering::Relaxed);
        let limit = self.wire_bytes_max();
        let room = rejected.saturating_sub(limit);
        if bytes >= limit - limit / 4 && room > limit / 8 {
            self.limit.store((limit + room / 2).min(self.start), Ordering::Relaxed);
        }
    }

    /// The topic may allow longer batches by now: the limit doubles, up to where it began, and the search begins anew.
    pub fn relax(&self) {
        self.accepted.store(0, Ordering::Relaxed);
        self.rejected.store(usize::MAX, Ordering::Relaxed);
        let limit = self.wire_bytes_max();
        self.limit.store(limit.saturating_mul(2).min(self.start), Ordering::Relaxed);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Fills batches up to the limit for a broker that takes `allowed` bytes. Returns how many it rejected.
    fn fill(limit: &TopicLimit, allowed: usize, batches: usize) -> usize {
        let mut rejected = 0;
        for _ in 0..batches {
            let bytes = limit.wire_bytes_max();
            if bytes > allowed {
                rejected += 1;
                limit.rejected(bytes);
            } else {
                limit.accepted(bytes);
            }
        }
        rejected
    }

    #[test]
    fn limit_comes_within_a_fifth_of_what_the_broker_takes_after_few_rejections() {
        for allowed in [999_999, 700_000, 524_288, 100_000, 65_536, 20_000, 3_000] {
            let limit = TopicLimit::new(1_000_000);
            let rejected = fill(&limit, allowed, 60);
            let found = limit.wire_bytes_max();
            assert!(found <= allowed && found > allowed - allowed / 5, "{found} of {allowed}");
            assert!(rejected <= 13, "{rejected} rejections at {allowed}");
            assert_eq!(fill(&limit, allowed, 100), 0, "the search has an end");
        }
    }

    #[test]
    fn limit_stays_where_nothing_was_rejected() {
        let limit = TopicLimit::new(1_000_000);
        limit.accepted(1_000_000);
        limit.relax();
        assert_eq!(limit.wire_bytes_max(), 1_000_000);
    }

    #[test]
    fn short_acknowledged_batches_do_not_raise_the_limit() {
        let limit = TopicLimit::new(1_000_000);
        limit.rejected(800_000);
        (0..10).for_each(|_| limit.accepted(100_000));
        assert_eq!(limit.wire_bytes_max(), 400_000);
    }

    #[test]
    fn several_rejected_batches_of_one_request_lower_the_limit_once_each_at_most() {
        let limit = TopicLimit::new(1_000_000);
        [900_000, 1_000_000, 950_000].into_iter().for_each(|bytes| limit.rejected(bytes));
        assert_eq!(limit.wire_bytes_max(), 450_000);
    }

    #[test]
    fn rejection_below_an_acknowledged_length_counts_because_topics_are_reconfigured() {
        let limit = TopicLimit::new(1_000_000);
        limit.rejected(900_000);
        limit.accepted(450_000);
        limit.rejected(400_000);
        assert_eq!(limit.wire_bytes_max(), 200_000);
    }

    #[test]
    fn relaxed_limit_doubles_up_to_the_start() {
        let limit = TopicLimit::new(1_000_000);
        limit.rejected(600_000);
        limit.relax();
        assert_eq!(limit.wire_bytes_max(), 600_000);
        limit.relax();
        assert_eq!(limit.wire_bytes_max(), 1_000_000);
    }
}
