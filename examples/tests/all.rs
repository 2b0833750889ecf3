//! Each example on the fake cluster: what it says that it does.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]
#![allow(dead_code, unreachable_pub, reason = "the examples are programs of their own")]

#[path = "../blocking.rs"]
mod blocking;
#[path = "../dead_letters.rs"]
mod dead_letters;
#[path = "../event_log.rs"]
mod event_log;
#[path = "../interceptor.rs"]
mod interceptor;
#[path = "../reports.rs"]
mod reports;

use milena_fake::{ApiKey, Cluster, ErrorCode};

async fn cluster() -> Cluster {
    Cluster::builder().topic("events", 3).topic("events.failed", 1).start().await.unwrap()
}

fn values(cluster: &Cluster, topic: &str) -> Vec<String> {
    let logs = (0..3).flat_map(|partition| cluster.log(topic, partition));
    logs.map(|record| String::from_utf8(record.value.unwrap().to_vec()).unwrap()).collect()
}

#[tokio::test]
async fn event_log_stores_events_in_order() {
    let cluster = cluster().await;
    event_log::run(&cluster.bootstrap_servers()).await.unwrap();
    assert_eq!(values(&cluster, "events"), ["signed in", "put 3 apples in the cart", "paid"]);
}

#[tokio::test]
async fn reports_count_all_events() {
    let cluster = cluster().await;
    assert_eq!(reports::run(&cluster.bootstrap_servers()).await.unwrap(), (1_000, 0));
    assert_eq!(cluster.record_count(), 1_000);
}

#[tokio::test]
async fn failed_event_is_a_dead_letter() {
    let cluster = cluster().await;
    cluster.on(ApiKey::PRODUCE).times(1).error(ErrorCode::INVALID_RECORD);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dead.jsonl");
    dead_letters::run(&cluster.bootstrap_servers(), &file).await.unwrap();
    assert_eq!(
        (values(&cluster, "events"), values(&cluster, "events.failed")),
        (vec!["good".into()], vec!["bad".into()])
    );
    assert!(std::fs::read_to_string(file).unwrap().contains("\"value\":\"bad\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_share_a_producer() {
    let cluster = cluster().await;
    let servers = cluster.bootstrap_servers();
    tokio::task::spawn_blocking(move || blocking::run(&servers)).await.unwrap().unwrap();
    assert_eq!(cluster.record_count(), 400);
}

#[tokio::test]
async fn interceptor_gives_ids() {
    let cluster = cluster().await;
    assert_eq!(interceptor::run(&cluster.bootstrap_servers()).await.unwrap(), 10);
    let records = (0..3).flat_map(|partition| cluster.log("events", partition));
    assert!(records.map(|record| record.headers.len()).eq([1; 10]));
}
