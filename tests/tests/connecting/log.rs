//! What an operator reads about brokers that cannot be used: each step that stops a producer once, however often it is
//! tried, and that it is over.

use std::time::Duration;

use milena::{Record, Sasl};
use milena_fake::{ApiKey, Cluster, Mechanism};
use milena_tests::{ClusterHarness, Log, Name, within};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_broker_that_cannot_be_used_is_told_once_for_each_step_that_stops_it() {
    let log = Log::default();
    let _listening = log.listen();
    let builder = Cluster::builder().brokers(1).topic("t", 1).user("kim", "right");
    let harness = ClusterHarness::in_memory(builder.mechanisms(&[Mechanism::Plain])).await;
    let producer = harness.producer().sasl(Sasl::plain("kim", "right")).build().await.unwrap();
    producer.send(("t", "v")).await.unwrap();
    assert_eq!((log.count("WARN", "cannot be used"), log.count("WARN", "described")), (0, 0));
    harness.set_user("kim", "new");
    harness.expire_sessions();
    let waiting = producer.enqueue(Record::to("t")).await.unwrap();
    sleep(30 * SECOND).await;
    assert_eq!(log.count("WARN", "connection: broker cannot be used"), 1);
    assert_eq!(log.count("WARN", "step=\"authentication\""), 1);
    assert_eq!(log.count("WARN", "no broker described the cluster"), 1);
    harness.network().name("broker-1", Name::Nobody);
    sleep(30 * SECOND).await;
    assert_eq!(log.count("WARN", "connection: broker cannot be used"), 2);
    assert_eq!(log.count("WARN", "step=\"unreachable\""), 1);
    harness.network().name("broker-1", Name::AnyBroker);
    harness.set_user("kim", "right");
    within(waiting).await.unwrap();
    sleep(10 * SECOND).await;
    assert_eq!(log.count("INFO", "connection: broker can be used again"), 1);
    assert_eq!(log.count("INFO", "the cluster is described again"), 1);
    assert_eq!(log.count("WARN", "connection: broker cannot be used"), 2);
}

#[tokio::test(start_paused = true)]
async fn closing_what_nobody_uses_is_no_news() {
    let log = Log::default();
    let _listening = log.listen();
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 3)).await;
    let builder = harness.producer().metadata_max_age(3_600 * SECOND).metadata_max_idle(3_600 * SECOND);
    let producer = builder.build().await.unwrap();
    for partition in 0..3 {
        producer.send(Record::to("t").partition(partition)).await.unwrap();
    }
    let asked = || harness.journal().iter().filter(|entry| entry.api == ApiKey::METADATA).count();
    let before = asked();
    sleep(1_000 * SECOND).await;
    for partition in 0..3 {
        producer.send(Record::to("t").partition(partition)).await.unwrap();
    }
    assert_eq!(asked(), before, "no broker was lost");
    for level in ["ERROR", "WARN", "INFO"] {
        assert_eq!(log.lines(level, ""), [""; 0]);
    }
}
