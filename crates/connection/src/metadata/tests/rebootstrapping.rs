//! Rebootstrap (KIP-1102), and responses of another cluster.

use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::ids::BrokerId;
use milena_codec::message::MetadataResponse;

use super::harness::{MetadataHarness, REBOOTSTRAP_AFTER, broker, response, steps, topic};
use crate::metadata::{Change, ForeignCluster};

fn rebootstrap_changes() -> Vec<Change> {
    [Change::Rebootstrap].into_iter().chain([1, 2, 3].map(|id| Change::BrokerGone(BrokerId(id)))).collect()
}

fn rebootstrap_required() -> MetadataResponse {
    MetadataResponse { error_code: ErrorCode::REBOOTSTRAP_REQUIRED, ..response(&[1, 2, 3], vec![]) }
}

#[test]
fn rebootstrap_required_keeps_only_bootstrap_servers_and_topics() {
    let mut harness = MetadataHarness::knowing(&[(1, 4)]);
    assert_eq!(harness.respond_with(rebootstrap_required()), rebootstrap_changes());
    assert_eq!(harness.due(), steps(1), "the next request waits for the backoff");
    assert_eq!(harness.candidates(), ["boot-1", "boot-2"]);
    assert_eq!(harness.leaders(), [(1, 4)]);
    let changes =
        harness.metadata.on_response(response(&[1, 2, 3], vec![topic("t", 1, &[(2, 3)])]), harness.now);
    assert_eq!(changes.len(), 3, "the brokers are added again: {changes:?}");
    assert_eq!(harness.leaders(), [(1, 4)], "the older epoch is ignored");
}

#[test]
fn metadata_rebootstraps_after_the_trigger_time_without_a_response() {
    let mut harness = MetadataHarness::knowing(&[(1, 0)]);
    assert_eq!(harness.fail(), []);
    harness.now += REBOOTSTRAP_AFTER - Duration::from_millis(1);
    assert_eq!(harness.fail(), []);
    assert!(harness.candidates().contains(&"broker-1".to_owned()));
    harness.now += Duration::from_millis(1);
    assert_eq!(harness.metadata.on_failure(harness.now), rebootstrap_changes());
    assert_eq!(harness.candidates(), ["boot-1", "boot-2"]);
}

#[test]
fn response_resets_the_rebootstrap_trigger() {
    let mut harness = MetadataHarness::knowing(&[(1, 0)]);
    harness.fail();
    harness.now += REBOOTSTRAP_AFTER / 2;
    harness.respond(vec![topic("t", 1, &[(1, 0)])]);
    harness.fail();
    harness.now += REBOOTSTRAP_AFTER / 2;
    assert_eq!(harness.fail(), []);
    harness.now += REBOOTSTRAP_AFTER / 2;
    assert_eq!(harness.fail(), rebootstrap_changes());
}

#[test]
fn only_known_brokers_are_candidates_without_recovery() {
    let mut harness = MetadataHarness::with(None);
    assert_eq!(harness.candidates(), ["boot-1", "boot-2"]);
    harness.metadata.on_response(response(&[1, 2], vec![]), harness.now);
    assert_eq!(harness.candidates(), ["broker-1", "broker-2"]);
    harness.metadata.on_failure(harness.now);
    harness.now += 100 * REBOOTSTRAP_AFTER;
    assert_eq!(harness.fail(), []);
    assert_eq!(harness.respond_with(rebootstrap_required()), [], "REBOOTSTRAP_REQUIRED is ignored too");
    assert_eq!(harness.candidates(), ["broker-1", "broker-2"].into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn responses_of_another_cluster_are_always_ignored() {
    let mut harness = MetadataHarness::knowing(&[(1, 0)]);
    let foreign = || MetadataResponse {
        cluster_id: Some("other".into()),
        brokers: vec![broker(1, "elsewhere", 9092)],
        topics: vec![topic("t", 2, &[(1, 9)])],
        ..MetadataResponse::default()
    };
    let error = harness.metadata.cluster_id().check(Some("other")).unwrap_err();
    assert_eq!(error, ForeignCluster { known: "cluster".into(), received: "other".into() });
    assert_eq!(harness.respond_with(foreign()), []);
    assert_eq!(harness.due(), steps(1), "as after a failed attempt");
    assert_eq!(harness.leaders(), [(1, 0)]);
    // Also while only bootstrap servers are left.
    harness.respond_with(rebootstrap_required());
    assert_eq!(harness.respond_with(foreign()), []);
    assert_eq!(harness.metadata.cluster_id().as_deref(), Some("cluster"));
    assert!(!harness.respond(vec![]).is_empty(), "the response of the known cluster applies");
}

#[test]
fn response_without_a_cluster_id_applies_and_keeps_the_known_id() {
    let mut harness = MetadataHarness::new();
    for id in [None, Some(""), Some(&*"x".repeat(256)), Some("cluster"), None] {
        let cluster_id = id.map(str::to_owned);
        harness.respond_with(MetadataResponse { cluster_id, ..response(&[1], vec![]) });
        harness.wait();
    }
    assert_eq!(harness.metadata.cluster_id().as_deref(), Some("cluster"));
    let error = harness.metadata.cluster_id().check(Some("\u{1b}[31m")).unwrap_err();
    assert!(!error.to_string().contains('\u{1b}'), "{error}");
}
