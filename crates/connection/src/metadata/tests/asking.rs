//! When a question goes out, whom it goes to, and what it asks.

use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::message::MetadataResponse;

use super::story::{MAX_AGE, Story, broker, failed_topic, response, steps, topic};
use crate::metadata::Change;

#[test]
fn only_the_topics_in_use_are_asked_for() {
    let mut story = Story::new();
    for name in ["b", "a", "gone"] {
        story.metadata.want(name, story.now);
    }
    story.metadata.forget("gone");
    let (_, request) = story.metadata.ask(story.now);
    let names: Vec<_> = request.topics.unwrap().into_iter().filter_map(|topic| topic.name).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(!request.allow_auto_topic_creation);
}

#[test]
fn nothing_is_due_while_a_question_is_out() {
    let mut story = Story::new();
    assert_eq!(story.due(), Some(Duration::ZERO));
    story.metadata.ask(story.now);
    assert_eq!(story.due(), None);
    story.metadata.refresh(story.now);
    story.metadata.want("t", story.now);
    assert_eq!(story.due(), None);
}

#[test]
fn everything_is_asked_again_when_it_is_old() {
    let mut story = Story::knowing(&[(1, 0)]);
    for _ in 0..3 {
        assert_eq!(story.due(), Some(MAX_AGE));
        story.wait();
        assert_eq!(story.hear(vec![topic("t", 1, &[(1, 0)])]), []);
    }
}

#[test]
fn a_new_topic_is_asked_for_at_once() {
    let mut story = Story::knowing(&[(1, 0)]);
    story.metadata.want("t", story.now);
    assert_eq!(story.due(), Some(MAX_AGE), "a topic in use is not new");
    story.metadata.want("new", story.now);
    assert_eq!(story.due(), Some(Duration::ZERO));
}

#[test]
fn a_topic_that_is_new_while_a_question_is_out_is_asked_for_right_after_it() {
    let mut story = Story::new();
    story.metadata.ask(story.now);
    story.metadata.want("t", story.now);
    story.metadata.answered(response(&[1], vec![]), story.now);
    assert_eq!(story.due(), Some(Duration::ZERO));
}

#[test]
fn a_new_topic_does_not_hurry_a_cluster_that_does_not_answer() {
    let mut story = Story::new();
    story.fail();
    story.metadata.want("t", story.now);
    assert_eq!(story.due(), steps(1));
}

#[test]
fn failed_attempts_back_off() {
    let mut story = Story::new();
    for count in [1, 2, 4, 8] {
        story.fail();
        assert_eq!(story.due(), steps(count));
        story.wait();
    }
    story.hear(vec![]);
    story.fail();
    assert_eq!(story.due(), steps(1), "an answer with news began the backoff anew");
}

#[test]
fn failures_and_answers_that_change_nothing_share_one_backoff() {
    let leaderless = || vec![topic("t", 1, &[(-1, 0)])];
    let mut story = Story::new();
    story.metadata.want("t", story.now);
    story.hear(leaderless());
    let mut waits = Vec::new();
    for turn in 0..6 {
        waits.push(story.due());
        story.wait();
        if turn % 2 == 0 {
            story.hear(leaderless());
        } else {
            story.fail();
        }
    }
    // The first two answers each wait for the first step: one had news, one did not.
    assert_eq!(waits, [1, 1, 2, 4, 8, 16].map(steps));
}

#[test]
fn a_new_topic_does_not_begin_the_backoff_of_the_others_anew() {
    let mut story = Story::knowing(&[(-1, 0)]);
    for count in [1, 1, 2] {
        assert_eq!(story.due(), steps(count));
        story.wait();
        story.hear(vec![topic("t", 1, &[(-1, 0)])]);
    }
    story.metadata.want("unknown", story.now);
    assert_eq!(story.due(), Some(Duration::ZERO));
    story.hear(vec![topic("t", 1, &[(-1, 0)])]);
    assert_eq!(story.due(), steps(4));
}

#[test]
fn a_leader_that_is_back_ends_the_asking() {
    let mut story = Story::knowing(&[(-1, 0)]);
    assert_eq!(story.due(), steps(1));
    story.wait();
    story.hear(vec![topic("t", 1, &[(2, 1)])]);
    assert_eq!(story.due(), Some(MAX_AGE));
}

#[test]
fn a_flapping_leader_is_not_asked_about_without_pause() {
    let mut story = Story::knowing(&[(1, 0)]);
    for epoch in 1..10 {
        story.metadata.refresh(story.now);
        assert_eq!(story.due(), steps(1));
        story.wait();
        story.hear(vec![topic("t", 1, &[(1 + epoch % 2, epoch)])]);
    }
}

#[test]
fn a_refresh_after_a_quiet_time_goes_out_at_once() {
    let mut story = Story::knowing(&[(1, 0)]);
    story.now += Duration::from_secs(1);
    story.metadata.refresh(story.now);
    assert_eq!(story.due(), Some(Duration::ZERO));
}

