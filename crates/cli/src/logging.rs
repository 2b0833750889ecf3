//! The log, on standard error.

use std::io::IsTerminal;

use clap::ColorChoice;
use tracing::level_filters::LevelFilter;

use crate::args::OutputOptions;
use crate::terminal::AboveBars;

/// Starts the log: warnings, more with `-v`, errors alone with `-q`.
pub(crate) fn start(output: &OutputOptions) {
    let level = match (output.quiet, output.verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) => LevelFilter::WARN,
        (_, 1) => LevelFilter::INFO,
        (_, 2) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(has_colours(output.color))
        .with_writer(AboveBars)
        .finish();
    // A second call in one process keeps the first subscriber.
    let _ = tracing::subscriber::set_global_default(log);
}

fn has_colours(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => std::env::var_os("NO_COLOR").is_none() && std::io::stderr().is_terminal(),
    }
}
