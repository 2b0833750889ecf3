//! Topics that change under load: limits, partitions, and a new topic of an old name.

use std::time::Duration;

use futures_util::future::join;
use milena::{ErrorKind, Persisted, Record};
use milena_fake::{ApiKey, Brokers, Cluster, ErrorCode, Release, TopicCompression, TopicConfig};
use milena_tests::{ClusterHarness, Load, Sent, Tag, assert_exactly_once, assert_in_order, tags, within};
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

const fn limit(max_message_bytes: usize) -> TopicConfig {
    TopicConfig {
        max_message_bytes,
        min_insync_replicas: 1,
        compacted: false,
        log_append_time: false,
        timestamp_before_max_ms: i64::MAX,
        timestamp_after_max_ms: 3_600_000,
        compression_type: TopicCompression::Producer,
    }
}

fn produced(harness: &ClusterHarness) -> Vec<usize> {
    let requests = harness.journal().into_iter().filter(|entry| entry.api == ApiKey::PRODUCE);
    requests.map(|entry| entry.frame_bytes).collect()
}

#[tokio::test(start_paused = true)]
async fn grown_batches_that_are_too_large_are_split_and_all_arrive_in_order() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic_with("t", 2, limit(20_000))).await;
    let producer = harness.producer().batch_size(16_384).build().await.unwrap();
    producer.topic("t").await.unwrap();
    // Nothing is answered for a while, and batches grow far beyond what the topic takes.
    let hold = harness.on(ApiKey::PRODUCE).always().hold();
    let release = async {
        sleep(SECOND).await;
        hold.release();
    };
    let load = Load { bytes: 500, burst: 500, partitions: 2, ..Load::of(20_000) };
    let (sent, ()) = within(join(load.send(&producer), release)).await;
    assert_exactly_once(&harness, "t", &sent);
    assert!(produced(&harness).iter().any(|bytes| *bytes > 200_000), "batches had grown");
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_was_learned_is_kept_and_forgotten_in_time() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().brokers(1).topic_with("t", 1, limit(50_000))).await;
    let builder = harness.producer().batch_size(400_000).linger(20 * MS).metadata_max_age(300 * SECOND);
    let producer = builder.build().await.unwrap();
    let burst = async |sender: u32| {
        let load = Load { sender, bytes: 1_000, burst: 1_000, ..Load::of(400) };
        let before = produced(&harness).len();
        within(load.send(&producer)).await;
        produced(&harness)[before..].to_vec()
    };
    let first = burst(0).await;
    assert!(first[0] > 300_000, "{first:?}");
    let second = burst(1).await;
    assert!(second.iter().all(|bytes| *bytes < 51_000), "nothing is refused any more: {second:?}");
    harness.configure_topic("t", limit(1_000_000));
    sleep(3_000 * SECOND).await;
    let later = burst(2).await;
    assert!(later[0] > 300_000, "the limit grew with every metadata.max.age: {later:?}");
    assert_in_order(&harness, "t");
    assert_eq!(harness.record_count(), 1_200);
}

#[tokio::test(start_paused = true)]
async fn one_too_large_record_fails_alone_among_thousands() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic_with("t", 1, limit(5_000))).await;
    let producer = harness.producer().batch_size(100_000).linger(20 * MS).build().await.unwrap();
    let bytes = |number| if number % 500 == 250 { 8_000 } else { 200 };
    let mut deliveries = Vec::new();
    for number in 0..3_000 {
        let tag = Tag { sender: 0, number };
        let record = Record::to("t").value(tag.value_of(bytes(number)));
        deliveries.push((tag, producer.enqueue(record).await.unwrap()));
    }
    let mut sent: Vec<Sent> = Vec::new();
    for (tag, delivery) in deliveries {
        match within(delivery).await {
            Ok(ack) => sent.push((tag, ack)),
            Err(error) => {
                assert_eq!(bytes(tag.number), 8_000, "{error}");
                assert_eq!((error.kind(), error.persisted()), (ErrorKind::MessageTooLarge, Persisted::No));
            }
        }
    }
    assert_eq!(sent.len(), 2_994);
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test(start_paused = true)]
async fn a_flush_waits_for_every_part_of_a_batch_that_was_split() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic_with("t", 1, limit(3_000))).await;
    let producer = harness.producer().linger(3_600 * SECOND).build().await.unwrap();
    for number in 0..500 {
        drop(producer.enqueue(Load::of(500).record(number)).await.unwrap());
    }
    within(producer.flush()).await.unwrap();
    assert_eq!(harness.record_count(), 500);
    assert_in_order(&harness, "t");
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_lowered_under_load_costs_no_record() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 3)).await;
    harness.link_delay(Brokers::All, 7 * MS);
    let producer = harness.producer().batch_size(65_536).build().await.unwrap();
    let lower = async {
        for bytes in [40_000, 20_000, 10_000, 3_000, 1_000] {
            sleep(300 * MS).await;
            harness.configure_topic("t", limit(bytes));
        }
    };
    let load = Load { burst: 500, ..Load::of(60_000) };
    let (sent, ()) = within(join(load.send(&producer), lower)).await;
    assert_exactly_once(&harness, "t", &sent);
}

