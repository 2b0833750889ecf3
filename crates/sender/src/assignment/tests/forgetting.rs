//! Topics that are forgotten while nothing of them is left, and that come back.

use super::returning::{stamp_under, with_identity};
use super::*;

impl AssignmentHarness {
    /// Every broker sender gives back what it was asked for, and a topic of no handle is dropped.
    fn forget(&mut self, topic: Topic) -> usize {
        self.assignment.forget(&topic);
        let asked = self.commands();
        assert!(asked.iter().all(|emitted| matches!(emitted, Emitted::Leave(..))), "{asked:?}");
        topic.partitions().iter().for_each(|partition| {
            assert_eq!(self.release(partition.serial().0), [Emitted::Discard(partition.serial().0)]);
        });
        asked.len()
    }
}

#[test]
fn broker_senders_of_all_partitions_are_asked_whether_anything_is_left() {
    let mut harness = AssignmentHarness::new();
    let topic = harness.topic("t");
    harness.lead(&topic, ID, &[A, LEADERLESS, B]);
    assert!(harness.assignment.request_rest_reports(&topic));
    assert_eq!(
        harness.commands(),
        [Emitted::ReportRest(A, 1), Emitted::ReportRest(LEADERLESS, 2), Emitted::ReportRest(B, 3)]
    );
    harness.lead(&topic, ID, &[A, A, B]);
    assert!(!harness.assignment.request_rest_reports(&topic), "one is between broker_senders");
    assert_eq!(harness.commands(), []);
}

#[test]
fn nothing_is_kept_of_forgotten_topics_but_one_epoch() {
    let mut harness = AssignmentHarness::new();
    with_identity(&mut harness);
    for number in 0..100 {
        let topic = harness.topic(&format!("t-{number}"));
        harness.lead(&topic, ID, &[A, B]);
        assert_eq!(harness.forget(topic), 2);
    }
    let Assignment { places, leaving, commands, .. } = &harness.assignment;
    assert!(places.is_empty() && leaving.is_empty() && commands.is_empty(), "{places:?} {leaving:?}");
    assert!(!harness.assignment.needs(A) && !harness.assignment.needs(B));
}

#[test]
fn topic_that_comes_back_begins_above_every_epoch_that_was_used_there() {
    let mut harness = AssignmentHarness::new();
    with_identity(&mut harness);
    for epoch in [3, 1, 2] {
        let topic = harness.topic("t");
        harness.lead(&topic, ID, &[A, A]);
        let [first, _] = topic.partitions() else { panic!("two partitions") };
        stamp_under(&mut harness, first.serial().0, epoch);
        harness.forget(topic);
    }
    let topic = harness.topic("t");
    harness.lead(&topic, ID, &[A, A]);
    let used = |partition: &StdArc<Partition>| harness.held[&partition.serial().0].1.used_identity();
    let used: Vec<_> =
        topic.partitions().iter().map(|partition| used(partition).map(|used| used.epoch.0)).collect();
    assert_eq!(used, [Some(3), Some(3)]);
}

#[test]
fn topic_that_is_forgotten_and_looked_up_at_once_waits_for_the_partition_senders_before_it() {
    let mut harness = AssignmentHarness::new();
    with_identity(&mut harness);
    let topic = harness.topic("t");
    harness.lead(&topic, ID, &[A]);
    stamp_under(&mut harness, 1, 4);
    harness.assignment.forget(&topic);
    assert_eq!(harness.commands(), [Emitted::Leave(A, 1)]);
    let topic = harness.topic("t");
    assert_eq!(
        harness.lead(&topic, ID, &[A]),
        [],
        "its partition_sender before is at the broker_sender still"
    );
    assert_eq!(harness.release(1), [Emitted::Discard(1), Emitted::Adopt(A, 2)]);
    assert_eq!(harness.held[&2].1.used_identity().map(|used| used.epoch.0), Some(4));
}
