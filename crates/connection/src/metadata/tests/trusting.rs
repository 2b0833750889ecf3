//! Topics that are deleted and created anew under their name, and brokers that describe the old one for a while.

use milena_codec::ErrorCode;
use milena_codec::ids::TopicId;

use super::story::{Story, failed_topic, topic};
use crate::metadata::Change;

const OLD: u8 = 1;
const NEW: u8 = 2;

impl Story {
    /// A client that was told of a topic, and then of another of the same name with three partitions.
    fn recreated() -> Self {
        let mut story = Self::knowing(&[(1, 5)]);
        story.tell(NEW, &[(1, 0), (1, 0), (1, 0)]);
        story
    }

    /// A broker describes a topic.
    fn tell(&mut self, id: u8, partitions: &[(i32, i32)]) {
        self.wait();
        self.hear(vec![topic("t", id, partitions)]);
    }

    fn id(&self) -> TopicId {
        self.metadata.topic("t").unwrap().id
    }
}

#[test]
fn id_that_was_left_is_passed_over_when_one_answer_tells_it_and_asked_about_soon() {
    let mut story = Story::recreated();
    for _ in 0..5 {
        story.tell(OLD, &[(1, 5)]);
        assert_eq!((story.id(), story.leaders().len()), (TopicId([NEW; 16]), 3));
        assert!(story.due().is_some_and(|due| due.as_secs() < 60), "it is asked again before it is old");
        story.tell(NEW, &[(1, 0), (1, 0), (1, 0)]);
    }
}

#[test]
fn id_that_was_left_is_believed_when_two_answers_in_a_row_tell_it() {
    let mut story = Story::recreated();
    story.tell(OLD, &[(1, 5)]);
    story.tell(OLD, &[(1, 5)]);
    assert_eq!((story.id(), story.leaders()), (TopicId([OLD; 16]), vec![(1, 5)]));
    story.tell(NEW, &[(1, 0)]);
    assert_eq!(story.id(), TopicId([OLD; 16]), "the other one was left then");
}

#[test]
fn id_that_was_left_is_believed_at_once_when_the_leader_does_not_know_the_present_one() {
    for (code, believed) in [
        (ErrorCode::UNKNOWN_TOPIC_ID, OLD),
        (ErrorCode::INCONSISTENT_TOPIC_ID, OLD),
        (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, OLD),
        (ErrorCode::NOT_LEADER_OR_FOLLOWER, NEW),
    ] {
        let mut story = Story::recreated();
        story.metadata.rejected("t", code);
        story.tell(OLD, &[(1, 5)]);
        assert_eq!(story.id(), TopicId([believed; 16]), "{code}");
    }
}

#[test]
fn id_that_was_never_seen_is_believed_at_once_however_many_were_left() {
    let mut story = Story::recreated();
    for id in 3..100 {
        story.tell(id, &[(1, 0)]);
        assert_eq!(story.id(), TopicId([id; 16]));
    }
}

#[test]
fn fewer_partitions_without_ids_are_believed_when_two_answers_in_a_row_tell_them() {
    let mut story = Story::new();
    story.metadata.want("t", story.now);
    story.tell(0, &[(1, 5), (1, 5), (1, 5)]);
    story.tell(0, &[(2, 6)]);
    assert_eq!(story.leaders(), [(2, 6), (1, 5), (1, 5)]);
    story.tell(0, &[(2, 6)]);
    assert_eq!(story.leaders(), [(2, 6)]);
}

#[test]
fn lower_epoch_without_ids_is_believed_when_it_is_told_again_after_the_leader_rejected_a_request() {
    let known = |told: &[(i32, i32)]| {
        let mut story = Story::new();
        story.metadata.want("t", story.now);
        story.tell(0, told);
        story
    };
    let mut story = known(&[(1, 5)]);
    for _ in 0..5 {
        story.tell(0, &[(2, 0)]);
        assert_eq!(story.leaders(), [(1, 5)], "the leader is not known to be wrong");
    }
    story.metadata.rejected("t", ErrorCode::NOT_LEADER_OR_FOLLOWER);
    story.tell(0, &[(2, 0)]);
    assert_eq!(story.leaders(), [(1, 5)]);
    story.tell(0, &[(2, 0)]);
    assert_eq!(story.leaders(), [(2, 0)]);
}

#[test]
fn topic_without_an_id_that_brokers_do_not_know_begins_its_epochs_anew() {
    let mut story = Story::new();
    story.metadata.want("t", story.now);
    story.tell(0, &[(1, 5)]);
    story.hear(vec![failed_topic("t", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)]);
    story.tell(0, &[(2, 0)]);
    assert_eq!(story.leaders(), [(2, 0)]);
}

#[test]
fn description_of_another_topic_is_told_as_one_of_a_new_topic() {
    for (id, partitions, is_new) in [(OLD, [(2, 6)], vec![false]), (NEW, [(1, 5)], vec![true])] {
        let mut story = Story::knowing(&[(1, 5)]);
        assert_eq!(news(&mut story, id, &partitions), is_new, "{id}");
    }
}

#[test]
fn topic_without_an_id_that_a_broker_did_not_know_is_told_as_a_new_one_once() {
    let mut story = Story::new();
    story.metadata.want("t", story.now);
    // Its leader and epoch are the same afterwards; some brokers tell no epoch at all.
    for epoch in [5, -1] {
        story.tell(0, &[(1, epoch)]);
        story.hear(vec![failed_topic("t", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)]);
        assert_eq!(news(&mut story, 0, &[(1, epoch)]), [true], "{epoch}");
        assert!(news(&mut story, 0, &[(1, epoch)]).is_empty(), "{epoch}");
    }
}

#[test]
fn topic_with_an_id_that_a_broker_did_not_know_is_the_same_afterwards() {
    let mut story = Story::knowing(&[(1, 5)]);
    story.hear(vec![failed_topic("t", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)]);
    assert!(news(&mut story, OLD, &[(1, 5)]).is_empty());
}

#[test]
fn topic_that_comes_into_use_again_is_told_as_a_new_one() {
    let mut story = Story::knowing(&[(1, 5)]);
    story.metadata.forget("t");
    story.metadata.want("t", story.now);
    assert_eq!(news(&mut story, OLD, &[(1, 4)]), [true]);
    assert_eq!(story.leaders(), [(1, 4)], "the first answer is believed");
}

/// A broker describes a topic: whether the changes call it new.
fn news(story: &mut Story, id: u8, partitions: &[(i32, i32)]) -> Vec<bool> {
    story.wait();
    let changes = story.hear(vec![topic("t", id, partitions)]);
    let news = changes.into_iter().filter_map(|change| match change {
        Change::Topic { is_new, .. } => Some(is_new),
        _ => None,
    });
    news.collect()
}
