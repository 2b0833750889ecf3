//! How many batches are out, and in which order they go.

use super::*;

/// Sends one batch after the other until none may go, at most ten.
fn fill(story: &mut Story) -> Vec<InFlightBatch> {
    let mut out = Vec::new();
    while out.len() < 10 {
        story.send(&format!("{}", out.len()));
        let Some(in_flight_batch) = story.next() else { break };
        out.push(in_flight_batch);
    }
    out
}

#[test]
fn one_batch_is_out_until_the_first_of_its_run_is_written_and_then_five() {
    let mut story = Story::simple();
    let mut out = fill(&mut story);
    assert_eq!(out.len(), 1);
    story.served(out.remove(0));
    let out = fill(&mut story);
    assert_eq!(out.len(), 5);
    out.into_iter().for_each(|in_flight_batch| {
        story.served(in_flight_batch);
    });
    story.ends();
}

#[test]
fn under_another_identity_one_batch_is_out_again_until_it_is_written() {
    let mut story = Story::proven();
    let out = fill(&mut story);
    assert_eq!(out.len(), 5);
    for in_flight_batch in out {
        story.refused(in_flight_batch, ErrorCode::INVALID_PRODUCER_ID_MAPPING);
    }
    story.given = Some(identity(8));
    story.pause();
    let first = story.next().unwrap();
    assert!(story.next().is_none(), "brokers know nothing of it, and would take the second as the first");
    story.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
    story.goes_well();
    assert_eq!(story.log.texts(), ["proof", "0", "1", "2", "3", "4", "5"]);
    story.ends();
}

#[test]
fn after_a_day_without_a_record_one_batch_is_out_until_it_is_written() {
    let mut story = Story::proven();
    story.now += Duration::from_secs(6 * 60);
    let out = fill(&mut story);
    assert_eq!(out.len(), 5, "brokers remember it for longer than that");
    out.into_iter().for_each(|in_flight_batch| {
        story.served(in_flight_batch);
    });
    story.goes_well();
    story.now += Duration::from_secs(24 * 60 * 60);
    story.log.forget_producers();
    let (_, first) = story.fly("first");
    story.send("second");
    assert!(story.next().is_none(), "a broker that has forgotten would take the second as the first");
    story.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
    story.goes_well();
    assert_eq!(story.log.texts()[7..], ["first", "second"]);
    story.ends();
}

#[test]
fn a_refused_first_batch_is_written_before_a_second_one() {
    let mut story = Story::simple();
    let (_, first) = story.fly("a");
    story.send("b");
    assert!(story.next().is_none());
    story.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
    story.send("c");
    story.goes_well();
    assert_eq!(story.log.texts(), ["a", "b", "c"]);
    story.ends();
}

#[test]
fn without_sequences_one_batch_is_out_and_a_retry_keeps_its_place() {
    let mut story = Story::plain();
    for round in 0..3 {
        let mut out = fill(&mut story);
        assert_eq!(out.len(), 1, "round {round}");
        let in_flight_batch = out.remove(0);
        story.refused(in_flight_batch, ErrorCode::NOT_ENOUGH_REPLICAS);
        assert!(story.next().is_none(), "what waits goes first, and later");
        story.pause();
        let again = story.next().unwrap();
        story.served(again);
        // What came meanwhile.
        let next = story.next().unwrap();
        story.served(next);
    }
    assert_eq!(story.log.texts(), ["0", "1", "0", "1", "0", "1"]);
    story.ends();
}

#[test]
fn while_a_batch_waits_to_go_again_no_new_one_is_taken() {
    let mut story = Story::proven();
    let (_, first) = story.fly("a");
    let (_, second) = story.fly("b");
    story.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
    story.send("c");
    story.pause();
    let again = story.next().unwrap();
    assert_eq!(values(&again), ["a"]);
    let new = story.next().unwrap();
    assert_eq!(values(&new), ["c"], "nothing waits any more, and two are out");
    for in_flight_batch in [second, again, new] {
        story.served(in_flight_batch);
    }
    story.goes_well();
    assert_eq!(story.log.texts(), ["proof", "a", "b", "c"]);
    story.ends();
}

