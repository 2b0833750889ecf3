//! A producer that is there before its cluster. The clock is paused.

use std::time::Duration;

use milena::{ConnectErrorKind, ErrorKind, Producer, ProducerBuilder, Sasl, TryEnqueueErrorKind};
use milena_fake::{Cluster, Mechanism};
use milena_tests::{ClusterHarness, Log, Name, Stopwatch, eventually, within};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);
const NOT_YET: &str = "connection: the cluster cannot be used yet, retrying until it can";

#[tokio::test(start_paused = true)]
async fn producer_is_there_before_its_cluster_and_ready_when_the_cluster_is() {
    let harness = harness().await;
    harness.network().name("kafka", Name::Nobody);
    let producer = lazy(&harness).build_lazy().unwrap();
    assert!(timeout(60 * SECOND, producer.ready()).await.is_err());
    assert_eq!(producer.try_enqueue(("t", "v")).unwrap_err().kind(), TryEnqueueErrorKind::NotReady);
    harness.network().name("kafka", Name::AnyBroker);
    within(producer.ready()).await.unwrap();
    within(producer.ready()).await.unwrap();
    within(producer.send(("t", "v"))).await.unwrap();
    within(producer.close()).await.unwrap();
    assert_eq!(harness.record_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn record_that_waits_for_its_topic_goes_when_the_cluster_is_there() {
    let harness = harness().await;
    harness.network().name("kafka", Name::Nobody);
    let producer = lazy(&harness).build_lazy().unwrap();
    let start = async {
        sleep(30 * SECOND).await;
        harness.network().name("kafka", Name::AnyBroker);
    };
    let (sent, topic, ()) =
        within(async { tokio::join!(producer.send(("t", "v")), producer.topic("t"), start) }).await;
    assert_eq!(sent.unwrap().offset, 0);
    assert_eq!(topic.unwrap().partitions(), 2);
}

#[tokio::test(start_paused = true)]
async fn topic_that_was_wanted_before_the_cluster_was_there_is_known_soon_after() {
    let harness = harness().await;
    harness.network().name("kafka", Name::Nobody);
    let producer = lazy(&harness).build_lazy().unwrap();
    assert!(timeout(SECOND, producer.enqueue(("t", "v"))).await.is_err());
    assert!(producer.try_enqueue(("u", "v")).is_err());
    sleep(60 * SECOND).await;
    harness.network().name("kafka", Name::AnyBroker);
    within(producer.ready()).await.unwrap();
    sleep(SECOND).await;
    drop([("t", "v"), ("u", "v")].map(|record| producer.try_enqueue(record).unwrap()));
    within(producer.close()).await.unwrap();
    assert_eq!(harness.record_count(), 2);
}

#[tokio::test(start_paused = true)]
async fn record_is_refused_after_max_block_with_the_last_failure_to_connect() {
    let harness = harness().await;
    harness.network().name("kafka", Name::Nobody);
    let producer = lazy(&harness).max_block(20 * SECOND).build_lazy().unwrap();
    let watch = Stopwatch::start();
    let error = within(producer.send(("t", "v"))).await.unwrap_err();
    assert_eq!((error.kind(), watch.elapsed().as_secs()), (ErrorKind::UnknownTopic, 20));
    assert!(error.is_retriable() && error.to_string().contains("kafka:9092"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn brokers_that_cannot_be_reached_at_their_addresses_are_waited_for() {
    let (log, harness) = (Log::default(), harness().await);
    let _listening = log.listen();
    harness.network().name("kafka", Name::AnyBroker);
    ["broker-1", "broker-2"].iter().for_each(|broker| harness.network().name(broker, Name::Nobody));
    let producer = lazy(&harness).build_lazy().unwrap();
    assert!(timeout(60 * SECOND, producer.ready()).await.is_err());
    assert_eq!(log.count("WARN", "kafka:9092 described the cluster, but no broker could be used"), 1);
    harness.change_address(2).unwrap();
    within(producer.ready()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn failure_to_connect_is_logged_once_for_each_step_and_when_it_is_over() {
    let (log, harness) = (Log::default(), harness().await);
    let _listening = log.listen();
    harness.network().name("kafka", Name::Nobody);
    let producer = lazy(&harness).build_lazy().unwrap();
    sleep(60 * SECOND).await;
    assert_eq!(log.count("WARN", NOT_YET), 1);
    harness.network().name("kafka", Name::Unknown);
    sleep(60 * SECOND).await;
    assert_eq!(log.lines("WARN", NOT_YET).iter().filter(|line| line.contains("step=\"name\"")).count(), 1);
    harness.network().name("kafka", Name::AnyBroker);
    within(producer.ready()).await.unwrap();
    assert_eq!((log.count("WARN", ""), log.count("INFO", "connection: the cluster can be used")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_are_one_error_in_the_log_and_tried_again_at_the_maximum_of_the_backoff() {
    let log = Log::default();
    let _listening = log.listen();
    let builder =
        Cluster::builder().brokers(1).topic("t", 1).user("kim", "other").mechanisms(&[Mechanism::Plain]);
    let harness = ClusterHarness::in_memory(builder).await;
    let builder = harness.producer().sasl(Sasl::plain("kim", "right"));
    let producer = builder.reconnect_backoff_max(10 * SECOND).build_lazy().unwrap();
    sleep(100 * SECOND).await;
    let errors = log.lines("ERROR", "connection: the cluster cannot be used with these settings");
    assert!(errors.len() == 1 && errors[0].contains("step=\"authentication\""), "{errors:?}");
    let attempts = harness.network().dials().len();
    assert!((8..=13).contains(&attempts), "{attempts} attempts, 8 to 12 s apart");
    harness.set_user("kim", "right");
    within(producer.ready()).await.unwrap();
    within(producer.send(("t", "v"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn producer_that_is_closed_before_its_cluster_is_there_fails_all_that_waits_and_leaves_nothing() {
    let harness = harness().await;
    harness.network().name("kafka", Name::Nobody);
    let tasks = Handle::current().metrics().num_alive_tasks();
    let producer = lazy(&harness).build_lazy().unwrap();
    let close = async {
        sleep(30 * SECOND).await;
        producer.close().await
    };
    let (ready, sent, closed) =
        within(async { tokio::join!(producer.ready(), producer.send(("t", "v")), close) }).await;
    closed.unwrap();
    assert_eq!(sent.unwrap_err().kind(), ErrorKind::Closed);
    for error in [ready.unwrap_err(), within(producer.ready()).await.unwrap_err()] {
        assert_eq!(error.kind(), ConnectErrorKind::Closed);
        let text = error.to_string();
        let expected =
            "connection: the producer was closed before the cluster could be used; the last failure: ";
        assert!(text.starts_with(expected) && text.contains("kafka:9092"), "{text}");
    }
    check_quiet(&harness, tasks).await;
}

#[tokio::test(start_paused = true)]
async fn last_handle_that_is_dropped_ends_the_connecting() {
    let harness = harness().await;
    harness.network().name("kafka", Name::Nobody);
    let tasks = Handle::current().metrics().num_alive_tasks();
    drop(lazy(&harness).build_lazy().unwrap());
    check_quiet(&harness, tasks).await;
}

#[tokio::test(start_paused = true)]
async fn wrong_setting_is_refused_at_once() {
    let error = Producer::builder().build_lazy().unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::Config);
    let error =
        Producer::builder().bootstrap_servers("a:1").linger(SECOND).delivery_timeout(SECOND).build_lazy();
    assert_eq!(error.unwrap_err().kind(), ConnectErrorKind::Config);
}

#[tokio::test(start_paused = true)]
async fn producer_that_was_built_with_its_cluster_is_ready_until_it_is_closed() {
    let harness = harness().await;
    let producer = harness.connect().await;
    producer.ready().await.unwrap();
    producer.close().await.unwrap();
    let error = producer.ready().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "connection: the producer was closed, and takes no more records: build another one"
    );
}

/// Whether no task is left, and nothing is dialled any more.
async fn check_quiet(harness: &ClusterHarness, tasks: usize) {
    eventually(|| Handle::current().metrics().num_alive_tasks() == tasks).await;
    let dials = harness.network().dials().len();
    sleep(600 * SECOND).await;
    assert_eq!(harness.network().dials().len(), dials);
}

async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 2).topic("u", 1)).await
}

/// Knows the cluster by a name that leads where the test has it.
fn lazy(harness: &ClusterHarness) -> ProducerBuilder {
    harness.producer().bootstrap_servers("kafka:9092")
}
