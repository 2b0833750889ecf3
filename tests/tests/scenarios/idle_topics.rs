//! Topics that nothing is sent to for `metadata.max.idle.ms`: they are forgotten, and come back with the next record.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::{join, join_all};
use milena::{ErrorKind, Producer, Record, Topic};
use milena_fake::{ApiKey, Brokers, Cluster, Release};
use milena_tests::{ClusterHarness, Log, Sent, Tag, assert_exactly_once, within};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// Twice `metadata.max.idle.ms`, as it is unless set, and a minute: by then an idle topic is forgotten.
const IDLE: Duration = Duration::from_secs(11 * 60);

#[tokio::test(start_paused = true)]
async fn idle_topics_are_forgotten_and_not_requested_and_accept_the_next_record() {
    let harness = cluster_of(200).await;
    let producer = harness.connect().await;
    let mut sent = vec![Vec::new(); 200];
    for _ in 0..3 {
        send_to_each(&producer, &mut sent).await;
        let all = last_question(&harness);
        for _ in 0..IDLE.as_secs() / 60 {
            sleep(MINUTE).await;
            send_to_each(&producer, &mut sent[..5]).await;
        }
        let used = last_question(&harness);
        assert!(used < all / 10, "{used} bytes ask about five topics, {all} about 200");
    }
    for (topic, sent) in sent.iter().enumerate() {
        assert_exactly_once(&harness, &name(topic), sent);
        let mut epochs: Vec<i16> = harness.log(&name(topic), 0).iter().map(|record| record.epoch.0).collect();
        epochs.dedup();
        // A topic that was forgotten begins under a higher epoch.
        assert_eq!(epochs, if topic < 5 { &[0][..] } else { &[0, 1, 2] }, "topic {topic}");
    }
}

