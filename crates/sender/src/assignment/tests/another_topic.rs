//! A topic that was, or may have been, created anew under its name, where no id tells.

use super::*;

const NO_ID: TopicId = TopicId::ZERO;

impl AssignmentHarness {
    /// The metadata describes the topic as a new one.
    fn renew(&mut self, topic: &Topic, id: TopicId) -> Vec<Emitted> {
        self.assignment.another_topic(topic, id);
        self.commands()
    }
}

#[test]
fn broker_senders_are_told_of_another_topic_where_no_id_tells() {
    for (before, after, emitted) in [
        (NO_ID, NO_ID, vec![Emitted::Another(A, 1)]),
        (NO_ID, ID, vec![Emitted::Another(A, 1)]),
        (ID, NO_ID, vec![Emitted::Another(A, 1)]),
        (ID, ID, vec![]),
        (ID, OTHER_ID, vec![]),
    ] {
        let mut harness = AssignmentHarness::new();
        let topic = harness.topic("t");
        harness.lead(&topic, before, &[A]);
        assert_eq!(harness.renew(&topic, after), emitted, "{before:?} {after:?}");
    }
}

#[test]
fn no_batch_spans_two_topics_without_ids() {
    let mut harness = AssignmentHarness::new();
    let topic = harness.topic("t");
    harness.lead(&topic, NO_ID, &[A]);
    send_to_each(&topic, some_time());
    harness.renew(&topic, NO_ID);
    send_to_each(&topic, some_time());
    assert_eq!(topic.partitions()[0].give_up(None).map(|batches| batches.len()), Some(2));
}

#[test]
fn partition_on_its_way_between_broker_senders_is_of_another_topic_where_it_arrives() {
    let mut harness = AssignmentHarness::new();
    let topic = harness.topic("t");
    harness.lead(&topic, NO_ID, &[A]);
    harness.lead(&topic, NO_ID, &[B]);
    let before = harness.held[&1].1.topics();
    assert_eq!(harness.renew(&topic, NO_ID), [], "its broker_sender is about to give it back");
    harness.release(1);
    assert_eq!(harness.held[&1].1.topics(), before + 1);
    harness.lead(&topic, NO_ID, &[A]);
    harness.release(1);
    assert_eq!(harness.held[&1].1.topics(), before + 1, "once");
}
