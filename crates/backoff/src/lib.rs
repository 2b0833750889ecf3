//! Exponential backoff with jitter (KIP-580), and the random numbers that it draws, from a seed that can be given.
//!
//! The backoff of every crate of milena: retries of batches, connection attempts, metadata requests, refreshes of tokens.
//! A seed makes the waits of a test reproducible; two clients with different seeds do not retry in step. Nothing here reads
//! a clock or waits.

use std::time::Duration;

/// Exponential backoff with jitter.
///
/// ```
/// use std::time::Duration;
/// use milena_backoff::Backoff;
/// let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1), 7);
/// let first = backoff.after(0);
/// assert!(first >= Duration::from_millis(80) && first <= Duration::from_millis(120));
/// assert!(backoff.after(30) <= Duration::from_millis(1_200));
/// ```
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    random: Random,
}

impl Backoff {
    /// Waits of `first`, twice that, and so on up to `longest`, each ± 20 %. A `longest` below `first` counts as `first`.
    #[must_use]
    pub fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        Self { first, longest: longest.max(first), random: Random::with_seed(seed) }
    }

    /// The wait before the next attempt, after `failures` failed attempts before the last one.
    pub fn after(&mut self, failures: u32) -> Duration {
        let exponential = self.first.saturating_mul(1 << failures.min(16)).min(self.longest);
        exponential.mul_f64(0.8 + 0.4 * self.random.fraction())
    }
}

/// Pseudo-random numbers from a seed: the same seed draws the same numbers.
///
/// ```
/// use milena_backoff::Random;
/// let (mut one, mut other) = (Random::with_seed(7), Random::with_seed(7));
/// assert_eq!(one.seed(), other.seed());
/// assert!((0.0..1.0).contains(&one.fraction()));
/// ```
#[derive(Clone, Debug)]
pub struct Random(fastrand::Rng);

impl Random {
    /// Numbers from `seed`.
    #[must_use]
    pub fn with_seed(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// A number from 0 to 1, without 1.
    pub fn fraction(&mut self) -> f64 {
        self.0.f64()
    }

    /// A seed for another source of random numbers.
    pub fn seed(&mut self) -> u64 {
        self.0.u64(..)
    }
}

/// A seed that differs from call to call and from process to process.
#[must_use]
pub fn new_seed() -> u64 {
    fastrand::u64(..)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(1);

    #[test]
    fn wait_doubles_up_to_the_longest_with_jitter_of_20_percent() {
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
    fn seed_decides_the_waits() {
        let waits = |seed| {
            let mut backoff = Backoff::new(FIRST, LONGEST, seed);
            [0, 0, 0].map(|failures| backoff.after(failures))
        };
        assert_eq!(waits(3), waits(3));
        assert_ne!(waits(3), waits(4));
        assert_ne!(waits(3)[0], waits(3)[1], "two waits in a row differ");
    }

    #[test]
    fn longest_wait_below_the_first_counts_as_the_first() {
        let waited = Backoff::new(FIRST, Duration::ZERO, 1).after(9);
        assert!(waited >= FIRST * 8 / 10 && waited <= FIRST * 12 / 10, "{waited:?}");
    }
}
