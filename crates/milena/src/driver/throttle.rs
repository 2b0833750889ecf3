//! Throttling: a broker returns a pause to a client over its quota, and the client keeps the pause by itself (KIP-219).
//!
//! A pause holds for the connection of the response, and is cut to a bound: no broker stops a producer for ever.

use std::time::Duration;

use milena_codec::message::{
    GetTelemetrySubscriptionsResponse, InitProducerIdResponse, MetadataResponse, PushTelemetryResponse,
};

/// A response with a throttle time.
pub(super) trait Throttling {
    fn throttle_ms(&self) -> i32;
}

macro_rules! throttling {
    ($($response:ty),*) => {$(
        impl Throttling for $response {
            fn throttle_ms(&self) -> i32 {
                self.throttle_time_ms
            }
        }
    )*};
}
throttling!(
    MetadataResponse,
    InitProducerIdResponse,
    GetTelemetrySubscriptionsResponse,
    PushTelemetryResponse
);

/// The longest pause that `throttle_time_ms` can have; longer ones are cut.
const THROTTLE_MAX: Duration = Duration::from_secs(60);

/// The pause of a throttle time, if there is one.
pub(super) fn throttle(ms: i32) -> Option<Duration> {
    let ms = u64::try_from(ms).ok().filter(|ms| *ms > 0)?;
    Some(Duration::from_millis(ms).min(THROTTLE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttle_time_is_cut_to_a_minute() {
        assert_eq!(throttle(1_500), Some(Duration::from_millis(1_500)));
        assert_eq!(throttle(i32::MAX), Some(THROTTLE_MAX));
        for none in [0, -1, i32::MIN] {
            assert_eq!(throttle(none), None);
        }
    }
}
