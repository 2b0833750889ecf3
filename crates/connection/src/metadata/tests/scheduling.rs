//! The schedule of Metadata requests: the time, the topics and the candidates of each.

use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::message::MetadataResponse;

use super::harness::{MAX_AGE, MetadataHarness, broker, failed_topic, response, steps, topic};
use crate::metadata::Change;

#[test]
fn request_names_only_the_topics_in_use() {
    let mut harness = MetadataHarness::new();
    for name in ["b", "a", "gone"] {
        harness.metadata.want(name, harness.now);
    }
    harness.metadata.forget("gone");
    let (_, request) = harness.metadata.next_request();
    let names: Vec<_> = request.topics.unwrap().into_iter().filter_map(|topic| topic.name).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(!request.allow_auto_topic_creation);
}

#[test]
fn no_request_is_due_while_one_is_in_flight() {
    let mut harness = MetadataHarness::new();
    assert_eq!(harness.due(), Some(Duration::ZERO));
    harness.metadata.next_request();
    assert_eq!(harness.due(), None);
    harness.metadata.refresh(harness.now);
    harness.metadata.want("t", harness.now);
    assert_eq!(harness.due(), None);
}

#[test]
fn metadata_is_requested_again_at_its_maximum_age() {
    let mut harness = MetadataHarness::knowing(&[(1, 0)]);
    for _ in 0..3 {
        assert_eq!(harness.due(), Some(MAX_AGE));
        harness.wait();
        assert_eq!(harness.respond(vec![topic("t", 1, &[(1, 0)])]), []);
    }
}

#[test]
fn new_topic_is_requested_at_once() {
    let mut harness = MetadataHarness::knowing(&[(1, 0)]);
    harness.metadata.want("t", harness.now);
    assert_eq!(harness.due(), Some(MAX_AGE), "a topic in use is not new");
    harness.metadata.want("new", harness.now);
    assert_eq!(harness.due(), Some(Duration::ZERO));
}

#[test]
fn topic_that_is_new_during_a_request_is_requested_right_after_it() {
    let mut harness = MetadataHarness::new();
    harness.metadata.next_request();
    harness.metadata.want("t", harness.now);
    harness.metadata.on_response(response(&[1], vec![]), harness.now);
    assert_eq!(harness.due(), Some(Duration::ZERO));
}

#[test]
fn new_topic_does_not_shorten_the_backoff_of_a_failed_attempt() {
    let mut harness = MetadataHarness::new();
    harness.fail();
    harness.metadata.want("t", harness.now);
    assert_eq!(harness.due(), steps(1));
}

#[test]
fn failed_attempts_double_the_backoff() {
    let mut harness = MetadataHarness::new();
    for count in [1, 2, 4, 8] {
        harness.fail();
        assert_eq!(harness.due(), steps(count));
        harness.wait();
    }
    harness.respond(vec![]);
    harness.fail();
    assert_eq!(harness.due(), steps(1), "a response with a change resets the backoff");
}

#[test]
fn failures_and_responses_without_changes_share_one_backoff() {
    let leaderless = || vec![topic("t", 1, &[(-1, 0)])];
    let mut harness = MetadataHarness::new();
    harness.metadata.want("t", harness.now);
    harness.respond(leaderless());
    let mut waits = Vec::new();
    for turn in 0..6 {
        waits.push(harness.due());
        harness.wait();
        if turn % 2 == 0 {
            harness.respond(leaderless());
        } else {
            harness.fail();
        }
    }
    // The first two responses each wait for the first step: one had a change, one did not.
    assert_eq!(waits, [1, 1, 2, 4, 8, 16].map(steps));
}

#[test]
fn new_topic_does_not_reset_the_backoff_of_other_topics() {
    let mut harness = MetadataHarness::knowing(&[(-1, 0)]);
    for count in [1, 1, 2] {
        assert_eq!(harness.due(), steps(count));
        harness.wait();
        harness.respond(vec![topic("t", 1, &[(-1, 0)])]);
    }
    harness.metadata.want("unknown", harness.now);
    assert_eq!(harness.due(), Some(Duration::ZERO));
    harness.respond(vec![topic("t", 1, &[(-1, 0)])]);
    assert_eq!(harness.due(), steps(4));
}

#[test]
fn elected_leader_ends_the_refreshes() {
    let mut harness = MetadataHarness::knowing(&[(-1, 0)]);
    assert_eq!(harness.due(), steps(1));
    harness.wait();
    harness.respond(vec![topic("t", 1, &[(2, 1)])]);
    assert_eq!(harness.due(), Some(MAX_AGE));
}

#[test]
fn flapping_leader_costs_one_request_a_backoff() {
    let mut harness = MetadataHarness::knowing(&[(1, 0)]);
    for epoch in 1..10 {
        harness.metadata.refresh(harness.now);
        assert_eq!(harness.due(), steps(1));
        harness.wait();
        harness.respond(vec![topic("t", 1, &[(1 + epoch % 2, epoch)])]);
    }
}

#[test]
fn refresh_after_an_idle_time_is_due_at_once() {
    let mut harness = MetadataHarness::knowing(&[(1, 0)]);
    harness.now += Duration::from_secs(1);
    harness.metadata.refresh(harness.now);
    assert_eq!(harness.due(), Some(Duration::ZERO));
}

