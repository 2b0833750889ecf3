//! The bar on a terminal: how much of the files was read, or that something still happens.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::BinaryBytes;

use super::options::Options;
use super::summary::Counts;
use crate::terminal::{Bar, Figures};

/// Hidden where standard error is no terminal.
#[derive(Debug)]
pub(super) struct Progress {
    shown: Arc<Shown>,
    bar: Option<Bar>,
}

/// The counts that the bar shows.
#[derive(Debug, Default)]
struct Shown {
    delivered: AtomicU64,
    failed: AtomicU64,
}

impl Progress {
    /// A bar over the input, of which so many `bytes` were read.
    pub(super) fn start(options: &Options, wanted: bool, bytes: Arc<AtomicU64>) -> Self {
        let shown = Arc::<Shown>::default();
        let (total, source) = (file_bytes(options), Arc::clone(&shown));
        let bar =
            Bar::start(total, wanted, move |rate| source.figures(bytes.load(Ordering::Relaxed), total, rate));
        Self { shown, bar: Some(bar) }
    }

    /// Stores the counts. It is called for each record, and takes two stores.
    #[inline]
    pub(super) fn note(&self, counts: &Counts) {
        self.shown.delivered.store(counts.delivered, Ordering::Relaxed);
        self.shown.failed.store(counts.failed, Ordering::Relaxed);
    }

    pub(super) fn finish(&mut self) {
        self.bar = None;
    }
}

impl Shown {
    fn figures(&self, bytes: u64, total: Option<u64>, rate: f64) -> Figures {
        let delivered = self.delivered.load(Ordering::Relaxed);
        let failed = self.failed.load(Ordering::Relaxed);
        let of = total.map(|total| format!(" of {}", BinaryBytes(total))).unwrap_or_default();
        let rate = rate / f64::from(1 << 20);
        let text =
            format!("{delivered} delivered, {failed} failed, {}{of}, {rate:.1} MiB/s", BinaryBytes(bytes));
        Figures { position: bytes, text: text.into() }
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
