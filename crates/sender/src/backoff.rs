//! How long to wait before the next try: longer each time, and never for all the same (KIP-580).

use std::time::Duration;

/// Exponential backoff with jitter, from a seed.
///
/// ```
/// use std::time::Duration;
/// use milena_sender::Backoff;
/// let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1), 7);
/// let first = backoff.after(0);
/// assert!(first >= Duration::from_millis(80) && first <= Duration::from_millis(120));
/// assert!(backoff.after(30) <= Duration::from_millis(1_200));
/// ```
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    random: fastrand::Rng,
}

impl Backoff {
    /// Waits of `first`, twice that, and so on up to `longest`, each ± 20 %.
    #[must_use]
    pub fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        Self { first, longest: longest.max(first), random: fastrand::Rng::with_seed(seed) }
    }

    /// How long to wait after `failures` failed tries before this one.
    pub fn after(&mut self, failures: u32) -> Duration {
        let exponential = self.first.saturating_mul(1 << failures.min(16)).min(self.longest);
        exponential.mul_f64(0.8 + 0.4 * self.random.f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(1);

    #[test]
    fn each_wait_is_twice_the_last_up_to_the_longest_give_or_take_a_fifth() {
        for seed in 0..200 {
            let mut backoff = Backoff::new(FIRST, LONGEST, seed);
            for (failures, expected) in
                [(0, 100), (1, 200), (2, 400), (3, 800), (4, 1_000), (u32::MAX, 1_000)]
            {
                let waited = backoff.after(failures).as_millis();
                assert!(waited * 10 >= expected * 8 && waited * 10 <= expected * 12, "{failures}: {waited}");
            }
        }
    }

    #[test]
    fn two_seeds_wait_differently_and_one_seed_always_the_same() {
        let waits = |seed| {
            let mut backoff = Backoff::new(FIRST, LONGEST, seed);
            [0, 0, 0].map(|failures| backoff.after(failures))
        };
        assert_eq!(waits(3), waits(3));
        assert_ne!(waits(3), waits(4));
        assert_ne!(waits(3)[0], waits(3)[1], "nor twice the same in a row");
    }

    #[test]
    fn a_longest_wait_below_the_first_is_the_first() {
        let waited = Backoff::new(FIRST, Duration::ZERO, 1).after(9);
        assert!(waited >= FIRST * 8 / 10 && waited <= FIRST * 12 / 10, "{waited:?}");
    }
}
