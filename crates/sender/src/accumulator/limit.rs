//! The length that a batch of a topic may have: the one place where the settings, the broker's rejections and the ratio
//! of compression meet.
//!
//! ```text
//! max.request.size, batch.size ─┐
//! request.bytes.max ────────────┼─▶ start ─▶ wire ─▶ plain_bytes_max(ratio) ─▶ where a batch is closed
//! 1 000 000 ────────────────────┘              ▲      ▲
//! MESSAGE_TOO_LARGE ───────────────────────────┴──────┘
//! ```
//!
//! No broker returns its `max.message.bytes` with a rejection. A rejected batch therefore lowers the limit to two thirds of
//! its own length, as often as it takes: the limit ends at two thirds of what the broker allows or more, after six
//! rejections where that is a tenth. It doubles again each `metadata.max.age.ms`, because topics are reconfigured.
//!
//! A broker counts a batch as it is sent, and where the topic has a `compression.type` of its own once more as it is stored
//! (`UnifiedLog.append`): uncompressed, for instance, however short it came. One rejection does not show which of the two
//! was too long, so there is a limit for each, and a batch may go that is within one of them. Sooner or later a batch is accepted
//! that is longer by one measure than a rejected one: then the other measure is the one that counts.

use milena_codec::record::HEADER_BYTES;

use super::ratio::Ratio;
use crate::batch::Lengths;
use crate::sync::{AtomicBool, AtomicUsize, Mutex, Ordering, lock};

/// A batch grows to at most so many times its limit on the wire, however well its records compress: a ratio beyond this
/// hardly makes requests cheaper, and consumers have to hold the batch in one.
const GROWTH_MAX: usize = 16;
/// One batch holds at most this share of `buffer.memory` for the sake of its ratio.
const BUDGET_SHARE: usize = 8;
/// There is no limit.
const NONE: usize = usize::MAX;

/// How long the batches of one topic may be, shared by its partitions.
#[derive(Debug)]
pub struct TopicLimit {
    /// The limit by the settings alone.
    start: usize,
    /// The most bytes on the wire.
    wire: AtomicUsize,
    /// The most bytes before compression.
    plain: AtomicUsize,
    /// The broker counts bytes before compression.
    counts_plain: AtomicBool,
    evidence: Mutex<Evidence>,
}

/// The longest that a broker accepted, and the shortest that it rejected, by each measure.
#[derive(Debug)]
struct Evidence {
    accepted: Lengths,
    rejected: Lengths,
}

/// The conclusion from the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Either measure may be the one that counts.
    Open,
    CountsWire,
    CountsPlain,
    /// Neither: the limit has changed.
    Changed,
}

impl Evidence {
    const NOTHING: Self =
        Self { accepted: Lengths { wire: 0, plain: 0 }, rejected: Lengths { wire: NONE, plain: NONE } };

    const fn verdict(&self) -> Verdict {
        let (accepted, rejected) = (self.accepted, self.rejected);
        match (accepted.wire >= rejected.wire, accepted.plain >= rejected.plain) {
            (false, false) => Verdict::Open,
            (false, true) => Verdict::CountsWire,
            (true, false) => Verdict::CountsPlain,
            (true, true) => Verdict::Changed,
        }
    }
}

impl TopicLimit {
    /// The limit by the settings: nothing was rejected yet.
    pub(super) fn new(start: usize) -> Self {
        Self {
            start,
            wire: AtomicUsize::new(start),
            plain: AtomicUsize::new(NONE),
            counts_plain: AtomicBool::new(false),
            evidence: Mutex::new(Evidence::NOTHING),
        }
    }

    /// The most bytes of a batch that is not compressed.
    #[must_use]
    pub fn wire_bytes_max(&self) -> usize {
        let wire = self.wire.load(Ordering::Relaxed);
        if self.counts_plain() { wire.min(self.plain.load(Ordering::Relaxed)) } else { wire }
    }

