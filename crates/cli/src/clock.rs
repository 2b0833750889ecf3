//! The one place of this crate that reads the time.

use std::time::Instant;

/// The time that only goes forward.
#[expect(clippy::disallowed_methods, reason = "this crate reads the time here and nowhere else")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
