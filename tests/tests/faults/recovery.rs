//! Clusters that have to be found again, and clusters that are another one.

use std::time::Duration;

use milena::{MetadataRecovery, Producer, Record};
use milena_codec::message::{MetadataResponse, MetadataResponseBroker};
use milena_fake::{ApiKey, BrokerId, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, Name, Sent, Tag, assert_exactly_once, eventually, within};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

async fn harness() -> ClusterHarness {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 3)).await;
    harness.network().name("bootstrap", Name::AnyBroker);
    harness
}

/// A producer that asks about the cluster every second, and has begun to write.
async fn connect(harness: &ClusterHarness, recovery: MetadataRecovery) -> Producer {
    let builder = harness.producer().bootstrap_servers("bootstrap:9092").metadata_max_age(SECOND);
    let builder = builder.metadata_recovery(recovery).rebootstrap_trigger(20 * SECOND);
    let producer = builder.build().await.unwrap();
    producer.topic("t").await.unwrap();
    producer
}

/// Sends the record with this number to each partition in turn.
async fn send(producer: &Producer, number: u32) -> Sent {
    let tag = Tag { sender: 0, number };
    (tag, within(producer.send(tag.record_in("t", 3))).await.unwrap())
}

fn questions(harness: &ClusterHarness) -> usize {
    harness.journal().iter().filter(|entry| entry.api == ApiKey::METADATA).count()
}

#[tokio::test(start_paused = true)]
async fn rebootstrap_required_makes_the_producer_use_the_bootstrap_servers() {
    let harness = harness().await;
    let producer = connect(&harness, MetadataRecovery::Rebootstrap).await;
    let mut sent = vec![send(&producer, 0).await, send(&producer, 1).await, send(&producer, 2).await];
    let dials = harness.network().dials().len();
    let error_code = ErrorCode::REBOOTSTRAP_REQUIRED;
    harness.on(ApiKey::METADATA).message(MetadataResponse { error_code, ..MetadataResponse::default() });
    eventually(|| !harness.network().hosts_since(dials).is_empty()).await;
    sleep(SECOND / 10).await;
    assert_eq!(harness.network().hosts_since(dials), ["bootstrap"]);
    for number in 3..9 {
        sent.push(send(&producer, number).await);
    }
    assert_exactly_once(&harness, "t", &sent);
    assert_eq!(
        harness.network().hosts_since(dials),
        ["bootstrap"],
        "what carries records is of the same cluster"
    );
}

#[tokio::test(start_paused = true)]
async fn brokers_without_metadata_for_long_are_forgotten_and_not_dialled() {
    let harness = harness().await;
    let producer = connect(&harness, MetadataRecovery::Rebootstrap).await;
    let first = send(&producer, 0).await;
    for broker in 1..=3 {
        harness.kill(broker);
    }
    harness.network().name("bootstrap", Name::Nobody);
    let waiting = producer.enqueue(Tag { sender: 0, number: 1 }.record_in("t", 3)).await.unwrap();
    sleep(40 * SECOND).await;
    let dials = harness.network().dials().len();
    sleep(10 * SECOND).await;
    let hosts = harness.network().hosts_since(dials);
    assert!(!hosts.is_empty() && hosts.iter().all(|host| host == "bootstrap"), "{hosts:?}");
    // The same brokers, at other addresses, and the name leads there.
    for broker in 1..=3 {
        harness.change_address(broker).unwrap();
    }
    harness.network().name("bootstrap", Name::AnyBroker);
    let second = (Tag { sender: 0, number: 1 }, within(waiting).await.unwrap());
    assert_exactly_once(&harness, "t", &[first, second]);
}

#[tokio::test(start_paused = true)]
async fn bootstrap_servers_are_not_used_again_without_recovery() {
    let harness = harness().await;
    let producer = connect(&harness, MetadataRecovery::None).await;
    let mut sent = vec![send(&producer, 0).await];
    let dials = harness.network().dials().len();
    for broker in 1..=3 {
        harness.kill(broker);
    }
    sleep(60 * SECOND).await;
    harness.restart(2).unwrap();
    harness.restart(1).unwrap();
    harness.restart(3).unwrap();
    for number in 1..4 {
        sent.push(send(&producer, number).await);
    }
    assert_exactly_once(&harness, "t", &sent);
    assert!(!harness.network().hosts_since(dials).contains(&"bootstrap".to_owned()));
}

/// What a broker of another cluster says: that the broker with this id listens where nobody does.
fn foreign() -> MetadataResponse {
    let broker = MetadataResponseBroker {
        node_id: BrokerId(1),
        host: "elsewhere".to_owned(),
        port: 9092,
        ..MetadataResponseBroker::default()
    };
    let cluster_id = Some("another".to_owned());
    MetadataResponse { brokers: vec![broker], cluster_id, ..MetadataResponse::default() }
}

#[tokio::test(start_paused = true)]
async fn metadata_of_another_cluster_is_ignored_and_the_next_broker_is_tried() {
    let harness = harness().await;
    let producer = connect(&harness, MetadataRecovery::Rebootstrap).await;
    let mut sent = vec![send(&producer, 0).await];
    // An address of the cluster has come to lead to another one: each time another broker is asked first.
    harness.on(ApiKey::METADATA).node(1).always().message(foreign());
    harness.on(ApiKey::METADATA).node(2).always().message(foreign());
    sleep(10 * SECOND).await;
    harness.move_leader("t", 0, 3);
    for number in 1..7 {
        sent.push(send(&producer, number).await);
    }
    harness.create_topic("u", 1);
    within(producer.send(("u", "v"))).await.unwrap();
    assert_exactly_once(&harness, "t", &sent);
    assert!(!harness.network().hosts_since(0).contains(&"elsewhere".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn cluster_that_replaced_the_first_one_gets_no_record() {
    let harness = harness().await;
    let builder = harness.producer().bootstrap_servers("bootstrap:9092").delivery_timeout(60 * SECOND);
    let producer = builder.metadata_max_age(SECOND).rebootstrap_trigger(5 * SECOND).build().await.unwrap();
    producer.send(Record::to("t").partition(0)).await.unwrap();
    harness.on(ApiKey::METADATA).always().message(foreign());
    let asked = questions(&harness);
    sleep(60 * SECOND).await;
    let questions = questions(&harness) - asked;
    assert!((40..400).contains(&questions), "{questions}: with a backoff");
    assert!(!harness.network().hosts_since(0).contains(&"elsewhere".to_owned()));
    // The own cluster answers again: it is the same producer, with the same sequences.
    harness.clear_hooks();
    within(producer.send(Record::to("t").partition(0))).await.unwrap();
    assert_eq!(harness.log("t", 0).len(), 2);
}