#[test]
fn refresh_during_a_request_schedules_one_more() {
    let mut harness = MetadataHarness::knowing(&[(1, 0)]);
    harness.metadata.next_request();
    harness.metadata.refresh(harness.now);
    harness.metadata.on_response(response(&[1, 2, 3], vec![topic("t", 1, &[(1, 0)])]), harness.now);
    assert_eq!(harness.due(), steps(1));
}

#[test]
fn unknown_topic_is_requested_with_a_backoff_while_in_use() {
    let unknown = || vec![failed_topic("t", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)];
    let mut harness = MetadataHarness::new();
    harness.metadata.want("t", harness.now);
    for count in [1, 1, 2, 4] {
        let failed = Change::TopicFailed { name: "t".into(), error: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION };
        assert!(harness.respond(unknown()).contains(&failed));
        assert_eq!(harness.due(), steps(count));
        harness.wait();
    }
    harness.metadata.forget("t");
    harness.respond(vec![]);
    assert_eq!(harness.due(), Some(MAX_AGE));
}

#[test]
fn topic_out_of_use_is_not_requested_again() {
    let denied = || failed_topic("denied", ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    let mut harness = MetadataHarness::knowing(&[(1, 0)]);
    harness.metadata.want("denied", harness.now);
    harness.respond(vec![topic("t", 1, &[(1, 0)]), denied()]);
    harness.metadata.forget("denied");
    assert_eq!(harness.due(), Some(MAX_AGE));
    // Incomplete other topics, and a refresh that was requested meanwhile, are.
    harness.metadata.want("denied", harness.now);
    harness.respond(vec![topic("t", 1, &[(-1, 0)]), denied()]);
    harness.metadata.forget("denied");
    assert_eq!(harness.due(), steps(1));
    harness.metadata.want("denied", harness.now);
    harness.respond(vec![topic("t", 1, &[(1, 1)]), denied()]);
    harness.metadata.refresh(harness.now);
    harness.metadata.forget("denied");
    assert_eq!(harness.due(), steps(1));
}

#[test]
fn topic_absent_from_a_response_is_requested_again() {
    let mut harness = MetadataHarness::new();
    harness.metadata.want("t", harness.now);
    harness.respond(vec![]);
    assert_eq!(harness.due(), steps(1));
}

#[test]
fn known_brokers_take_turns_as_first_candidate_and_bootstrap_servers_come_last() {
    let mut harness = MetadataHarness::new();
    assert_eq!(harness.candidates(), ["boot-1", "boot-2"]);
    harness.metadata.on_response(response(&[1, 2, 3], vec![]), harness.now);
    assert_eq!(harness.candidates(), ["broker-1", "broker-2", "broker-3", "boot-1", "boot-2"]);
    harness.metadata.on_failure(harness.now);
    assert_eq!(harness.candidates(), ["broker-2", "broker-3", "broker-1", "boot-1", "boot-2"]);
    harness.metadata.on_failure(harness.now);
    assert_eq!(harness.candidates(), ["broker-3", "broker-1", "broker-2", "boot-1", "boot-2"]);
    harness.metadata.on_failure(harness.now);
    assert_eq!(harness.candidates()[0], "broker-1");
}

#[test]
fn bootstrap_servers_are_among_the_first_candidates_of_a_large_cluster() {
    let mut harness = MetadataHarness::new();
    let brokers: Vec<i32> = (0..1000).collect();
    harness.respond_with(response(&brokers, vec![]));
    assert!(harness.candidates().iter().position(|host| host == "boot-1").unwrap() < 10);
}

#[test]
fn broker_that_is_a_bootstrap_server_is_one_candidate() {
    let mut harness = MetadataHarness::new();
    harness.respond_with(MetadataResponse { brokers: vec![broker(1, "boot-2", 9092)], ..Default::default() });
    assert_eq!(harness.candidates(), ["boot-2", "boot-1"]);
}

#[test]
fn response_with_an_error_code_counts_as_a_failed_attempt() {
    let mut harness = MetadataHarness::knowing(&[(1, 0)]);
    let error_code = ErrorCode::UNKNOWN_SERVER_ERROR;
    let response = MetadataResponse { error_code, ..response(&[1], vec![topic("t", 1, &[(3, 9)])]) };
    assert_eq!(harness.respond_with(response), []);
    assert_eq!(harness.leaders(), [(1, 0)]);
    assert_eq!(harness.due(), steps(1));
}

#[test]
fn topic_with_fewer_partitions_than_expected_is_requested_until_the_wait_ends() {
    let mut harness = MetadataHarness::knowing(&[(1, 0), (2, 0)]);
    assert_eq!(harness.due(), Some(MAX_AGE));
    harness.metadata.expect("t", 3, harness.now);
    for count in [1, 1, 2, 4] {
        assert_eq!(harness.due(), steps(count));
        harness.wait();
        harness.respond(vec![topic("t", 1, &[(1, 0), (2, 0)])]);
    }
    harness.metadata.expect("t", 0, harness.now);
    harness.wait();
    harness.respond(vec![topic("t", 1, &[(1, 0), (2, 0)])]);
    assert_eq!(harness.due(), Some(MAX_AGE));
}

#[test]
fn topic_without_partitions_is_requested_until_it_has_one() {
    let mut harness = MetadataHarness::knowing(&[]);
    assert_eq!(harness.due(), steps(1));
    harness.wait();
    harness.respond(vec![topic("t", 1, &[(1, 0)])]);
    assert_eq!(harness.due(), Some(MAX_AGE));
}
