//! The metrics by the names of Java's producer (`SenderMetricsRegistry.java`, `KafkaProducerMetrics.java`, `BufferPool.java`,
//! `RecordAccumulator.java`, `Selector.java`, of Kafka 4.4).

use std::time::Duration;

use super::parts::{BrokerMetrics, TopicMetrics, ratio};
use super::snapshot::ProducerMetrics;

/// A metric of Java's producer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct JavaMetric {
    /// The group of the metric.
    pub group: JavaGroup,
    /// Its name, such as `record-send-total`.
    pub name: &'static str,
    /// Its tags, by Java's names: `client-id`, and `topic` or `node-id`.
    pub tags: Vec<(&'static str, String)>,
    /// Its value: times in milliseconds, unless the name has another unit; sizes in bytes. NaN is Java's value for an average of
    /// nothing.
    pub value: f64,
    /// Whether it is a sum that only grows. All others are gauges.
    pub is_sum: bool,
}

/// A group of metrics of Java's producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JavaGroup {
    /// `producer-metrics`.
    Producer,
    /// `producer-topic-metrics`.
    Topic,
    /// `producer-node-metrics`.
    Node,
}

impl JavaGroup {
    /// Java's name of the group.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Producer => "producer-metrics",
            Self::Topic => "producer-topic-metrics",
            Self::Node => "producer-node-metrics",
        }
    }
}

impl ProducerMetrics {
    /// All metrics that Java's producer has as well, by Java's names and with its tags.
    ///
    /// Java's averages and maxima are those of the last minute (`metrics.sample.window.ms` × `metrics.num.samples`). Those here are
    /// of the time that the metrics cover: since the producer was built, or [`since`](Self::since) earlier metrics. Latencies are
    /// by batch or by request. Java's `…-rate` is the derivative of the `…-total`, which a monitoring system computes.
    ///
    /// | `producer-metrics` | from |
    /// |---|---|
    /// | `record-send-total` | `sent_records`: records put into requests, attempts counted each, as Java does |
    /// | `record-error-total` | `failed` |
    /// | `record-retry-total` | `retried_records` |
    /// | `batch-split-total` | `splits` |
    /// | `batch-size-avg`, `batch-size-max` | `sent_bytes` by `sent_batches`; `batch_bytes_max` |
    /// | `records-per-request-avg` | `sent_records` by `requests` |
    /// | `compression-rate-avg` | [`compression_ratio`](Self::compression_ratio), over topics that are compressed |
    /// | `record-queue-time-avg`, `-max` | `queue_time` |
    /// | `request-latency-avg`, `-max` | `request_latency` |
    /// | `produce-throttle-time-avg`, `-max` | `throttle_time` by `responses`; `throttle_time_max` |
    /// | `requests-in-flight` | `in_flight_requests` |
    /// | `request-total`, `response-total` | `requests`, `responses`: of Produce alone; Java adds Metadata and others |
    /// | `request-size-avg`, `request-size-max` | `bytes` by `requests`; `request_bytes_max` |
    /// | `outgoing-byte-total` | `bytes` |
    /// | `connection-count`, `connection-creation-total` | `open_connections`, `connections`: those for records, without the one for metadata |
    /// | `successful-reauthentication-total` | `reauthentications` |
    /// | `buffer-total-bytes`, `buffer-available-bytes` | the same |
    /// | `buffer-exhausted-total`, `waiting-threads` | `buffer_exhausted`, `waiting_callers` |
    /// | `metadata-age` (seconds) | `metadata_age` |
    /// | every `…-rate` | not there: derived from the `…-total` |
    /// | `record-size-avg`, `-max` | not there: nothing is counted a record |
    /// | `bufferpool-wait-…` | not there: callers are tasks, and their waiting is not timed |
    /// | `io-…`, `select-…`, `network-io-…`, `incoming-byte-…`, `iotime-…` | not there: they describe Java's selector |
    /// | `flush-time-ns-total`, `metadata-wait-time-ns-total`, `txn-…` | not there: not timed; there are no transactions |
    /// | `…-authentication-…`, `reauthentication-latency-…` | not there, but for the count above |
    ///
    /// | `producer-topic-metrics` (`topic`) | from [`topics`](Self::topics) |
    /// |---|---|
    /// | `record-send-total`, `record-error-total`, `record-retry-total`, `byte-total` | `sent_records`, `failed`, `retried_records`, `sent_bytes` |
    /// | `compression-rate` | [`compression_ratio`](TopicMetrics::compression_ratio) |
    ///
    /// | `producer-node-metrics` (`node-id`) | from [`brokers`](Self::brokers) |
    /// |---|---|
    /// | `request-total`, `response-total`, `outgoing-byte-total` | `requests`, `request_latency`, `bytes` |
    /// | `request-size-avg`, `-max`, `request-latency-avg`, `-max` | as above |
    ///
    /// ```
    /// # let metrics = milena::ProducerMetrics::default();
    /// for metric in metrics.java() {
    ///     println!("{} {} {:?} = {}", metric.group.name(), metric.name, metric.tags, metric.value);
    /// }
    /// ```
    #[must_use]
    pub fn java(&self) -> Vec<JavaMetric> {
        let mut all = Vec::new();
        let tag = ("client-id", self.client_id.to_string());
        let mut put = |group: JavaGroup, more: Option<(&'static str, String)>, rows: &[Row]| {
            let tags: Vec<_> = [tag.clone()].into_iter().chain(more).collect();
            all.extend(rows.iter().map(|(name, value)| {
                let (value, is_sum) = match *value {
                    Value::Sum(sum) => (sum as f64, true),
                    Value::Gauge(gauge) => (gauge, false),
                };
                JavaMetric { group, name, tags: tags.clone(), value, is_sum }
            }));
        };
        put(JavaGroup::Producer, None, &of_producer(self));
        put(JavaGroup::Producer, None, &of_buffer(self));
        for topic in &self.topics {
            put(JavaGroup::Topic, Some(("topic", topic.name().to_owned())), &of_topic(topic));
        }
        for broker in &self.brokers {
            // `NetworkClient` names a connection by its broker: "node-1".
            put(JavaGroup::Node, Some(("node-id", format!("node-{}", broker.id()))), &of_broker(broker));
        }
        all
    }
}

