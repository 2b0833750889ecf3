//! The tokio runtime of a command.

use anyhow::Context;
use tokio::runtime::{Builder, Runtime};

use crate::exit::Failure;

/// Starts a runtime with timers and sockets.
pub(crate) fn runtime(builder: &mut Builder) -> Result<Runtime, Failure> {
    builder.enable_all().build().context("runtime: cannot start").map_err(Failure::failed)
}
