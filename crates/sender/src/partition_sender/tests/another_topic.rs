//! A topic of the same name takes the place of the one before: what was learned of the old log proves nothing of the next one.

use super::*;

#[test]
fn late_answer_about_the_topic_before_does_not_make_the_next_one_know_the_run() {
    for (changes, in_flight) in [(false, 2), (true, 1)] {
        let mut story = Story::proven();
        let (mut first, in_flight_batch) = story.fly("a");
        if changes {
            story.partition_sender.topic_changed();
        }
        story.lands(in_flight_batch, &at(ErrorCode::NONE, 1));
        assert_eq!(offset(&mut first), Some(1));
        let batches = ["b", "c"].map(|value| {
            story.send(value);
            story.next()
        });
        assert_eq!(batches.iter().flatten().count(), in_flight, "changes: {changes}");
    }
}

#[test]
fn batch_acknowledged_by_the_topic_before_does_not_help_to_prove_another_one() {
    for (changes, told) in [(false, None), (true, Some((FailureKind::OutcomeUnknown, Persisted::Maybe)))] {
        let mut story = Story::proven();
        let (_, acknowledged) = story.fly("a");
        let (mut record_handle, first) = story.fly("b");
        let (_, second) = story.fly("c");
        if changes {
            story.partition_sender.topic_changed();
        }
        story.lands(acknowledged, &at(ErrorCode::NONE, 1));
        story.lost(first);
        story.lost(second);
        story.pause();
        let first = story.next().unwrap();
        story.refused(first, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
        let second = story.next().unwrap();
        story.lands(second, &at(ErrorCode::NONE, 3));
        story.spent();
        assert_eq!(failure(&mut record_handle), told, "changes: {changes}");
    }
}
