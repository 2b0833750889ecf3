//! Brokers that die and come back, and leaders that move.

use std::time::Duration;

use futures_util::future::join;
use milena::Record;
use milena_codec::ids::LeaderEpoch;
use milena_codec::message::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use milena_fake::{ApiKey, BrokerId, Brokers, Cluster, Release};
use milena_tests::{ClusterHarness, Load, Name, Stopwatch, Tag, assert_exactly_once, within};
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().topic("t", 6)).await
}

/// 20 000 records in two seconds, over all partitions.
const LOAD: Load = Load { partitions: 6, ..Load::of(20_000) };

#[tokio::test(start_paused = true)]
async fn a_broker_that_is_killed_and_restarted_again_and_again_costs_no_record() {
    let harness = harness().await;
    harness.link_delay(Brokers::All, 7 * MS);
    let producer = harness.connect().await;
    let bounce = async {
        for turn in 0..6 {
            sleep(153 * MS).await;
            harness.kill(1 + turn % 3);
            sleep(100 * MS).await;
            harness.restart(1 + turn % 3).unwrap();
        }
    };
    let (sent, ()) = within(join(LOAD.send(&producer), bounce)).await;
    assert_exactly_once(&harness, "t", &sent);
    assert!(producer.metrics().retries > 0, "something was under way");
}

#[tokio::test(start_paused = true)]
async fn all_brokers_may_be_gone_for_a_while() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let darkness = async {
        sleep(500 * MS).await;
        for broker in 1..=3 {
            harness.kill(broker);
        }
        sleep(20 * SECOND).await;
        for broker in [2, 3, 1] {
            harness.restart(broker).unwrap();
            sleep(300 * MS).await;
        }
    };
    let (sent, ()) = within(join(LOAD.send(&producer), darkness)).await;
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test(start_paused = true)]
async fn leader_changes_under_load_lose_no_record_with_and_without_hints() {
    for release in [Release::V4_3, Release::V2_8] {
        let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 6).look_like(release)).await;
        let producer = harness.connect().await;
        let moves = async {
            for turn in 0..40 {
                sleep(40 * MS).await;
                harness.move_leader("t", turn % 6, 1 + (turn + turn / 6) % 3);
            }
        };
        let (sent, ()) = within(join(LOAD.send(&producer), moves)).await;
        assert_exactly_once(&harness, "t", &sent);
    }
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_goes_and_comes_back_within_milliseconds_leaves_the_order_alone() {
    let harness = harness().await;
    harness.link_delay(Brokers::All, 3 * MS);
    let producer = harness.connect().await;
    let flap = async {
        for turn in 0..100 {
            sleep(17 * MS).await;
            harness.move_leader("t", turn % 6, 1 + turn % 3);
            sleep(2 * MS).await;
            harness.move_leader("t", turn % 6, 1 + (turn + 1) % 3);
        }
    };
    let (sent, ()) = within(join(LOAD.send(&producer), flap)).await;
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test(start_paused = true)]
async fn leader_in_a_produce_response_is_used_without_metadata_request_or_wait() {
    let harness = harness().await;
    let producer = harness.connect().await;
    producer.send(Record::to("t").partition(0)).await.unwrap();
    let questions = || harness.journal().iter().filter(|entry| entry.api == ApiKey::METADATA).count();
    let asked = questions();
    harness.move_leader("t", 0, 3);
    let watch = Stopwatch::start();
    within(producer.send(Record::to("t").partition(0))).await.unwrap();
    assert!(watch.elapsed() < 20 * MS, "no backoff: {:?}", watch.elapsed());
    assert_eq!(questions(), asked);
}

