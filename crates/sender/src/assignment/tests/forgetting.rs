//! Topics that are forgotten while nothing of them is left, and that come back.

use super::returning::{stamp_under, with_identity};
use super::*;

impl Office {
    /// Every broker sender gives back what it was asked for, and a topic of no handle is dropped.
    fn forget(&mut self, topic: Topic) -> usize {
        self.assignment.forget(&topic);
        let asked = self.orders();
        assert!(asked.iter().all(|told| matches!(told, Told::Leave(..))), "{asked:?}");
        topic.partitions().iter().for_each(|partition| {
            assert_eq!(self.release(partition.serial()), [Told::Discard(partition.serial())]);
        });
        asked.len()
    }
}

#[test]
fn broker_senders_of_all_partitions_are_asked_whether_anything_is_left() {
    let mut office = Office::new();
    let topic = office.topic("t");
    office.lead(&topic, ID, &[A, LEADERLESS, B]);
    assert!(office.assignment.ask_rest(&topic));
    assert_eq!(office.orders(), [Told::AskRest(A, 1), Told::AskRest(LEADERLESS, 2), Told::AskRest(B, 3)]);
    office.lead(&topic, ID, &[A, A, B]);
    assert!(!office.assignment.ask_rest(&topic), "one is between broker_senders");
    assert_eq!(office.orders(), []);
}

#[test]
fn nothing_is_kept_of_forgotten_topics_but_one_epoch() {
    let mut office = Office::new();
    with_identity(&mut office);
    for number in 0..100 {
        let topic = office.topic(&format!("t-{number}"));
        office.lead(&topic, ID, &[A, B]);
        assert_eq!(office.forget(topic), 2);
    }
    let Assignment { places, leaving, orders, .. } = &office.assignment;
    assert!(places.is_empty() && leaving.is_empty() && orders.is_empty(), "{places:?} {leaving:?}");
    assert!(!office.assignment.needs(A) && !office.assignment.needs(B));
}

#[test]
fn topic_that_comes_back_begins_above_every_epoch_that_was_used_there() {
    let mut office = Office::new();
    with_identity(&mut office);
    for epoch in [3, 1, 2] {
        let topic = office.topic("t");
        office.lead(&topic, ID, &[A, A]);
        let [first, _] = topic.partitions() else { panic!("two partitions") };
        stamp_under(&mut office, first.serial(), epoch);
        office.forget(topic);
    }
    let topic = office.topic("t");
    office.lead(&topic, ID, &[A, A]);
    let used = |partition: &StdArc<Partition>| office.held[&partition.serial()].1.used_identity();
    let used: Vec<_> =
        topic.partitions().iter().map(|partition| used(partition).map(|used| used.epoch.0)).collect();
    assert_eq!(used, [Some(3), Some(3)]);
}

#[test]
fn topic_that_is_forgotten_and_looked_up_at_once_waits_for_the_partition_senders_before_it() {
    let mut office = Office::new();
    with_identity(&mut office);
    let topic = office.topic("t");
    office.lead(&topic, ID, &[A]);
    stamp_under(&mut office, 1, 4);
    office.assignment.forget(&topic);
    assert_eq!(office.orders(), [Told::Leave(A, 1)]);
    let topic = office.topic("t");
    assert_eq!(
        office.lead(&topic, ID, &[A]),
        [],
        "its partition_sender before is at the broker_sender still"
    );
    assert_eq!(office.release(1), [Told::Discard(1), Told::Adopt(A, 2)]);
    assert_eq!(office.held[&2].1.used_identity().map(|used| used.epoch.0), Some(4));
}
