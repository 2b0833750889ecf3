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
