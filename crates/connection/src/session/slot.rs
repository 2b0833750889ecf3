//! The slot for the session's own requests: one at a time, written between two requests of its user.

use std::time::Instant;

use secrecy::zeroize::Zeroizing;

/// A request of the session's own, or none.
#[derive(Default)]
pub(super) enum Slot {
    #[default]
    Empty,
    /// The frame is being written. It may hold a secret, so it is wiped once it is written.
    Writing { correlation_id: i32, frame: Zeroizing<Vec<u8>>, written: usize },
    /// All of it is written.
    Awaiting { correlation_id: i32, written_at: Instant },
}

impl Slot {
    pub(super) fn put(&mut self, correlation_id: i32, frame: Zeroizing<Vec<u8>>) {
        debug_assert!(matches!(self, Self::Empty), "one request at a time");
        *self = Self::Writing { correlation_id, frame, written: 0 };
    }

    /// Notes that `bytes` more are written.
    pub(super) fn wrote(&mut self, bytes: usize, now: Instant) {
        let Self::Writing { correlation_id, frame, written } = self else { return };
        *written += bytes;
        debug_assert!(*written <= frame.len(), "more was written than there was");
        if *written >= frame.len() {
            *self = Self::Awaiting { correlation_id: *correlation_id, written_at: now };
        }
    }

    /// Empties the slot for a response. Returns the time of the last byte of the request.
    pub(super) fn take_answered(&mut self) -> Option<Instant> {
        let Self::Awaiting { written_at, .. } = *self else { return None };
        *self = Self::Empty;
        Some(written_at)
    }

    /// The bytes that are left to write.
    pub(super) fn unwritten(&self) -> &[u8] {
        match self {
            Self::Writing { frame, written, .. } => frame.get(*written..).unwrap_or_default(),
            Self::Empty | Self::Awaiting { .. } => &[],
        }
    }

    pub(super) const fn is_writing(&self) -> bool {
        matches!(self, Self::Writing { .. })
    }

    /// The correlation id of the expected response.
    pub(super) const fn awaited(&self) -> Option<i32> {
        match self {
            Self::Awaiting { correlation_id, .. } => Some(*correlation_id),
            Self::Empty | Self::Writing { .. } => None,
        }
    }
}
