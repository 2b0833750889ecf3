//! The times at which callers give up waiting (`max.block.ms`). The driver keeps them, so that a caller needs no runtime.
//!
//! A caller that has to wait enters its time and its waker; the cluster task wakes it when the time comes. Times mostly come in
//! order, since all callers have the same patience: a new one wakes the cluster task only when it is earlier than the one that
//! the cluster task sleeps until, which is kept even when its caller has left. So a caller that waits again and again wakes
//! nothing. The protocol is that of [`Mailbox`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Instant;

use milena_sender::sync::{Mailbox, Wake, wake_all};

/// The times of all callers that wait.
#[derive(Debug, Default)]
pub(crate) struct Deadlines(Mailbox<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// By time, then by arrival.
    waiting: BTreeMap<Place, Waker>,
    /// How many callers ever waited.
    entered: u64,
    /// When the cluster task wakes at the latest.
    armed: Option<Instant>,
    /// The driver has ended: every time is over.
    over: bool,
}

type Place = (Instant, u64);

impl Inner {
    fn first(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((at, _), _)| *at)
    }
}

impl Deadlines {
    /// Wakes the callers whose time has come. Returns when to do so again.
    pub(crate) fn expire(&self, now: Instant) -> Option<Instant> {
        let (mut due, armed) = self.0.read(|inner| {
            let mut due = Vec::new();
            while inner.first().is_some_and(|first| first <= now) {
                due.extend(inner.waiting.pop_first().map(|(_, waker)| waker));
            }
            let kept = inner.armed.filter(|armed| *armed > now);
            inner.armed = [kept, inner.first()].into_iter().flatten().min();
            (due, inner.armed)
        });
        wake_all(&mut due);
        armed
    }

    /// The cluster task falls asleep, unless an earlier time was entered since [`expire`](Self::expire). Returns whether it may.
    pub(crate) fn sleep(&self, waker: &Waker) -> bool {
        self.0.sleep(waker, |inner| match (inner.first(), inner.armed) {
            (Some(first), Some(armed)) => first >= armed,
            (Some(_), None) => false,
            (None, _) => true,
        })
    }

    /// The driver has ended: wakes all callers.
    pub(crate) fn close(&self) {
        let waiting = self.0.read(|inner| {
            inner.over = true;
            std::mem::take(&mut inner.waiting)
        });
        wake_all(&mut waiting.into_values().collect());
    }

    fn enter(&self, at: Instant, waker: &Waker) -> Place {
        self.0.put(|inner| {
            inner.entered += 1;
            let place = (at, inner.entered);
            if !inner.over {
                inner.waiting.insert(place, waker.clone());
            }
            let wake = if inner.armed.is_none_or(|armed| at < armed) { Wake::Now } else { Wake::Later };
            (place, wake)
        })
    }

    fn poll(&self, place: Place, waker: &Waker) -> Poll<()> {
        self.0.put(|inner| {
            let polled = match inner.waiting.get_mut(&place) {
                Some(left) => {
                    left.clone_from(waker);
                    Poll::Pending
                }
                None => Poll::Ready(()),
            };
            (polled, Wake::Later)
        })
    }

    fn leave(&self, place: Place) {
        self.0.put(|inner| (inner.waiting.remove(&place), Wake::Later));
    }
}

/// The time of one caller.
#[derive(Debug)]
pub(crate) struct Deadline {
    deadlines: Arc<Deadlines>,
    at: Instant,
    /// None until it is polled first.
    place: Option<Place>,
}

impl Deadline {
    pub(crate) const fn new(deadlines: Arc<Deadlines>, at: Instant) -> Self {
        Self { deadlines, at, place: None }
    }

