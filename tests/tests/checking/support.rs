//! Checks of a cluster, and look-ups in their reports.

use milena::{CheckReport, CheckStep, Finding, ProducerBuilder, Severity};
use milena_fake::{ApiKey, Builder, Cluster};
use milena_tests::{ClusterHarness, within};

/// A cluster without sockets, with a topic `t`.
pub(crate) async fn harness(change: impl FnOnce(Builder) -> Builder) -> ClusterHarness {
    ClusterHarness::in_memory(change(Cluster::builder().topic("t", 3).auto_create(false))).await
}

/// Checks with the topic `t`.
pub(crate) async fn check(builder: &ProducerBuilder) -> CheckReport {
    within(milena::check(builder, ["t"])).await
}

/// The findings of a step.
pub(crate) fn of(report: &CheckReport, step: CheckStep) -> Vec<&Finding> {
    report.findings().iter().filter(|finding| finding.step() == step).collect()
}

/// A finding has this step and severity, and contains these words in its text, subject or remedy.
#[track_caller]
pub(crate) fn expect(report: &CheckReport, severity: Severity, step: CheckStep, words: &[&str]) {
    let has = |finding: &&Finding| {
        let all = format!("{finding}");
        finding.severity() == severity && words.iter().all(|words| all.contains(words))
    };
    assert!(of(report, step).iter().any(has), "{severity:?} {step:?} {words:?} is missing:\n{report}");
}

/// No finding is an error, or a warning.
#[track_caller]
pub(crate) fn expect_clean(report: &CheckReport) {
    assert_eq!((report.count(Severity::Error), report.count(Severity::Warning)), (0, 0), "{report}");
}

/// The requests of a check write nothing and create nothing.
#[track_caller]
pub(crate) fn expect_nothing_written(harness: &ClusterHarness) {
    const ALLOWED: [ApiKey; 7] = [
        ApiKey::METADATA,
        ApiKey::SASL_HANDSHAKE,
        ApiKey::API_VERSIONS,
        ApiKey::DESCRIBE_CONFIGS,
        ApiKey::SASL_AUTHENTICATE,
        ApiKey::DESCRIBE_QUORUM,
        ApiKey::DESCRIBE_CLUSTER,
    ];
    let others = harness.journal().into_iter().filter(|entry| !ALLOWED.contains(&entry.api));
    assert_eq!(others.map(|entry| entry.api).collect::<Vec<_>>(), []);
}
