//! The difference between this host's clock and that of the active controller.
//!
//! DescribeQuorum 1 returns the time of day of the active controller as the `last_caught_up_timestamp` of its own replica (KIP-836;
//! Kafka's schema: "the current time for the leader"). No other request returns a time of day without writing.

use milena_codec::ErrorCode;
use milena_codec::message::{
    ApiKey, DescribeQuorumRequest, DescribeQuorumRequestPartition, DescribeQuorumRequestTopic,
    DescribeQuorumResponse,
};
use milena_sender::accumulator::Clock;

use super::cluster::Cluster;
use super::context::rejected;
use super::report::{CheckReport, CheckStep, Finding};
use crate::clock::SystemClock;

/// The metadata log, whose leader is the active controller.
const LOG: &str = "__cluster_metadata";
/// The first version with times (KIP-836).
const TIMES_SINCE: i16 = 1;
/// The age of the coarse clock of this host, at most.
const COARSE_MS: i64 = 10;
/// A larger difference is a warning.
const SKEW_MS_MAX: i64 = 1_000;

const SYNCHRONIZE: &str = "synchronize the clocks of this host and of the brokers (NTP)";
const COMPARE: &str = "compare the clocks of this host and of the brokers by other means";

/// The time of the cluster, less that of this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Skew {
    pub(super) ms: i64,
    /// The real difference is at most this much more or less.
    pub(super) uncertainty_ms: i64,
}

/// Compares the clocks. None if the brokers do not return their time.
pub(super) async fn check(cluster: &mut Cluster<'_>, report: &mut CheckReport) -> Option<Skew> {
    let version = cluster.client.version::<DescribeQuorumRequest>();
    if version.is_none_or(|version| version < TIMES_SINCE) {
        let text = "these brokers return no time of day: DescribeQuorum 1 is missing (Kafka 3.3, with KRaft)";
        report.add(Finding::not_checked(CheckStep::Clock, "cluster", text).remedied(COMPARE));
        return None;
    }
    let topic = DescribeQuorumRequestTopic {
        topic_name: LOG.to_owned(),
        partitions: vec![DescribeQuorumRequestPartition::default()],
    };
    let sent_ms = SystemClock.wall_ms();
    let response = cluster.client.call(&DescribeQuorumRequest { topics: vec![topic] }).await;
    let received_ms = SystemClock.wall_ms();
    let endpoint = cluster.client.endpoint().clone();
    let time = response.and_then(|response| match response.error_code {
        ErrorCode::NONE => Ok(time_of(&response)),
        code => Err(rejected(endpoint, ApiKey::DESCRIBE_QUORUM, code)),
    });
    match time {
        Ok(Some(time_ms)) => {
            let skew = Skew::of(sent_ms, received_ms, time_ms);
            report.add(skew.finding());
            Some(skew)
        }
        Ok(None) => {
            let text = "the active controller returned no time of day";
            report.add(Finding::not_checked(CheckStep::Clock, "cluster", text).remedied(COMPARE));
            None
        }
        Err(error) if error.code() == Some(ErrorCode::CLUSTER_AUTHORIZATION_FAILED) => {
            let text = "the brokers do not return their time of day to this user";
            let finding = Finding::not_checked(CheckStep::Clock, "cluster", text);
            report.add(finding.remedied(format!("allow DESCRIBE on the cluster, or {COMPARE}")));
            None
        }
        Err(error) => {
            let failed = Finding::of_connection(CheckStep::Clock, "cluster", &error);
            let text = format!("the time of day of the brokers is unknown: {}", failed.text());
            report.add(Finding::not_checked(CheckStep::Clock, "cluster", text).remedied(COMPARE));
            None
        }
    }
}

/// The time of the leader of the log.
fn time_of(response: &DescribeQuorumResponse) -> Option<i64> {
    let topic = response.topics.iter().find(|topic| topic.topic_name == LOG)?;
    let partition = topic.partitions.first().filter(|partition| partition.error_code.is_ok())?;
    let leader = partition.current_voters.iter().find(|voter| voter.replica_id == partition.leader_id)?;
    Some(leader.last_caught_up_timestamp).filter(|time_ms| *time_ms > 0)
}

impl Skew {
    /// The difference, if the time was read in the middle between request and response.
    fn of(sent_ms: i64, received_ms: i64, time_ms: i64) -> Self {
        let round_trip_ms = received_ms.saturating_sub(sent_ms).max(0);
        Self {
            ms: time_ms.saturating_sub(sent_ms.saturating_add(round_trip_ms / 2)),
            uncertainty_ms: (round_trip_ms / 2).saturating_add(COARSE_MS),
        }
    }

    fn finding(self) -> Finding {
        let Self { ms, uncertainty_ms } = self;
        let direction = if ms < 0 { "behind" } else { "ahead of" };
        let text = format!(
            "the clock of the active controller is {} ms {direction} this host's (± {uncertainty_ms} ms)",
            ms.unsigned_abs()
        );
        match ms.saturating_abs() > uncertainty_ms.saturating_add(SKEW_MS_MAX) {
            false => Finding::ok(CheckStep::Clock, "cluster", text),
            true => Finding::warning(CheckStep::Clock, "cluster", text).remedied(SYNCHRONIZE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::Severity;

    #[test]
    fn time_is_compared_with_the_middle_of_the_round_trip() {
        assert_eq!(Skew::of(1_000, 1_100, 1_050), Skew { ms: 0, uncertainty_ms: 60 });
        assert_eq!(Skew::of(1_000, 1_000, 900), Skew { ms: -100, uncertainty_ms: 10 });
        for (sent, received, time) in [(i64::MIN, i64::MAX, i64::MIN), (i64::MAX, i64::MIN, i64::MAX)] {
            let _ = Skew::of(sent, received, time).finding();
        }
    }

    #[test]
    fn difference_beyond_the_uncertainty_and_a_second_is_a_warning() {
        let finding = |ms| Skew { ms, uncertainty_ms: 10 }.finding();
        assert_eq!(finding(1_010).severity(), Severity::Ok);
        assert_eq!(finding(1_011).severity(), Severity::Warning);
        assert_eq!(finding(-5_000).severity(), Severity::Warning);
        assert!(finding(-5_000).text().contains("5000 ms behind"), "{}", finding(-5_000).text());
    }
}
