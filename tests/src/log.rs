//! The log lines of one thread, for tests of what an operator reads.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// The log of the current thread, on which the whole producer runs.
#[derive(Clone, Debug, Default)]
pub struct Log {
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Below `INFO` as well.
    everything: bool,
}

impl Log {
    /// Collects the lines of this thread until the guard is dropped.
    pub fn listen(&self) -> impl Sized + use<> {
        let subscriber = || {
            let fmt = tracing_subscriber::fmt().with_max_level(self.level()).with_ansi(false);
            fmt.without_time().with_writer(self.clone()).set_default()
        };
        // Two: while there is one alone, `tracing` asks the thread that comes to a line first whether the line is of
        // interest, and a test on another thread would switch it off for this one.
        let below = subscriber();
        (subscriber(), below)
    }

    /// A log of every level.
    #[must_use]
    pub fn of_everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    const fn level(&self) -> LevelFilter {
        if self.everything { LevelFilter::TRACE } else { LevelFilter::INFO }
    }

    /// The lines of `level` that contain `words`.
    #[must_use]
    pub fn lines(&self, level: &str, words: &str) -> Vec<String> {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&bytes);
        let is_meant = |line: &&str| line.trim_start().starts_with(level) && line.contains(words);
        text.lines().filter(is_meant).map(str::to_owned).collect()
    }

    /// How many lines of `level` contain `words`.
    #[must_use]
    pub fn count(&self, level: &str, words: &str) -> usize {
        self.lines(level, words).len()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
