//! A mailbox with one reader: a writer wakes the reader, if it sleeps and the change concerns it.

use std::task::Waker;

use super::mutant::{self, Blind};
use super::{Mutex, lock};

/// Shared content with one reader that sleeps while there is nothing in it.
///
/// The content, and whether the reader sleeps, stand behind one lock: a reader that reads and then falls asleep cannot
/// miss a change in between.
#[derive(Debug, Default)]
pub struct Mailbox<T> {
    inner: Mutex<Inner<T>>,
}

#[derive(Debug, Default)]
struct Inner<T> {
    content: T,
    /// The reader's waker while it sleeps.
    sleeper: Option<Waker>,
}

/// Whether a change concerns the reader now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Wake it if it sleeps.
    Now,
    /// It will see the change when it wakes for another reason.
    Later,
}

impl<T> Mailbox<T> {
    /// A mailbox with this in it.
    pub fn new(content: T) -> Self {
        Self { inner: Mutex::new(Inner { content, sleeper: None }) }
    }

    /// Changes the content, and wakes the reader if it sleeps and the change concerns it.
    pub fn put<R>(&self, change: impl FnOnce(&mut T) -> (R, Wake)) -> R {
        let mut inner = lock(&self.inner);
        let (result, wake) = change(&mut inner.content);
        let sleeper = if wake == Wake::Now { inner.sleeper.take() } else { None };
        drop(inner);
        if let Some(sleeper) = sleeper {
            sleeper.wake();
        }
        result
    }

    /// Looks at the content; the reader's side.
    pub fn read<R>(&self, read: impl FnOnce(&mut T) -> R) -> R {
        let mut inner = lock(&self.inner);
        inner.sleeper = None;
        read(&mut inner.content)
    }

    /// Falls asleep unless there is something to do: `may_sleep` reads the content, and when it returns true the next
    /// [`put`](Self::put) that concerns the reader wakes `waker`. Returns whether the reader may sleep.
    pub fn sleep(&self, waker: &Waker, may_sleep: impl FnOnce(&mut T) -> bool) -> bool {
        let mut inner = lock(&self.inner);
        let sleeps = may_sleep(&mut inner.content) || mutant::is(Blind::BellBeforeSleep);
        inner.sleeper = sleeps.then(|| waker.clone());
        sleeps
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_sleeper_is_woken_once_by_what_concerns_it() {
        let mailbox = Mailbox::new(0);
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let woken = || count.0.load(Ordering::Relaxed);
        let put = |wake| {
            mailbox.put(|content| {
                *content += 1;
                ((), wake)
            });
        };
        assert!(mailbox.sleep(&waker, |content| *content == 0));
        put(Wake::Later);
        assert_eq!(woken(), 0);
        put(Wake::Now);
        put(Wake::Now);
        assert_eq!((woken(), mailbox.read(|content| *content)), (1, 3));

        // The reader has read the content, and is awake until it sleeps again.
        put(Wake::Now);
        assert_eq!(woken(), 1);
        assert!(!mailbox.sleep(&waker, |content| *content == 3), "the reader has not seen the last change");
        put(Wake::Now);
        assert_eq!(woken(), 1, "a reader that may not sleep does not");
    }
}
