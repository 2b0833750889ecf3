//! Futures that are polled together by one task, a bounded number of them at a time.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

type Running<'a, T> = (usize, Pin<Box<dyn Future<Output = T> + Send + 'a>>);

/// Runs all futures, at most `at_a_time` of them at once. The results are in the order of the futures.
pub(super) async fn side_by_side<'a, T, F>(futures: Vec<F>, at_a_time: usize) -> Vec<T>
where
    F: Future<Output = T> + Send + 'a,
    T: Send,
{
    let mut results: Vec<(usize, T)> = Vec::with_capacity(futures.len());
    let mut waiting = futures.into_iter().enumerate();
    let mut running: Vec<Running<'a, T>> = Vec::new();
    poll_fn(|cx| {
        loop {
            while running.len() < at_a_time
                && let Some((index, future)) = waiting.next()
            {
                running.push((index, Box::pin(future)));
            }
            let before = running.len();
            running.retain_mut(|(index, future)| match future.as_mut().poll(cx) {
                Poll::Ready(result) => {
                    results.push((*index, result));
                    false
                }
                Poll::Pending => true,
            });
            match running.len() {
                0 if waiting.len() == 0 => return Poll::Ready(()),
                after if after == before => return Poll::Pending,
                _ => {}
            }
        }
    })
    .await;
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn futures_run_together_within_the_bound_and_keep_their_order() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let one = async |index: u64| {
            most.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            sleep(Duration::from_millis(10 - index)).await;
            running.fetch_sub(1, Ordering::Relaxed);
            index
        };
        let results = side_by_side((0..8).map(one).collect(), 3).await;
        assert_eq!(results, (0..8).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::Relaxed), 3);
        assert!(side_by_side(Vec::<std::future::Ready<()>>::new(), 3).await.is_empty());
    }
}
