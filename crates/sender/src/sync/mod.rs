//! Everything that threads share, and nothing else: callers append from any thread, lanes take from theirs.
//!
//! * [`Bell`]: a mailbox whose reader sleeps, and is woken exactly when there is something for it.
//! * [`Completion`]: what a batch's deliveries wait for.
//! * [`Memory`]: the one byte budget, the chunks it pays for, and those who wait for room.
//! * [`Outstanding`]: how many batches are not settled, by the flush that waits for them.
//! * [`Latest`]: a value that is replaced now and then and read all the time.
//! * [`FailureLog`]: what failed since somebody last asked.
//!
//! With `--cfg loom` the primitives below are loom's, and `models` tries every order in which threads can meet. Each
//! place that looks again after it announced itself can be made blind there (`mutant`), to see that the model
//! notices.

mod bell;
mod completion;
mod failure_log;
mod latest;
mod memory;
#[cfg(all(loom, test))]
mod models;
mod outstanding;
mod padded;
mod pool;
mod waiters;

pub use bell::{Bell, Wake};
pub use completion::{Completion, Seat, Settled};
pub use failure_log::{FailedRecords, FailureLog};
pub use latest::Latest;
pub use memory::{Memory, Ticket};
pub use outstanding::{Generation, Outstanding};
pub use padded::Padded;
pub use pool::CHUNK_BYTES_MAX;

#[cfg(loom)]
pub(crate) use loom::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering},
};
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering},
};

/// Locks, whatever became of the thread that held the lock last: what these locks guard is whole between statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Locks if nobody else holds the lock.
pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(std::sync::TryLockError::WouldBlock) => None,
    }
}

/// Switches that make one place blind in a model; always off elsewhere, and then compiled away.
pub(crate) mod mutant {
    /// A place that looks again after it announced itself.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Blind {
        /// The bell's reader falls asleep without looking at what has come in.
        BellBeforeSleep,
        /// A delivery leaves its waker without looking whether its batch was settled meanwhile.
        CompletionBeforeWait,
        /// A waiter for room queues up without looking whether room was given back meanwhile.
        MemoryBeforeWait,
        /// A flush queues up without looking whether its batches were settled meanwhile.
        OutstandingBeforeWait,
        /// A lane that found a partition locked does not come back to it.
        LaneAfterBusy,
    }

    #[cfg(all(loom, test))]
    std::thread_local! {
        static BLIND: std::cell::Cell<Option<Blind>> = const { std::cell::Cell::new(None) };
    }

    /// Whether the place is blind in the model that runs.
    #[inline]
    pub(crate) fn is(place: Blind) -> bool {
        #[cfg(all(loom, test))]
        return BLIND.with(|blind| blind.get() == Some(place));
        #[cfg(not(all(loom, test)))]
        {
            let _ = place;
            false
        }
    }

    /// Makes a place blind for this thread's models.
    #[cfg(all(loom, test))]
    pub(crate) fn blind(place: Option<Blind>) {
        BLIND.with(|blind| blind.set(place));
    }
}
