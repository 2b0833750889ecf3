//! What a partition remembers of producers, and what its log has, after brokers started again and logs were cut.

use milena_codec::ErrorCode;
use milena_fake::{BrokerId, Cluster, Keep};

use crate::client::*;

const OUT_OF_ORDER: Result<i64, ErrorCode> = Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);

#[tokio::test]
async fn restarted_leader_recognises_the_last_batch_of_each_producer_and_later_ones() {
    for kills in [true, false] {
        let cluster = one_broker().await;
        append(&cluster, 1, 7, 0..5).await;
        append(&cluster, 1, 8, 0..2).await;
        if kills {
            cluster.kill(1);
        }
        cluster.restart(1).unwrap();
        assert_eq!(repeat(&cluster, 1, 7, 0..4).await, [OUT_OF_ORDER; 4], "killed: {kills}");
        assert_eq!(repeat(&cluster, 1, 7, 4..5).await, [Ok(4)]);
        assert_eq!(repeat(&cluster, 1, 8, 0..2).await, [OUT_OF_ORDER, Ok(6)]);
        append(&cluster, 1, 7, 5..7).await;
        assert_eq!(repeat(&cluster, 1, 7, 3..7).await, [OUT_OF_ORDER, Ok(4), Ok(7), Ok(8)]);
        assert_eq!(cluster.record_count(), 9);
    }
}

#[tokio::test]
async fn elected_follower_recognises_five_batches_and_a_restarted_one_those_since() {
    let cluster = brokers(2).await;
    append(&cluster, 1, 7, 0..5).await;
    cluster.kill(1);
    assert_eq!(cluster.leader("t", 0), Some(BrokerId(2)));
    assert_eq!(repeat(&cluster, 2, 7, 0..5).await, [Ok(0), Ok(1), Ok(2), Ok(3), Ok(4)]);
    append(&cluster, 2, 7, 5..6).await;
    cluster.restart(1).unwrap();
    append(&cluster, 2, 7, 6..7).await;
    assert_eq!(repeat(&cluster, 2, 7, 2..3).await, [Ok(2)], "the leader did not end");
    cluster.move_leader("t", 0, 1);
    assert_eq!(repeat(&cluster, 1, 7, 3..7).await, [OUT_OF_ORDER, Ok(4), Ok(5), Ok(6)]);
}

#[tokio::test]
async fn second_kill_keeps_the_snapshot_of_a_stopped_broker() {
    let cluster = brokers(2).await;
    append(&cluster, 1, 7, 0..2).await;
    cluster.kill(1);
    append(&cluster, 2, 7, 2..6).await;
    cluster.kill(1);
    cluster.restart(1).unwrap();
    cluster.move_leader("t", 0, 1);
    assert_eq!(repeat(&cluster, 1, 7, 1..6).await, [Ok(1), Ok(2), Ok(3), Ok(4), Ok(5)]);
}

#[tokio::test]
async fn removal_keeps_the_snapshot_of_a_stopped_broker() {
    let cluster = brokers(2).await;
    append(&cluster, 1, 7, 0..2).await;
    cluster.kill(2);
    append(&cluster, 1, 7, 2..6).await;
    cluster.remove_broker(2);
    assert_eq!(cluster.add_broker().unwrap(), BrokerId(2));
    cluster.move_leader("t", 0, 2);
    assert_eq!(repeat(&cluster, 2, 7, 1..6).await, [Ok(1), Ok(2), Ok(3), Ok(4), Ok(5)]);
}

#[tokio::test]
async fn change_of_address_restarts_a_broker() {
    let cluster = one_broker().await;
    append(&cluster, 1, 7, 0..3).await;
    cluster.change_address(1).unwrap();
    assert_eq!(repeat(&cluster, 1, 7, 1..3).await, [OUT_OF_ORDER, Ok(2)]);
}

