//! Records with `acks=0`, which count as delivered once they are written: an orderly end of their connection loses none.
//! The cable is so slow that TLS and the buffers on the way still hold records when the end begins.

use std::sync::Arc;
use std::time::Duration;

use milena::{Acks, Producer, ProducerBuilder, Record};
use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId};
use milena_codec::message::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use milena_fake::{ApiKey, Cluster};
use milena_tests::hostile::{Side, client};
use milena_tests::{Cable, ClusterHarness, Log, Name, Stopwatch, eventually, within};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

/// 100 kB a second.
const SLOW: Cable = Cable { bytes_per_ms: 100, piece: usize::MAX };

#[tokio::test(start_paused = true)]
async fn close_leaves_every_delivered_record_in_the_log() {
    for tls in [false, true] {
        let harness = harness(1, tls).await;
        let producer = slow(&harness, tls).build().await.unwrap();
        deliver(&producer, 50).await;
        within(producer.close()).await.unwrap();
        assert_eq!(harness.record_count(), 50, "TLS: {tls}");
        assert_eq!(harness.journal().last().unwrap().api, ApiKey::API_VERSIONS, "the proof comes last");
    }
}

#[tokio::test(start_paused = true)]
async fn broker_that_moves_has_every_delivered_record_in_the_log() {
    for tls in [false, true] {
        let harness = harness(1, tls).await;
        let producer = slow(&harness, tls).metadata_max_age(SECOND).build().await.unwrap();
        deliver(&producer, 10).await;
        harness.network().name("elsewhere", Name::AnyBroker);
        harness.advertise(1, "elsewhere", 9092);
        eventually(|| harness.network().dials().iter().any(|dial| dial.host == "elsewhere")).await;
        assert_eq!(harness.record_count(), 10, "before the new connection is opened; TLS: {tls}");
        deliver(&producer, 1).await;
        within(producer.close()).await.unwrap();
        assert_eq!(harness.record_count(), 11);
    }
}

#[tokio::test(start_paused = true)]
async fn broker_without_partitions_has_every_delivered_record_in_the_log() {
    for tls in [false, true] {
        let harness = harness(2, tls).await;
        let leader = harness.leader("t", 0).unwrap();
        let producer = slow(&harness, tls).metadata_max_age(SECOND).build().await.unwrap();
        deliver(&producer, 10).await;
        harness.on(ApiKey::METADATA).always().message(led_by(&harness, BrokerId(3 - leader.0)));
        sleep(10 * SECOND).await;
        assert_eq!(harness.record_count(), 10, "TLS: {tls}");
    }
}

#[tokio::test(start_paused = true)]
async fn idle_connection_is_confirmed_before_it_ends() {
    let harness = harness(1, false).await;
    let producer = slow(&harness, false).connections_max_idle(Some(40 * SECOND)).build().await.unwrap();
    deliver(&producer, 1).await;
    sleep(39 * SECOND).await;
    let requests = harness.journal().len();
    sleep(5 * SECOND).await;
    let last: Vec<_> = harness.journal().split_off(requests).iter().map(|entry| entry.api).collect();
    assert_eq!(last, [ApiKey::API_VERSIONS]);
}

#[tokio::test(start_paused = true)]
async fn close_returns_within_its_time_out_when_the_broker_confirms_nothing() {
    let log = Log::default();
    let _listening = log.listen();
    let harness = harness(1, false).await;
    let producer = slow(&harness, false).close_timeout(5 * SECOND).build().await.unwrap();
    deliver(&producer, 1).await;
    sleep(SECOND).await;
    harness.on(ApiKey::API_VERSIONS).always().silence();
    let watch = Stopwatch::start();
    within(producer.close()).await.unwrap();
    assert_eq!(watch.elapsed().as_secs(), 5);
    assert_eq!(log.count("WARN", "produce: a connection ended before the broker confirmed"), 1);
}

#[tokio::test(start_paused = true)]
async fn acknowledged_records_need_no_proof() {
    let harness = harness(1, true).await;
    let producer = slow(&harness, true).acks(Acks::All).build().await.unwrap();
    deliver(&producer, 5).await;
    let requests = harness.journal().len();
    within(producer.close()).await.unwrap();
    assert_eq!(harness.journal().len(), requests);
}

async fn harness(brokers: usize, tls: bool) -> ClusterHarness {
    let builder = Cluster::builder().brokers(brokers).topic("t", 1);
    ClusterHarness::in_memory(if tls { builder.tls(Side::Good.config()) } else { builder }).await
}

/// A producer with `acks=0` on slow cables.
fn slow(harness: &ClusterHarness, tls: bool) -> ProducerBuilder {
    let network = Arc::new(harness.network().clone().with(SLOW));
    let builder = harness.producer().connector(network).acks(Acks::None);
    if tls { builder.tls(client().danger_accept_any_host_name()) } else { builder }
}

/// So many records of 20 kB, all of which count as delivered.
async fn deliver(producer: &Producer, count: u8) {
    let records = (0..count).map(|number| Record::to("t").value(vec![number; 20_000]));
    for outcome in within(producer.send_all(records)).await {
        outcome.unwrap();
    }
}

/// A cluster in which this broker is alone and leads everything.
fn led_by(harness: &ClusterHarness, leader: BrokerId) -> MetadataResponse {
    let (host, port) = harness.address(leader).unwrap();
    let partition = MetadataResponsePartition {
        partition_index: PartitionId(0),
        leader_id: leader,
        leader_epoch: LeaderEpoch(9),
        ..Default::default()
    };
    let topic = MetadataResponseTopic {
        error_code: ErrorCode::NONE,
        name: Some("t".into()),
        topic_id: harness.topic_id("t").unwrap(),
        partitions: vec![partition],
        ..Default::default()
    };
    let broker =
        MetadataResponseBroker { node_id: leader, host, port: i32::from(port), ..Default::default() };
    MetadataResponse {
        brokers: vec![broker],
        controller_id: leader,
        topics: vec![topic],
        ..Default::default()
    }
}
