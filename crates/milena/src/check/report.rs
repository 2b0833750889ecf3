//! The result of a check: findings, each with its severity, step, subject, text and remedy.

use std::fmt;

use milena_codec::steers;

/// Most bytes of a finding's text or remedy.
const TEXT_BYTES_MAX: usize = 2_048;

/// The result of [`check`](crate::check()): a finding for each step and subject, in the order of the steps.
///
/// `Display` writes a line for each finding, its remedy below it, and a summary.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use milena::{CheckStep, Producer, Severity};
///
/// let report = milena::check(&Producer::builder().bootstrap_servers("kafka-1"), ["orders"]).await;
/// assert!(!report.is_usable());
/// let finding = &report.findings()[0];
/// assert_eq!((finding.severity(), finding.step()), (Severity::Error, CheckStep::Config));
/// assert_eq!(finding.remedy(), Some("write `kafka-1:9092`, with the port of the listener"));
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CheckReport {
    findings: Vec<Finding>,
}

impl CheckReport {
    /// All findings, in the order of the steps.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The number of findings of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Whether no finding is an error. There may be warnings, and steps that were not checked.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.count(Severity::Error) == 0
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub(super) fn extend(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
    }
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Severity {
    /// As it has to be.
    Ok,
    /// The step could not be checked; the text has the reason.
    NotChecked,
    /// Records are delivered, but not in every case, or at a cost.
    Warning,
    /// Records are not delivered, at least not by every broker or to every partition.
    Error,
}

impl Severity {
    /// The name in snake case, for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotChecked => "not_checked",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A step of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CheckStep {
    /// The settings, and the files that they name.
    Config,
    /// The resolution of a host name.
    Name,
    /// A TCP connection.
    Tcp,
    /// TLS: chain, host name, dates, protocol and cipher suite.
    Tls,
    /// SASL: mechanisms and credentials.
    Sasl,
    /// The versions of the APIs.
    ApiVersions,
    /// The cluster and its id.
    Cluster,
    /// The addresses that brokers advertise.
    Advertised,
    /// The settings of a broker.
    Broker,
    /// The clocks.
    Clock,
    /// A topic and its partitions.
    Topic,
    /// Permissions.
    Acl,
    /// In-sync replicas.
    Replicas,
    /// Size limits of a topic.
    Size,
    /// Timestamps of a topic.
    Timestamps,
    /// The codec of compression.
    Codec,
}

impl CheckStep {
    /// The name in snake case, for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Name => "name",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Sasl => "sasl",
            Self::ApiVersions => "api_versions",
            Self::Cluster => "cluster",
            Self::Advertised => "advertised",
            Self::Broker => "broker",
            Self::Clock => "clock",
            Self::Topic => "topic",
            Self::Acl => "acl",
            Self::Replicas => "replicas",
            Self::Size => "size",
            Self::Timestamps => "timestamps",
            Self::Codec => "codec",
        }
    }
}

/// The finding of a step about a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Finding {
    severity: Severity,
    step: CheckStep,
    subject: String,
    text: String,
    remedy: Option<String>,
}

impl Finding {
    /// The severity.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// The step.
    #[must_use]
    pub const fn step(&self) -> CheckStep {
        self.step
    }

    /// The subject: the address of a server, `broker 1`, the name of a topic, `cluster` or `settings`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The facts, in one line.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The remedy, where there is something to do.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }

    pub(super) fn ok(step: CheckStep, subject: impl fmt::Display, text: impl fmt::Display) -> Self {
        Self::new(Severity::Ok, step, &subject, &text)
    }

    pub(super) fn not_checked(step: CheckStep, subject: impl fmt::Display, text: impl fmt::Display) -> Self {
        Self::new(Severity::NotChecked, step, &subject, &text)
    }

    pub(super) fn warning(step: CheckStep, subject: impl fmt::Display, text: impl fmt::Display) -> Self {
        Self::new(Severity::Warning, step, &subject, &text)
    }

    pub(super) fn error(step: CheckStep, subject: impl fmt::Display, text: impl fmt::Display) -> Self {
        Self::new(Severity::Error, step, &subject, &text)
    }

    /// The same with a remedy.
    pub(super) fn remedied(self, remedy: impl fmt::Display) -> Self {
        Self { remedy: Some(shown(&remedy)), ..self }
    }

    /// The same with another severity.
    pub(super) fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// The same, with a warning in the place of an error.
    pub(super) fn at_most_a_warning(self) -> Self {
        Self { severity: self.severity.min(Severity::Warning), ..self }
    }

    fn new(severity: Severity, step: CheckStep, subject: &dyn fmt::Display, text: &dyn fmt::Display) -> Self {
        Self { severity, step, subject: shown(subject), text: shown(text), remedy: None }
    }
}

/// The text, bounded, without characters that steer a terminal.
fn shown(text: &dyn fmt::Display) -> String {
    let text = text.to_string();
    let end = (0..=TEXT_BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    let kept = text.get(..end.unwrap_or_default()).unwrap_or_default();
    let mut shown: String = kept.chars().map(|letter| if steers(letter) { '?' } else { letter }).collect();
    if kept.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_bounded_and_printable() {
        let finding = Finding::error(CheckStep::Sasl, "a\u{1b}[2J", "大".repeat(10_000)).remedied("b\r\n");
        assert_eq!((finding.subject(), finding.remedy()), ("a?[2J", Some("b??")));
        assert!(finding.text().len() < TEXT_BYTES_MAX + 5 && finding.text().ends_with('…'));
    }

    #[test]
    fn report_with_an_error_is_not_usable() {
        let mut report = CheckReport::default();
        report.add(Finding::ok(CheckStep::Name, "a:1", "b"));
        report.add(Finding::warning(CheckStep::Tls, "a:1", "c"));
        report.add(Finding::not_checked(CheckStep::Clock, "cluster", "d"));
        assert!(report.is_usable());
        report.add(Finding::error(CheckStep::Topic, "t", "e"));
        assert!(!report.is_usable());
        assert_eq!([Severity::Ok, Severity::NotChecked].map(|one| report.count(one)), [1, 1]);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn report_is_serialized_with_the_names_of_severity_and_step() {
        let mut report = CheckReport::default();
        report.add(Finding::not_checked(CheckStep::ApiVersions, "a:1", "b").remedied("c"));
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(
            json,
            r#"{"findings":[{"severity":"not_checked","step":"api_versions","subject":"a:1","text":"b","remedy":"c"}]}"#
        );
    }
}
