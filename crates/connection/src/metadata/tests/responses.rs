//! The parts of a response that apply, and those that are ignored.

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, PartitionId, TopicId};
use milena_codec::message::{MetadataResponse, MetadataResponseTopic};

use super::harness::{MetadataHarness, broker, failed_topic, leaders, response, steps, topic};
use crate::endpoint::Endpoint;
use crate::metadata::Change;

/// The leaders and epochs after responses with `first` and then `second` for one topic id.
fn merged(first: &[(i32, i32)], second: &[(i32, i32)]) -> Vec<(i32, i32)> {
    let mut harness = MetadataHarness::knowing(first);
    harness.respond(vec![topic("t", 1, second)]);
    harness.leaders()
}

#[test]
fn leader_epoch_never_decreases() {
    assert_eq!(merged(&[(1, 5)], &[(2, 4)]), [(1, 5)]);
    assert_eq!(merged(&[(1, 5)], &[(-1, 4)]), [(1, 5)]);
    assert_eq!(merged(&[(1, 5)], &[(2, 5)]), [(2, 5)]);
    assert_eq!(merged(&[(1, 5)], &[(2, 6)]), [(2, 6)]);
    assert_eq!(merged(&[(-1, 5)], &[(2, 4)]), [(-1, 5)]);
}

#[test]
fn response_without_an_epoch_applies_and_the_highest_epoch_stays() {
    assert_eq!(merged(&[(1, 5)], &[(2, -1)]), [(2, 5)]);
    let mut harness = MetadataHarness::knowing(&[(1, 5)]);
    harness.respond(vec![topic("t", 1, &[(2, -1)])]);
    harness.respond(vec![topic("t", 1, &[(3, 4)])]);
    assert_eq!(harness.leaders(), [(2, 5)]);
}

#[test]
fn new_topic_id_replaces_the_topic() {
    let mut harness = MetadataHarness::knowing(&[(1, 5), (2, 5)]);
    let changes = harness.respond(vec![topic("t", 2, &[(3, 0)])]);
    assert_eq!(harness.leaders(), [(3, 0)]);
    let [Change::Topic { topic, .. }] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!((topic.id, leaders(topic)), (TopicId([2; 16]), vec![(3, 0)]));
}

#[test]
fn response_without_a_topic_id_keeps_the_known_id() {
    let mut harness = MetadataHarness::knowing(&[(1, 5)]);
    harness.respond(vec![topic("t", 0, &[(2, 4)])]);
    assert_eq!(harness.leaders(), [(1, 5)]);
    assert_eq!(harness.metadata.topic("t").unwrap().id, TopicId([1; 16]));
}

#[test]
fn topic_id_that_comes_later_keeps_the_known_leaders() {
    let mut harness = MetadataHarness::new();
    harness.metadata.want("t", harness.now);
    harness.respond(vec![topic("t", 0, &[(1, 5)])]);
    harness.respond(vec![topic("t", 1, &[(2, 4)])]);
    assert_eq!(harness.leaders(), [(1, 5)]);
    assert_eq!(harness.metadata.topic("t").unwrap().id, TopicId([1; 16]));
}

#[test]
fn partition_count_never_decreases() {
    assert_eq!(merged(&[(1, 0)], &[(1, 0), (2, 0)]), [(1, 0), (2, 0)]);
    assert_eq!(merged(&[(1, 0), (2, 0)], &[(3, 1)]), [(3, 1), (2, 0)]);
    assert_eq!(merged(&[(1, 0), (2, 0)], &[]), [(1, 0), (2, 0)]);
}

#[test]
fn partitions_are_placed_by_number_and_invalid_numbers_are_ignored() {
    let mut described = topic("t", 1, &[(1, 0), (2, 0), (3, 0)]);
    described.partitions.reverse();
    described.partitions[0].partition_index = PartitionId(i32::MAX);
    described.partitions[1].partition_index = PartitionId(-1);
    let mut harness = MetadataHarness::new();
    harness.metadata.want("t", harness.now);
    harness.respond(vec![described]);
    assert_eq!(harness.leaders(), [(1, 0), (-1, -1), (-1, -1)]);
}

#[test]
fn partition_error_removes_the_leader() {
    let mut harness = MetadataHarness::knowing(&[(1, 0), (2, 0)]);
    let mut described = topic("t", 1, &[(1, 0), (2, 0)]);
    described.partitions[1].error_code = ErrorCode::LEADER_NOT_AVAILABLE;
    let changes = harness.respond(vec![described]);
    assert_eq!(changes.len(), 1);
    assert_eq!(harness.leaders(), [(1, 0), (-1, 0)]);
    assert_eq!(harness.due(), steps(1));
}

