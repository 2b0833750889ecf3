//! The one place of the tests that reads the clock.

use std::time::Duration;

use tokio::time::Instant;

/// Measures how long a story takes by the runtime's clock, which a test may have paused.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins.
    #[expect(clippy::disallowed_methods, reason = "the tests read the clock here and nowhere else")]
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has been.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