#[test]
fn a_refresh_while_a_question_is_out_asks_once_more() {
    let mut story = Story::knowing(&[(1, 0)]);
    story.metadata.ask(story.now);
    story.metadata.refresh(story.now);
    story.metadata.answered(response(&[1, 2, 3], vec![topic("t", 1, &[(1, 0)])]), story.now);
    assert_eq!(story.due(), steps(1));
}

#[test]
fn an_unknown_topic_is_asked_for_with_a_backoff_while_it_is_in_use() {
    let unknown = || vec![failed_topic("t", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)];
    let mut story = Story::new();
    story.metadata.want("t", story.now);
    for count in [1, 1, 2, 4] {
        let failed = Change::TopicFailed { name: "t".into(), error: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION };
        assert!(story.hear(unknown()).contains(&failed));
        assert_eq!(story.due(), steps(count));
        story.wait();
    }
    story.metadata.forget("t");
    story.hear(vec![]);
    assert_eq!(story.due(), Some(MAX_AGE));
}

#[test]
fn a_topic_out_of_use_is_not_asked_about_once_more() {
    let refused = || failed_topic("refused", ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    let mut story = Story::knowing(&[(1, 0)]);
    story.metadata.want("refused", story.now);
    story.hear(vec![topic("t", 1, &[(1, 0)]), refused()]);
    story.metadata.forget("refused");
    assert_eq!(story.due(), Some(MAX_AGE));
    // Others that lack something are, and so is a need that came up meanwhile.
    story.metadata.want("refused", story.now);
    story.hear(vec![topic("t", 1, &[(-1, 0)]), refused()]);
    story.metadata.forget("refused");
    assert_eq!(story.due(), steps(1));
    story.metadata.want("refused", story.now);
    story.hear(vec![topic("t", 1, &[(1, 1)]), refused()]);
    story.metadata.refresh(story.now);
    story.metadata.forget("refused");
    assert_eq!(story.due(), steps(1));
}

#[test]
fn a_topic_that_the_answer_leaves_out_is_asked_for_again() {
    let mut story = Story::new();
    story.metadata.want("t", story.now);
    story.hear(vec![]);
    assert_eq!(story.due(), steps(1));
}

#[test]
fn known_brokers_are_asked_in_turn_and_the_bootstrap_servers_last() {
    let mut story = Story::new();
    assert_eq!(story.asked(), ["boot-1", "boot-2"]);
    story.metadata.answered(response(&[1, 2, 3], vec![]), story.now);
    assert_eq!(story.asked(), ["broker-1", "broker-2", "broker-3", "boot-1", "boot-2"]);
    story.metadata.failed(story.now);
    assert_eq!(story.asked(), ["broker-2", "broker-3", "broker-1", "boot-1", "boot-2"]);
    story.metadata.failed(story.now);
    assert_eq!(story.asked(), ["broker-3", "broker-1", "broker-2", "boot-1", "boot-2"]);
    story.metadata.failed(story.now);
    assert_eq!(story.asked()[0], "broker-1");
}

#[test]
fn a_large_cluster_that_is_gone_does_not_keep_the_bootstrap_servers_from_being_asked() {
    let mut story = Story::new();
    let brokers: Vec<i32> = (0..1000).collect();
    story.hear_response(response(&brokers, vec![]));
    assert!(story.asked().iter().position(|host| host == "boot-1").unwrap() < 10);
}

#[test]
fn a_broker_that_is_a_bootstrap_server_is_asked_once() {
    let mut story = Story::new();
    story.hear_response(MetadataResponse { brokers: vec![broker(1, "boot-2", 9092)], ..Default::default() });
    assert_eq!(story.asked(), ["boot-2", "boot-1"]);
}

#[test]
fn an_answer_that_is_an_error_counts_as_a_failed_attempt() {
    let mut story = Story::knowing(&[(1, 0)]);
    let error_code = ErrorCode::UNKNOWN_SERVER_ERROR;
    let answer = MetadataResponse { error_code, ..response(&[1], vec![topic("t", 1, &[(3, 9)])]) };
    assert_eq!(story.hear_response(answer), []);
    assert_eq!(story.leaders(), [(1, 0)]);
    assert_eq!(story.due(), steps(1));
}

#[test]
fn a_topic_with_fewer_partitions_than_callers_wait_for_is_asked_about_until_they_do_not() {
    let mut story = Story::knowing(&[(1, 0), (2, 0)]);
    assert_eq!(story.due(), Some(MAX_AGE));
    story.metadata.expect("t", 3, story.now);
    for count in [1, 1, 2, 4] {
        assert_eq!(story.due(), steps(count));
        story.wait();
        story.hear(vec![topic("t", 1, &[(1, 0), (2, 0)])]);
    }
    story.metadata.expect("t", 0, story.now);
    story.wait();
    story.hear(vec![topic("t", 1, &[(1, 0), (2, 0)])]);
    assert_eq!(story.due(), Some(MAX_AGE));
}

#[test]
fn a_topic_without_partitions_is_asked_about_until_it_has_one() {
    let mut story = Story::knowing(&[]);
    assert_eq!(story.due(), steps(1));
    story.wait();
    story.hear(vec![topic("t", 1, &[(1, 0)])]);
    assert_eq!(story.due(), Some(MAX_AGE));
}
