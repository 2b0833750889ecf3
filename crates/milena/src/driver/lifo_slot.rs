//! Keeps the driver's tasks from starving on a runtime with several workers.
//!
//! A task that is woken from a worker waits in a slot of that worker which the others do not steal from; a caller that
//! fills a batch and then computes for long would keep it there. Another task, which does nothing, pushes the first one
//! out of that slot, to where any worker takes it. It has to be a new one each time: one that still waits from the time
//! before, behind the same caller, is not woken again and pushes nobody.

use std::sync::Arc;
use std::task::{Wake, Waker};

use tokio::runtime::{Handle, RuntimeFlavor};

/// Where the tasks run that do nothing.
#[derive(Clone, Debug)]
pub(super) struct Nudge(Handle);

impl Nudge {
    /// For the runtime that runs the driver; none where it has one thread, and no slots to steal from.
    pub(super) fn of_current_runtime() -> Option<Self> {
        let runtime = Handle::current();
        (runtime.runtime_flavor() != RuntimeFlavor::CurrentThread).then_some(Self(runtime))
    }
}

/// Wakes a task, and has one that does nothing come after it.
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
        drop(self.nudge.0.spawn(std::future::ready(())));
    }
}

/// A task's waker with the nudge, made anew only when the task has another one.
#[derive(Debug)]
pub(super) struct Nudging {
    nudge: Option<Nudge>,
    made: Option<(Waker, Waker)>,
}

impl Nudging {
    /// None leaves wakers as they are.
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
