//! Export of the metrics through the `metrics` facade, by the names of Java's producer, to whichever recorder the program has
//! installed: Prometheus, StatsD and others.
//!
//! Snapshots drive the export: it costs a record nothing.

use super::java::{JavaGroup, JavaMetric};
use super::snapshot::ProducerMetrics;

/// Publishes the metrics of one producer through the `metrics` facade, by the names of [`ProducerMetrics::java`] as Prometheus takes
/// them: `record-send-total` of `producer-metrics` becomes `kafka_producer_record_send_total`; of a topic
/// `kafka_producer_topic_record_send_total{topic="…"}`; of a broker `kafka_producer_node_…{node_id="…"}`. Every metric has the
/// label `client_id`.
///
/// Sums become counters, all others gauges. Averages and maxima of latencies are those since the last call, so that the
/// interval of the calls takes the place of Java's window. Without an installed recorder a call has no effect.
///
/// ```no_run
/// # async fn example() -> Result<(), milena::ConnectError> {
/// use std::time::Duration;
/// use milena::{MetricsPublisher, Producer};
///
/// let producer = Producer::connect("localhost:9092").await?;
/// let source = producer.clone();
/// let task = tokio::spawn(async move {
///     let mut publisher = MetricsPublisher::default();
///     let mut interval = tokio::time::interval(Duration::from_secs(10));
///     loop {
///         interval.tick().await;
///         publisher.publish(&source.metrics());
///     }
/// });
/// # task.abort();
/// # Ok(()) }
/// ```
///
/// The task above keeps a clone of the producer, and `close` of another clone ends the producer all the same.
#[derive(Debug, Default)]
pub struct MetricsPublisher {
    before: ProducerMetrics,
}

impl MetricsPublisher {
    /// Publishes what happened since the last call, and the gauges of the moment, to the recorder that is installed or local to
    /// this thread.
    pub fn publish(&mut self, metrics: &ProducerMetrics) {
        let change = metrics.since(&self.before);
        ::metrics::with_recorder(|recorder| {
            change.java().into_iter().for_each(|metric| put(recorder, metric))
        });
        self.before = metrics.clone();
    }
}

fn put(recorder: &dyn ::metrics::Recorder, metric: JavaMetric) {
    let JavaMetric { group, name, tags, value, is_sum } = metric;
    let labels = tags.into_iter().map(|(tag, value)| ::metrics::Label::new(tag.replace('-', "_"), value));
    let key = ::metrics::Key::from_parts(name_of(group, name), labels.collect::<Vec<_>>());
    let metadata = ::metrics::Metadata::new(module_path!(), ::metrics::Level::INFO, Some(module_path!()));
    if is_sum {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the sum was an integer, and is not negative"
        )]
        recorder.register_counter(&key, &metadata).increment(value as u64);
    } else {
        recorder.register_gauge(&key, &metadata).set(value);
    }
}

fn name_of(group: JavaGroup, name: &str) -> String {
    let prefix = match group {
        JavaGroup::Producer => "kafka_producer_",
        JavaGroup::Topic => "kafka_producer_topic_",
        JavaGroup::Node => "kafka_producer_node_",
    };
    format!("{prefix}{}", name.replace('-', "_"))
}
