//! Brokers that throttle (KIP-219): each gets its pause, and no other broker waits for it.

use std::time::Duration;

use milena::{ErrorKind, Persisted, Record};
use milena_codec::message::MetadataResponse;
use milena_fake::{ApiKey, BrokerId, Cluster};
use milena_tests::{ClusterHarness, Stopwatch, within};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn broker_that_throttles_is_paused_and_the_others_are_not() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 2)).await;
    let producer = harness.connect().await;
    harness.throttle(1, 3 * SECOND);
    let record = |partition| Record::to("t").partition(partition);
    producer.send(record(0)).await.unwrap();
    let watch = Stopwatch::start();
    for _ in 0..10 {
        producer.send(record(1)).await.unwrap();
    }
    assert!(watch.elapsed() < SECOND, "{:?}", watch.elapsed());
    producer.send(record(0)).await.unwrap();
    assert!(watch.elapsed() >= 2 * SECOND, "{:?}", watch.elapsed());
    let produced =
        harness.journal().into_iter().filter(|entry| entry.api == ApiKey::PRODUCE && entry.broker.0 == 1);
    let times: Vec<_> = produced.map(|entry| entry.at).collect();
    assert!(times[1] - times[0] >= 3 * SECOND, "the client keeps the pause by itself: {times:?}");
}

#[tokio::test(start_paused = true)]
async fn record_behind_a_throttle_expires_in_time_as_not_written() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let builder = harness.producer().request_timeout(SECOND).delivery_timeout(10 * SECOND);
    let producer = builder.build().await.unwrap();
    harness.throttle(1, 40 * SECOND);
    producer.send(("t", "first")).await.unwrap();
    let watch = Stopwatch::start();
    let error = within(producer.send(("t", "late"))).await.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::DeliveryTimeout, Persisted::No), "{error}");
    assert!((10..12).contains(&watch.elapsed().as_secs()), "{:?}", watch.elapsed());
    sleep(30 * SECOND).await;
    within(producer.send(("t", "last"))).await.unwrap();
    assert_eq!(harness.values("t", 0), ["first", "last"]);
    assert!(watch.elapsed() >= 39 * SECOND, "{:?}", watch.elapsed());
}

#[tokio::test(start_paused = true)]
async fn throttle_ends_with_its_connection() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer = harness.connect().await;
    harness.throttle(1, 40 * SECOND);
    producer.send(("t", "first")).await.unwrap();
    harness.throttle(1, Duration::ZERO);
    harness.kill(1);
    harness.restart(1).unwrap();
    let watch = Stopwatch::start();
    within(producer.send(("t", "second"))).await.unwrap();
    assert!(watch.elapsed() < 5 * SECOND, "{:?}", watch.elapsed());
}

/// The questions about the cluster: to whom, and when.
fn questions(harness: &ClusterHarness) -> Vec<(BrokerId, Duration)> {
    let questions = harness.journal().into_iter().filter(|entry| entry.api == ApiKey::METADATA);
    questions.map(|entry| (entry.broker, entry.at)).collect()
}

#[tokio::test(start_paused = true)]
async fn broker_that_throttles_metadata_is_passed_over_for_another_one() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 1)).await;
    let producer = harness.producer().metadata_max_age(SECOND).build().await.unwrap();
    sleep(5 * SECOND).await;
    let asked = questions(&harness).last().unwrap().0;
    let pausing = MetadataResponse { throttle_time_ms: 20_000, ..described(&harness) };
    harness.on(ApiKey::METADATA).node(asked).message(pausing);
    sleep(2 * SECOND).await;
    let paused = questions(&harness).iter().rfind(|(broker, _)| *broker == asked).unwrap().1;
    sleep(17 * SECOND).await;
    let after = questions(&harness).into_iter().filter(|(_, at)| *at > paused).collect::<Vec<_>>();
    assert!(after.len() >= 10, "somebody is asked: {after:?}");
    assert!(after.iter().all(|(broker, _)| *broker != asked), "{after:?}");
    within(producer.send(("t", "v"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn only_broker_is_awaited_when_it_throttles_metadata() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer = harness.producer().metadata_max_age(SECOND).build().await.unwrap();
    let pausing = MetadataResponse { throttle_time_ms: 7_000, ..described(&harness) };
    harness.on(ApiKey::METADATA).message(pausing);
    sleep(20 * SECOND).await;
    let times: Vec<_> = questions(&harness).into_iter().map(|(_, at)| at).collect();
    let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(longest >= 7 * SECOND && longest < 8 * SECOND, "{times:?}");
    within(producer.send(("t", "v"))).await.unwrap();
}

/// What brokers say about themselves.
fn described(harness: &ClusterHarness) -> MetadataResponse {
    let servers = harness.bootstrap_servers();
    let brokers = servers.split(',').zip(1..).map(|(address, id)| {
        let (host, port) = address.rsplit_once(':').unwrap();
        milena_codec::message::MetadataResponseBroker {
            node_id: BrokerId(id),
            host: host.to_owned(),
            port: port.parse().unwrap(),
            rack: None,
        }
    });
    MetadataResponse { brokers: brokers.collect(), ..MetadataResponse::default() }
}