#[tokio::test]
async fn truncation_loses_the_end_and_reads_producers_from_the_rest() {
    let cluster = brokers(2).await;
    append(&cluster, 1, 7, 0..8).await;
    append(&cluster, 1, 8, 0..1).await;
    cluster.truncate("t", 0, 6);
    assert_eq!(values(&cluster, "t", 0), ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(repeat(&cluster, 1, 7, 0..6).await, [OUT_OF_ORDER, Ok(1), Ok(2), Ok(3), Ok(4), Ok(5)]);
    assert_eq!(repeat(&cluster, 1, 7, 7..8).await, [OUT_OF_ORDER], "what follows it is lost");
    append(&cluster, 1, 7, 6..7).await;
    assert_eq!(
        repeat(&cluster, 1, 8, 9..10).await,
        [Ok(7)],
        "a producer of which nothing is left is unknown"
    );
}

#[tokio::test]
async fn truncated_leader_recognises_five_batches_of_the_rest() {
    let cluster = one_broker().await;
    append(&cluster, 1, 7, 0..6).await;
    cluster.restart(1).unwrap();
    cluster.truncate("t", 0, 5);
    assert_eq!(repeat(&cluster, 1, 7, 0..5).await, [Ok(0), Ok(1), Ok(2), Ok(3), Ok(4)]);
    cluster.truncate("t", 0, 4);
    cluster.restart(1).unwrap();
    assert_eq!(repeat(&cluster, 1, 7, 2..5).await, [OUT_OF_ORDER, Ok(3), Ok(4)]);
}

#[tokio::test]
async fn truncation_loses_whole_batches() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    wire.produce(stamped(&["a"], stamp(7, 0, 0)), 9).await;
    wire.produce(stamped(&["b", "c"], stamp(7, 0, 1)), 9).await;
    cluster.truncate("t", 0, 3);
    assert_eq!(values(&cluster, "t", 0), ["a", "b", "c"]);
    cluster.truncate("t", 0, 2);
    assert_eq!(values(&cluster, "t", 0), ["a"]);
}

#[tokio::test]
async fn truncation_bumps_the_leader_epoch() {
    let cluster = one_broker().await;
    let epoch = async || Wire::to(&cluster, 1).metadata("t").await.topics[0].partitions[0].leader_epoch.0;
    let before = epoch().await;
    cluster.truncate("t", 0, 0);
    assert_eq!(epoch().await, before + 1);
}

#[tokio::test]
#[should_panic(expected = "partition 0 of topic t does not keep offset 1")]
async fn what_is_not_kept_is_not_truncated() {
    let cluster = small(|builder| builder.keep(Keep::Nothing)).await;
    append(&cluster, 1, 7, 0..3).await;
    cluster.truncate("t", 0, 1);
}

#[tokio::test]
async fn truncation_keeps_producers_whose_batches_are_not_kept() {
    let cluster = small(|builder| builder.keep(Keep::LastBytes(200))).await;
    append(&cluster, 1, 7, 0..3).await;
    append(&cluster, 1, 8, 0..4).await;
    cluster.truncate("t", 0, 6);
    assert_eq!(repeat(&cluster, 1, 7, 0..3).await, [Ok(0), Ok(1), Ok(2)]);
}

#[tokio::test]
async fn forgotten_producer_may_start_at_any_sequence() {
    let cluster = one_broker().await;
    append(&cluster, 1, 7, 0..3).await;
    cluster.forget_producers("t", 0);
    assert_eq!(repeat(&cluster, 1, 7, 9..10).await, [Ok(3)]);
    assert_eq!(repeat(&cluster, 1, 7, 2..3).await, [OUT_OF_ORDER]);
}

async fn brokers(count: usize) -> Cluster {
    Cluster::builder().brokers(count).topic("t", 1).in_memory().wall_clock_ms(NOW_MS).start().await.unwrap()
}

/// Appends batches of one record with these sequences, whose values are their sequences.
async fn append(cluster: &Cluster, broker: i32, producer_id: i64, sequences: std::ops::Range<i32>) {
    for outcome in repeat(cluster, broker, producer_id, sequences).await {
        assert!(outcome.is_ok(), "{outcome:?}");
    }
}

/// The offset or the error for each of these batches.
async fn repeat(
    cluster: &Cluster,
    broker: i32,
    producer_id: i64,
    sequences: std::ops::Range<i32>,
) -> Vec<Result<i64, ErrorCode>> {
    let mut wire = Wire::to(cluster, broker);
    let mut outcomes = Vec::new();
    for sequence in sequences {
        let batch = stamped(&[&sequence.to_string()], stamp(producer_id, 0, sequence));
        let answer = wire.produce(batch, 9).await;
        outcomes.push(match answer.error_code {
            ErrorCode::NONE => Ok(answer.base_offset),
            code => Err(code),
        });
    }
    outcomes
}
