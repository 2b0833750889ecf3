//! Standard error: progress bars, and messages that do not run into them.
//!
//! A bar is drawn by a thread of its own, at most ten times a second: the work that it shows only stores numbers. It fits the
//! width of the terminal, because a line that is longer wraps, and cannot be drawn over.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing_subscriber::fmt::MakeWriter;

use crate::escape::{escaped, escaped_log};

/// Interval of the updates of a bar, which draws twice for each: for the position, and for the text.
const PERIOD: Duration = Duration::from_millis(200);
/// A bar, and behind it as much of its text as the terminal is wide.
const WITH_LENGTH: &str = "{bar:20} {wide_msg}";
/// The same where no length is known.
const WITHOUT_LENGTH: &str = "{spinner} {wide_msg}";

/// All bars of the process: they share one terminal.
fn bars() -> &'static MultiProgress {
    static BARS: OnceLock<MultiProgress> = OnceLock::new();
    BARS.get_or_init(MultiProgress::new)
}

/// Writes a line to standard error, above the bars, with its control characters escaped.
pub(crate) fn say(line: &str) {
    let line = escaped(line);
    // A closed standard error cannot be reported.
    let _ = bars().suspend(|| writeln!(io::stderr().lock(), "{line}"));
}

/// Whether standard error is a terminal.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// A bar that is drawn until it is dropped.
#[derive(Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
    /// Dropped first, which ends the thread that draws.
    ends: Option<Sender<()>>,
    draws: Option<JoinHandle<()>>,
}

/// Where a bar stands, and the text behind it.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) position: u64,
    /// The most important figure is first: a narrow terminal cuts the end.
    pub(crate) text: Cow<'static, str>,
}

impl Bar {
    /// A bar of so many steps, or of an unknown number; none unless standard error is a terminal and it is `wanted`.
    /// `figures` is given how many steps a second there are.
    pub(crate) fn start(
        steps: Option<u64>,
        wanted: bool,
        figures: impl FnMut(f64) -> Figures + Send + 'static,
    ) -> Self {
        if !wanted || !is_watched() {
            return Self { bar: ProgressBar::hidden(), ends: None, draws: None };
        }
        let bar = ProgressBar::with_draw_target(steps, ProgressDrawTarget::hidden());
        Self::on(bars().add(bar), PERIOD, figures)
    }

    fn on(
        bar: ProgressBar,
        period: Duration,
        mut figures: impl FnMut(f64) -> Figures + Send + 'static,
    ) -> Self {
        let template = if bar.length().is_some() { WITH_LENGTH } else { WITHOUT_LENGTH };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let (ends, ended) = channel::<()>();
        let drawn = bar.clone();
        let draws = std::thread::Builder::new().name("progress".to_owned()).spawn(move || {
            while ended.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
                draw(&drawn, &mut figures);
            }
        });
        // Without a thread there is no bar, and the work goes on.
        Self { bar, ends: Some(ends), draws: draws.ok() }
    }
}

/// Draws a bar once.
fn draw(bar: &ProgressBar, figures: &mut impl FnMut(f64) -> Figures) {
    let Figures { position, text } = figures(bar.per_sec());
    bar.set_position(position);
    bar.set_message(text);
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.ends = None;
        let _ = self.draws.take().map(JoinHandle::join);
        self.bar.finish_and_clear();
    }
}

/// The log's way to standard error: each event is one line, whatever stands in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AboveBars;

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // An event is written at once.
        let event = String::from_utf8_lossy(bytes);
        let line = escaped_log(event.strip_suffix('\n').unwrap_or(&event));
        bars().suspend(|| writeln!(io::stderr().lock(), "{line}"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

impl MakeWriter<'_> for AboveBars {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    const COLUMNS: u16 = 60;

    /// A terminal that keeps what is written to each of its lines.
    #[derive(Clone, Debug, Default)]
    struct Narrow(Arc<Mutex<Vec<String>>>);

    impl Narrow {
        fn written(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().extend(text.lines().map(str::to_owned));
            Ok(())
        }

        fn widest(&self) -> usize {
            self.0.lock().unwrap().iter().map(|line| line.chars().count()).max().unwrap_or(0)
        }
    }

    impl TermLike for Narrow {
        fn width(&self) -> u16 {
            COLUMNS
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.written(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.written(text)
        }

        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn figures(_: f64) -> Figures {
        let text = "1234567890 delivered, 0 failed, 1.23 GiB of 100.00 GiB, 123.45 MiB a second";
        Figures { position: 1 << 30, text: text.into() }
    }

    #[track_caller]
    fn check_fits(steps: Option<u64>) {
        let terminal = Narrow::default();
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let bar = Bar::on(ProgressBar::with_draw_target(steps, target), Duration::MAX, figures);
        draw(&bar.bar, &mut figures);
        let text = terminal.0.lock().unwrap().join("\n");
        assert!(text.contains("1234567890 delivered, 0 failed"), "{text}");
        assert!(terminal.widest() <= usize::from(COLUMNS), "{text}");
    }

    #[test]
    fn bar_fits_a_narrow_terminal() {
        check_fits(Some(100 << 30));
        check_fits(None);
    }
}
