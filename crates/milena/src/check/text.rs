//! A report as text, for a terminal: a finding a line, in columns, and its remedy below it.

use std::fmt;

use super::report::{CheckReport, Finding, Severity};

/// Characters of the widest column of subjects; longer subjects move their own line.
const SUBJECT_CHARS_MAX: usize = 40;

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subjects = self.findings().iter().map(|finding| finding.subject().chars().count());
        let width = subjects.max().unwrap_or_default().min(SUBJECT_CHARS_MAX);
        for finding in self.findings() {
            writeln!(f, "{finding:width$}")?;
        }
        let count = |severity| self.count(severity);
        write!(
            f,
            "{} ok, {} not checked, {}, {}",
            count(Severity::Ok),
            count(Severity::NotChecked),
            counted(count(Severity::Warning), "warning"),
            counted(count(Severity::Error), "error")
        )
    }
}

/// The width of the format is that of the column of subjects.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = self.severity().name().replace('_', " ");
        let width = f.width().unwrap_or_default();
        write!(f, "{severity:11}  {:12}  {:width$}  {}", self.step().name(), self.subject(), self.text())?;
        match self.remedy() {
            Some(remedy) => write!(f, "\n{:11}  {:12}  {:width$}  → {remedy}", "", "", ""),
            None => Ok(()),
        }
    }
}

/// `1 error`, `2 errors`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A list of at most 8 items, and the number of the others.
pub(super) fn listed(items: &[String]) -> String {
    const SHOWN_MAX: usize = 8;
    let shown = items.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(SHOWN_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::CheckStep;

    #[test]
    fn findings_are_aligned_and_remedies_stand_below() {
        let mut report = CheckReport::default();
        report.add(Finding::ok(CheckStep::Name, "kafka-1:9092", "10.0.0.1"));
        report.add(Finding::not_checked(CheckStep::ApiVersions, "orders", "no permission").remedied("allow"));
        assert_eq!(
            report.to_string(),
            "ok           name          kafka-1:9092  10.0.0.1\n\
             not checked  api_versions  orders        no permission\n\
             \u{20}                                        → allow\n\
             1 ok, 1 not checked, 0 warnings, 0 errors"
        );
    }

    #[test]
    fn long_lists_are_cut_with_their_count() {
        let items: Vec<_> = (0..11).map(|item| item.to_string()).collect();
        assert_eq!(listed(&items), "0, 1, 2, 3, 4, 5, 6, 7 and 3 more");
        assert_eq!(listed(&items[..2]), "0, 1");
    }
}
