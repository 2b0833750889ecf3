//! The driver: everything of a producer that runs by itself, as one tree of tasks with one root.

mod broker;
mod compression;
mod director;
mod frame;
mod line;
mod link;
mod nudge;
mod settings;
mod startup;
mod throttle;
mod trouble;

use std::sync::Arc;

use milena_connection::transport::Connector;
use tokio::sync::oneshot;

use crate::config::Driver;
use crate::core::Core;
use crate::error::{ConnectError, ConnectErrorKind};
use director::Director;
use settings::Settings;

/// Starts a driver, and waits until it is connected.
pub(crate) async fn start(
    core: &Arc<Core>,
    connector: Arc<dyn Connector>,
    seed: u64,
) -> Result<(), ConnectError> {
    let settings = Settings::new(Arc::clone(core), connector, seed);
    let (started, has_started) = oneshot::channel();
    match core.config.driver {
        Driver::Task => drop(tokio::spawn(run(settings, started))),
        Driver::Thread => on_a_thread(settings, started)?,
    }
    has_started.await.unwrap_or_else(|_| {
        Err(ConnectError::new(ConnectErrorKind::Internal, "the driver ended before it had started"))
    })
}

fn on_a_thread(
    settings: Arc<Settings>,
    started: oneshot::Sender<Result<(), ConnectError>>,
) -> Result<(), ConnectError> {
    let failed = |error: std::io::Error| {
        ConnectError::new(ConnectErrorKind::Internal, format!("the driver has no thread to run on: {error}"))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let thread = std::thread::Builder::new().name("milena-driver".to_owned());
    thread.spawn(move || runtime.block_on(run(settings, started))).map(drop).map_err(failed)
}

/// The root of the tree. It ends after everything below it, and says so, whatever happens.
async fn run(settings: Arc<Settings>, mut started: oneshot::Sender<Result<(), ConnectError>>) {
    let _says_so = Ended(Arc::clone(&settings.core));
    let outcome = tokio::select! {
        biased;
        outcome = startup::start(&settings) => outcome,
        // Nobody waits for the producer any more.
        () = started.closed() => return,
    };
    match outcome {
        Ok(ready) => {
            let director = Director::new(settings, ready);
            // If nobody takes the producer, its handle is dropped, which closes it.
            let _ = started.send(Ok(()));
            director.run().await;
        }
        Err(error) => drop(started.send(Err(error))),
    }
}

/// Says that the driver has ended when it is dropped.
struct Ended(Arc<Core>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.end();
    }
}
