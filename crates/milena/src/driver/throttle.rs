//! The pause that a broker asks for, because the client is over its quota: the client keeps it by itself (KIP-219).
//!
//! It holds for the connection on which it was asked for, and is cut to a bound: no broker silences a producer for ever.

use std::time::Duration;

use milena_codec::message::{InitProducerIdResponse, MetadataResponse};

/// An answer that may ask for a pause.
pub(super) trait Throttling {
    fn throttle_ms(&self) -> i32;
}

impl Throttling for MetadataResponse {
    fn throttle_ms(&self) -> i32 {
        self.throttle_time_ms
    }
}

impl Throttling for InitProducerIdResponse {
    fn throttle_ms(&self) -> i32 {
        self.throttle_time_ms
    }
}

/// The longest pause that a broker can ask for with `throttle_time_ms`.
const THROTTLE_MAX: Duration = Duration::from_secs(60);

/// The pause that a broker asks for, if it does.
pub(super) fn throttle(ms: i32) -> Option<Duration> {
    let ms = u64::try_from(ms).ok().filter(|ms| *ms > 0)?;
    Some(Duration::from_millis(ms).min(THROTTLE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_what_the_broker_says_up_to_a_minute() {
        assert_eq!(throttle(1_500), Some(Duration::from_millis(1_500)));
        assert_eq!(throttle(i32::MAX), Some(THROTTLE_MAX));
        for none in [0, -1, i32::MIN] {
            assert_eq!(throttle(none), None);
        }
    }
}