#[tokio::test(start_paused = true)]
async fn topic_that_comes_back_begins_under_a_higher_epoch() {
    let harness = cluster_of(1).await;
    let producer = harness.connect().await;
    let mut sent = vec![Vec::new()];
    for _ in 0..3 {
        send_to_each(&producer, &mut sent).await;
        send_to_each(&producer, &mut sent).await;
        sleep(IDLE).await;
    }
    let stamps: Vec<_> =
        harness.log("t-0", 0).iter().map(|record| (record.epoch.0, record.sequence.0)).collect();
    assert_eq!(stamps, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
}

#[tokio::test(start_paused = true)]
async fn topic_whose_handle_is_held_goes_on_in_its_run_after_an_idle_hour() {
    for release in [Release::default(), Release::V2_8] {
        let harness = ClusterHarness::in_memory(Cluster::builder().topic("t-0", 1).look_like(release)).await;
        let producer = harness.connect().await;
        let topic = producer.topic("t-0").await.unwrap();
        for number in 0..3 {
            within(topic.send(None, Some(b"v"))).await.unwrap();
            sleep(MINUTE * 6).await;
            let asked = last_question(&harness);
            sleep(MINUTE * 54).await;
            assert!(last_question(&harness) < asked, "no broker is asked about an idle topic");
            let leader = harness.leader("t-0", 0).unwrap();
            // The next record meets another leader.
            harness.move_leader("t-0", 0, 1 + leader.0 % 3);
            let ack = within(producer.send(("t-0", "v"))).await.unwrap();
            assert_eq!(ack.offset, 2 * number + 1);
        }
        let stamps = harness.log("t-0", 0).into_iter().map(|record| (record.epoch.0, record.sequence.0));
        assert!(stamps.eq((0..6).map(|number| (0, number))));
    }
}

#[tokio::test(start_paused = true)]
async fn topic_that_is_deleted_while_it_is_idle_rejects_records_after_thirty_seconds() {
    let harness = cluster_of(1).await;
    let producer = harness.connect().await;
    let topic = producer.topic("t-0").await.unwrap();
    within(topic.send(None, Some(b"v"))).await.unwrap();
    sleep(IDLE).await;
    harness.delete_topic("t-0");
    let accepted = offer_each_second(&topic, 5 * MINUTE).await;
    assert!((30..35).contains(&accepted), "{accepted} of 300 records were accepted");
}

#[tokio::test(start_paused = true)]
async fn deleted_topic_rejects_records_for_as_long_as_a_handle_offers_them_until_it_is_described() {
    let log = Log::default();
    let _guard = log.listen();
    let harness = cluster_of(1).await;
    let producer = harness.connect().await;
    let topic = rejecting_topic(&harness, &producer).await;
    assert_eq!(offer_each_second(&topic, 4 * IDLE).await, 0);
    assert_eq!(log.count("INFO", "know the topic again"), 0);
    harness.create_topic("t-0", 1);
    sleep(2 * SECOND).await;
    within(topic.send(None, Some(b"again"))).await.unwrap();
    assert_eq!(log.count("INFO", "know the topic again"), 1);
}

#[tokio::test(start_paused = true)]
async fn deleted_topic_that_was_offered_no_record_takes_those_before_the_next_answer_alone() {
    let log = Log::default();
    let _guard = log.listen();
    let harness = cluster_of(1).await;
    let producer = harness.connect().await;
    let topic = rejecting_topic(&harness, &producer).await;
    for _ in 0..2 {
        let asked = last_question(&harness);
        sleep(2 * IDLE).await;
        assert!(last_question(&harness) < asked, "no broker is asked about an idle topic");
        let accepted = offer_each_second(&topic, MINUTE).await;
        assert_eq!(accepted, 1, "the answer to the question that this record raises lets no further one in");
    }
    assert_eq!(log.count("INFO", "know the topic again"), 0);

    sleep(IDLE).await;
    harness.create_topic("t-0", 1);
    within(topic.send(None, Some(b"again"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn topics_that_come_and_go_while_brokers_fail_lose_and_repeat_no_record() {
    for release in [Release::default(), Release::V2_8] {
        let harness = cluster_of(20).await;
        harness.look_like(release);
        let builder = harness.producer().request_timeout(SECOND).delivery_timeout(20 * SECOND);
        // As short as it may be: the delivery timeout.
        let producer = builder.metadata_max_idle(SECOND).build().await.unwrap();
        let senders = (0..20).map(|topic| send_now_and_then(&producer, topic));
        let (sent, ()) = join(join_all(senders), cause_trouble(&harness)).await;
        let mut highest_epoch = 0;
        for (topic, sent) in sent.iter().enumerate() {
            assert_exactly_once(&harness, &name(topic), sent);
            highest_epoch = highest_epoch.max(check_stamps(&harness, &name(topic)));
        }
        assert!(highest_epoch > 5, "topics were forgotten, and came back: {highest_epoch}");
    }
}

/// A cluster of so many topics with one partition.
async fn cluster_of(topics: usize) -> ClusterHarness {
    let builder = Cluster::builder().auto_create(false);
    ClusterHarness::in_memory((0..topics).fold(builder, |builder, topic| builder.topic(&name(topic), 1)))
        .await
}

fn name(topic: usize) -> String {
    format!("t-{topic}")
}

/// A handle of `t-0`, which is deleted and rejects records.
async fn rejecting_topic(harness: &ClusterHarness, producer: &Producer) -> Topic {
    let topic = producer.topic("t-0").await.unwrap();
    within(topic.send(None, Some(b"v"))).await.unwrap();
    harness.delete_topic("t-0");
    assert!(offer_each_second(&topic, MINUTE).await > 0);
    assert_eq!(offer_each_second(&topic, MINUTE).await, 0);
    topic
}

/// Offers one record a second to a topic for so long. Returns how many were accepted.
async fn offer_each_second(topic: &Topic, time: Duration) -> usize {
    let mut accepted = 0;
    for _ in 0..time.as_secs() {
        match within(topic.enqueue(None, Some(b"v"))).await {
            Ok(delivery) => {
                accepted += 1;
                drop(delivery);
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::UnknownTopic, "{error}"),
        }
        sleep(SECOND).await;
    }
    accepted
}

/// Sends one record to each topic, and notes it.
async fn send_to_each(producer: &Producer, sent: &mut [Vec<Sent>]) {
    for (topic, sent) in sent.iter_mut().enumerate() {
        sent.push(send(producer, topic, sent.len()).await);
    }
}

async fn send(producer: &Producer, topic: usize, number: usize) -> Sent {
    let tag = Tag { sender: 0, number: u32::try_from(number).unwrap() };
    let record = Record::to(name(topic)).value(tag.value());
    (tag, within(producer.send(record)).await.unwrap())
}

/// Sends to a topic, by a handle in every other round, with pauses from nothing to a minute.
async fn send_now_and_then(producer: &Producer, topic: usize) -> Vec<Sent> {
    let mut sent = Vec::new();
    for round in 0..40 {
        let handle = producer.topic(&name(topic)).await.unwrap();
        for _ in 0..1 + (round + topic) % 3 {
            sent.push(send(producer, topic, sent.len()).await);
        }
        if round % 2 == 0 {
            drop(handle);
            sleep(SECOND * u32::try_from((round * 7 + topic * 13) % 60).unwrap()).await;
        } else {
            sleep(SECOND).await;
        }
    }
    sent
}

/// Leaders that move, connections that break, and answers that do not come.
async fn cause_trouble(harness: &ClusterHarness) {
    harness.link_delay(Brokers::All, Duration::from_millis(3));
    for turn in 0..150 {
        sleep(4 * SECOND).await;
        match turn % 4 {
            0 => harness.move_leader(&name(turn % 20), 0, 1 + i32::try_from(turn % 3).unwrap()),
            1 => harness.on(ApiKey::PRODUCE).apply_then(milena_fake::Action::Disconnect),
            2 => harness.on(ApiKey::PRODUCE).silence(),
            _ => harness.on(ApiKey::METADATA).silence(),
        }
    }
}

/// Checks that epochs never go back, and that no stamp stands for two records. Returns the highest epoch.
fn check_stamps(harness: &ClusterHarness, topic: &str) -> i16 {
    let log = harness.log(topic, 0);
    let stamps: Vec<_> = log.iter().map(|record| (record.epoch.0, record.sequence.0)).collect();
    assert!(stamps.is_sorted_by_key(|(epoch, _)| epoch), "{stamps:?}");
    assert_eq!(stamps.iter().collect::<BTreeSet<_>>().len(), stamps.len(), "{stamps:?}");
    stamps.last().map_or(0, |(epoch, _)| *epoch)
}

/// How long the last question about the cluster was.
fn last_question(harness: &ClusterHarness) -> usize {
    let questions = harness.journal().into_iter().filter(|entry| entry.api == ApiKey::METADATA);
    questions.last().unwrap().frame_bytes
}
