//! Why a task of the driver ended before it was done: it panicked, or its runtime dropped it. The records that this costs say which.
//!
//! A task panics within its turn, and is dropped by a runtime between turns. Whether the thread panics does not tell: a program
//! that panics may drop its runtime meanwhile.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use milena_sender::Ending;

use crate::core::Core;

/// Watches one task.
#[derive(Debug)]
pub(super) struct Watch {
    core: Arc<Core>,
    /// The task has its turn.
    in_turn: AtomicBool,
    /// The task came to its end.
    is_done: AtomicBool,
}

impl Watch {
    pub(super) fn new(core: &Arc<Core>) -> Arc<Self> {
        Arc::new(Self {
            core: Arc::clone(core),
            in_turn: AtomicBool::new(false),
            is_done: AtomicBool::new(false),
        })
    }

    /// Runs the task, which holds an [`EarlyEnd`] of this.
    pub(super) async fn run<F: Future>(self: Arc<Self>, task: F) -> F::Output {
        let mut task = pin!(task);
        poll_fn(|cx| {
            self.in_turn.store(true, Ordering::Relaxed);
            let polled = task.as_mut().poll(cx);
            self.in_turn.store(false, Ordering::Relaxed);
            self.is_done.store(polled.is_ready(), Ordering::Relaxed);
            polled
        })
        .await
    }
}

/// Dropped with its task. Invariant: the first field, because what the task has fails when it is dropped.
#[derive(Debug)]
pub(super) struct EarlyEnd(pub(super) Arc<Watch>);

impl Drop for EarlyEnd {
    fn drop(&mut self) {
        let Watch { core, in_turn, is_done } = &*self.0;
        if !is_done.load(Ordering::Relaxed) {
            let panicked = in_turn.load(Ordering::Relaxed);
            core.shared.set_ending(if panicked { Ending::DriverFailed } else { Ending::RuntimeEnded });
        }
    }
}
