//! The one place of this crate that reads a clock: the runtime's, so that a paused one rules everything.
//!
//! Only the shells, which dial and call, come here; the state machines take
//! `now` as an argument.

use std::time::Instant;

/// The runtime's time, as the state machines take it.
#[expect(clippy::disallowed_methods, reason = "the shells of this crate read the time here and nowhere else")]
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The time of day, for tokens that say until when they are good.
#[expect(clippy::disallowed_methods, reason = "the shells of this crate read the time here and nowhere else")]
pub(crate) fn since_1970() -> std::time::Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}
