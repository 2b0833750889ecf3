//! The reason for which a task of the driver ended before it was done: it panicked, or its runtime dropped it. The errors of the
//! records that fail with it name this reason.
//!
//! A task panics while it is polled; a runtime drops it between two polls. `std::thread::panicking` does not distinguish the two: a
//! program that panics may drop its runtime meanwhile.
//!
//! Rule: the first reason stays ([`Shared::set_ending`](milena_sender::accumulator::Shared::set_ending)). The cluster task relies on it.
//! It owns its [`EarlyEnd`] and is dropped within its last poll, which looks like a panic here; it has set
//! [`Ending::Closed`] before.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use milena_sender::Ending;

use crate::core::Core;

/// The observation of one task.
#[derive(Debug)]
pub(super) struct Watch {
    core: Arc<Core>,
    /// The task is being polled.
    in_poll: AtomicBool,
    /// The last poll returned `Ready`.
    is_done: AtomicBool,
}

impl Watch {
    pub(super) fn new(core: &Arc<Core>) -> Arc<Self> {
        Arc::new(Self {
            core: Arc::clone(core),
            in_poll: AtomicBool::new(false),
            is_done: AtomicBool::new(false),
        })
    }

    pub(super) const fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Runs the task, which holds an [`EarlyEnd`] of this.
    pub(super) async fn run<F: Future>(self: Arc<Self>, task: F) -> F::Output {
        let mut task = pin!(task);
        poll_fn(|cx| {
            self.in_poll.store(true, Ordering::Relaxed);
            let polled = task.as_mut().poll(cx);
            self.in_poll.store(false, Ordering::Relaxed);
            self.is_done.store(polled.is_ready(), Ordering::Relaxed);
            polled
        })
        .await
    }
}

/// Notes the reason when its task is dropped. Invariant: the first field of the task, because the records that the task holds fail
/// when the other fields are dropped.
#[derive(Debug)]
pub(super) struct EarlyEnd(pub(super) Arc<Watch>);

impl Drop for EarlyEnd {
    fn drop(&mut self) {
        let Watch { core, in_poll, is_done } = &*self.0;
        if !is_done.load(Ordering::Relaxed) {
            let panicked = in_poll.load(Ordering::Relaxed);
            core.shared.set_ending(if panicked { Ending::DriverFailed } else { Ending::RuntimeEnded });
        }
    }
}
