//! SIGINT and SIGTERM: the first ends a command in order; the second ends `produce` at once.

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};

/// The handlers of the two signals.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// # Errors
    /// When the process cannot install one more handler.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).context("signals: cannot install a handler").map_err(Failure::failed);
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Waits for the next of them: how the command is to exit.
    ///
    /// # Cancel safety
    /// A signal is kept for the next call.
    pub(crate) async fn next(&mut self) -> Exit {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}
