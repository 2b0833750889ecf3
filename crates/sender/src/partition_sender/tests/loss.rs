//! Leaders that lost acknowledged records: the signs of it, and what is none.

use super::*;

const REJECTED: Loss = Loss { last_offset: Some(0), appended_at: None, is_first_sign: true };

#[test]
fn rejection_directly_behind_the_last_acknowledged_batch_shows_a_loss_and_the_next_epoch_follows() {
    let mut harness = PartitionHarness::acked();
    let (_, a) = harness.send_alone("a");
    assert_eq!(harness.refused(a, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER).loss, Some(REJECTED));
    harness.pause();
    let a = harness.next().unwrap();
    assert_eq!(stamp(&a), (1, 0));
    harness.log.values.clear();
    let overwritten = Loss { appended_at: Some(0), is_first_sign: false, ..REJECTED };
    assert_eq!(harness.served(a).loss, Some(overwritten));
    harness.ends();
}

#[test]
fn rejection_of_a_batch_in_doubt_or_behind_another_or_of_an_unknown_producer_shows_no_loss() {
    let mut harness = PartitionHarness::acked();
    let (_, a) = harness.send_alone("a");
    let (_, b) = harness.send_alone("b");
    assert_eq!(harness.refused(b, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER).loss, None);
    harness.lost(a);
    harness.pause();
    let a = harness.next().unwrap();
    assert_eq!(
        harness.refused(a, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER).loss,
        None,
        "a forgotten duplicate"
    );
    harness.goes_well();
    let (_, c) = harness.send_alone("c");
    assert_eq!(
        harness.refused(c, ErrorCode::UNKNOWN_PRODUCER_ID).loss,
        None,
        "retention deletes it (KIP-360)"
    );
    harness.ends();
}

#[test]
fn record_whose_offset_is_not_the_last_acknowledged_one_is_not_called_missing() {
    let mut harness = PartitionHarness::acked();
    let (mut b, in_flight_batch) = harness.send_alone("b");
    harness.respond(in_flight_batch, &coded(ErrorCode::DUPLICATE_SEQUENCE_NUMBER));
    assert_eq!((failure(&mut b), offset(&mut b)), (None, None), "written, at an offset that is not known");
    let (_, c) = harness.send_alone("c");
    let loss = harness.refused(c, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER).loss;
    assert_eq!(
        loss,
        Some(Loss { last_offset: None, ..REJECTED }),
        "offset 0 is in the log, b alone is missing"
    );
    // The end that is known stays a bound: nothing is appended below it in a log that lost nothing.
    harness.pause();
    let c = harness.next().unwrap();
    let loss = harness.respond(c, &at(ErrorCode::NONE, 0)).loss;
    assert_eq!(loss, Some(Loss { appended_at: Some(0), is_first_sign: false, ..REJECTED }));
    let (_, d) = harness.send_alone("d");
    let loss = harness.refused(d, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER).loss;
    assert_eq!(loss.unwrap().last_offset, Some(0), "the last acknowledged record again");
}

#[test]
fn offset_below_an_acknowledged_one_shows_a_loss_once_for_a_leader_unless_the_topic_is_another() {
    let mut harness = PartitionHarness::acked();
    let [old, new] = [TopicId([1; 16]), TopicId([2; 16])];
    harness.partition_sender.set_topic_id(old);
    for (value, expected) in [("a", true), ("b", false)] {
        harness.log.values.clear();
        let (_, in_flight_batch) = harness.send_alone(value);
        assert_eq!(harness.served(in_flight_batch).loss.is_some(), expected, "{value}");
        harness.log.append_others(3);
        let (_, in_flight_batch) = harness.send_alone("behind others");
        assert_eq!(harness.served(in_flight_batch).loss, None);
    }
    harness.partition_sender.set_topic_id(new);
    harness.log.values.clear();
    let (_, in_flight_batch) = harness.send_alone("c");
    assert_eq!(harness.served(in_flight_batch).loss, None);
    harness.ends();
}
