//! A topic of the same name takes the place of the one before: what was learned of the old log proves nothing of the next one.

use super::*;

#[test]
fn late_response_about_the_topic_before_does_not_make_the_next_one_know_the_run() {
    for (changes, in_flight) in [(false, 2), (true, 1)] {
        let mut harness = PartitionHarness::acked();
        let (mut first, in_flight_batch) = harness.send_alone("a");
        if changes {
            harness.partition_sender.topic_changed();
        }
        harness.respond(in_flight_batch, &at(ErrorCode::NONE, 1));
        assert_eq!(offset(&mut first), Some(1));
        let batches = ["b", "c"].map(|value| {
            harness.send(value);
            harness.next()
        });
        assert_eq!(batches.iter().flatten().count(), in_flight, "changes: {changes}");
    }
}

#[test]
fn batch_acknowledged_by_the_topic_before_does_not_help_to_prove_another_one() {
    for (changes, told) in [(false, None), (true, Some((ErrorKind::OutcomeUnknown, Persisted::Maybe)))] {
        let mut harness = PartitionHarness::acked();
        let (_, acknowledged) = harness.send_alone("a");
        let (mut record_handle, first) = harness.send_alone("b");
        let (_, second) = harness.send_alone("c");
        if changes {
            harness.partition_sender.topic_changed();
        }
        harness.respond(acknowledged, &at(ErrorCode::NONE, 1));
        harness.lost(first);
        harness.lost(second);
        harness.pause();
        let first = harness.next().unwrap();
        harness.refused(first, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
        let second = harness.next().unwrap();
        harness.respond(second, &at(ErrorCode::NONE, 3));
        harness.exhausted();
        assert_eq!(failure(&mut record_handle), told, "changes: {changes}");
    }
}