    /// The most bytes on the wire of a batch of `plain` bytes.
    #[must_use]
    pub fn wire_bytes_max_of(&self, plain: usize) -> usize {
        let limit = self.plain.load(Ordering::Relaxed);
        if limit != NONE && plain <= limit { self.start } else { self.wire_bytes_max() }
    }

    /// The most bytes on the wire of the parts of a rejected batch.
    #[must_use]
    pub fn part_bytes_max(&self, rejected: Lengths) -> usize {
        let shorter = rejected.wire - 1;
        if !self.counts_plain() {
            return self.wire_bytes_max().min(shorter);
        }
        let plain = self.plain.load(Ordering::Relaxed) as u64;
        let by_ratio = (rejected.wire as u64).saturating_mul(plain) / rejected.plain as u64;
        usize::try_from(by_ratio).map_or(shorter, |bytes| bytes.max(HEADER_BYTES + 1).min(shorter))
    }

    /// The most bytes to which a batch grows before it is compressed to `ratio` of that; `budget` is `buffer.memory`.
    #[must_use]
    pub fn plain_bytes_max(&self, ratio: Ratio, budget: usize) -> usize {
        let (wire, plain) = (self.wire.load(Ordering::Relaxed), self.plain.load(Ordering::Relaxed));
        let by_plain = plain.min(Self::plain_bytes_most(self.start, budget));
        if self.counts_plain() {
            return by_plain;
        }
        let by_wire = ratio.plain_bytes(wire).min(Self::plain_bytes_most(wire, budget));
        if plain == NONE { by_wire } else { by_wire.max(by_plain) }
    }

    /// The same for the best ratio there is.
    pub(super) fn plain_bytes_most(wire: usize, budget: usize) -> usize {
        wire.saturating_mul(GROWTH_MAX).min(budget / BUDGET_SHARE).max(wire)
    }

    /// A broker accepted a batch.
    pub fn accepted(&self, batch: Lengths) {
        let mut evidence = lock(&self.evidence);
        let accepted = &mut evidence.accepted;
        *accepted = Lengths { wire: accepted.wire.max(batch.wire), plain: accepted.plain.max(batch.plain) };
        match evidence.verdict() {
            Verdict::Open => {}
            Verdict::Changed => evidence.rejected = Evidence::NOTHING.rejected,
            verdict => self.obey(verdict),
        }
    }

    /// A broker rejected a batch as too large (MESSAGE_TOO_LARGE).
    pub fn rejected(&self, batch: Lengths) {
        let mut evidence = lock(&self.evidence);
        let rejected = &mut evidence.rejected;
        *rejected = Lengths { wire: rejected.wire.min(batch.wire), plain: rejected.plain.min(batch.plain) };
        let verdict = evidence.verdict();
        if verdict == Verdict::Changed {
            evidence.accepted = Evidence::NOTHING.accepted;
        }
        self.obey(verdict);
        let lower = |limit: &AtomicUsize, bytes: usize| {
            limit.fetch_min((bytes - bytes / 3).max(HEADER_BYTES + 1), Ordering::Relaxed);
        };
        if !self.counts_plain() {
            lower(&self.wire, batch.wire);
        }
        // A batch that is not compressed has the same length by both measures.
        if verdict != Verdict::CountsWire && (batch.plain > batch.wire || self.counts_plain()) {
            lower(&self.plain, batch.plain);
        }
    }

    /// The topic may allow longer batches by now: the limits double, up to where they began.
    pub fn relax(&self) {
        let mut evidence = lock(&self.evidence);
        *evidence = Evidence::NOTHING;
        let wire = self.wire.load(Ordering::Relaxed).saturating_mul(2).min(self.start);
        self.wire.store(wire, Ordering::Relaxed);
        let plain = self.plain.load(Ordering::Relaxed).saturating_mul(2);
        if plain >= self.start.saturating_mul(GROWTH_MAX) {
            self.plain.store(NONE, Ordering::Relaxed);
            self.counts_plain.store(false, Ordering::Relaxed);
        } else {
            self.plain.store(plain, Ordering::Relaxed);
        }
    }