#[tokio::test(start_paused = true)]
async fn a_partition_without_a_leader_waits_and_the_others_go_on() {
    let harness = harness().await;
    let producer = harness.connect().await;
    producer.topic("t").await.unwrap();
    harness.no_leader("t", 0);
    let waiting = producer.enqueue(Record::to("t").partition(0).value(Tag { sender: 1, number: 0 }.value()));
    let waiting = waiting.await.unwrap();
    let elsewhere = async {
        let mut sent = Vec::new();
        for number in 0..50 {
            let tag = Tag { sender: 0, number };
            let record = tag.record("t").partition(i32::try_from(1 + number % 5).unwrap());
            sent.push((tag, within(producer.send(record)).await.unwrap()));
        }
        sent
    };
    let watch = Stopwatch::start();
    let mut sent = elsewhere.await;
    assert!(watch.elapsed() < SECOND, "{:?}", watch.elapsed());
    sleep(30 * SECOND).await;
    harness.move_leader("t", 0, 2);
    sent.push((Tag { sender: 1, number: 0 }, within(waiting).await.unwrap()));
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test(start_paused = true)]
async fn metadata_of_a_missing_leader_is_requested_with_a_growing_backoff() {
    let harness = harness().await;
    let producer = harness.connect().await;
    producer.topic("t").await.unwrap();
    harness.no_leader("t", 0);
    let delivery = producer.enqueue(Record::to("t").partition(0)).await.unwrap();
    sleep(SECOND).await;
    let asked = harness.journal().len();
    sleep(60 * SECOND).await;
    let questions = harness.journal().len() - asked;
    // `retry.backoff.max.ms` is one second, give or take a fifth.
    assert!((60 * 10 / 12..=60 * 10 / 8).contains(&questions), "{questions} in a minute");
    harness.move_leader("t", 0, 1);
    within(delivery).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_rolling_restart_at_new_addresses_costs_no_record() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let roll = async {
        for broker in 1..=3 {
            sleep(300 * MS).await;
            harness.kill(broker);
            sleep(100 * MS).await;
            harness.change_address(broker).unwrap();
        }
    };
    let (sent, ()) = within(join(LOAD.send(&producer), roll)).await;
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test(start_paused = true)]
async fn brokers_that_come_and_go_leave_nothing_behind_in_the_producer() {
    let harness = harness().await;
    let producer = harness.producer().metadata_max_age(SECOND).build().await.unwrap();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let mut sent = Vec::new();
    let mut send = async |leader: BrokerId| {
        harness.move_leader("t", 0, leader);
        let tag = Tag { sender: 0, number: u32::try_from(sent.len()).unwrap() };
        sent.push((tag, within(producer.send(tag.record("t").partition(0))).await.unwrap()));
    };
    send(BrokerId(1)).await;
    sleep(3 * SECOND).await;
    let before = tasks();
    let guests: Vec<BrokerId> = (0..6).map(|_| harness.add_broker().unwrap()).collect();
    for guest in &guests {
        send(*guest).await;
    }
    send(BrokerId(1)).await;
    assert!(tasks() >= before + 6, "each of them had a lane");
    guests.into_iter().for_each(|guest| harness.remove_broker(guest));
    sleep(3 * SECOND).await;
    assert_eq!(tasks(), before);
    // One of them comes back.
    let guest = harness.add_broker().unwrap();
    send(guest).await;
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_producer_survives_a_kill_of_every_connection_in_every_phase() {
    // The answers take 7 ms, so that requests are at every harness of their way when the broker dies.
    let harness = harness().await;
    harness.link_delay(Brokers::All, 7 * MS);
    let producer = harness.connect().await;
    let kills = async {
        for turn in 0_u32..60 {
            sleep(MS * (11 + turn % 13)).await;
            let broker = i32::try_from(1 + turn % 3).unwrap();
            harness.kill(broker);
            harness.restart(broker).unwrap();
        }
    };
    let load = Load { burst: 20, pause: 2 * MS, ..LOAD };
    let (sent, ()) = within(join(load.send(&producer), kills)).await;
    assert_exactly_once(&harness, "t", &sent);
}

/// What brokers say when the one of them is to be reached under another name.
fn told_as(host: &str) -> MetadataResponse {
    let broker = MetadataResponseBroker {
        node_id: BrokerId(1),
        host: host.to_owned(),
        port: 9092,
        ..MetadataResponseBroker::default()
    };
    let partition = MetadataResponsePartition {
        leader_id: BrokerId(1),
        leader_epoch: LeaderEpoch(0),
        ..MetadataResponsePartition::default()
    };
    let topic = MetadataResponseTopic {
        name: Some("t".to_owned()),
        partitions: vec![partition],
        ..MetadataResponseTopic::default()
    };
    MetadataResponse { brokers: vec![broker], topics: vec![topic], ..MetadataResponse::default() }
}

#[tokio::test(start_paused = true)]
async fn broker_with_a_new_address_is_used_there_while_the_old_connection_stands() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    harness.network().name("elsewhere", Name::AnyBroker);
    let producer = harness.producer().metadata_max_age(SECOND).build().await.unwrap();
    let tag = |number| Tag { sender: 0, number };
    let mut sent = vec![(tag(0), producer.send(tag(0).record("t")).await.unwrap())];
    harness.on(ApiKey::METADATA).always().message(told_as("elsewhere"));
    sleep(3 * SECOND).await;
    sent.push((tag(1), within(producer.send(tag(1).record("t"))).await.unwrap()));
    assert_exactly_once(&harness, "t", &sent);
    let produced = harness.journal().into_iter().filter(|entry| entry.api == ApiKey::PRODUCE);
    let connections: Vec<_> = produced.map(|entry| entry.connection).collect();
    assert_ne!(connections[0], connections[1], "the new address was dialled");
}

