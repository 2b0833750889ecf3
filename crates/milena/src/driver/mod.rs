//! The driver: everything of a producer that runs by itself, as one tree of tasks with one root.

mod broker;
mod broker_connection;
mod cluster_task;
mod compression;
mod control_client;
mod early_end;
mod failed_attempts;
mod frame;
mod lazy;
mod lifo_slot;
mod log_once;
mod settings;
mod startup;
mod throttle;
mod versioned;

pub(crate) use settings::session_config;

use std::future::Future;
use std::sync::Arc;

use milena_codec::printable;
use milena_connection::transport::Connector;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};

use crate::config::Driver;
use crate::core::Core;
use crate::error::{ConnectError, ConnectErrorKind};
use cluster_task::ClusterTask;
use early_end::{EarlyEnd, Watch};
use settings::Settings;
use startup::Until;

pub(crate) use lazy::start_lazily;

/// Where the producer's handle comes out once the driver is connected.
type Started<T> = oneshot::Sender<Result<T, ConnectError>>;

/// Starts a driver, waits until it is connected, and returns `handle`. A handle that comes too late, because this future was
/// dropped, is dropped.
pub(crate) async fn start<T: Send + 'static>(
    core: &Arc<Core>,
    connector: Arc<dyn Connector>,
    seed: u64,
    handle: T,
) -> Result<T, ConnectError> {
    let settings = Settings::new(Arc::clone(core), connector, seed);
    let (started, has_started) = oneshot::channel();
    let task = spawn(core.config.driver, run(settings, handle, started))?;
    if let Ok(outcome) = has_started.await {
        return outcome;
    }
    let failed = match task {
        Some(task) => task.await.err(),
        None => None,
    };
    Err(ended_early(failed))
}

/// Why the driver ended before it was connected: its runtime lacks something, or ended, or a connector panicked.
fn ended_early(failed: Option<JoinError>) -> ConnectError {
    let panic = failed.and_then(|failed| failed.try_into_panic().ok());
    let said = panic.as_ref().and_then(|panic| {
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied())
    });
    let (kind, message) = match said {
        // tokio reports that in no other way: `runtime/driver.rs`.
        Some(said) if LACKS.iter().any(|lacks| said.contains(lacks)) => (
            ConnectErrorKind::Config,
            "config: the tokio runtime here has no timers or no I/O: build it with `enable_all()`, or choose `Driver::Thread`"
                .to_owned(),
        ),
        Some(said) => (
            ConnectErrorKind::Internal,
            format!("driver: panicked before it was connected: {}", printable(said)),
        ),
        None => (
            ConnectErrorKind::Internal,
            "driver: ended before it was connected: keep its runtime running until `build` returns".to_owned(),
        ),
    };
    ConnectError::new(kind, message)
}

/// The methods that tokio's panics name when a runtime was built without them.
const LACKS: [&str; 2] = ["enable_time", "enable_io"];

/// Spawns the root of the tree: on the runtime of the caller, or on a thread of its own, which has no handle.
fn spawn(
    driver: Driver,
    root: impl Future<Output = ()> + Send + 'static,
) -> Result<Option<JoinHandle<()>>, ConnectError> {
    match driver {
        Driver::Task => Ok(Some(current_runtime()?.spawn(root))),
        Driver::Thread => on_a_thread(root).map(|()| None).map_err(|error| {
            ConnectError::new(
                ConnectErrorKind::Internal,
                format!(
                    "driver: its thread could not be started ({error}): raise the limits on threads and open files, or choose `Driver::Task`"
                ),
            )
        }),
    }
}

/// The runtime of the caller.
///
/// # Errors
/// [`ConnectError`] outside of one.
fn current_runtime() -> Result<tokio::runtime::Handle, ConnectError> {
    tokio::runtime::Handle::try_current().map_err(|_| {
        let said = "driver: there is no tokio runtime here for a driver that is a task: build the producer inside of \
                    one, or choose `Driver::Thread`";
        ConnectError::new(ConnectErrorKind::Config, said)
    })
}

fn on_a_thread(root: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let thread = std::thread::Builder::new().name("milena-driver".to_owned());
    thread.spawn(move || runtime.block_on(root)).map(drop)
}

/// The root of the tree. The driver has ended when this and everything below it is gone, whatever happens.
async fn run<T>(settings: Arc<Settings>, handle: T, mut started: Started<T>) {
    // Dropped last, by the runtime that ends as well.
    let alive = Alive::new(&settings.core);
    let _closes = Closes(Arc::clone(&settings.core));
    let outcome = tokio::select! {
        biased;
        outcome = startup::start(&settings, Until::Deadline) => outcome,
        // The caller does not wait for the producer any more.
        () = started.closed() => return,
    };
    match outcome {
        Ok(ready) => {
            let watch = Watch::new(&settings.core);
            let early_end = EarlyEnd(Arc::clone(&watch));
            let cluster_task = ClusterTask::new(settings, ready, early_end, alive.clone());
            // The handle lies in the channel until it is taken: where that does not happen it is dropped, and closes the
            // producer.
            drop(started.send(Ok(handle)));
            watch.run(cluster_task.run()).await;
        }
        Err(error) => drop(started.send(Err(error))),
    }
}

/// Takes no more records when the root of the tree ends.
struct Closes(Arc<Core>);

impl Drop for Closes {
    fn drop(&mut self) {
        self.0.registry.close();
    }
}

/// Every task of the tree holds one, as its last field: whatever else the task has is settled before it is dropped.
#[derive(Clone, Debug)]
struct Alive(#[expect(dead_code, reason = "it is there to be dropped")] Arc<Ended>);

impl Alive {
    fn new(core: &Arc<Core>) -> Self {
        Self(Arc::new(Ended(Arc::clone(core))))
    }
}

/// Reports that the driver has ended, once the last task is gone.
#[derive(Debug)]
struct Ended(Arc<Core>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.end();
    }
}