    fn counts_plain(&self) -> bool {
        self.counts_plain.load(Ordering::Relaxed)
    }

    /// The limit by a measure that does not count is none.
    fn obey(&self, verdict: Verdict) {
        match verdict {
            Verdict::Open | Verdict::Changed => {}
            Verdict::CountsPlain => {
                self.wire.store(self.start, Ordering::Relaxed);
                self.counts_plain.store(true, Ordering::Relaxed);
            }
            Verdict::CountsWire => {
                self.counts_plain.store(false, Ordering::Relaxed);
                self.plain.store(NONE, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// A batch that is not compressed.
    fn plain(bytes: usize) -> Lengths {
        Lengths { wire: bytes, plain: bytes }
    }

    /// Batches of records that compress to `percent` of their length grow as far as they may. A broker allows `allowed` bytes by its measure.
    /// Returns the longest that is accepted in the end, before compression, and how many were rejected.
    fn grown(
        limit: &TopicLimit,
        percent: usize,
        allowed: usize,
        measure: fn(Lengths) -> usize,
    ) -> (usize, usize) {
        let (mut longest, mut rejections) = (0, 0);
        for _ in 0..50 {
            let plain = limit.plain_bytes_max(Ratio::of(percent, 100), 32 << 20);
            let batch = Lengths { wire: plain * percent / 100, plain };
            if batch.wire > limit.wire_bytes_max_of(plain) {
                continue;
            }
            if measure(batch) > allowed {
                limit.rejected(batch);
                rejections += 1;
            } else {
                limit.accepted(batch);
                longest = plain;
            }
        }
        (longest, rejections)
    }

    #[test]
    fn limit_ends_within_a_third_of_what_the_broker_allows_after_few_rejections() {
        for (allowed, rejections_max) in [(999_999, 1), (700_000, 1), (100_000, 6), (65_536, 7), (3_000, 15)]
        {
            let limit = TopicLimit::new(1_000_000);
            let mut rejections = 0;
            while limit.wire_bytes_max() > allowed {
                limit.rejected(plain(limit.wire_bytes_max()));
                rejections += 1;
            }
            let found = limit.wire_bytes_max();
            assert!(found > allowed - allowed / 3 - 1, "{found} of {allowed}");
            assert!(rejections <= rejections_max, "{rejections} rejections at {allowed}");
        }
    }

    #[test]
    fn several_rejected_batches_of_one_request_lower_the_limit_by_the_shortest() {
        let limit = TopicLimit::new(1_000_000);
        [900_000, 1_000_000, 950_000].into_iter().for_each(|bytes| limit.rejected(plain(bytes)));
        assert_eq!(limit.wire_bytes_max(), 600_000);
    }

    #[test]
    fn relaxed_limit_doubles_up_to_the_start() {
        let limit = TopicLimit::new(1_000_000);
        limit.rejected(plain(600_000));
        limit.relax();
        assert_eq!(limit.wire_bytes_max(), 800_000);
        limit.relax();
        assert_eq!(limit.wire_bytes_max(), 1_000_000);
    }

    #[test]
    fn plain_bytes_follow_the_ratio_within_growth_and_budget() {
        let limit = TopicLimit::new(1_000_000);
        let plain = |wire, plain| limit.plain_bytes_max(Ratio::of(wire, plain), 64 << 20);
        assert_eq!(plain(1, 1), 1_000_000);
        assert_eq!(plain(1, 4), 3_875_000);
        assert_eq!(plain(1, 1_000), 8 << 20, "an eighth of the budget");
        assert_eq!(limit.plain_bytes_max(Ratio::of(1, 4), 1 << 20), 1_000_000, "never below the limit");
        let small = TopicLimit::new(10_000);
        assert_eq!(small.plain_bytes_max(Ratio::of(1, 1_000), 64 << 20), 160_000);
    }

    #[test]
    fn broker_that_counts_stored_bytes_gets_full_batches_whatever_the_ratio_becomes() {
        let limit = TopicLimit::new(1_000_000);
        let stored = |percent| grown(&limit, percent, 100_000, |batch| batch.plain);
        let (longest, rejections) = stored(1);
        assert!(longest > 66_000 && rejections <= 12, "{longest}, {rejections}");
        for percent in [50, 100, 10] {
            let (longest, rejections) = stored(percent);
            assert!(longest > 66_000 && rejections <= 1, "{percent} %: {longest}, {rejections}");
        }
        assert!(limit.wire_bytes_max() < 100_000, "what is not compressed counts as it is");
    }

    #[test]
    fn broker_that_counts_bytes_on_the_wire_gets_full_batches_whatever_the_ratio_becomes() {
        let limit = TopicLimit::new(1_000_000);
        let sent = |percent| grown(&limit, percent, 100_000, |batch| batch.wire);
        assert!(sent(10).0 > 600_000);
        for (percent, expected) in [(50, 120_000), (100, 66_000), (10, 600_000), (5, 1_000_000)] {
            let (longest, rejections) = sent(percent);
            assert!(longest > expected && rejections <= 2, "{percent} %: {longest}, {rejections}");
        }
    }

    #[test]
    fn limit_that_the_broker_lowered_or_raised_is_found_again() {
        let limit = TopicLimit::new(1_000_000);
        assert!(grown(&limit, 10, 400_000, |batch| batch.wire).0 > 2_000_000);
        let (longest, _) = grown(&limit, 10, 50_000, |batch| batch.wire);
        assert!((330_000..=500_000).contains(&longest), "{longest}");
        grown(&limit, 50, 50_000, |batch| batch.wire);
        let (longest, rejections) = grown(&limit, 5, 50_000, |batch| batch.wire);
        assert!(longest > 500_000 && rejections <= 1, "{longest}, {rejections}");
        (0..5).for_each(|_| limit.relax());
        assert!(grown(&limit, 10, 400_000, |batch| batch.wire).0 > 2_000_000);
        // It is stored uncompressed now.
        let (longest, _) = grown(&limit, 10, 50_000, |batch| batch.plain);
        assert!((33_000..=50_000).contains(&longest), "{longest}");
    }

    #[test]
    fn what_brokers_did_before_the_limit_changed_says_nothing() {
        let lowered = TopicLimit::new(1_000_000);
        lowered.accepted(Lengths { wire: 500_000, plain: 5_000_000 });
        lowered.rejected(Lengths { wire: 50_000, plain: 500_000 });
        lowered.accepted(Lengths { wire: 30_000, plain: 600_000 });
        assert_eq!(lowered.plain_bytes_max(Ratio::ONE, 32 << 20), 33_334, "bytes on the wire count");

        let raised = TopicLimit::new(1_000_000);
        raised.rejected(Lengths { wire: 50_000, plain: 500_000 });
        raised.accepted(Lengths { wire: 60_000, plain: 600_000 });
        raised.rejected(Lengths { wire: 200_000, plain: 2_000_000 });
        raised.accepted(Lengths { wire: 100_000, plain: 2_500_000 });
        assert_eq!(raised.plain_bytes_max(Ratio::ONE, 32 << 20), 33_334, "bytes on the wire count");
    }

    #[test]
    fn parts_of_a_rejected_batch_are_shorter_by_the_measure_that_counts() {
        let limit = TopicLimit::new(1_000_000);
        let rejected = Lengths { wire: 30_000, plain: 3_000_000 };
        limit.rejected(rejected);
        assert_eq!(limit.part_bytes_max(rejected), 20_000);
        limit.accepted(Lengths { wire: 40_000, plain: 80_000 });
        assert_eq!(limit.wire_bytes_max(), 1_000_000, "bytes on the wire do not count");
        limit.rejected(Lengths { wire: 3_000, plain: 300_000 });
        assert_eq!(limit.part_bytes_max(rejected), 2_000, "as much as 200 000 bytes before compression");
        assert_eq!(limit.part_bytes_max(plain(150_000)), 149_999);
        assert_eq!(limit.wire_bytes_max(), 200_000);
    }
}
