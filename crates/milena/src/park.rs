//! Futures on plain threads: a future is polled, and its thread parked until the future is woken.
//!
//! * No runtime is needed. Where the thread belongs to one, the runtime does not run meanwhile: a future must not wait for it. So the
//!   cooperative budget of tokio does not apply, and a future that yields ([`yield_once`]) is polled again at once.
//! * A call that has its outcome at once allocates nothing: the first poll has a waker that does nothing.

use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::task::coop::unconstrained;

use crate::clock;

thread_local! {
    /// This thread polls a future that a plain call waits for.
    static IS_BLOCKING: Cell<bool> = const { Cell::new(false) };
}

/// Waits for the output of a future.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        // Without a deadline there is always an output.
        if let Some(output) = wait(future.as_mut(), None) {
            return output;
        }
    }
}

/// Waits for the output of a future, for a time. None when the time is over; the future can be waited for again.
pub(crate) fn block_on_for<F: Future>(future: Pin<&mut F>, timeout: Duration) -> Option<F::Output> {
    wait(future, clock::monotonic().checked_add(timeout))
}

fn wait<F: Future>(future: Pin<&mut F>, until: Option<Instant>) -> Option<F::Output> {
    let mut future = pin!(unconstrained(future));
    if let Poll::Ready(output) = poll(future.as_mut(), Waker::noop()) {
        return Some(output);
    }
    let unpark = Arc::new(Unpark { thread: thread::current(), is_woken: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&unpark));
    loop {
        if let Poll::Ready(output) = poll(future.as_mut(), &waker) {
            return Some(output);
        }
        // A thread may be unparked for another reason.
        while !unpark.is_woken.swap(false, Ordering::Acquire) {
            match until.map(|until| until.saturating_duration_since(clock::monotonic())) {
                None => thread::park(),
                Some(Duration::ZERO) => return None,
                Some(left) => thread::park_timeout(left),
            }
        }
    }
}

fn poll<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    let _blocking = Blocking(IS_BLOCKING.replace(true));
    future.poll(&mut Context::from_waker(waker))
}

/// Restores the mark of the thread, also when the future panics.
struct Blocking(bool);

impl Drop for Blocking {
    fn drop(&mut self) {
        IS_BLOCKING.set(self.0);
    }
}

/// Gives other threads or tasks a turn: pending once. The runtime wakes a task after it has looked at its sockets, a plain thread goes
/// on at once, and so does a thread of a runtime that is blocked by a plain call.
pub(crate) fn yield_once(cx: &mut Context<'_>) {
    if IS_BLOCKING.get() {
        thread::yield_now();
        cx.waker().wake_by_ref();
    } else {
        let _ = pin!(tokio::task::yield_now()).poll(cx);
    }
}

struct Unpark {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};

    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn future_that_another_thread_wakes_is_waited_for() {
        let (sender, receiver) = oneshot::channel();
        let other = thread::spawn(move || sender.send(7));
        assert_eq!(block_on(receiver), Ok(7));
        assert_eq!(other.join().unwrap(), Ok(()));
    }

    #[test]
    fn future_that_yields_goes_on_inside_of_a_runtime() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for _ in 0..2 {
            let turns = runtime.block_on(async { block_on(yields(1_000)) });
            assert_eq!((turns, block_on(yields(1_000))), (1_000, 1_000));
        }
    }

    #[test]
    fn cooperative_budget_of_a_task_that_blocks_does_not_apply() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for _ in 0..1_000 {
                let (sender, receiver) = oneshot::channel();
                sender.send(()).unwrap();
                assert_eq!(block_on(receiver), Ok(()));
            }
        });
    }

    #[test]
    fn wait_with_a_timeout_ends_and_can_be_repeated() {
        let mut never = pin!(pending::<()>());
        assert_eq!(block_on_for(never.as_mut(), Duration::ZERO), None);
        assert_eq!(block_on_for(never.as_mut(), Duration::from_millis(1)), None);
        let (sender, receiver) = oneshot::channel();
        let mut receiver = pin!(receiver);
        assert_eq!(block_on_for(receiver.as_mut(), Duration::ZERO), None);
        sender.send(()).unwrap();
        assert_eq!(block_on_for(receiver.as_mut(), Duration::MAX), Some(Ok(())));
    }

    #[test]
    fn unparking_a_thread_does_not_poll_its_future() {
        let mut polls = 0;
        let here = thread::current();
        block_on(poll_fn(|cx| {
            polls += 1;
            here.unpark();
            let waker = cx.waker().clone();
            match polls {
                1 => Poll::Pending,
                2 => {
                    thread::spawn(move || waker.wake());
                    Poll::Pending
                }
                _ => Poll::Ready(()),
            }
        }));
        assert_eq!(polls, 3);
    }

    async fn yields(times: u32) -> u32 {
        let mut turns = 0;
        while turns < times {
            let mut has_yielded = false;
            poll_fn(|cx| match std::mem::replace(&mut has_yielded, true) {
                true => Poll::Ready(()),
                false => {
                    yield_once(cx);
                    Poll::Pending
                }
            })
            .await;
            turns += 1;
        }
        turns
    }
}
