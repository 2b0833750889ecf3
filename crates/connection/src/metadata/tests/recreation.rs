//! Topics that are deleted and recreated under their name, and brokers that still describe the old topic.

use milena_codec::ErrorCode;
use milena_codec::ids::TopicId;

use super::harness::{MetadataHarness, failed_topic, topic};
use crate::metadata::Change;

const OLD: u8 = 1;
const NEW: u8 = 2;

impl MetadataHarness {
    /// Metadata after responses with a topic, and then with a recreated one of three partitions.
    fn recreated() -> Self {
        let mut harness = Self::knowing(&[(1, 5)]);
        harness.describe(NEW, &[(1, 0), (1, 0), (1, 0)]);
        harness
    }

    /// Applies a response with the topic.
    fn describe(&mut self, id: u8, partitions: &[(i32, i32)]) {
        self.wait();
        self.respond(vec![topic("t", id, partitions)]);
    }

    fn id(&self) -> TopicId {
        self.metadata.topic("t").unwrap().id
    }
}

#[test]
fn former_id_in_one_response_is_ignored_and_requested_again_soon() {
    let mut harness = MetadataHarness::recreated();
    for _ in 0..5 {
        harness.describe(OLD, &[(1, 5)]);
        assert_eq!((harness.id(), harness.leaders().len()), (TopicId([NEW; 16]), 3));
        assert!(harness.due().is_some_and(|due| due.as_secs() < 60), "before the maximum age");
        harness.describe(NEW, &[(1, 0), (1, 0), (1, 0)]);
    }
}

#[test]
fn former_id_in_two_responses_in_a_row_is_accepted() {
    let mut harness = MetadataHarness::recreated();
    harness.describe(OLD, &[(1, 5)]);
    harness.describe(OLD, &[(1, 5)]);
    assert_eq!((harness.id(), harness.leaders()), (TopicId([OLD; 16]), vec![(1, 5)]));
    harness.describe(NEW, &[(1, 0)]);
    assert_eq!(harness.id(), TopicId([OLD; 16]), "the other id is a former one then");
}

#[test]
fn former_id_is_accepted_at_once_if_the_leader_does_not_know_the_present_id() {
    for (code, accepted) in [
        (ErrorCode::UNKNOWN_TOPIC_ID, OLD),
        (ErrorCode::INCONSISTENT_TOPIC_ID, OLD),
        (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, OLD),
        (ErrorCode::NOT_LEADER_OR_FOLLOWER, NEW),
    ] {
        let mut harness = MetadataHarness::recreated();
        harness.metadata.rejected("t", code);
        harness.describe(OLD, &[(1, 5)]);
        assert_eq!(harness.id(), TopicId([accepted; 16]), "{code}");
    }
}

#[test]
fn new_id_is_accepted_at_once_after_any_number_of_former_ids() {
    let mut harness = MetadataHarness::recreated();
    for id in 3..100 {
        harness.describe(id, &[(1, 0)]);
        assert_eq!(harness.id(), TopicId([id; 16]));
    }
}

#[test]
fn fewer_partitions_without_ids_in_two_responses_in_a_row_are_accepted() {
    let mut harness = MetadataHarness::new();
    harness.metadata.want("t", harness.now);
    harness.describe(0, &[(1, 5), (1, 5), (1, 5)]);
    harness.describe(0, &[(2, 6)]);
    assert_eq!(harness.leaders(), [(2, 6), (1, 5), (1, 5)]);
    harness.describe(0, &[(2, 6)]);
    assert_eq!(harness.leaders(), [(2, 6)]);
}

#[test]
fn lower_epoch_without_ids_in_two_responses_is_accepted_after_the_leader_rejected_a_request() {
    let known = |partitions: &[(i32, i32)]| {
        let mut harness = MetadataHarness::new();
        harness.metadata.want("t", harness.now);
        harness.describe(0, partitions);
        harness
    };
    let mut harness = known(&[(1, 5)]);
    for _ in 0..5 {
        harness.describe(0, &[(2, 0)]);
        assert_eq!(harness.leaders(), [(1, 5)], "the leader rejected no request");
    }
    harness.metadata.rejected("t", ErrorCode::NOT_LEADER_OR_FOLLOWER);
    harness.describe(0, &[(2, 0)]);
    assert_eq!(harness.leaders(), [(1, 5)]);
    harness.describe(0, &[(2, 0)]);
    assert_eq!(harness.leaders(), [(2, 0)]);
}

#[test]
fn unknown_topic_without_an_id_restarts_its_epochs() {
    let mut harness = MetadataHarness::new();
    harness.metadata.want("t", harness.now);
    harness.describe(0, &[(1, 5)]);
    harness.respond(vec![failed_topic("t", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)]);
    harness.describe(0, &[(2, 0)]);
    assert_eq!(harness.leaders(), [(2, 0)]);
}

#[test]
fn change_of_a_recreated_topic_is_new() {
    for (id, partitions, is_new) in [(OLD, [(2, 6)], vec![false]), (NEW, [(1, 5)], vec![true])] {
        let mut harness = MetadataHarness::knowing(&[(1, 5)]);
        assert_eq!(new_flags(&mut harness, id, &partitions), is_new, "{id}");
    }
}

#[test]
fn change_of_an_unknown_topic_without_an_id_is_new_once() {
    let mut harness = MetadataHarness::new();
    harness.metadata.want("t", harness.now);
    // Leader and epoch stay the same; some brokers return no epoch at all.
    for epoch in [5, -1] {
        harness.describe(0, &[(1, epoch)]);
        harness.respond(vec![failed_topic("t", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)]);
        assert_eq!(new_flags(&mut harness, 0, &[(1, epoch)]), [true], "{epoch}");
        assert!(new_flags(&mut harness, 0, &[(1, epoch)]).is_empty(), "{epoch}");
    }
}

#[test]
fn unknown_topic_with_an_id_stays_the_same() {
    let mut harness = MetadataHarness::knowing(&[(1, 5)]);
    harness.respond(vec![failed_topic("t", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)]);
    assert!(new_flags(&mut harness, OLD, &[(1, 5)]).is_empty());
}

#[test]
fn change_of_a_topic_that_comes_into_use_again_is_new() {
    let mut harness = MetadataHarness::knowing(&[(1, 5)]);
    harness.metadata.forget("t");
    harness.metadata.want("t", harness.now);
    assert_eq!(new_flags(&mut harness, OLD, &[(1, 4)]), [true]);
    assert_eq!(harness.leaders(), [(1, 4)], "the first response applies");
}

/// Applies a response with the topic, and returns `is_new` of each change of the topic.
fn new_flags(harness: &mut MetadataHarness, id: u8, partitions: &[(i32, i32)]) -> Vec<bool> {
    harness.wait();
    let changes = harness.respond(vec![topic("t", id, partitions)]);
    changes
        .into_iter()
        .filter_map(|change| match change {
            Change::Topic { is_new, .. } => Some(is_new),
            _ => None,
        })
        .collect()
}
