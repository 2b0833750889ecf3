//! Leaders and followers: who is asked, and who has to have a batch.

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, LeaderEpoch};
use milena_codec::message::{ApiKey, ProduceResponse};
use milena_fake::{Action, Cluster, TopicConfig};

use crate::client::*;

#[tokio::test]
async fn not_leader_response_names_the_leader_since_version_10() {
    let cluster = Cluster::builder().brokers(2).topic("t", 1).in_memory().wall_clock_ms(NOW_MS);
    let cluster = cluster.start().await.unwrap();
    cluster.bump_epoch("t", 0);
    let mut wire = Wire::to(&cluster, 2);
    let mut ask =
        async |acks, version| -> ProduceResponse { wire.call(&to_t(acks, batch(&["a"])), version).await };
    let answer = ask(-1, 9).await;
    assert!(answer.node_endpoints.is_empty());
    assert_eq!(one(answer).error_code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    assert_eq!(one(ask(1, 9).await).error_code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    let answer = ask(-1, 10).await;
    let nodes: Vec<_> = answer.node_endpoints.iter().map(|node| (node.node_id, node.host.clone())).collect();
    assert_eq!(nodes, [(BrokerId(1), "broker-1".to_owned())]);
    let leader = one(answer).current_leader;
    assert_eq!((leader.leader_id, leader.leader_epoch), (BrokerId(1), LeaderEpoch(1)));
    let by_id = to("", cluster.topic_id("t").unwrap(), -1, vec![(0, Some(batch(&["a"]).into()))]);
    let answer = wire.call(&by_id, 13).await;
    assert_eq!(answer.node_endpoints.len(), 1);
    assert_eq!(one(answer).current_leader.leader_id, BrokerId(1));
    cluster.no_leader("t", 0);
    let answer = wire.call(&by_id, 13).await;
    assert!(answer.node_endpoints.is_empty());
    assert_eq!(one(answer).current_leader.leader_id, BrokerId::NONE);
}

#[tokio::test]
async fn not_enough_replicas_after_append_has_the_offset() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    wire.code(batch(&["before"])).await;
    cluster.on(ApiKey::PRODUCE).topic("t").apply_then(Action::error(ErrorCode::REQUEST_TIMED_OUT));
    let answer = wire.produce(batch(&["a"]), 9).await;
    assert_eq!((answer.error_code, answer.base_offset), (ErrorCode::REQUEST_TIMED_OUT, 1));
    assert_eq!(cluster.record_count(), 2);
}

#[tokio::test]
async fn too_few_replicas_in_sync_reject_acks_all_alone() {
    let cluster = Cluster::builder().brokers(2).topic("t", 1).in_memory().wall_clock_ms(NOW_MS);
    let cluster = cluster.start().await.unwrap();
    cluster.configure_topic("t", TopicConfig { min_insync_replicas: 9, ..TopicConfig::default() });
    let mut wire = Wire::to(&cluster, 1);
    assert_eq!(wire.code(batch(&["a"])).await, ErrorCode::NONE, "capped at the count of replicas");
    cluster.set_isr("t", 0, 1);
    assert_eq!(wire.code(batch(&["a"])).await, ErrorCode::NOT_ENOUGH_REPLICAS);
    assert_eq!(one(wire.call(&to_t(1, batch(&["a"])), 9).await).error_code, ErrorCode::NONE);
}
