//! Peers in memory.

use std::collections::BTreeSet;

use milena_tests::hostile::{Ground, Peer, assert_all, beside, meet, peers};

/// What comes of it is what the script says, in time, in words.
async fn alone(list: Vec<Peer>) {
    let broker = Ground::address(1);
    assert_all(&list, async |peer: &Peer| meet(peer).await.fault(peer.ends, &broker)).await;
}

#[tokio::test(start_paused = true)]
async fn impossible_length_is_an_error_within_the_time_limit() {
    alone(peers::lengths()).await;
}

#[tokio::test(start_paused = true)]
async fn impossible_count_is_an_error_within_the_time_limit() {
    alone(peers::counts()).await;
}

#[tokio::test(start_paused = true)]
async fn malformed_text_is_an_error_that_does_not_repeat_it() {
    alone(peers::text()).await;
}

#[tokio::test(start_paused = true)]
async fn response_to_another_request_is_an_error_within_the_time_limit() {
    alone(peers::identity()).await;
}

#[tokio::test(start_paused = true)]
async fn impossible_acknowledgement_is_rejected() {
    alone(peers::produce()).await;
}

#[tokio::test(start_paused = true)]
async fn impossible_metadata_is_rejected() {
    alone(peers::metadata()).await;
}

#[tokio::test(start_paused = true)]
async fn silent_peer_is_given_up_within_the_time_limit() {
    alone(peers::silence()).await;
}

#[tokio::test(start_paused = true)]
async fn closing_peer_is_named_in_the_error() {
    alone(peers::closing()).await;
}

#[tokio::test(start_paused = true)]
async fn peer_that_violates_the_sasl_exchange_gets_no_proof() {
    alone(peers::sasl()).await;
}

#[tokio::test(start_paused = true)]
async fn no_credentials_are_sent_to_a_server_that_fails_tls_verification() {
    alone(peers::tls()).await;
}

#[tokio::test(start_paused = true)]
async fn healthy_broker_beside_a_hostile_peer_is_not_affected() {
    assert_all(&peers::all(), beside).await;
}

#[test]
fn hostile_peers_have_unique_names() {
    let all = peers::all();
    let names: BTreeSet<_> = all.iter().map(|peer| peer.name).collect();
    assert_eq!(names.len(), all.len());
    assert!(names.len() > 80, "{} peers", names.len());
}
