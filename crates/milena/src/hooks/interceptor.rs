//! [`Interceptor`]: a caller's code before a record is accepted, and once it is settled.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::record::Record;
use crate::reports::Report;

/// Code that sees each record before it is accepted, and its outcome (KIP-42).
///
/// Both methods are called once a record: a batch that is sent again calls neither. A record that is refused, and so never was
/// accepted, has its `on_settled` at once, on the caller's thread; every other one has it on the thread of the hooks, in the order in
/// which the records of a partition were settled. The future of a record that is dropped before the record is accepted calls
/// nothing more. A record that [`try_enqueue`](crate::Producer::try_enqueue) gives back was not accepted: it comes back as it was
/// handed over, and is intercepted again with the next attempt.
///
/// A method that panics has no effect: the panic is logged, and the record goes as it was.
///
/// ```
/// use milena::{Interceptor, Record, Report};
///
/// struct Source;
///
/// impl Interceptor for Source {
///     fn before_send(&self, record: Record) -> Record {
///         record.header("source", "web-1")
///     }
///
///     fn on_settled(&self, report: &Report) {
///         println!("{}: {}", report.topic, if report.error().is_some() { "failed" } else { "delivered" });
///     }
/// }
/// ```
pub trait Interceptor: Send + Sync {
    /// The record to be sent in the place of this one. Its topic may be another one, unless it is sent by a
    /// [`Topic`](crate::Topic), which has its own.
    fn before_send(&self, record: Record) -> Record {
        record
    }

    /// The record was delivered, has failed, or was refused.
    fn on_settled(&self, report: &Report) {
        let _ = report;
    }
}

/// The interceptors of a producer, in their order.
#[derive(Clone, Default)]
pub(crate) struct Interceptors {
    list: Vec<Arc<dyn Interceptor>>,
    panics: Arc<AtomicU64>,
}

impl fmt::Debug for Interceptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interceptors").field("list", &self.list.len()).finish_non_exhaustive()
    }
}

impl Interceptors {
    pub(crate) fn push(&mut self, interceptor: Arc<dyn Interceptor>) {
        self.list.push(interceptor);
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// The record as the interceptors leave it.
    pub(crate) fn before_send(&self, record: Record) -> Record {
        self.list.iter().fold(record, |record, interceptor| {
            let before = record.clone();
            match isolated(&self.panics, "an interceptor", || interceptor.before_send(record)) {
                Some(after) => after,
                None => before,
            }
        })
    }

    /// A record is settled.
    pub(crate) fn on_settled(&self, report: &Report) {
        for interceptor in &self.list {
            isolated(&self.panics, "an interceptor", || interceptor.on_settled(report));
        }
    }
}

/// Calls a caller's code. A panic is logged, the first and then each that doubles their number: a hook that always panics is called
/// for each record.
pub(super) fn isolated<T>(panics: &AtomicU64, kind: &str, call: impl FnOnce() -> T) -> Option<T> {
    // The code is the caller's, and a panic in the middle of it leaves nothing of the producer half done.
    let called = catch_unwind(AssertUnwindSafe(call));
    if called.is_err() {
        let panics = panics.fetch_add(1, Ordering::Relaxed) + 1;
        if panics.is_power_of_two() {
            tracing::error!(panics, "hooks: {kind} panicked, see standard error: its call had no effect");
        }
    }
    called.ok()
}
