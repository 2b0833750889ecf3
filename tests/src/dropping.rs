//! Futures that are dropped at each point where they wait: a future that is safe to cancel loses and repeats nothing.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use crate::harness::within;

/// Polls a future until it is ready, or drops it where it waits for the `waits`th time.
pub async fn drop_at<F: Future>(waits: u32, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut waited = 0;
    poll_fn(move |cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => {
            waited += 1;
            if waited == waits { Poll::Ready(None) } else { Poll::Pending }
        }
    })
    .await
}

/// Plays a story again and again, dropping its future one wait later each time, until the story returns true because the future came
/// to its end. Returns at which wait it did.
///
/// # Panics
/// When it does not within a hundred waits.
pub async fn at_every_wait(mut story: impl AsyncFnMut(u32) -> bool) -> u32 {
    let mut waits = 1;
    while !within(story(waits)).await {
        waits += 1;
        assert!(waits < 100, "a future that waits for ever");
    }
    waits
}
