//! The place for a request of the session's own: one at a time, written between two requests of its user.

use std::time::Instant;

use secrecy::zeroize::Zeroizing;

/// A request of the session's own, or none.
#[derive(Default)]
pub(super) enum Slot {
    #[default]
    Empty,
    /// The frame goes out. It may hold a secret, so it is wiped when it is out.
    Writing { correlation_id: i32, frame: Zeroizing<Vec<u8>>, written: usize },
    /// All of it is out.
    Awaiting { correlation_id: i32, written_at: Instant },
}

impl Slot {
    pub(super) fn put(&mut self, correlation_id: i32, frame: Zeroizing<Vec<u8>>) {
        debug_assert!(matches!(self, Self::Empty), "one request at a time");
        *self = Self::Writing { correlation_id, frame, written: 0 };
    }

    /// Takes note that `bytes` more are out.
    pub(super) fn wrote(&mut self, bytes: usize, now: Instant) {
        let Self::Writing { correlation_id, frame, written } = self else { return };
        *written += bytes;
        debug_assert!(*written <= frame.len(), "more was written than there was");
        if *written >= frame.len() {
            *self = Self::Awaiting { correlation_id: *correlation_id, written_at: now };
        }
    }

    /// The answer is here. When the last byte of the request was written.
    pub(super) fn take_answered(&mut self) -> Option<Instant> {
        let Self::Awaiting { written_at, .. } = *self else { return None };
        *self = Self::Empty;
        Some(written_at)
    }

    /// What is left to write; empty when there is nothing.
    pub(super) fn unwritten(&self) -> &[u8] {
        match self {
            Self::Writing { frame, written, .. } => frame.get(*written..).unwrap_or_default(),
            Self::Empty | Self::Awaiting { .. } => &[],
        }
    }

    pub(super) const fn is_writing(&self) -> bool {
        matches!(self, Self::Writing { .. })
    }

    /// The answer that may come now.
    pub(super) const fn awaited(&self) -> Option<i32> {
        match self {
            Self::Awaiting { correlation_id, .. } => Some(*correlation_id),
            Self::Empty | Self::Writing { .. } => None,
        }
    }
}
