//! The summary of `produce`.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// The counts of a run.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Counts {
    pub(super) delivered: u64,
    pub(super) failed: u64,
    /// Bad input that was skipped.
    pub(super) skipped: u64,
    /// Records whose outcome is unknown at the end.
    pub(super) unsettled: usize,
}

/// The summary.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    #[serde(flatten)]
    counts: Counts,
    seconds: f64,
}

impl Summary {
    pub(super) const fn new(counts: Counts, elapsed: Duration) -> Self {
        Self { counts, seconds: elapsed.as_secs_f64() }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { counts: Counts { delivered, failed, skipped, unsettled }, seconds } = self;
        let records = if *delivered == 1 { "record" } else { "records" };
        write!(f, "{delivered} {records} delivered, {failed} failed")?;
        if *skipped > 0 {
            write!(f, ", {skipped} skipped as bad input")?;
        }
        if *unsettled > 0 {
            write!(f, ", {unsettled} left unsettled")?;
        }
        write!(f, ", in {seconds:.2} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(counts: Counts) -> String {
        Summary::new(counts, Duration::from_millis(1_500)).to_string()
    }

    #[test]
    fn summary_omits_zero_counts() {
        assert_eq!(
            told(Counts { delivered: 1, ..Counts::default() }),
            "1 record delivered, 0 failed, in 1.50 s"
        );
        let counts = Counts { delivered: 2, failed: 1, skipped: 3, unsettled: 4 };
        assert_eq!(
            told(counts),
            "2 records delivered, 1 failed, 3 skipped as bad input, 4 left unsettled, in 1.50 s"
        );
    }
}
