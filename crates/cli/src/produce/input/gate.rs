//! Between the thread that reads and the pump that has it stop: whether the thread is waiting for bytes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared by both.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The thread is in a read that may wait, and holds no record.
    is_reading: bool,
    is_stopped: bool,
}

impl Gate {
    /// The thread is about to read. False when it must not.
    pub(super) fn enter(&self) -> bool {
        let mut state = self.lock();
        state.is_reading = !state.is_stopped;
        state.is_reading
    }

    /// The read is over.
    pub(super) fn leave(&self) {
        let mut state = self.lock();
        // Stopped meanwhile, it counts as reading: the pump has left.
        state.is_reading = state.is_stopped;
    }

    /// Lets the thread read no more. Whether it is reading now.
    pub(super) fn stop(&self) -> bool {
        let mut state = self.lock();
        state.is_stopped = true;
        state.is_reading
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
