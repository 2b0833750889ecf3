//! How many batches are out, and in which order they go.

use super::*;

/// Sends one batch after the other until none may go, at most ten.
fn fill(harness: &mut PartitionHarness) -> Vec<InFlightBatch> {
    let mut out = Vec::new();
    while out.len() < 10 {
        harness.send(&format!("{}", out.len()));
        let Some(in_flight_batch) = harness.next() else { break };
        out.push(in_flight_batch);
    }
    out
}

#[test]
fn one_batch_is_out_until_the_first_of_its_run_is_written_and_then_five() {
    let mut harness = PartitionHarness::simple();
    let mut out = fill(&mut harness);
    assert_eq!(out.len(), 1);
    harness.served(out.remove(0));
    let out = fill(&mut harness);
    assert_eq!(out.len(), 5);
    out.into_iter().for_each(|in_flight_batch| {
        harness.served(in_flight_batch);
    });
    harness.ends();
}

#[test]
fn under_another_identity_one_batch_is_out_again_until_it_is_written() {
    let mut harness = PartitionHarness::acked();
    let out = fill(&mut harness);
    assert_eq!(out.len(), 5);
    for in_flight_batch in out {
        harness.refused(in_flight_batch, ErrorCode::INVALID_PRODUCER_ID_MAPPING);
    }
    harness.given = Some(identity(8));
    harness.pause();
    let first = harness.next().unwrap();
    assert!(harness.next().is_none(), "brokers know nothing of it, and would take the second as the first");
    harness.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.goes_well();
    assert_eq!(harness.log.texts(), ["first", "0", "1", "2", "3", "4", "5"]);
    harness.ends();
}

#[test]
fn after_a_day_without_a_record_one_batch_is_out_until_it_is_written() {
    let mut harness = PartitionHarness::acked();
    harness.now += Duration::from_secs(6 * 60);
    let out = fill(&mut harness);
    assert_eq!(out.len(), 5, "brokers remember it for longer than that");
    out.into_iter().for_each(|in_flight_batch| {
        harness.served(in_flight_batch);
    });
    harness.goes_well();
    harness.now += Duration::from_secs(24 * 60 * 60);
    harness.log.forget_producers();
    let (_, first) = harness.send_alone("first");
    harness.send("second");
    assert!(harness.next().is_none(), "a broker that has forgotten would take the second as the first");
    harness.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.goes_well();
    assert_eq!(harness.log.texts()[7..], ["first", "second"]);
    harness.ends();
}

#[test]
fn a_refused_first_batch_is_written_before_a_second_one() {
    let mut harness = PartitionHarness::simple();
    let (_, first) = harness.send_alone("a");
    harness.send("b");
    assert!(harness.next().is_none());
    harness.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.send("c");
    harness.goes_well();
    assert_eq!(harness.log.texts(), ["a", "b", "c"]);
    harness.ends();
}

#[test]
fn without_sequences_one_batch_is_out_and_a_retry_keeps_its_place() {
    let mut harness = PartitionHarness::plain();
    for round in 0..3 {
        let mut out = fill(&mut harness);
        assert_eq!(out.len(), 1, "round {round}");
        let in_flight_batch = out.remove(0);
        harness.refused(in_flight_batch, ErrorCode::NOT_ENOUGH_REPLICAS);
        assert!(harness.next().is_none(), "what waits goes first, and later");
        harness.pause();
        let again = harness.next().unwrap();
        harness.served(again);
        // What came meanwhile.
        let next = harness.next().unwrap();
        harness.served(next);
    }
    assert_eq!(harness.log.texts(), ["0", "1", "0", "1", "0", "1"]);
    harness.ends();
}

#[test]
fn while_a_batch_waits_to_go_again_no_new_one_is_taken() {
    let mut harness = PartitionHarness::acked();
    let (_, first) = harness.send_alone("a");
    let (_, second) = harness.send_alone("b");
    harness.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.send("c");
    harness.pause();
    let again = harness.next().unwrap();
    assert_eq!(values(&again), ["a"]);
    let new = harness.next().unwrap();
    assert_eq!(values(&new), ["c"], "nothing waits any more, and two are out");
    for in_flight_batch in [second, again, new] {
        harness.served(in_flight_batch);
    }
    harness.goes_well();
    assert_eq!(harness.log.texts(), ["first", "a", "b", "c"]);
    harness.ends();
}

