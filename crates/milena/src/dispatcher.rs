//! The thread of the hooks: it reads the reports of all records, and calls the hooks for each.

use std::future::poll_fn;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use milena_sender::sync::{BatchReport, ReportQueue};

use crate::clock;
use crate::core::Core;
use crate::error::{ConnectError, ConnectErrorKind};
use crate::hooks::Calls;
use crate::park::block_on;
use crate::reports::Report;

/// Reads reports and calls hooks, until the producer has ended and all are read.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    core: Arc<Core>,
    queue: Arc<ReportQueue>,
    calls: Calls,
}

/// Waits until the hooks were called for all records, until this time at the latest.
pub(crate) async fn hooks_ended(core: &Arc<Core>, until: Instant) {
    let mut ended = core.hooks_ended.subscribe();
    if *ended.borrow() {
        return;
    }
    // The driver, which keeps all other times, has ended.
    let timer = thread::Builder::new().name("milena-close".to_owned());
    let waits = Arc::clone(core);
    let started = timer.spawn(move || {
        thread::sleep(until.saturating_duration_since(clock::now()));
        if !waits.hooks_ended.send_replace(true) {
            tracing::error!(
                "hooks: a hook did not return within `close.timeout.ms`: the producer ends without it, and the hooks are not called \
                 for the other records"
            );
        }
    });
    if started.is_ok() {
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

impl Dispatcher {
    /// Before any record is accepted: reports of all records, for the hooks.
    pub(crate) fn subscribe(core: &Arc<Core>, calls: Calls) -> Self {
        Self { core: Arc::clone(core), queue: core.shared.reports.subscribe(None), calls }
    }

    /// Starts the thread.
    pub(crate) fn start(self) -> Result<(), ConnectError> {
        let thread = thread::Builder::new().name("milena-hooks".to_owned());
        thread.spawn(move || self.run()).map(drop).map_err(|error| {
            let message =
                format!("hooks: their thread could not be started ({error}): raise the limit on threads");
            ConnectError::new(ConnectErrorKind::Internal, message)
        })
    }

    fn run(mut self) {
        while let Some(batch) = block_on(poll_fn(|cx| self.queue.poll(cx.waker()))) {
            for index in 0..batch.records() {
                if self.core.closes_by().is_some_and(|until| clock::now() >= until) {
                    self.give_up(&batch, index);
                    break;
                }
                self.calls.report(&Report::of(&batch, index));
            }
        }
        self.calls.end();
        self.core.hooks_ended.send_replace(true);
    }

    /// The close timeout is over: what is left is dropped, and counted in the log.
    fn give_up(&self, batch: &BatchReport, index: u32) {
        let begun = if batch.is_failure() { u64::from(batch.records() - index) } else { 0 };
        let failures = begun + self.queue.discard();
        tracing::error!(
            failures,
            "hooks: `close.timeout.ms` was over before the hooks were called for all records: these failed records were not \
             reported to them, nor put aside as dead letters"
        );
    }
}