#[tokio::test(start_paused = true)]
async fn hanging_metadata_request_soon_goes_to_another_broker() {
    // Brokers that do not tell who leads instead.
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 6).look_like(Release::V2_8)).await;
    let producer = harness.connect().await;
    producer.topic("t").await.unwrap();
    let questions = harness.journal().into_iter().filter(|entry| entry.api == ApiKey::METADATA);
    let hung = questions.last().unwrap().broker;
    harness.on(ApiKey::METADATA).node(hung).always().silence();
    let partition = (0..6).find(|partition| harness.leader("t", *partition) != Some(hung)).unwrap();
    harness.move_leader("t", partition, hung);
    let watch = Stopwatch::start();
    within(producer.send(Record::to("t").partition(partition))).await.unwrap();
    assert!(watch.elapsed() < 4 * SECOND, "{:?}", watch.elapsed());
}

#[tokio::test(start_paused = true)]
async fn slow_metadata_of_all_brokers_is_awaited() {
    let harness = harness().await;
    harness.on(ApiKey::METADATA).always().delay(5 * SECOND);
    let producer = harness.producer().connect_timeout(120 * SECOND).build().await.unwrap();
    within(producer.send(("t", "v"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn requests_in_flight_to_a_removed_broker_complete_there() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    harness.network().name("elsewhere", Name::AnyBroker);
    let producer = harness.producer().metadata_max_age(SECOND).build().await.unwrap();
    producer.send(("t", "first")).await.unwrap();
    let held = harness.on(ApiKey::PRODUCE).apply_then_hold();
    let delivery = producer.enqueue(("t", "second")).await.unwrap();
    within(held.reached(1)).await;
    let mut others = told_as("elsewhere");
    others.brokers[0].node_id = BrokerId(2);
    harness.on(ApiKey::METADATA).always().message(others);
    sleep(3 * SECOND).await;
    held.release();
    assert_eq!(within(delivery).await.unwrap().offset, 1);
}

#[tokio::test(start_paused = true)]
async fn hanging_broker_is_not_used_to_find_its_successor() {
    let harness = harness().await;
    let producer = harness.connect().await;
    producer.topic("t").await.unwrap();
    // It told about the topic, and would be asked again.
    let questions = harness.journal().into_iter().filter(|entry| entry.api == ApiKey::METADATA);
    let hung = questions.last().unwrap().broker;
    let partition = (0..6).find(|partition| harness.leader("t", *partition) == Some(hung)).unwrap();
    for api in [ApiKey::PRODUCE, ApiKey::METADATA, ApiKey::API_VERSIONS] {
        harness.on(api).node(hung).always().silence();
    }
    let watch = Stopwatch::start();
    let delivery = producer.enqueue(Record::to("t").partition(partition)).await.unwrap();
    sleep(SECOND).await;
    harness.move_leader("t", partition, 1 + hung.0 % 3);
    within(delivery).await.unwrap();
    let request_timeout = 30 * SECOND;
    assert!(watch.elapsed() < request_timeout + SECOND, "{:?}", watch.elapsed());
}
