//! Everything that threads share, and nothing else: callers append from any thread, broker senders take from theirs.
//!
//! * [`Mailbox`]: a mailbox whose reader sleeps, and is woken exactly when there is something for it.
//! * [`Handover`]: a queue from which several threads take work.
//! * [`Completion`]: the cell that a batch's deliveries wait for.
//! * [`Memory`]: the one byte budget, the chunks it pays for, its shares, and the callers that wait for room.
//! * [`Account`]: the bytes that one partition holds of it.
//! * [`Outstanding`]: how many batches are not settled, by the flush that waits for them.
//! * [`Latest`]: a value that is replaced now and then and read all the time.
//! * [`FailureLog`]: the failures since they were last read.
//! * [`Totals`]: how many records were settled, and how long the stages of batches took; [`TopicTotals`]: those of one topic.
//! * [`LatencyRecorder`]: a histogram of fixed memory.
//! * [`wake_all()`]: wakes the tasks of callers, also where a waker panics.
//!
//! With `--cfg loom` the primitives below are loom's, and the models in `crates/sender/models` try every order in which
//! threads can meet. Each place that looks again after it announced itself can be made blind there (`mutant`), to see that
//! the model notices.

use std::sync::{PoisonError, TryLockError};

mod account;
mod batch_data;
mod completion;
mod failed_batch;
mod failed_room;
mod failure_log;
#[cfg(loom)]
mod gate;
mod handover;
mod histogram;
mod latest;
mod mailbox;
mod memory;
#[cfg(all(loom, test))]
#[path = "../../models/mod.rs"]
mod models;
mod outstanding;
mod padded;
mod pool;
mod record_meta;
mod reports;
mod room;
mod shares;
mod totals;
mod turns;
mod waiters;
mod wake_all;

pub use account::{Account, Charge, Release};
pub(crate) use batch_data::{BatchData, ChargeHold, pieces_of};
pub use completion::{Completion, RecordHandle, Settled};
pub(crate) use failed_batch::RecordLayout;
pub use failed_batch::{FailedBatch, FailedRecord};
pub use failed_room::{FailedRoom, FailedShare};
pub use failure_log::{FailedRecords, FailureLog};
pub use handover::{Handed, Handover};
pub use histogram::{LatencyHistogram, LatencyRecorder};
pub use latest::Latest;
pub use mailbox::{Mailbox, Wake};
pub use memory::{Holder, Memory, Ticket};
pub use outstanding::{AwaitSettled, Generation, Outstanding};
pub use padded::Padded;
pub use pool::CHUNK_BYTES_MAX;
pub use record_meta::RecordMeta;
pub use reports::{BatchReport, RecordReport, ReportQueue, Reports};
pub use totals::{TopicCounts, TopicTotals, Totals};
pub use wake_all::wake_all;

/// The lock of a partition, which a broker sender only tries.
#[cfg(loom)]
pub(crate) use gate::{Gate, GateGuard};
#[cfg(loom)]
use loom::sync::MutexGuard;
#[cfg(loom)]
pub(crate) use loom::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering},
};
#[cfg(not(loom))]
use std::sync::MutexGuard;
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering},
};
#[cfg(not(loom))]
pub(crate) use std::sync::{Mutex as Gate, MutexGuard as GateGuard};

/// Locks, whatever became of the thread that held the lock last: what these locks guard is whole between statements.
#[inline]
pub(crate) fn lock<L: Lock>(lock: &L) -> L::Guard<'_> {
    lock.hold()
}

/// Locks if no other thread holds the lock.
#[inline]
pub(crate) fn try_lock<L: Lock>(lock: &L) -> Option<L::Guard<'_>> {
    lock.try_hold()
}

/// A lock that is never poisoned.
pub(crate) trait Lock {
    /// Gives it back when it is dropped.
    type Guard<'a>
    where
        Self: 'a;

    fn hold(&self) -> Self::Guard<'_>;

    fn try_hold(&self) -> Option<Self::Guard<'_>>;
}

impl<T> Lock for Mutex<T> {
    type Guard<'a>
        = MutexGuard<'a, T>
    where
        T: 'a;

    #[inline]
    fn hold(&self) -> MutexGuard<'_, T> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn try_hold(&self) -> Option<MutexGuard<'_, T>> {
        match self.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl<L: Lock> Lock for Padded<L> {
    type Guard<'a>
        = L::Guard<'a>
    where
        L: 'a;

    #[inline]
    fn hold(&self) -> L::Guard<'_> {
        self.0.hold()
    }

    #[inline]
    fn try_hold(&self) -> Option<L::Guard<'_>> {
        self.0.try_hold()
    }
}

/// Switches that make one place blind in a model; always off elsewhere, and then compiled away.
pub(crate) mod mutant {
    /// A place that looks again after it announced itself.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Blind {
        /// The mailbox's reader falls asleep without looking at what has come in.
        BellBeforeSleep,
        /// A delivery leaves its waker without looking whether its batch was settled meanwhile.
        CompletionBeforeWait,
        /// A waiter for room queues up without looking whether room was given back meanwhile.
        MemoryBeforeWait,
        /// A caller that waits for room lets later ones append to the open batch.
        PartitionAfterWait,
        /// A partition has a leader again, and no look is taken at the callers that wait for room in it.
        MemoryAfterRecovery,
        /// A flush queues up without looking whether its batches were settled meanwhile.
        OutstandingBeforeWait,
        /// A thread falls asleep without looking whether an item came in meanwhile.
        HandoverBeforeSleep,
        /// A broker sender that found a partition locked does not come back to it.
        SenderAfterBusy,
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
