//! A queue from which several threads take, each asleep while there is nothing for it.

use std::collections::VecDeque;
use std::task::{Poll, Waker};

use super::mutant::{self, Blind};
use super::{Mutex, lock};

/// Items on their way to whichever thread is free, in order.
///
/// The items and the wakers of the threads that sleep stand behind one lock: a thread that finds nothing and falls asleep
/// cannot miss what came in between.
#[derive(Debug)]
pub struct Handover<T> {
    inner: Mutex<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    items: VecDeque<T>,
    /// Of the threads that sleep, each once.
    sleepers: Vec<Waker>,
    closed: bool,
}

/// The way that an item took.
#[derive(Debug, PartialEq, Eq)]
pub enum Handed<T> {
    /// A thread that slept was woken for it.
    ToSleeper,
    /// No thread sleeps: it waits for its turn, with others. There are so many items now.
    Queued {
        /// How many.
        waiting: usize,
    },
    /// Nothing is taken any more.
    Closed(T),
}

impl<T> Default for Handover<T> {
    fn default() -> Self {
        let inner = Inner { items: VecDeque::new(), sleepers: Vec::new(), closed: false };
        Self { inner: Mutex::new(inner) }
    }
}

impl<T> Handover<T> {
    /// Puts an item behind the others, and wakes a thread that sleeps.
    pub fn put(&self, item: T) -> Handed<T> {
        let mut inner = lock(&self.inner);
        if inner.closed {
            return Handed::Closed(item);
        }
        inner.items.push_back(item);
        let (waiting, sleeper) = (inner.items.len(), inner.sleepers.pop());
        drop(inner);
        match sleeper {
            Some(sleeper) => {
                sleeper.wake();
                Handed::ToSleeper
            }
            None => Handed::Queued { waiting },
        }
    }

    /// The next item for a thread; pending when there is none, and then `waker` is woken for one. None at the end.
    pub fn poll_take(&self, waker: &Waker) -> Poll<Option<T>> {
        let mut inner = lock(&self.inner);
        inner.sleepers.retain(|other| !other.will_wake(waker));
        // Looked at under the lock that the waker is left under.
        let is_blind = mutant::is(Blind::HandoverBeforeSleep);
        if !is_blind && (inner.closed || !inner.items.is_empty()) {
            return Poll::Ready(inner.items.pop_front());
        }
        inner.sleepers.push(waker.clone());
        Poll::Pending
    }

    /// Takes no more items, and ends the threads. Returns the items that none of them took.
    pub fn close(&self) -> VecDeque<T> {
        let mut inner = lock(&self.inner);
        inner.closed = true;
        let items = std::mem::take(&mut inner.items);
        let sleepers = std::mem::take(&mut inner.sleepers);
        drop(inner);
        sleepers.into_iter().for_each(Waker::wake);
        items
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn items_are_taken_in_order_and_none_after_the_end() {
        let handover = Handover::default();
        for item in 1..=4 {
            assert_eq!(handover.put(item), Handed::Queued { waiting: item });
        }
        let taken = [(); 2].map(|()| handover.poll_take(Waker::noop()));
        assert_eq!(taken, [Poll::Ready(Some(1)), Poll::Ready(Some(2))]);
        assert_eq!(handover.close(), [3, 4]);
        assert_eq!(handover.put(5), Handed::Closed(5));
        assert_eq!(handover.poll_take(Waker::noop()), Poll::Ready(None));
    }

    #[test]
    fn one_sleeping_thread_is_woken_for_an_item_and_all_are_at_the_end() {
        let handover = Handover::default();
        let counts = [(); 3].map(|()| Arc::new(Count::default()));
        for count in &counts {
            let waker = Waker::from(Arc::clone(count));
            // A thread that woke for nothing falls asleep again, and is known once.
            assert!(handover.poll_take(&waker).is_pending() && handover.poll_take(&waker).is_pending());
        }
        let woken = || counts.iter().map(|count| count.0.load(Ordering::Relaxed)).sum::<usize>();
        assert_eq!((handover.put(1), woken()), (Handed::ToSleeper, 1));
        assert_eq!((handover.put(2), woken()), (Handed::ToSleeper, 2));
        handover.close();
        assert_eq!(woken(), 3);
    }
}
