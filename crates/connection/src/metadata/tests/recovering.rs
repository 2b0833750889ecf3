//! When what is known of the brokers is given up, and whose word is not taken.

use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::ids::BrokerId;
use milena_codec::message::MetadataResponse;

use super::story::{REBOOTSTRAP_AFTER, Story, broker, response, steps, topic};
use crate::metadata::{Change, ForeignCluster};

fn begun_again() -> Vec<Change> {
    [Change::Rebootstrap].into_iter().chain([1, 2, 3].map(|id| Change::BrokerGone(BrokerId(id)))).collect()
}

fn required() -> MetadataResponse {
    MetadataResponse { error_code: ErrorCode::REBOOTSTRAP_REQUIRED, ..response(&[1, 2, 3], vec![]) }
}

#[test]
fn a_broker_that_wants_a_rebootstrap_leaves_only_the_bootstrap_servers_and_what_is_known_of_topics() {
    let mut story = Story::knowing(&[(1, 4)]);
    assert_eq!(story.hear_response(required()), begun_again());
    assert_eq!(story.due(), steps(1), "a broker that says nothing else is not asked without pause");
    assert_eq!(story.asked(), ["boot-1", "boot-2"]);
    assert_eq!(story.leaders(), [(1, 4)]);
    let changes = story.metadata.answered(response(&[1, 2, 3], vec![topic("t", 1, &[(2, 3)])]), story.now);
    assert_eq!(changes.len(), 3, "the brokers are new again: {changes:?}");
    assert_eq!(story.leaders(), [(1, 4)], "an older epoch is still an older epoch");
}

#[test]
fn a_long_time_without_an_answer_is_a_rebootstrap() {
    let mut story = Story::knowing(&[(1, 0)]);
    assert_eq!(story.fail(), []);
    story.now += REBOOTSTRAP_AFTER - Duration::from_millis(1);
    assert_eq!(story.fail(), []);
    assert!(story.asked().contains(&"broker-1".to_owned()));
    story.now += Duration::from_millis(1);
    assert_eq!(story.metadata.failed(story.now), begun_again());
    assert_eq!(story.asked(), ["boot-1", "boot-2"]);
}

#[test]
fn an_answer_in_between_begins_the_wait_for_a_rebootstrap_anew() {
    let mut story = Story::knowing(&[(1, 0)]);
    story.fail();
    story.now += REBOOTSTRAP_AFTER / 2;
    story.hear(vec![topic("t", 1, &[(1, 0)])]);
    story.fail();
    story.now += REBOOTSTRAP_AFTER / 2;
    assert_eq!(story.fail(), []);
    story.now += REBOOTSTRAP_AFTER / 2;
    assert_eq!(story.fail(), begun_again());
}

#[test]
fn without_recovery_the_known_brokers_are_all_that_is_asked() {
    let mut story = Story::with(None);
    assert_eq!(story.asked(), ["boot-1", "boot-2"]);
    story.metadata.answered(response(&[1, 2], vec![]), story.now);
    assert_eq!(story.asked(), ["broker-1", "broker-2"]);
    story.metadata.failed(story.now);
    story.now += 100 * REBOOTSTRAP_AFTER;
    assert_eq!(story.fail(), []);
    assert_eq!(story.hear_response(required()), [], "nor when a broker wants it");
    assert_eq!(story.asked(), ["broker-1", "broker-2"].into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn another_cluster_is_not_believed_however_often_it_answers() {
    let mut story = Story::knowing(&[(1, 0)]);
    let foreign = || MetadataResponse {
        cluster_id: Some("other".into()),
        brokers: vec![broker(1, "elsewhere", 9092)],
        topics: vec![topic("t", 2, &[(1, 9)])],
        ..MetadataResponse::default()
    };
    let error = story.metadata.cluster().check(Some("other")).unwrap_err();
    assert_eq!(error, ForeignCluster { known: "cluster".into(), received: "other".into() });
    assert_eq!(story.hear_response(foreign()), []);
    assert_eq!(story.due(), steps(1), "as if nobody had answered");
    assert_eq!(story.leaders(), [(1, 0)]);
    // Not even when nothing else is left.
    story.hear_response(required());
    assert_eq!(story.hear_response(foreign()), []);
    assert_eq!(story.metadata.cluster().as_deref(), Some("cluster"));
    assert!(!story.hear(vec![]).is_empty(), "the cluster itself is");
}

#[test]
fn an_answer_that_does_not_name_its_cluster_is_believed_and_takes_no_name_away() {
    let mut story = Story::new();
    for told in [None, Some(""), Some(&*"x".repeat(256)), Some("cluster"), None] {
        let cluster_id = told.map(str::to_owned);
        story.hear_response(MetadataResponse { cluster_id, ..response(&[1], vec![]) });
        story.wait();
    }
    assert_eq!(story.metadata.cluster().as_deref(), Some("cluster"));
    let error = story.metadata.cluster().check(Some("\u{1b}[31m")).unwrap_err();
    assert!(!error.to_string().contains('\u{1b}'), "{error}");
}