type Row = (&'static str, Value);

#[derive(Clone, Copy, Debug)]
enum Value {
    Sum(u64),
    Gauge(f64),
}

fn of_producer(metrics: &ProducerMetrics) -> [Row; 22] {
    let throttle_mean = metrics.throttle_time.as_secs_f64() * 1e3 / metrics.responses as f64;
    [
        ("record-send-total", Value::Sum(metrics.sent_records)),
        ("record-error-total", Value::Sum(metrics.failed)),
        ("record-retry-total", Value::Sum(metrics.retried_records)),
        ("batch-split-total", Value::Sum(metrics.splits)),
        ("batch-size-avg", mean(metrics.batch_bytes_mean())),
        ("batch-size-max", Value::Gauge(metrics.batch_bytes_max as f64)),
        ("records-per-request-avg", mean(metrics.records_per_request())),
        ("compression-rate-avg", mean(metrics.compression_ratio())),
        ("record-queue-time-avg", millis(metrics.queue_time.mean())),
        ("record-queue-time-max", millis(Some(metrics.queue_time.max()))),
        ("request-latency-avg", millis(metrics.request_latency.mean())),
        ("request-latency-max", millis(Some(metrics.request_latency.max()))),
        ("produce-throttle-time-avg", Value::Gauge(throttle_mean)),
        ("produce-throttle-time-max", millis(Some(metrics.throttle_time_max))),
        ("requests-in-flight", Value::Gauge(metrics.in_flight_requests as f64)),
        ("request-total", Value::Sum(metrics.requests)),
        ("response-total", Value::Sum(metrics.responses)),
        ("request-size-avg", mean(ratio(metrics.bytes, metrics.requests))),
        ("request-size-max", Value::Gauge(metrics.request_bytes_max as f64)),
        ("outgoing-byte-total", Value::Sum(metrics.bytes)),
        ("connection-count", Value::Gauge(metrics.open_connections as f64)),
        ("connection-creation-total", Value::Sum(metrics.connections)),
    ]
}

fn of_buffer(metrics: &ProducerMetrics) -> [Row; 6] {
    [
        ("successful-reauthentication-total", Value::Sum(metrics.reauthentications)),
        ("buffer-total-bytes", Value::Gauge(metrics.buffer_total_bytes as f64)),
        ("buffer-available-bytes", Value::Gauge(metrics.buffer_free_bytes as f64)),
        ("buffer-exhausted-total", Value::Sum(metrics.buffer_exhausted)),
        ("waiting-threads", Value::Gauge(metrics.waiting_callers as f64)),
        ("metadata-age", Value::Gauge(metrics.metadata_age.map_or(f64::NAN, |age| age.as_secs_f64()))),
    ]
}

fn of_topic(topic: &TopicMetrics) -> [Row; 5] {
    [
        ("record-send-total", Value::Sum(topic.sent_records)),
        ("record-error-total", Value::Sum(topic.failed)),
        ("record-retry-total", Value::Sum(topic.retried_records)),
        ("byte-total", Value::Sum(topic.sent_bytes)),
        ("compression-rate", mean(topic.compression_ratio())),
    ]
}

fn of_broker(broker: &BrokerMetrics) -> [Row; 7] {
    [
        ("request-total", Value::Sum(broker.requests)),
        ("response-total", Value::Sum(broker.request_latency.count())),
        ("outgoing-byte-total", Value::Sum(broker.bytes)),
        ("request-size-avg", mean(ratio(broker.bytes, broker.requests))),
        ("request-size-max", Value::Gauge(broker.request_bytes_max as f64)),
        ("request-latency-avg", millis(broker.request_latency.mean())),
        ("request-latency-max", millis(Some(broker.request_latency.max()))),
    ]
}

fn mean(mean: Option<f64>) -> Value {
    Value::Gauge(mean.unwrap_or(f64::NAN))
}

fn millis(time: Option<Duration>) -> Value {
    Value::Gauge(time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_of_nothing_are_not_a_number() {
        let metrics = ProducerMetrics::default().java();
        let value = |name: &str| metrics.iter().find(|metric| metric.name == name).unwrap().value;
        for name in ["batch-size-avg", "record-queue-time-avg", "produce-throttle-time-avg", "metadata-age"] {
            assert!(value(name).is_nan(), "{name}");
        }
        assert_eq!((value("record-send-total"), value("request-latency-max")), (0.0, 0.0));
    }

    #[test]
    fn times_are_in_milliseconds_and_tags_name_the_client() {
        let metrics = ProducerMetrics {
            client_id: "billing".into(),
            throttle_time: Duration::from_millis(30),
            responses: 4,
            ..ProducerMetrics::default()
        };
        let metrics = metrics.java();
        let throttle = metrics.iter().find(|metric| metric.name == "produce-throttle-time-avg").unwrap();
        assert_eq!((throttle.value, throttle.group.name()), (7.5, "producer-metrics"));
        assert_eq!(throttle.tags, [("client-id", "billing".to_owned())]);
    }
}
