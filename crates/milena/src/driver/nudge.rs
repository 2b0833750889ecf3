//! Keeps a broker's task from starving on a runtime with several workers.
//!
//! A task that is woken from a worker waits in a slot of that worker which the others do not steal from; a caller that
//! fills a batch and then computes for long would keep it there. Waking a second task, which does nothing, pushes the
//! first one out of that slot, to where any worker takes it.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Wake, Waker};

/// The task that does nothing, as far as it is woken.
#[derive(Clone, Debug, Default)]
pub(super) struct Nudge(Arc<Mutex<Option<Waker>>>);

impl Nudge {
    /// The task: to be spawned beside the others, and to be aborted in the end.
    pub(super) fn task(&self) -> impl Future<Output = ()> + Send + 'static {
        let place = Arc::clone(&self.0);
        poll_fn(move |cx| {
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
            Poll::Pending
        })
    }

    fn wake(&self) {
        if let Some(waker) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            waker.wake_by_ref();
        }
    }
}

/// Wakes a task, and then the one that does nothing.
struct Both {
    task: Waker,
    nudge: Nudge,
}

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.task.wake_by_ref();
        self.nudge.wake();
    }
}

/// A task's waker with the nudge, made anew only when the task has another one.
#[derive(Debug)]
pub(super) struct Nudging {
    nudge: Option<Nudge>,
    made: Option<(Waker, Waker)>,
}

impl Nudging {
    /// None leaves wakers as they are, for runtimes of one thread.
    pub(super) const fn new(nudge: Option<Nudge>) -> Self {
        Self { nudge, made: None }
    }

    /// The waker to be left where callers wake the task.
    pub(super) fn waker(&mut self, task: &Waker) -> Waker {
        let Some(nudge) = &self.nudge else { return task.clone() };
        match &self.made {
            Some((of, both)) if of.will_wake(task) => both.clone(),
            _ => {
                let both = Waker::from(Arc::new(Both { task: task.clone(), nudge: nudge.clone() }));
                self.made = Some((task.clone(), both.clone()));
                both
            }
        }
    }
}
