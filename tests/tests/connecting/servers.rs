//! Bootstrap lists, and clusters that change after they were found. The clock is paused.

use std::time::Duration;

use milena::Record;
use milena_fake::{ApiKey, Cluster};
use milena_tests::{ClusterHarness, Name, Sent, Stopwatch, Tag, assert_exactly_once, within};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().topic("t", 6)).await
}

#[tokio::test(start_paused = true)]
async fn one_living_server_of_the_list_is_enough() {
    let harness = harness().await;
    harness.network().name("gone", Name::Nobody);
    harness.network().name("far", Name::Silence);
    let builder = harness.producer().bootstrap_servers("gone:9092, far:9092, broker-2:9092");
    let producer = builder.build().await.unwrap();
    within(producer.send(("t", "v"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_name_that_leads_to_any_broker_finds_the_cluster() {
    let harness = harness().await;
    harness.network().name("bootstrap", Name::AnyBroker);
    let producer = harness.producer().bootstrap_servers("bootstrap:9092").build().await.unwrap();
    for partition in 0..6 {
        producer.send(Record::to("t").partition(partition)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_comes_up_late_is_waited_for() {
    let harness = harness().await;
    for broker in 1..=3 {
        harness.kill(broker);
    }
    let build = tokio::spawn(harness.producer().build());
    sleep(5 * SECOND).await;
    harness.restart(2).unwrap();
    let producer = build.await.unwrap().unwrap();
    within(producer.send(("t", "v"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_moves_is_found_at_its_new_address() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let mut sent: Vec<Sent> = Vec::new();
    for number in 0..12 {
        let tag = Tag { sender: 0, number };
        if let Some(broker) = [(3, 1), (7, 2), (11, 3)].iter().find(|(at, _)| *at == number) {
            harness.change_address(broker.1).unwrap();
        }
        sent.push((tag, within(producer.send(tag.record_in("t", 6))).await.unwrap()));
    }
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_whose_brokers_were_all_replaced_is_found_again_by_the_bootstrap_servers() {
    let harness = harness().await;
    harness.network().name("bootstrap", Name::AnyBroker);
    let producer = harness.producer().bootstrap_servers("bootstrap:9092").build().await.unwrap();
    let tag = |number| Tag { sender: 0, number };
    let mut sent: Vec<Sent> = vec![(tag(0), producer.send(tag(0).record("t").partition(0)).await.unwrap())];
    let new: Vec<_> = (0..3).map(|_| harness.add_broker().unwrap()).collect();
    for (partition, broker) in (0..6).zip(new.iter().cycle()) {
        harness.move_leader("t", partition, *broker);
    }
    for old in 1..=3 {
        harness.remove_broker(old);
    }
    let watch = Stopwatch::start();
    for number in 1..12 {
        let record = tag(number).record_in("t", 6);
        sent.push((tag(number), within(producer.send(record)).await.unwrap()));
    }
    assert!(watch.elapsed() < 30 * SECOND, "{:?}", watch.elapsed());
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test(start_paused = true)]
async fn only_topics_in_use_are_asked_about() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().topic("t", 1).topic("u", 1).topic("w", 1)).await;
    let producer = harness.producer().metadata_max_age(10 * SECOND).build().await.unwrap();
    producer.send(("t", "v")).await.unwrap();
    sleep(60 * SECOND).await;
    let questions = harness.journal().into_iter().filter(|entry| entry.api == ApiKey::METADATA);
    let mentions = |bytes: &[u8], topic: &[u8; 2]| bytes.windows(2).any(|window| window == topic);
    // In a compact string: one more than its length, and the name.
    let asked: Vec<_> =
        questions.map(|entry| (mentions(&entry.bytes, b"\x02t"), mentions(&entry.bytes, b"\x02u"))).collect();
    assert!((6..20).contains(&asked.len()), "{} questions in a minute", asked.len());
    assert!(asked[1..].iter().all(|asked| *asked == (true, false)), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_producer_writes_again_at_once_after_its_connections_were_closed() {
    let harness = harness().await;
    let producer = harness.connect().await;
    producer.send(Record::to("t").partition(0)).await.unwrap();
    for broker in 1..=3 {
        harness.kill(broker);
        harness.restart(broker).unwrap();
    }
    sleep(600 * SECOND).await;
    let watch = Stopwatch::start();
    within(producer.send(Record::to("t").partition(0))).await.unwrap();
    assert!(watch.elapsed() < SECOND, "{:?}", watch.elapsed());
}
