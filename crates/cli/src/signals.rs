//! SIGINT and SIGTERM: the first asks a command to end in order, and a second ends it at once where it says so.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;

/// Listens from the moment it is made.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// # Errors
    /// When the process has no room for one more handler.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next of them: how the command is to exit.
    ///
    /// # Cancel safety
    /// A signal that was not answered is answered next time.
    pub(crate) async fn next(&mut self) -> Exit {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}