#[test]
fn when_the_old_leader_refuses_the_first_of_five_all_five_are_written_in_order() {
    let mut story = Story::proven();
    let mut out = fill(&mut story).into_iter();
    let mut stale = story.refused(out.next().unwrap(), ErrorCode::NOT_LEADER_OR_FOLLOWER);
    assert!(stale.stale);
    for in_flight_batch in out {
        stale = story.refused(in_flight_batch, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
        assert!(!stale.stale);
    }
    assert!(story.partition_sender.is_idle(), "another broker_sender may have it");
    story.partition_sender.moved();
    let first = story.next().unwrap();
    assert_eq!(stamp(&first), (0, 1));
    assert!(story.next().is_none(), "the new leader may not know the run");
    story.served(first);
    let again: Vec<InFlightBatch> = (0..4).map(|_| story.next().unwrap()).collect();
    let stamps: Vec<_> = again.iter().map(stamp).collect();
    assert_eq!(stamps, [(0, 2), (0, 3), (0, 4), (0, 5)], "they keep their stamps");
    again.into_iter().for_each(|in_flight_batch| {
        story.served(in_flight_batch);
    });
    story.goes_well();
    assert_eq!(story.log.texts(), ["proof", "0", "1", "2", "3", "4", "5"]);
    story.ends();
}

#[test]
fn answers_may_come_in_any_order() {
    let mut story = Story::proven();
    let mut record_handles: Vec<RecordHandle> = Vec::new();
    let mut in_flight_batches = Vec::new();
    for value in ["a", "b", "c", "d", "e"] {
        let (record_handle, in_flight_batch) = story.fly(value);
        let answer = story.applied(&in_flight_batch, MAX);
        record_handles.push(record_handle);
        in_flight_batches.push(Some((in_flight_batch, answer)));
    }
    for index in [3, 0, 4, 2, 1] {
        let (in_flight_batch, answer) = in_flight_batches[index].take().unwrap();
        story.lands(in_flight_batch, &answer);
        assert_eq!(offset(&mut record_handles[index]), i64::try_from(index + 1).ok());
    }
    let (_, next) = story.fly("f");
    assert_eq!(stamp(&next), (0, 6));
    story.served(next);
    story.ends();
}

#[test]
fn batches_acknowledged_behind_an_unanswered_one_prove_that_it_was_written() {
    let mut story = Story::proven();
    let (mut record_handle, unanswered) = story.fly("0");
    let (_, next) = story.fly("1");
    story.applied(&unanswered, MAX);
    assert!(is_pending(&mut record_handle));
    story.served(next);
    assert_eq!(offset(&mut record_handle), Some(1), "the leader took 1 only behind 0");
    let counters = story.completer.counters;
    story.lands(unanswered, &Answer::Lost { whole: true, timed_out: false });
    assert_eq!(story.completer.counters, counters, "no caller is told twice");
    story.goes_well();
    assert_eq!(story.log.texts(), ["proof", "0", "1"]);
    story.ends();
}

#[test]
fn a_topic_made_again_under_its_name_gets_one_batch_at_a_time_until_one_is_written() {
    let [old, new] = [TopicId([1; 16]), TopicId([2; 16])];
    let mut story = Story::proven();
    // To learn an id, or to meet a broker that tells none, says nothing of another topic.
    for id in [old, TopicId::ZERO, old] {
        story.partition_sender.set_topic_id(id);
    }
    let out = fill(&mut story);
    assert_eq!(out.len(), 5);
    out.into_iter().for_each(|in_flight_batch| {
        story.refused(in_flight_batch, ErrorCode::UNKNOWN_TOPIC_ID);
    });
    story.log = Log::default();
    story.partition_sender.set_topic_id(new);
    story.pause();
    let first = story.next().unwrap();
    assert_eq!(first.topic_id, new);
    assert!(story.next().is_none(), "whatever its sequence, a broker would take a second one as the first");
    // It goes wrong once more, and the order holds.
    story.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
    story.goes_well();
    assert_eq!(story.log.texts(), ["0", "1", "2", "3", "4", "5"]);
    story.ends();
}
