//! What a partition remembers of idempotent producers, and what it says to repetitions, gaps and old epochs.

use milena_codec::ErrorCode;
use milena_codec::ids::ProducerId;
use milena_fake::{BrokerId, Cluster, TopicConfig};

use crate::client::*;

const OUT_OF_ORDER: ErrorCode = ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER;

#[tokio::test]
async fn repeated_batch_of_the_last_five_gets_its_first_offset() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for turn in 0..6 {
        let answer = wire.produce(stamped(&["a", "b"], stamp(7, 0, turn * 2)), 9).await;
        assert_eq!((answer.error_code, answer.base_offset), (ErrorCode::NONE, i64::from(turn) * 2));
    }
    for turn in 1..6 {
        // Base sequence and count decide; nobody compares contents.
        let answer = wire.produce(stamped(&["c", "d"], stamp(7, 0, turn * 2)), 9).await;
        assert_eq!((answer.error_code, answer.base_offset), (ErrorCode::NONE, i64::from(turn) * 2));
    }
    assert_eq!(wire.code(stamped(&["a", "b"], stamp(7, 0, 0))).await, OUT_OF_ORDER, "older than five");
    for (first, values) in [(10, &["a"][..]), (9, &["a", "b"]), (11, &["a"]), (8, &["a", "b", "c"])] {
        assert_eq!(wire.code(stamped(values, stamp(7, 0, first))).await, OUT_OF_ORDER, "overlaps at {first}");
    }
    assert_eq!(cluster.record_count(), 12);
}

#[tokio::test]
async fn repeated_batch_gets_the_stored_timestamp() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for (sequence, log_append_time) in [(0, false), (1, true)] {
        cluster.configure_topic("t", TopicConfig { log_append_time, ..TopicConfig::default() });
        let first = wire.produce(stamped(&["a"], stamp(7, 0, sequence)), 9).await;
        let again = wire.produce(stamped(&["a"], stamp(7, 0, sequence)), 9).await;
        let stored = cluster.log("t", 0)[usize::try_from(sequence).unwrap()].timestamp;
        assert_eq!(again.log_append_time_ms, stored, "even under CreateTime");
        assert_eq!(first.log_append_time_ms, if log_append_time { stored } else { -1 });
    }
}

#[tokio::test]
async fn sequence_gap_and_new_epoch_above_0_are_out_of_order() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    assert_eq!(wire.code(stamped(&["a"], stamp(7, 0, 0))).await, ErrorCode::NONE);
    assert_eq!(wire.code(stamped(&["a"], stamp(7, 0, 2))).await, OUT_OF_ORDER);
    assert_eq!(wire.code(stamped(&["a"], stamp(7, 1, 1))).await, OUT_OF_ORDER);
    assert_eq!(wire.code(stamped(&["a"], stamp(7, 1, 0))).await, ErrorCode::NONE);
    assert_eq!(cluster.record_count(), 2);
}

#[tokio::test]
async fn old_epoch_is_fenced_even_for_a_repeated_batch() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    wire.code(stamped(&["a"], stamp(7, 3, 0))).await;
    wire.code(stamped(&["b"], stamp(7, 4, 0))).await;
    for sequence in [0, 1] {
        let code = wire.code(stamped(&["a"], stamp(7, 3, sequence))).await;
        assert_eq!(code, ErrorCode::INVALID_PRODUCER_EPOCH);
    }
}

#[tokio::test]
async fn unknown_producer_may_start_at_any_sequence() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    assert_eq!(wire.code(stamped(&["a"], stamp(7, 2, 5))).await, ErrorCode::NONE);
    assert_eq!(wire.code(stamped(&["b"], stamp(8, 0, 77))).await, ErrorCode::NONE);
    assert_eq!(wire.code(stamped(&["c"], stamp(7, 2, 6))).await, ErrorCode::NONE);
}

#[tokio::test]
async fn sequences_continue_at_0_after_the_last() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    assert_eq!(wire.code(stamped(&["a"], stamp(7, 0, i32::MAX - 1))).await, ErrorCode::NONE);
    assert_eq!(wire.code(stamped(&["b", "c"], stamp(7, 0, i32::MAX))).await, ErrorCode::NONE);
    assert_eq!(wire.code(stamped(&["d"], stamp(7, 0, 1))).await, ErrorCode::NONE);
    let sequences: Vec<_> = cluster.log("t", 0).iter().map(|record| record.sequence.0).collect();
    assert_eq!(sequences, [i32::MAX - 1, i32::MAX, 0, 1]);
}

#[tokio::test]
async fn producers_survive_a_restart_and_a_new_leader_but_not_a_new_topic() {
    let cluster = Cluster::builder().brokers(2).topic("t", 1).in_memory().wall_clock_ms(NOW_MS);
    let cluster = cluster.start().await.unwrap();
    let first = stamped(&["a"], stamp(7, 0, 0));
    assert_eq!(Wire::to(&cluster, 1).produce(first.clone(), 9).await.base_offset, 0);
    cluster.kill(1);
    cluster.restart(1).unwrap();
    assert_eq!(cluster.leader("t", 0), Some(BrokerId(2)));
    assert_eq!(Wire::to(&cluster, 2).produce(first.clone(), 9).await.base_offset, 0);
    assert_eq!(cluster.record_count(), 1);
    cluster.recreate_topic("t");
    assert_eq!(
        Wire::to(&cluster, 1).produce(stamped(&["b"], stamp(7, 0, 1)), 9).await.error_code,
        ErrorCode::NONE
    );
    assert_eq!(cluster.log("t", 0)[0].producer_id, ProducerId(7));
}

#[tokio::test]
async fn batches_without_a_producer_id_may_be_repeated() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for offset in 0..3 {
        assert_eq!(wire.produce(batch(&["a"]), 9).await.base_offset, offset);
    }
}
