//! What is believed of an answer, and what is not.

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, PartitionId, TopicId};
use milena_codec::message::{MetadataResponse, MetadataResponseTopic};

use super::story::{Story, broker, failed_topic, leaders, response, steps, topic};
use crate::endpoint::Endpoint;
use crate::metadata::Change;

/// What is known after `first` and then `second` were told about a topic with the same id.
fn told(first: &[(i32, i32)], second: &[(i32, i32)]) -> Vec<(i32, i32)> {
    let mut story = Story::knowing(first);
    story.hear(vec![topic("t", 1, second)]);
    story.leaders()
}

#[test]
fn an_epoch_never_goes_back() {
    assert_eq!(told(&[(1, 5)], &[(2, 4)]), [(1, 5)]);
    assert_eq!(told(&[(1, 5)], &[(-1, 4)]), [(1, 5)]);
    assert_eq!(told(&[(1, 5)], &[(2, 5)]), [(2, 5)]);
    assert_eq!(told(&[(1, 5)], &[(2, 6)]), [(2, 6)]);
    assert_eq!(told(&[(-1, 5)], &[(2, 4)]), [(-1, 5)]);
}

#[test]
fn an_answer_without_an_epoch_is_believed_and_the_highest_epoch_is_kept() {
    assert_eq!(told(&[(1, 5)], &[(2, -1)]), [(2, 5)]);
    let mut story = Story::knowing(&[(1, 5)]);
    story.hear(vec![topic("t", 1, &[(2, -1)])]);
    story.hear(vec![topic("t", 1, &[(3, 4)])]);
    assert_eq!(story.leaders(), [(2, 5)]);
}

#[test]
fn another_topic_id_is_another_topic() {
    let mut story = Story::knowing(&[(1, 5), (2, 5)]);
    let changes = story.hear(vec![topic("t", 2, &[(3, 0)])]);
    assert_eq!(story.leaders(), [(3, 0)]);
    let [Change::Topic { topic: told, .. }] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!((told.id, leaders(told)), (TopicId([2; 16]), vec![(3, 0)]));
}

#[test]
fn a_broker_that_tells_no_id_takes_none_away() {
    let mut story = Story::knowing(&[(1, 5)]);
    story.hear(vec![topic("t", 0, &[(2, 4)])]);
    assert_eq!(story.leaders(), [(1, 5)]);
    assert_eq!(story.metadata.topic("t").unwrap().id, TopicId([1; 16]));
}

#[test]
fn an_id_that_is_learned_later_drops_nothing() {
    let mut story = Story::new();
    story.metadata.want("t", story.now);
    story.hear(vec![topic("t", 0, &[(1, 5)])]);
    story.hear(vec![topic("t", 1, &[(2, 4)])]);
    assert_eq!(story.leaders(), [(1, 5)]);
    assert_eq!(story.metadata.topic("t").unwrap().id, TopicId([1; 16]));
}

#[test]
fn partitions_grow_and_never_become_fewer() {
    assert_eq!(told(&[(1, 0)], &[(1, 0), (2, 0)]), [(1, 0), (2, 0)]);
    assert_eq!(told(&[(1, 0), (2, 0)], &[(3, 1)]), [(3, 1), (2, 0)]);
    assert_eq!(told(&[(1, 0), (2, 0)], &[]), [(1, 0), (2, 0)]);
}

#[test]
fn partitions_are_placed_by_their_number_and_invented_ones_cost_nothing() {
    let mut answer = topic("t", 1, &[(1, 0), (2, 0), (3, 0)]);
    answer.partitions.reverse();
    answer.partitions[0].partition_index = PartitionId(i32::MAX);
    answer.partitions[1].partition_index = PartitionId(-1);
    let mut story = Story::new();
    story.metadata.want("t", story.now);
    story.hear(vec![answer]);
    assert_eq!(story.leaders(), [(1, 0), (-1, -1), (-1, -1)]);
}

#[test]
fn a_partition_error_means_that_there_is_no_leader_now() {
    let mut story = Story::knowing(&[(1, 0), (2, 0)]);
    let mut answer = topic("t", 1, &[(1, 0), (2, 0)]);
    answer.partitions[1].error_code = ErrorCode::LEADER_NOT_AVAILABLE;
    let changes = story.hear(vec![answer]);
    assert_eq!(changes.len(), 1);
    assert_eq!(story.leaders(), [(1, 0), (-1, 0)]);
    assert_eq!(story.due(), steps(1));
}