#[test]
fn when_the_old_leader_refuses_the_first_of_five_all_five_are_written_in_order() {
    let mut harness = PartitionHarness::acked();
    let mut out = fill(&mut harness).into_iter();
    let mut stale = harness.refused(out.next().unwrap(), ErrorCode::NOT_LEADER_OR_FOLLOWER);
    assert!(stale.stale);
    for in_flight_batch in out {
        stale = harness.refused(in_flight_batch, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
        assert!(!stale.stale);
    }
    assert!(harness.partition_sender.is_idle(), "another broker_sender may have it");
    harness.partition_sender.moved();
    let first = harness.next().unwrap();
    assert_eq!(stamp(&first), (0, 1));
    assert!(harness.next().is_none(), "the new leader may not know the run");
    harness.served(first);
    let again: Vec<InFlightBatch> = (0..4).map(|_| harness.next().unwrap()).collect();
    let stamps: Vec<_> = again.iter().map(stamp).collect();
    assert_eq!(stamps, [(0, 2), (0, 3), (0, 4), (0, 5)], "they keep their stamps");
    again.into_iter().for_each(|in_flight_batch| {
        harness.served(in_flight_batch);
    });
    harness.goes_well();
    assert_eq!(harness.log.texts(), ["first", "0", "1", "2", "3", "4", "5"]);
    harness.ends();
}

#[test]
fn responses_may_come_in_any_order() {
    let mut harness = PartitionHarness::acked();
    let mut record_handles: Vec<RecordHandle> = Vec::new();
    let mut in_flight_batches = Vec::new();
    for value in ["a", "b", "c", "d", "e"] {
        let (record_handle, in_flight_batch) = harness.send_alone(value);
        let response = harness.applied(&in_flight_batch, MAX);
        record_handles.push(record_handle);
        in_flight_batches.push(Some((in_flight_batch, response)));
    }
    for index in [3, 0, 4, 2, 1] {
        let (in_flight_batch, response) = in_flight_batches[index].take().unwrap();
        harness.respond(in_flight_batch, &response);
        assert_eq!(offset(&mut record_handles[index]), i64::try_from(index + 1).ok());
    }
    let (_, next) = harness.send_alone("f");
    assert_eq!(stamp(&next), (0, 6));
    harness.served(next);
    harness.ends();
}

#[test]
fn batches_acknowledged_behind_an_unanswered_one_prove_that_it_was_written() {
    let mut harness = PartitionHarness::acked();
    let (mut record_handle, unanswered) = harness.send_alone("0");
    let (_, next) = harness.send_alone("1");
    harness.applied(&unanswered, MAX);
    assert!(is_pending(&mut record_handle));
    harness.served(next);
    assert_eq!(offset(&mut record_handle), Some(1), "the leader took 1 only behind 0");
    let counters = harness.completer.counters;
    harness.respond(unanswered, &BatchResponse::Lost { whole: true, timed_out: false });
    assert_eq!(harness.completer.counters, counters, "no caller is told twice");
    harness.goes_well();
    assert_eq!(harness.log.texts(), ["first", "0", "1"]);
    harness.ends();
}

#[test]
fn a_topic_made_again_under_its_name_gets_one_batch_at_a_time_until_one_is_written() {
    let [old, new] = [TopicId([1; 16]), TopicId([2; 16])];
    let mut harness = PartitionHarness::acked();
    // To learn an id, or to meet a broker that tells none, says nothing of another topic.
    for id in [old, TopicId::ZERO, old] {
        harness.partition_sender.set_topic_id(id);
    }
    let out = fill(&mut harness);
    assert_eq!(out.len(), 5);
    out.into_iter().for_each(|in_flight_batch| {
        harness.refused(in_flight_batch, ErrorCode::UNKNOWN_TOPIC_ID);
    });
    harness.log = Log::default();
    harness.partition_sender.set_topic_id(new);
    harness.pause();
    let first = harness.next().unwrap();
    assert_eq!(first.topic_id, new);
    assert!(harness.next().is_none(), "whatever its sequence, a broker would take a second one as the first");
    // It goes wrong once more, and the order holds.
    harness.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.goes_well();
    assert_eq!(harness.log.texts(), ["0", "1", "2", "3", "4", "5"]);
    harness.ends();
}