/// Sends, and re-creates the topic in between; what was written before is gone with the old one.
async fn recreated(release: Release) {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 3).look_like(release)).await;
    let producer = harness.connect().await;
    let old = Load { partitions: 3, ..Load::of(3_000) };
    let sent = within(old.send(&producer)).await;
    assert_exactly_once(&harness, "t", &sent);
    let id = harness.topic_id("t");
    harness.recreate_topic("t");
    assert_ne!(harness.topic_id("t"), id);
    let new = Load { sender: 1, ..old };
    let sent = within(new.send(&producer)).await;
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_is_deleted_and_created_again_takes_records_again() {
    for release in [Release::V4_3, Release::V3_9, Release::V2_1] {
        recreated(release).await;
    }
}

#[tokio::test(start_paused = true)]
async fn records_before_and_after_a_topic_is_recreated_are_in_different_batches() {
    for recreate in [false, true] {
        let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
        let builder = harness.producer().linger(800 * MS).metadata_max_age(300 * MS);
        let producer = builder.build().await.unwrap();
        producer.topic("t").await.unwrap();
        let before = producer.enqueue(("t", "before")).await.unwrap();
        if recreate {
            harness.recreate_topic("t");
        }
        // The next answer about the cluster tells of the new topic.
        sleep(400 * MS).await;
        let after = producer.enqueue(("t", "after")).await.unwrap();
        let offsets = [within(before).await.unwrap().offset, within(after).await.unwrap().offset];
        assert_eq!(
            (offsets, harness.values("t", 0)),
            ([0, 1], vec!["before".to_owned(), "after".to_owned()])
        );
        assert_eq!(producer.metrics().batches, if recreate { 2 } else { 1 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_topic_recreated_under_load_has_nothing_twice_and_all_in_order() {
    for release in [Release::V4_3, Release::V2_8] {
        let builder = Cluster::builder().topic("t", 3).look_like(release).auto_create(false);
        let harness = ClusterHarness::in_memory(builder).await;
        harness.link_delay(Brokers::All, 3 * MS);
        let producer = harness.connect().await;
        let recreate = async {
            sleep(700 * MS).await;
            harness.recreate_topic("t");
            sleep(700 * MS).await;
            harness.delete_topic("t");
            sleep(500 * MS).await;
            harness.create_topic("t", 3);
        };
        let load = Load { partitions: 3, ..Load::of(30_000) };
        let (sent, ()) = within(join(load.send(&producer), recreate)).await;
        assert_in_order(&harness, "t");
        // What was acknowledged last stands where it should, whatever went with the topics before.
        let logs = tags(&harness, "t");
        for (tag, ack) in &sent[29_000..] {
            let log = &logs[usize::try_from(ack.partition).unwrap()];
            assert_eq!(log.get(usize::try_from(ack.offset).unwrap()), Some(tag));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn new_partitions_are_used_once_the_metadata_has_them() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 2)).await;
    let producer = harness.producer().metadata_max_age(10 * SECOND).build().await.unwrap();
    let mut sent = within(Load::of(2_000).send(&producer)).await;
    harness.grow_topic("t", 5);
    sleep(11 * SECOND).await;
    sent.extend(within(Load { sender: 1, ..Load::of(5_000) }.send(&producer)).await);
    assert_exactly_once(&harness, "t", &sent);
    let counts: Vec<_> = tags(&harness, "t").iter().map(Vec::len).collect();
    assert!(counts[2..].iter().all(|count| *count > 500), "{counts:?}");
    let keyed = producer.send_all((0..200).map(|number| ("t", format!("key-{number}"), "9/0 "))).await;
    assert!(keyed.into_iter().any(|outcome| outcome.unwrap().partition == 4), "keys know the new count");
    assert_eq!(producer.topic("t").await.unwrap().partitions(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_is_gone_for_good_fails_its_own_records_in_time_and_no_others() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().topic("t", 1).topic("u", 1).auto_create(false)).await;
    let builder = harness.producer().request_timeout(5 * SECOND).delivery_timeout(10 * SECOND);
    let producer = builder.build().await.unwrap();
    producer.send(("t", "v")).await.unwrap();
    producer.send(("u", "v")).await.unwrap();
    harness.delete_topic("t");
    let lost = producer.send(("t", "lost"));
    let kept = async {
        for _ in 0..20 {
            producer.send(("u", "v")).await.unwrap();
            sleep(SECOND).await;
        }
    };
    let (lost, ()) = within(join(lost, kept)).await;
    let error = lost.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::DeliveryTimeout, Persisted::No));
    assert!(
        matches!(error.code(), Some(ErrorCode::UNKNOWN_TOPIC_ID | ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)),
        "{error}"
    );
    assert_eq!(harness.record_count(), 22);
    harness.create_topic("t", 1);
    within(producer.send(("t", "again"))).await.unwrap();
}

/// How long the last question about the cluster was.
fn last_question(harness: &ClusterHarness) -> usize {
    let questions = harness.journal().into_iter().filter(|entry| entry.api == ApiKey::METADATA);
    questions.last().unwrap().frame_bytes
}

#[tokio::test(start_paused = true)]
async fn idle_topic_is_not_requested_and_continues_where_it_was() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().topic("t", 1).topic("u", 1).look_like(Release::V2_8))
            .await;
    let builder = harness.producer().metadata_max_age(SECOND).metadata_max_idle(5 * SECOND);
    let builder = builder.request_timeout(2 * SECOND).delivery_timeout(5 * SECOND);
    let producer = builder.build().await.unwrap();
    let tag = |number| Tag { sender: 0, number };
    let topic = producer.topic("t").await.unwrap();
    let mut sent = Vec::new();
    for number in 0..4 {
        let value = tag(number).value();
        sent.push((tag(number), within(topic.send(None, Some(value.as_bytes()))).await.unwrap()));
        let leader = harness.leader("t", 0).unwrap();
        producer.send(("u", "v")).await.unwrap();
        sleep(2 * SECOND).await;
        let both = last_question(&harness);
        for _ in 0..10 {
            producer.send(("u", "v")).await.unwrap();
            sleep(SECOND).await;
        }
        assert!(last_question(&harness) < both, "one name less");
        // Nobody follows who leads it by now, nor that its broker goes.
        match number {
            0 => harness.move_leader("t", 0, 1 + leader.0 % 3),
            1 => harness.remove_broker(leader),
            2 => harness.recreate_topic("u"),
            _ => {}
        }
        sleep(3 * SECOND).await;
    }
    assert_exactly_once(&harness, "t", &sent);
}

#[tokio::test(start_paused = true)]
async fn topic_that_returns_with_fewer_partitions_accepts_records_for_those() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 6).auto_create(false)).await;
    let builder = harness.producer().request_timeout(5 * SECOND).delivery_timeout(10 * SECOND);
    let producer = builder.build().await.unwrap();
    within(Load { partitions: 6, ..Load::of(600) }.send(&producer)).await;
    harness.delete_topic("t");
    harness.create_topic("t", 2);
    let _ = within(producer.send(Record::to("t").partition(0).value("8/0 "))).await;
    sleep(SECOND).await;
    let outcomes = within(Load { sender: 1, ..Load::of(600) }.outcomes(&producer)).await;
    let failed = outcomes.iter().filter(|(_, outcome)| outcome.is_err()).count();
    assert_eq!(failed, 0, "records without a key have a partition to go to");
    assert_in_order(&harness, "t");
}
