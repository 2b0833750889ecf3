//! The start of a driver in the background: the producer is handed out at once, and the cluster is looked for until it can be
//! used or the producer is closed.
//!
//! Meanwhile the driver keeps the times of callers that wait for a topic. No record is accepted before its topic is known, so
//! that nothing is lost with a driver that ends before the cluster was reached.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use milena_connection::transport::Connector;
use milena_sender::Ending;
use tokio::time::sleep_until;

use super::cluster_task::ClusterTask;
use super::early_end::{EarlyEnd, Watch};
use super::settings::Settings;
use super::startup::{self, Until};
use super::{Alive, Closes, current_runtime, spawn};
use crate::clock;
use crate::config::Driver;
use crate::core::{Core, Inbox};
use crate::error::ConnectError;

/// Starts a driver that connects in the background.
///
/// # Errors
/// [`ConnectError`] if there is no runtime for the driver, or no thread.
pub(crate) fn start_lazily(
    core: &Arc<Core>,
    connector: Arc<dyn Connector>,
    seed: u64,
) -> Result<(), ConnectError> {
    startup::bootstrap(&core.config)?;
    if core.config.driver == Driver::Task {
        current_runtime()?;
    }
    let settings = Settings::new(Arc::clone(core), connector, seed);
    let watch = Watch::new(core);
    let root = run(LazyStart::new(&watch), settings);
    spawn(core.config.driver, watch.run(root)).map(drop)
}

/// What ends with the driver. It is made before the driver is spawned: a runtime that ends may drop a task that never ran.
struct LazyStart {
    /// None once the cluster task has it.
    early_end: Option<EarlyEnd>,
    core: Arc<Core>,
    _closes: Closes,
    alive: Alive,
}

impl LazyStart {
    fn new(watch: &Arc<Watch>) -> Self {
        let core = Arc::clone(watch.core());
        Self {
            early_end: Some(EarlyEnd(Arc::clone(watch))),
            _closes: Closes(Arc::clone(&core)),
            alive: Alive::new(&core),
            core,
        }
    }
}

impl Drop for LazyStart {
    fn drop(&mut self) {
        // Notes the reason for the end.
        let Some(early_end) = self.early_end.take() else { return };
        drop(early_end);
        match self.core.shared.ending() {
            Some(Ending::RuntimeEnded) => tracing::error!(
                "connection: {} before the cluster could be used: keep the runtime until the producer is closed",
                Ending::RuntimeEnded.name()
            ),
            Some(Ending::DriverFailed) => {
                tracing::error!(
                    "connection: {} before the cluster could be used",
                    Ending::DriverFailed.name()
                );
            }
            Some(Ending::Closed) | None => {}
        }
    }
}

/// The root of the tree of tasks, see `driver::run`.
async fn run(mut start: LazyStart, settings: Arc<Settings>) {
    let core = Arc::clone(&settings.core);
    let started = tokio::select! {
        biased;
        started = startup::start(&settings, Until::Reached) => started,
        () = closed(&core) => {
            // Before anything is dropped, see `early_end.rs`.
            core.shared.set_ending(Ending::Closed);
            return;
        }
    };
    match (started, start.early_end.take()) {
        (Ok(started), Some(early_end)) => {
            let cluster_task = ClusterTask::new(settings, started, early_end, start.alive.clone());
            // The names that came by mail until now were not kept.
            let wanted = core.registry.wanted();
            core.tell(|inbox| inbox.wanted.extend(wanted));
            cluster_task.run().await;
        }
        // A start that never gives up has no error once the addresses were checked.
        (Err(error), _) => tracing::error!(reason = %error, "connection: the producer could not be started"),
        (Ok(_), None) => {}
    }
}

/// Keeps the times of callers that wait, until the producer is closed. The mail about topics is dropped: the registry has their
/// names, so that nothing grows here however long the start takes.
async fn closed(core: &Core) {
    loop {
        let inbox = core.inbox.read(Inbox::take_all);
        if inbox.close_until.is_some() {
            return;
        }
        let due = core.deadlines.expire(clock::now());
        let mail = poll_fn(|cx| {
            let may_sleep =
                core.inbox.sleep(cx.waker(), |inbox| inbox.is_empty()) && core.deadlines.sleep(cx.waker());
            if may_sleep { Poll::Pending } else { Poll::Ready(()) }
        });
        tokio::select! {
            biased;
            () = mail => {}
            () = sleep_until(due.unwrap_or_else(clock::now).into()), if due.is_some() => {}
        }
    }
}
