//! Brokers old and new: which version of Produce goes out, and whether topics go by id.

use milena::{Producer, Record};
use milena_fake::{ApiKey, Cluster, Release};
use milena_tests::{ClusterHarness, Load, assert_exactly_once, within};

fn produce_versions(harness: &ClusterHarness) -> Vec<i16> {
    let requests = harness.journal().into_iter().filter(|entry| entry.api == ApiKey::PRODUCE);
    requests.map(|entry| entry.version).collect()
}

#[tokio::test(start_paused = true)]
async fn each_release_gets_its_newest_version() {
    for (release, version) in
        [(Release::V2_1, 7), (Release::V2_8, 9), (Release::V3_9, 11), (Release::V4_3, 13)]
    {
        let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 3).look_like(release)).await;
        let producer = harness.connect().await;
        let sent = within(Load::of(1_000).send(&producer)).await;
        assert_exactly_once(&harness, "t", &sent);
        assert!(produce_versions(&harness).iter().all(|used| *used == version), "{release:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_version_of_produce_carries_records_with_all_they_have() {
    for version in 3..=13 {
        let builder = Cluster::builder().topic("t", 1).versions(ApiKey::PRODUCE, 0..=version);
        let harness = ClusterHarness::in_memory(builder).await;
        let producer = harness.connect().await;
        let record = Record::to("t").key("k").value("v").header("h", "1").timestamp_ms(77);
        let ack = within(producer.send(record.clone())).await.unwrap();
        assert_eq!((ack.offset, ack.timestamp_ms), (0, 77), "v{version}");
        let log = harness.log("t", 0);
        assert_eq!(
            (&log[0].key, &log[0].value, &log[0].headers),
            (&record.key, &record.value, &record.headers)
        );
        assert_eq!(produce_versions(&harness), [version]);
    }
}

#[tokio::test(start_paused = true)]
async fn brokers_of_different_releases_get_their_own_versions() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 2).look_like(Release::V2_1)).await;
    let producer = harness.connect().await;
    producer.send(Record::to("t").partition(0)).await.unwrap();
    producer.send(Record::to("t").partition(1)).await.unwrap();
    // An upgrade: the broker restarts, and new connections learn of it.
    harness.look_like(Release::V4_3);
    harness.kill(2);
    harness.restart(2).unwrap();
    harness.move_leader("t", 1, 2);
    within(producer.send(Record::to("t").partition(1))).await.unwrap();
    let last = harness.journal().into_iter().rfind(|entry| entry.api == ApiKey::PRODUCE).unwrap();
    assert_eq!(last.broker.0, 2);
    assert!(last.version > 7, "v{}", last.version);
}

/// Sends a record to each topic, in one request where they go to one broker.
async fn send_to(producer: &Producer, topics: &[&'static str]) {
    let records = topics.iter().map(|topic| Record::to(*topic).value("v"));
    let mut deliveries = Vec::new();
    for record in records {
        deliveries.push(producer.enqueue(record).await.unwrap());
    }
    for delivery in deliveries {
        within(delivery).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn topic_ids_are_used_only_when_every_topic_of_the_request_has_one() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("ided", 1).topic("named", 1)).await;
    let producer = harness.connect().await;
    producer.topic("ided").await.unwrap();
    // A broker that does not tell ids: what it told before stays known.
    harness.clamp_versions(ApiKey::METADATA, 0..=9);
    harness.kill(1);
    harness.restart(1).unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    producer.topic("named").await.unwrap();
    for (topics, version) in
        [(&["ided"][..], 13), (&["named"], 12), (&["ided", "named"], 12), (&["ided"], 13)]
    {
        let before = produce_versions(&harness).len();
        send_to(&producer, topics).await;
        assert_eq!(produce_versions(&harness)[before..], [version], "{topics:?}");
    }
    assert_eq!(harness.log("ided", 0).len(), 3);
    assert_eq!(harness.log("named", 0).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn response_of_a_future_version_fails_the_negotiation_and_not_the_process() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().topic("t", 1).versions(ApiKey::API_VERSIONS, 0..=2))
            .await;
    let producer = harness.connect().await;
    within(producer.send(("t", "v"))).await.unwrap();
}