#[test]
fn a_replica_that_is_down_says_nothing_about_the_leader() {
    let mut story = Story::knowing(&[(1, 0)]);
    let mut answer = topic("t", 1, &[(1, 0)]);
    answer.partitions[0].error_code = ErrorCode::REPLICA_NOT_AVAILABLE;
    assert_eq!(story.hear(vec![answer]), []);
    assert_eq!(story.leaders(), [(1, 0)]);
}

#[test]
fn a_leader_without_an_address_is_no_leader() {
    let mut story = Story::knowing(&[(9, 0)]);
    assert_eq!(story.leaders(), [(-1, 0)]);
    assert_eq!(story.due(), steps(1));

    story.hear(vec![topic("t", 1, &[(3, 1), (3, 1)])]);
    story.hear_response(response(&[1, 2], vec![topic("t", 1, &[(1, 2)])]));
    assert_eq!(story.leaders(), [(1, 2), (-1, 1)], "the second partition's leader left the cluster");
}

#[test]
fn a_topic_that_a_broker_does_not_know_keeps_what_was_known() {
    let mut story = Story::knowing(&[(1, 5)]);
    let changes = story.hear(vec![failed_topic("t", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)]);
    let error = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    assert_eq!(changes, [Change::TopicFailed { name: "t".into(), error }]);
    assert_eq!(story.leaders(), [(1, 5)]);
    assert_eq!(story.due(), steps(1));
    story.hear(vec![topic("t", 1, &[(2, 4)])]);
    assert_eq!(story.leaders(), [(1, 5)], "the epoch was not forgotten either");
}

#[test]
fn why_a_topic_cannot_be_told_is_passed_on() {
    for error in [ErrorCode::INVALID_TOPIC_EXCEPTION, ErrorCode::TOPIC_AUTHORIZATION_FAILED] {
        let mut story = Story::knowing(&[(1, 0)]);
        assert_eq!(
            story.hear(vec![failed_topic("t", error)]),
            [Change::TopicFailed { name: "t".into(), error }]
        );
    }
}

#[test]
fn what_nobody_asked_for_is_not_kept() {
    let mut story = Story::new();
    story.metadata.want("t", story.now);
    story.metadata.want("gone", story.now);
    story.metadata.ask(story.now);
    story.metadata.forget("gone");
    let nameless = MetadataResponseTopic { name: None, ..topic("", 3, &[(1, 0)]) };
    let topics = vec![topic("other", 1, &[(1, 0)]), topic("gone", 2, &[(1, 0)]), nameless];
    let changes = story.metadata.answered(response(&[1], topics), story.now);
    assert_eq!(changes.len(), 1, "the broker: {changes:?}");
    assert!(story.metadata.topic("other").is_none());
    assert!(story.metadata.topic("gone").is_none());
}

#[test]
fn an_answer_without_brokers_says_nothing() {
    let unusable = vec![broker(-1, "a", 9092), broker(1, "a", 0), broker(2, "a", -1), broker(3, "", 9092)];
    for brokers in [vec![], unusable] {
        let mut story = Story::knowing(&[(1, 0)]);
        let topics = vec![topic("t", 2, &[(2, 9)])];
        assert_eq!(story.hear_response(MetadataResponse { brokers, topics, ..Default::default() }), []);
        assert_eq!(story.leaders(), [(1, 0)]);
        assert!(story.metadata.broker(BrokerId(1)).is_some());
        assert_eq!(story.due(), steps(1));
    }
}

#[test]
fn brokers_come_move_and_go() {
    let mut story = Story::new();
    let at = |id, host: &str| Change::Broker {
        id: BrokerId(id),
        endpoint: Endpoint { host: host.into(), port: 9092 },
    };
    let first = story.hear_response(response(&[1, 2], vec![]));
    assert_eq!(first, [at(1, "broker-1"), at(2, "broker-2")]);
    assert_eq!(story.metadata.cluster().as_deref(), Some("cluster"));

    let mut moved = response(&[3], vec![]);
    moved.brokers.push(broker(2, "elsewhere", 9092));
    assert_eq!(
        story.hear_response(moved),
        [Change::BrokerGone(BrokerId(1)), at(2, "elsewhere"), at(3, "broker-3")]
    );
    assert_eq!(story.metadata.broker(BrokerId(2)).map(|endpoint| endpoint.host.as_str()), Some("elsewhere"));
    assert_eq!(story.metadata.broker(BrokerId(1)), None);
}

#[test]
fn a_crowd_of_brokers_is_cut_off() {
    let mut story = Story::new();
    let brokers: Vec<i32> = (0..20_000).collect();
    assert_eq!(story.hear_response(response(&brokers, vec![])).len(), 10_000);
}