#[test]
fn replica_not_available_keeps_the_leader() {
    let mut harness = MetadataHarness::knowing(&[(1, 0)]);
    let mut described = topic("t", 1, &[(1, 0)]);
    described.partitions[0].error_code = ErrorCode::REPLICA_NOT_AVAILABLE;
    assert_eq!(harness.respond(vec![described]), []);
    assert_eq!(harness.leaders(), [(1, 0)]);
}

#[test]
fn leader_without_an_address_is_not_used() {
    let mut harness = MetadataHarness::knowing(&[(9, 0)]);
    assert_eq!(harness.leaders(), [(-1, 0)]);
    assert_eq!(harness.due(), steps(1));

    harness.respond(vec![topic("t", 1, &[(3, 1), (3, 1)])]);
    harness.respond_with(response(&[1, 2], vec![topic("t", 1, &[(1, 2)])]));
    assert_eq!(harness.leaders(), [(1, 2), (-1, 1)], "the second partition's leader left the cluster");
}

#[test]
fn unknown_topic_error_keeps_the_known_metadata() {
    let mut harness = MetadataHarness::knowing(&[(1, 5)]);
    let changes = harness.respond(vec![failed_topic("t", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)]);
    let error = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    assert_eq!(changes, [Change::TopicFailed { name: "t".into(), error }]);
    assert_eq!(harness.leaders(), [(1, 5)]);
    assert_eq!(harness.due(), steps(1));
    harness.respond(vec![topic("t", 1, &[(2, 4)])]);
    assert_eq!(harness.leaders(), [(1, 5)], "the epoch stays too");
}

#[test]
fn topic_error_is_returned_as_a_change() {
    for error in [ErrorCode::INVALID_TOPIC_EXCEPTION, ErrorCode::TOPIC_AUTHORIZATION_FAILED] {
        let mut harness = MetadataHarness::knowing(&[(1, 0)]);
        assert_eq!(
            harness.respond(vec![failed_topic("t", error)]),
            [Change::TopicFailed { name: "t".into(), error }]
        );
    }
}

#[test]
fn topics_out_of_use_are_ignored() {
    let mut harness = MetadataHarness::new();
    harness.metadata.want("t", harness.now);
    harness.metadata.want("gone", harness.now);
    harness.metadata.next_request();
    harness.metadata.forget("gone");
    let nameless = MetadataResponseTopic { name: None, ..topic("", 3, &[(1, 0)]) };
    let topics = vec![topic("other", 1, &[(1, 0)]), topic("gone", 2, &[(1, 0)]), nameless];
    let changes = harness.metadata.on_response(response(&[1], topics), harness.now);
    assert_eq!(changes.len(), 1, "the broker: {changes:?}");
    assert!(harness.metadata.topic("other").is_none());
    assert!(harness.metadata.topic("gone").is_none());
}

#[test]
fn response_without_a_usable_broker_is_ignored() {
    let unusable = vec![broker(-1, "a", 9092), broker(1, "a", 0), broker(2, "a", -1), broker(3, "", 9092)];
    for brokers in [vec![], unusable] {
        let mut harness = MetadataHarness::knowing(&[(1, 0)]);
        let topics = vec![topic("t", 2, &[(2, 9)])];
        assert_eq!(harness.respond_with(MetadataResponse { brokers, topics, ..Default::default() }), []);
        assert_eq!(harness.leaders(), [(1, 0)]);
        assert!(harness.metadata.broker(BrokerId(1)).is_some());
        assert_eq!(harness.due(), steps(1));
    }
}

#[test]
fn brokers_are_added_moved_and_removed() {
    let mut harness = MetadataHarness::new();
    let at = |id, host: &str| Change::Broker {
        id: BrokerId(id),
        endpoint: Endpoint { host: host.into(), port: 9092 },
    };
    let first = harness.respond_with(response(&[1, 2], vec![]));
    assert_eq!(first, [at(1, "broker-1"), at(2, "broker-2")]);
    assert_eq!(harness.metadata.cluster_id().as_deref(), Some("cluster"));

    let mut moved = response(&[3], vec![]);
    moved.brokers.push(broker(2, "elsewhere", 9092));
    assert_eq!(
        harness.respond_with(moved),
        [Change::BrokerGone(BrokerId(1)), at(2, "elsewhere"), at(3, "broker-3")]
    );
    assert_eq!(
        harness.metadata.broker(BrokerId(2)).map(|endpoint| endpoint.host.as_str()),
        Some("elsewhere")
    );
    assert_eq!(harness.metadata.broker(BrokerId(1)), None);
}

#[test]
fn broker_count_is_bounded() {
    let mut harness = MetadataHarness::new();
    let brokers: Vec<i32> = (0..20_000).collect();
    assert_eq!(harness.respond_with(response(&brokers, vec![])).len(), 10_000);
}
