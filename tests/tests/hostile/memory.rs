//! Peers in memory.

use std::collections::BTreeSet;

use milena_tests::hostile::{Ground, Peer, assert_all, beside, meet, peers};

/// What comes of it is what the script says, in time, in words.
async fn alone(list: Vec<Peer>) {
    let broker = Ground::address(1);
    assert_all(&list, async |peer: &Peer| meet(peer).await.fault(peer.ends, &broker)).await;
}

#[tokio::test(start_paused = true)]
async fn a_length_that_cannot_be_is_an_error_in_time() {
    alone(peers::lengths()).await;
}

#[tokio::test(start_paused = true)]
async fn a_count_that_cannot_be_is_an_error_in_time() {
    alone(peers::counts()).await;
}

#[tokio::test(start_paused = true)]
async fn words_that_are_none_are_an_error_without_them() {
    alone(peers::text()).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_another_question_is_an_error_in_time() {
    alone(peers::identity()).await;
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_that_cannot_be_is_not_believed() {
    alone(peers::produce()).await;
}

#[tokio::test(start_paused = true)]
async fn a_description_that_cannot_be_is_not_believed() {
    alone(peers::metadata()).await;
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_not_waited_for_for_ever() {
    alone(peers::silence()).await;
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_is_named() {
    alone(peers::closing()).await;
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_a_proof_and_does_not_play_by_the_rules_gets_none() {
    alone(peers::sasl()).await;
}

#[tokio::test(start_paused = true)]
async fn who_is_not_who_he_should_be_by_tls_hears_nothing() {
    alone(peers::tls()).await;
}

#[tokio::test(start_paused = true)]
async fn an_honest_broker_beside_any_of_them_goes_on() {
    assert_all(&peers::all(), beside).await;
}

#[test]
fn there_are_many_and_no_two_of_a_name() {
    let all = peers::all();
    let names: BTreeSet<_> = all.iter().map(|peer| peer.name).collect();
    assert_eq!(names.len(), all.len());
    assert!(names.len() > 80, "{} peers", names.len());
}
