//! Wake-ups that get past the LIFO slots of a runtime with several workers.
//!
//! A task that is woken from a worker waits in the LIFO slot of that worker, from which the others do not steal. A caller that
//! fills a batch and then computes for long would keep the task there. An empty task that is spawned after it pushes it out of
//! the slot, into the queue from which any worker takes it. The empty task is a new one each time: one that still waits behind
//! the same caller is not woken again, and pushes out nothing.

use std::sync::Arc;
use std::task::{Wake, Waker};

use tokio::runtime::{Handle, RuntimeFlavor};

/// The runtime on which the empty tasks are spawned.
#[derive(Clone, Debug)]
pub(super) struct LifoSlot(Handle);

impl LifoSlot {
    /// Of the runtime that runs the driver; none where it has one thread, because no other worker waits there.
    pub(super) fn of_current_runtime() -> Option<Self> {
        let runtime = Handle::current();
        (runtime.runtime_flavor() != RuntimeFlavor::CurrentThread).then_some(Self(runtime))
    }
}

/// Wakes a task, and spawns an empty one after it.
struct Both {
    task: Waker,
    lifo_slot: LifoSlot,
}

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.task.wake_by_ref();
        drop(self.lifo_slot.0.spawn(std::future::ready(())));
    }
}

/// A task's waker that gets past the LIFO slot; it is kept as long as the task has the same waker.
#[derive(Debug)]
pub(super) struct LifoSlotWaker {
    lifo_slot: Option<LifoSlot>,
    made: Option<(Waker, Waker)>,
}

impl LifoSlotWaker {
    /// Without a `lifo_slot`, wakers stay as they are.
    pub(super) const fn new(lifo_slot: Option<LifoSlot>) -> Self {
        Self { lifo_slot, made: None }
    }

    /// The waker to be left where callers wake the task.
    pub(super) fn waker(&mut self, task: &Waker) -> Waker {
        let Some(lifo_slot) = &self.lifo_slot else { return task.clone() };
        match &self.made {
            Some((of, both)) if of.will_wake(task) => both.clone(),
            _ => {
                let both = Waker::from(Arc::new(Both { task: task.clone(), lifo_slot: lifo_slot.clone() }));
                self.made = Some((task.clone(), both.clone()));
                both
            }
        }
    }
}
