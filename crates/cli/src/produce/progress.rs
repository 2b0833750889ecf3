//! The bar on a terminal: how much of the files was read, or that something still happens.

use std::path::Path;
use std::sync::atomic::Ordering;

use indicatif::ProgressBar;

use super::input::Input;
use super::options::Options;
use super::summary::Counts;
use crate::terminal;

/// Hidden where standard error is no terminal.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn start(options: &Options, wanted: bool) -> Self {
        let total = file_bytes(options);
        let template = match total {
            Some(_) => "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {msg}",
            None => "{spinner} {bytes} {bytes_per_sec} {msg}",
        };
        Self(terminal::bar(total, wanted, template))
    }

    pub(super) fn show(&self, input: &Input, counts: &Counts) {
        if !self.0.is_hidden() {
            self.0.set_position(input.bytes.load(Ordering::Relaxed));
            self.0.set_message(format!("{} delivered, {} failed", counts.delivered, counts.failed));
        }
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// How much there is to read; none where one of the inputs has no length.
fn file_bytes(options: &Options) -> Option<u64> {
    let length = |file: &Path| {
        std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file).map(|found| found.len())
    };
    let lengths = options.files.iter().map(|file| length(file));
    if options.files.is_empty() { None } else { lengths.sum() }
}
