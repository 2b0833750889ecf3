//! The one place of this crate that reads clocks: the runtime's, so that a paused one rules everything, the system's coarse one for
//! timestamps, and its monotonic one for threads that block.

use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// The time as producers see it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

impl milena_sender::accumulator::Clock for SystemClock {
    /// The system's coarse clock: 3 ns a call, and at most a timer tick (4 to 10 ms) old.
    #[inline]
    fn wall_ms(&self) -> i64 {
        let now = clock_gettime(ClockId::RealtimeCoarse);
        now.tv_sec * 1_000 + now.tv_nsec / 1_000_000
    }

    #[inline]
    fn now(&self) -> Instant {
        now()
    }
}

/// The runtime's time.
#[expect(clippy::disallowed_methods, reason = "this crate reads the time here and nowhere else")]
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The time of a thread that blocks, which no runtime rules.
#[expect(clippy::disallowed_methods, reason = "this crate reads the time here and nowhere else")]
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

/// Whether the runtime's clock stands still, as in tests that pause it. Another thread cannot be waited for then: the
/// clock would go on to the next timer meanwhile.
#[expect(clippy::disallowed_methods, reason = "this crate reads the time here and nowhere else")]
pub(crate) fn is_paused() -> bool {
    let before = (tokio::time::Instant::now(), Instant::now());
    // The system's clock counts nanoseconds, and a call takes some.
    while Instant::now() == before.1 {}
    tokio::time::Instant::now() == before.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn paused_clock_is_told_from_one_that_runs() {
        assert!(is_paused());
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        assert!(is_paused());
        tokio::time::resume();
        assert!((0..10_000).all(|_| !is_paused()));
    }
}
