//! Clusters whose brokers have no version of a needed request in common with the client: the first attempt says so, with
//! the side that is too old; and what the error begins with where a cluster was found, and no producer came about.

use std::ops::RangeInclusive;
use std::time::Duration;

use milena::{ConnectError, ConnectErrorKind};
use milena_fake::{ApiKey, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, Stopwatch};

use crate::refusals::{check, refused};

async fn harness(api: ApiKey, versions: RangeInclusive<i16>) -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().topic("t", 3).versions(api, versions)).await
}

/// No producer comes about, and the first attempt says so.
async fn refused_at_once(api: ApiKey, versions: RangeInclusive<i16>) -> ConnectError {
    let harness = harness(api, versions).await;
    let watch = Stopwatch::start();
    let error = harness.producer().build().await.unwrap_err();
    assert!(watch.elapsed() < Duration::from_secs(1), "{:?}: {error}", watch.elapsed());
    error
}

/// A range that no version is in: the broker does not know the request.
const NONE: RangeInclusive<i16> = RangeInclusive::new(1, 0);
const OLDER: &str = "the broker is too old";
const NEWER: &str = "the broker is newer than this client";

#[tokio::test(start_paused = true)]
async fn no_version_of_a_needed_request_in_common_fails_at_once_in_the_right_direction() {
    for (api, versions, told) in [
        (ApiKey::PRODUCE, 0..=2, &["Produce", "0-2", OLDER][..]),
        (ApiKey::PRODUCE, 14..=20, &["Produce", "14-20", NEWER]),
        (ApiKey::PRODUCE, NONE, &["Produce", "does not know"]),
        (ApiKey::METADATA, 90..=99, &["Metadata", "90-99", NEWER]),
        (ApiKey::INIT_PRODUCER_ID, 90..=99, &["InitProducerId", NEWER, "`enable.idempotence=false`"]),
        (ApiKey::INIT_PRODUCER_ID, NONE, &["InitProducerId", "does not know", "`enable.idempotence=false`"]),
        (ApiKey::API_VERSIONS, 90..=99, &["ApiVersions", "90-99", NEWER]),
    ] {
        let error = refused_at_once(api, versions).await;
        check(&error, ConnectErrorKind::Unsupported, told);
        assert!(!error.to_string().contains("advertised.listeners"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_needed_may_be_unknown() {
    let harness = harness(ApiKey::INIT_PRODUCER_ID, NONE).await;
    let producer = harness.producer().idempotence(false).build().await.unwrap();
    producer.send(("t", "v")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn advertised_listeners_are_blamed_only_where_no_broker_could_be_dialled() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 3)).await;
    harness.on(ApiKey::INIT_PRODUCER_ID).always().error(ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
    let denied = refused(harness.producer()).await;
    harness.clear_hooks();
    harness.on(ApiKey::INIT_PRODUCER_ID).always().disconnect();
    let dropped = refused(harness.producer()).await;
    harness.clear_hooks();
    harness.on(ApiKey::INIT_PRODUCER_ID).always().error(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS);
    let loading = refused(harness.producer()).await;
    for (error, words) in [
        (denied, "allow WRITE on a topic"),
        (dropped, "the broker closed the connection"),
        (loading, "COORDINATOR_LOAD_IN_PROGRESS"),
    ] {
        let text = error.to_string();
        assert!(text.contains(words) && !text.contains("advertised.listeners"), "{text}");
        assert!(text.contains("described the cluster, and its brokers were reached"), "{text}");
    }
}
