//! The memory that failed records may take until they are read: `buffer.memory` does not count them, and it is bounded all the same.

use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many bytes batches take that failed and that deliveries still refer to.
#[derive(Debug)]
pub struct FailedRoom {
    free: AtomicUsize,
}

/// The share of one batch, until this is dropped.
#[derive(Debug)]
pub struct FailedShare {
    room: StdArc<FailedRoom>,
    bytes: usize,
}

impl FailedRoom {
    /// Room for `bytes`.
    #[must_use]
    pub fn new(bytes: usize) -> StdArc<Self> {
        StdArc::new(Self { free: AtomicUsize::new(bytes) })
    }

    /// Takes `bytes`, if they are free.
    pub fn take(this: &StdArc<Self>, bytes: usize) -> Option<FailedShare> {
        let taken =
            this.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(bytes));
        taken.is_ok().then(|| FailedShare { room: StdArc::clone(this), bytes })
    }
}

impl Drop for FailedShare {
    fn drop(&mut self) {
        self.room.free.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_and_comes_back() {
        let room = FailedRoom::new(100);
        let first = FailedRoom::take(&room, 60).unwrap();
        assert!(FailedRoom::take(&room, 41).is_none());
        drop(first);
        assert!(FailedRoom::take(&room, 100).is_some());
    }
}
