//! [`Reports`]: the stream of a producer's reports.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use futures_core::Stream;
use milena_sender::accumulator::Shared;
use milena_sender::sync::{BatchReport, ReportQueue};

use super::Report;

/// The successes that wait for a reader at most: beyond that they are dropped and counted.
pub(crate) const SUCCESSES_MAX: usize = 65_536;

/// The outcome of every record that is accepted after this stream was made, those of one partition in the order in which they were
/// settled. It ends after the producer has ended.
///
/// * **Failures are never dropped.** The batch of a failed record takes its share of `buffer.memory` until the last of its reports was
///   read: a reader that stops has the callers of that partition wait, as a full buffer does.
/// * **Successes are dropped and [counted](Self::dropped)** while 65 536 of them wait.
///
/// Each stream has all reports. A stream that is dropped gives back what its reports held, and the log has the number of failures
/// that were not read.
///
/// It is a [`Stream`]; [`next`](Self::next) needs no other crate.
///
/// ```no_run
/// # async fn example(producer: milena::Producer) -> Result<(), Box<dyn std::error::Error>> {
/// let mut reports = producer.reports();
/// tokio::spawn(async move {
///     while let Some(report) = reports.next().await {
///         if let Some(record) = report.record() {
///             eprintln!("{:?} was not delivered", record.key);
///         }
///     }
/// });
/// # Ok(()) }
/// ```
#[must_use = "failures take room until they are read"]
pub struct Reports {
    shared: Arc<Shared>,
    queue: Arc<ReportQueue>,
    /// The batch that is being read, and its next record.
    reading: Option<(Arc<BatchReport>, u32)>,
}

impl Reports {
    /// Reports of the records in batches that are opened from now on.
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let queue = shared.reports.subscribe(Some(SUCCESSES_MAX));
        Self { shared: Arc::clone(shared), queue, reading: None }
    }

    /// The next report; none once the producer has ended and all of them were read.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, no report is lost.
    pub async fn next(&mut self) -> Option<Report> {
        poll_fn(|cx| self.poll(cx.waker())).await
    }

    /// The next report, if there is one now.
    pub fn try_next(&mut self) -> Option<Report> {
        match self.poll(Waker::noop()) {
            Poll::Ready(report) => report,
            Poll::Pending => None,
        }
    }

    /// How many successes were dropped, because too many waited to be read.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.queue.dropped()
    }

    fn poll(&mut self, waker: &Waker) -> Poll<Option<Report>> {
        loop {
            if let Some((batch, next)) = &mut self.reading {
                let index = *next;
                *next += 1;
                if index < batch.records() {
                    let report = Report::of(batch, index);
                    if index + 1 == batch.records() {
                        self.reading = None;
                    }
                    return Poll::Ready(Some(report));
                }
            }
            let Some(batch) = ready!(self.queue.poll(waker)) else { return Poll::Ready(None) };
            self.reading = Some((batch, 0));
        }
    }
}

impl Stream for Reports {
    type Item = Report;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Report>> {
        self.poll(cx.waker())
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        let begun = match &self.reading {
            Some((batch, next)) if batch.is_failure() => u64::from(batch.records() - next),
            _ => 0,
        };
        let failures = begun + self.shared.reports.unsubscribe(&self.queue);
        if failures > 0 {
            tracing::error!(
                failures,
                "produce: a stream of reports was dropped before the reports of these failed records were read"
            );
        }
    }
}

impl fmt::Debug for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reports").field("queue", &self.queue).finish_non_exhaustive()
    }
}
