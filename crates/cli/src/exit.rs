//! How a command ended: the exit codes, and the error that goes with them.

use std::process::ExitCode;

use milena::{ConfigError, ConnectError, ConnectErrorKind};

use crate::terminal;

/// The exit code of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All was delivered.
    Delivered,
    /// Some records failed.
    Failed,
    /// Usage, configuration or input is wrong.
    Usage,
    /// There was no connection before the first record was accepted.
    NoConnection,
    /// `demo` or `check` found a fault.
    FaultFound,
    /// By Ctrl-C.
    Interrupted,
    /// By SIGTERM.
    Terminated,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Delivered => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NoConnection => 3,
            Self::FaultFound => 4,
            // 128 and the number of the signal, as shells have it.
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// A command that could not go on.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    error: anyhow::Error,
}

impl Failure {
    /// Usage, configuration or input is wrong.
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into() }
    }

    /// Something was not delivered, or not done.
    pub(crate) fn failed(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Failed, error: error.into() }
    }

    /// There was no connection.
    pub(crate) fn no_connection(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::NoConnection, error: error.into() }
    }

    pub(crate) const fn exit(&self) -> Exit {
        self.exit
    }

    /// Prints the error and its causes on standard error, each text once.
    pub(crate) fn print(&self) {
        let mut text = self.error.to_string();
        let subsystem = text.split_once(": ").map(|(noun, _)| format!("{noun}: ")).unwrap_or_default();
        for cause in self.error.chain().skip(1).map(ToString::to_string) {
            let cause = cause.strip_prefix(&subsystem).unwrap_or(&cause);
            if !text.contains(cause) {
                text = format!("{text}: {cause}");
            }
        }
        format!("error: {text}").lines().for_each(terminal::say);
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(error)
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let exit = match error.kind() {
            ConnectErrorKind::Config => Exit::Usage,
            _ => Exit::NoConnection,
        };
        Self { exit, error: error.into() }
    }
}
