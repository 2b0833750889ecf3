//! The metrics of a push: those of the subscription, with Java's names as OpenTelemetry has them.

use std::time::{Duration, Instant};

use super::otlp::{Metric, MetricsData, Times};
use super::subscription::Subscription;
use crate::metrics::{JavaGroup, JavaMetric, ProducerMetrics};

/// The label that brokers add by themselves (`ClientTelemetryReporter.EXCLUDE_LABELS`).
const CLIENT_ID: &str = "client-id";

/// Where the metrics of pushes come from.
#[derive(Debug)]
pub(super) struct Source {
    /// The same moment, on the clock and in nanoseconds since 1970.
    built: (Instant, u64),
    /// The metrics at the last push that the broker took, and the time of that push.
    before: (ProducerMetrics, Instant),
    /// The same of a push without a response so far.
    pushed: Option<(ProducerMetrics, Instant)>,
}

impl Source {
    pub(super) fn new(now: Instant, wall_nanos: u64) -> Self {
        Self { built: (now, wall_nanos), before: (ProducerMetrics::default(), now), pushed: None }
    }

    /// The broker took the last push: the next one begins there.
    pub(super) fn delivered(&mut self) {
        self.before = self.pushed.take().unwrap_or_else(|| self.before.clone());
    }

    /// The next push. Metrics beyond its size are left out: those of topics first, then those of brokers.
    pub(super) fn data(&mut self, metrics: ProducerMetrics, wanted: &Subscription, now: Instant) -> Vec<u8> {
        let (before, before_at) = &self.before;
        let change = metrics.since(before);
        let start = if wanted.delta { *before_at } else { self.built.0 };
        let times = Times { start: self.nanos(start), now: self.nanos(now), delta: wanted.delta };
        // Averages are those since the last push. Sums are too, where the broker wants differences.
        let mut rows = change.java();
        if !wanted.delta {
            let sums = metrics.java();
            let both = rows.iter_mut().zip(sums);
            both.filter(|(row, _)| row.is_sum).for_each(|(row, sum)| row.value = sum.value);
        }
        rows.push(creation_rate(&change, now.saturating_duration_since(*before_at)));
        rows.sort_by_key(|row| (rank(row.group), row.name));
        let mut data = MetricsData::new(wanted.bytes_max);
        for row in rows.iter().filter(|row| row.value.is_finite()) {
            let name = name_of(row);
            let tags = row.tags.iter().filter(|(tag, _)| *tag != CLIENT_ID);
            let attributes: Vec<_> = tags.map(|(tag, value)| (tag.replace('-', "_"), &**value)).collect();
            let metric =
                Metric { name: &name, attributes: &attributes, value: row.value, is_sum: row.is_sum };
            if wanted.wants(&name) && !data.push(&metric, times) {
                break;
            }
        }
        self.pushed = Some((metrics, now));
        data.into_bytes()
    }

    fn nanos(&self, at: Instant) -> u64 {
        let (built, wall_nanos) = self.built;
        let since = at.saturating_duration_since(built).as_nanos();
        wall_nanos.saturating_add(u64::try_from(since).unwrap_or(u64::MAX))
    }
}

/// The one rate among the metrics that KIP-714 requires of every client.
fn creation_rate(change: &ProducerMetrics, since: Duration) -> JavaMetric {
    let value = change.connections as f64 / since.as_secs_f64();
    JavaMetric {
        group: JavaGroup::Producer,
        name: "connection-creation-rate",
        tags: Vec::new(),
        value,
        is_sum: false,
    }
}

const fn rank(group: JavaGroup) -> u8 {
    match group {
        JavaGroup::Producer => 0,
        JavaGroup::Node => 1,
        JavaGroup::Topic => 2,
    }
}

/// The name for OpenTelemetry: the group without `-metrics`, and the name, with dots (`TelemetryMetricNamingConvention.java`).
fn name_of(metric: &JavaMetric) -> String {
    let group = metric.group.name().trim_end_matches("-metrics");
    format!("org.apache.kafka.{group}.{}", metric.name).replace('-', ".")
}
