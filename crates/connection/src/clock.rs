//! The only code of this crate that reads a clock: that of the runtime, which tests can pause.
//!
//! Only the shells, which dial and send requests, use it; the state machines take `now` as an argument.

use std::time::Instant;

/// The time of the runtime, for the state machines.
#[expect(clippy::disallowed_methods, reason = "the shells of this crate read the time here and nowhere else")]
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The time of day, for the expiration of tokens.
#[expect(clippy::disallowed_methods, reason = "the shells of this crate read the time here and nowhere else")]
pub(crate) fn since_1970() -> std::time::Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}