    /// Ready when the time is over, or the driver has ended.
    pub(crate) fn poll(&mut self, now: Instant, waker: &Waker) -> Poll<()> {
        match self.place {
            Some(place) => self.deadlines.poll(place, waker),
            None if self.at <= now => Poll::Ready(()),
            None => {
                let place = self.deadlines.enter(self.at, waker);
                self.place = Some(place);
                // The driver may have ended before.
                self.deadlines.poll(place, waker)
            }
        }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.deadlines.leave(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::clock;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn caller_is_woken_when_its_time_comes_and_not_before() {
        let (deadlines, start) = (Arc::new(Deadlines::default()), clock::now());
        let caller = Count::default();
        let mut deadline = Deadline::new(Arc::clone(&deadlines), start + 2 * SECOND);
        assert!(deadline.poll(start, &caller.waker()).is_pending());
        assert_eq!(deadlines.expire(start), Some(start + 2 * SECOND));
        deadlines.expire(start + SECOND);
        assert_eq!(caller.count(), 0);
        assert_eq!(deadlines.expire(start + 2 * SECOND), None);
        assert_eq!(caller.count(), 1);
        assert!(deadline.poll(start, &caller.waker()).is_ready());
    }

    #[test]
    fn cluster_task_is_woken_by_an_earlier_time_alone() {
        let (deadlines, start) = (Arc::new(Deadlines::default()), clock::now());
        let cluster_task = Count::default();
        let wait = |seconds: u32| {
            let mut deadline = Deadline::new(Arc::clone(&deadlines), start + seconds * SECOND);
            assert!(deadline.poll(start, Waker::noop()).is_pending());
            deadline
        };
        assert!(deadlines.sleep(&cluster_task.waker()));
        let first = wait(10);
        assert_eq!(cluster_task.count(), 1);
        assert!(!deadlines.sleep(&cluster_task.waker()), "it has not seen that time");
        assert_eq!(deadlines.expire(start), Some(start + 10 * SECOND));
        assert!(deadlines.sleep(&cluster_task.waker()));
        drop(first);
        let _later = wait(11);
        assert_eq!(cluster_task.count(), 1, "it wakes before that anyway");
        let _earlier = wait(9);
        assert_eq!(cluster_task.count(), 2);
    }

    #[test]
    fn every_time_is_over_when_the_driver_has_ended() {
        let (deadlines, start) = (Arc::new(Deadlines::default()), clock::now());
        let caller = Count::default();
        let mut before = Deadline::new(Arc::clone(&deadlines), start + SECOND);
        assert!(before.poll(start, &caller.waker()).is_pending());
        deadlines.close();
        assert_eq!(caller.count(), 1);
        let mut after = Deadline::new(deadlines, start + SECOND);
        assert!(before.poll(start, Waker::noop()).is_ready() && after.poll(start, Waker::noop()).is_ready());
    }

    #[test]
    fn waker_that_panics_keeps_no_other_caller_from_being_woken() {
        for closes in [false, true] {
            let (deadlines, start) = (Arc::new(Deadlines::default()), clock::now());
            let caller = Count::default();
            let _callers = [Waker::from(Arc::new(Panics)), caller.waker()].map(|waker| {
                let mut deadline = Deadline::new(Arc::clone(&deadlines), start + SECOND);
                assert!(deadline.poll(start, &waker).is_pending());
                deadline
            });
            if closes {
                deadlines.close();
            } else {
                deadlines.expire(start + SECOND);
            }
            assert_eq!(caller.count(), 1, "closes: {closes}");
        }
    }

    #[test]
    fn caller_that_leaves_is_forgotten() {
        let (deadlines, start) = (Arc::new(Deadlines::default()), clock::now());
        let caller = Count::default();
        let mut deadline = Deadline::new(Arc::clone(&deadlines), start + SECOND);
        assert!(deadline.poll(start, &caller.waker()).is_pending());
        drop(deadline);
        deadlines.expire(start + SECOND);
        assert_eq!((caller.count(), deadlines.expire(start + SECOND)), (0, None));
    }

    struct Panics;

    impl std::task::Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("a waker that panics");
        }
    }

    #[derive(Default)]
    struct Count(Arc<Woken>);

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl std::task::Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Count {
        fn waker(&self) -> Waker {
            Waker::from(Arc::clone(&self.0))
        }

        fn count(&self) -> usize {
            self.0.0.load(Ordering::Relaxed)
        }
    }
}
