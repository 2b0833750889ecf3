//! Export through the `metrics` facade: to a recorder whose names and labels Prometheus takes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use milena::{MetricsPublisher, Producer};
use milena_fake::Cluster;
use milena_tests::{ClusterHarness, within};

#[tokio::test(start_paused = true)]
async fn recorder_has_the_metrics_by_the_names_of_java() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer = harness.producer().client_id("bill\"ing").build().await.unwrap();
    let recorder = TestRecorder::default();
    let mut publisher = MetricsPublisher::default();
    for _ in 0..2 {
        within(producer.send(("t", "v"))).await.unwrap();
        metrics::with_local_recorder(&recorder, || publisher.publish(&producer.metrics()));
    }

    let (counters, gauges) = (recorder.counters(), recorder.gauges());
    let of_client = r#"client_id="bill\"ing""#;
    let count = |name: &str, more: &str| counters[&format!("{name}{{{of_client}{more}}}")];
    assert_eq!(count("kafka_producer_record_send_total", ""), 2);
    assert_eq!(count("kafka_producer_topic_record_send_total", r#",topic="t""#), 2);
    assert_eq!(count("kafka_producer_node_request_total", r#",node_id="node-1""#), 2);
    let gauge = |name: &str| gauges[&format!("{name}{{{of_client}}}")];
    assert_eq!(gauge("kafka_producer_buffer_total_bytes"), f64::from(32 << 20));
    assert!(gauge("kafka_producer_compression_rate_avg").is_nan(), "nothing was compressed");
    assert_eq!(counters.len() + gauges.len(), producer.metrics().java().len(), "every metric is there");
}

#[tokio::test(start_paused = true)]
async fn publishing_without_a_recorder_has_no_effect() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer: Producer = harness.connect().await;
    MetricsPublisher::default().publish(&producer.metrics());
}

type Series = Mutex<BTreeMap<String, Arc<AtomicU64>>>;

/// Keeps counters and gauges by series, such as `a_total{topic="t"}`. A name or label that Prometheus does not take fails the
/// test.
#[derive(Default)]
struct TestRecorder {
    counters: Series,
    gauges: Series,
}

impl TestRecorder {
    fn counters(&self) -> BTreeMap<String, u64> {
        read(&self.counters, |bits| bits)
    }

    fn gauges(&self) -> BTreeMap<String, f64> {
        read(&self.gauges, f64::from_bits)
    }
}

impl Recorder for TestRecorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(one_of(&self.counters, key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(one_of(&self.gauges, key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        panic!("{key} is no counter and no gauge")
    }
}

fn one_of(all: &Series, key: &Key) -> Arc<AtomicU64> {
    Arc::clone(all.lock().unwrap().entry(series(key)).or_default())
}

fn read<T>(all: &Series, value: impl Fn(u64) -> T) -> BTreeMap<String, T> {
    let all = all.lock().unwrap();
    all.iter().map(|(series, bits)| (series.clone(), value(bits.load(Ordering::Relaxed)))).collect()
}

/// The series as Prometheus writes it.
fn series(key: &Key) -> String {
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
    };
    assert!(is_name(key.name()) && key.labels().all(|label| is_name(label.key())), "{key}");
    let labels = key.labels().map(|label| format!("{}={:?}", label.key(), label.value()));
    format!("{}{{{}}}", key.name(), labels.collect::<Vec<_>>().join(","))
}
