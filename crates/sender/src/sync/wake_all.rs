//! Waking the tasks of callers, whatever their wakers do: they panic, or poll the task in place. So no lock is held here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// Wakes the tasks of callers in order, and leaves no waker. Hold no lock: a waker runs code of the caller's executor, which may
/// poll the task in place. One that panics is skipped, because the producer's driver runs here and has the records of all other
/// callers. The panic hook reports it.
pub fn wake_all(wakers: &mut Vec<Waker>) {
    if wakers.is_empty() {
        return;
    }
    let mut left = wakers.drain(..);
    // A model of loom reports by panics.
    if cfg!(loom) {
        return left.for_each(Waker::wake);
    }
    while catch_unwind(AssertUnwindSafe(|| left.by_ref().for_each(Waker::wake))).is_err() {}
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    struct Panics;

    impl Wake for Panics {
        #[expect(clippy::panic, reason = "this is what is tested")]
        fn wake(self: Arc<Self>) {
            panic!("a waker that panics");
        }
    }

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn waker_that_panics_keeps_none_behind_it_from_being_woken() {
        let count = Arc::new(Count::default());
        let counts = || Waker::from(Arc::clone(&count));
        let panics = || Waker::from(Arc::new(Panics));
        let mut wakers = vec![counts(), panics(), counts(), panics(), panics(), counts()];
        wake_all(&mut wakers);
        assert_eq!((count.0.load(Ordering::Relaxed), wakers.len()), (3, 0));
    }
}
