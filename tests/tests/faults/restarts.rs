//! Brokers that start again with batches in their logs whose answers were lost: from a snapshot they know the last batch of
//! a producer alone (decision 5), and sometimes the end of a log is lost as well.

use std::time::Duration;

use milena::{Ack, Delivery, Persisted, Producer, Record};
use milena_fake::{ApiKey, BrokerId, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, eventually, within};
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn unanswered_batches_are_reported_as_written_and_are_there_once_after_a_restart() {
    for written in 1..=5 {
        let (harness, producer) = producer_on(1).await;
        let unanswered = send_unanswered(&harness, &producer, written).await;
        harness.kill(1);
        harness.restart(1).unwrap();
        assert_each_once(&harness, &producer, unanswered).await;
    }
}

#[tokio::test(start_paused = true)]
async fn batches_whose_answers_and_whose_place_in_the_log_were_lost_are_written_once() {
    for lost in 1..=5 {
        let (harness, producer) = producer_on(1).await;
        let unanswered = send_unanswered(&harness, &producer, 5).await;
        harness.kill(1);
        harness.truncate("t", 0, 6 - lost);
        harness.restart(1).unwrap();
        assert_each_once(&harness, &producer, unanswered).await;
    }
}

#[tokio::test(start_paused = true)]
async fn batches_that_a_new_leader_had_not_fetched_are_written_once() {
    for lost in 0..=5 {
        let (harness, producer) = producer_on(2).await;
        let unanswered = send_unanswered(&harness, &producer, 5).await;
        harness.kill(1);
        harness.truncate("t", 0, 6 - lost);
        assert_eq!(harness.leader("t", 0), Some(BrokerId(2)));
        assert_each_once(&harness, &producer, unanswered).await;
    }
}

#[tokio::test(start_paused = true)]
async fn restart_while_unanswered_batches_are_resolved_costs_no_record() {
    let (mut fewest, mut most) = (u64::MAX, 0);
    for pause in (0..250).step_by(5) {
        let (harness, producer) = producer_on(1).await;
        let unanswered = send_unanswered(&harness, &producer, 5).await;
        harness.append_delay(1, 10 * MS);
        harness.restart(1).unwrap();
        sleep(pause * MS).await;
        (fewest, most) = (fewest.min(producer.metrics().requests), most.max(producer.metrics().requests));
        harness.restart(1).unwrap();
        assert_each_once(&harness, &producer, unanswered).await;
    }
    assert!(most - fewest >= 5, "the second restart came at different steps: {fewest} to {most} requests");
}

/// After a restart the second batch alone could show that the first one was written: it is recognised no more, and was.
#[tokio::test(start_paused = true)]
async fn batch_that_no_later_one_proves_is_reported_as_possibly_written_and_is_there_once() {
    let (harness, producer) = producer_on(1).await;
    let unanswered = send_unanswered(&harness, &producer, 2).await;
    harness.on(ApiKey::PRODUCE).pass();
    harness.on(ApiKey::PRODUCE).error(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    harness.restart(1).unwrap();
    for delivery in unanswered {
        let error = within(delivery).await.unwrap_err();
        assert_eq!(error.persisted(), Persisted::Maybe, "{error}");
    }
    within(producer.send(("t", "last"))).await.unwrap();
    assert_eq!(harness.values("t", 0), ["proof", "unanswered 0", "unanswered 1", "last"]);
}

/// A leader that lost all batches of a producer takes any sequence as its first.
#[tokio::test(start_paused = true)]
async fn record_behind_a_rejected_one_stays_behind_it_at_a_leader_that_lost_its_log() {
    let (harness, producer) = producer_on(1).await;
    harness.kill(1);
    harness.truncate("t", 0, 0);
    harness.restart(1).unwrap();
    harness.link_delay(1, 20 * MS);
    harness.on(ApiKey::PRODUCE).error(ErrorCode::NOT_ENOUGH_REPLICAS);
    let requests = producer.metrics().requests;
    let rejected = producer.enqueue(("t", "rejected")).await.unwrap();
    eventually(|| producer.metrics().requests > requests).await;
    within(producer.send(("t", "behind"))).await.unwrap();
    within(rejected).await.unwrap();
    assert_eq!(harness.values("t", 0), ["rejected", "behind"]);
}

#[tokio::test(start_paused = true)]
async fn later_records_are_written_although_acknowledged_ones_were_lost() {
    for kept in 0..3 {
        let (harness, producer) = producer_on(1).await;
        for value in ["lost 1", "lost 2"] {
            within(producer.send(("t", value))).await.unwrap();
        }
        let mut expected = harness.values("t", 0);
        expected.truncate(kept);
        harness.truncate("t", 0, i64::try_from(kept).unwrap());
        for value in ["later 1", "later 2"] {
            within(producer.send(("t", value))).await.unwrap();
            expected.push(value.to_owned());
        }
        assert_eq!(harness.values("t", 0), expected);
    }
}

/// A broker that has forgotten a producer takes any sequence as its first (`producer.id.expiration.ms`).
#[tokio::test(start_paused = true)]
async fn record_behind_a_rejected_one_stays_behind_it_at_a_broker_that_forgot_an_idle_producer() {
    let (harness, producer) = producer_on(1).await;
    sleep(11 * MINUTE).await;
    harness.forget_producers("t", 0);
    harness.link_delay(1, 20 * MS);
    harness.on(ApiKey::PRODUCE).error(ErrorCode::NOT_ENOUGH_REPLICAS);
    let requests = producer.metrics().requests;
    let rejected = producer.enqueue(("t", "rejected")).await.unwrap();
    eventually(|| producer.metrics().requests > requests).await;
    within(producer.send(("t", "behind"))).await.unwrap();
    within(rejected).await.unwrap();
    assert_eq!(harness.values("t", 0), ["proof", "rejected", "behind"]);
}

/// A partition that all brokers hold, broker 1 first, and an acknowledged record in it.
async fn producer_on(brokers: usize) -> (ClusterHarness, Producer) {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(brokers).topic("t", 1)).await;
    let producer = harness.producer().linger(Duration::ZERO).build().await.unwrap();
    within(producer.send(("t", "proof"))).await.unwrap();
    (harness, producer)
}

/// Sends so many records, each in a batch of its own; all are appended, and no answer comes.
async fn send_unanswered(harness: &ClusterHarness, producer: &Producer, count: u64) -> Vec<Delivery> {
    harness.link_delay(1, 10 * MINUTE);
    let mut deliveries = Vec::new();
    for number in 0..count {
        let record = Record::to("t").value(format!("unanswered {number}"));
        deliveries.push(producer.enqueue(record).await.unwrap());
        eventually(|| harness.record_count() == number + 2).await;
    }
    harness.link_delay(1, Duration::ZERO);
    deliveries
}

/// All are acknowledged where they are; a later record is, too, and the log has nothing else.
async fn assert_each_once(harness: &ClusterHarness, producer: &Producer, unanswered: Vec<Delivery>) {
    let last = within(producer.send(("t", "last"))).await.unwrap();
    let mut expected = vec!["proof".to_owned()];
    for (number, delivery) in unanswered.into_iter().enumerate() {
        let offset = within(delivery).await.unwrap().offset;
        assert!(offset == Ack::NO_OFFSET || usize::try_from(offset) == Ok(number + 1), "{number}: {offset}");
        expected.push(format!("unanswered {number}"));
    }
    assert_eq!(usize::try_from(last.offset), Ok(expected.len()));
    expected.push("last".to_owned());
    assert_eq!(harness.values("t", 0), expected);
    within(producer.close()).await.unwrap();
}
