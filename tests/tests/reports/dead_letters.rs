//! Records that fail are put aside: in a topic, in a file, by a function.

use std::sync::{Arc, Mutex};

use milena::{ConnectErrorKind, DeadLetters, Driver, Record};
use milena_fake::{ApiKey, Cluster, ErrorCode};
use milena_tests::ClusterHarness;

use super::{full, harness, reject};

#[tokio::test]
async fn failed_records_are_written_to_the_topic_before_close_returns() {
    let harness = sockets().await;
    let builder = harness.producer().dead_letters(DeadLetters::topic("dead"));
    let producer = builder.driver(Driver::Thread).build().await.unwrap();
    harness.on(ApiKey::PRODUCE).times(1).error(ErrorCode::INVALID_RECORD);
    producer.send(full(1)).await.unwrap_err();
    producer.send(full(2)).await.unwrap();
    producer.close().await.unwrap_err();

    let dead = harness.log("dead", 0);
    assert_eq!(dead.len(), 1);
    assert_eq!(
        (dead[0].key.as_deref(), dead[0].value.as_deref()),
        (Some(&b"key-1"[..]), Some(&b"value-1"[..]))
    );
    let header = |name: &str| {
        let header = dead[0].headers.iter().find(|header| header.name == name);
        header.and_then(|header| header.value.clone()).map(|value| String::from_utf8(value.to_vec()).unwrap())
    };
    assert_eq!(header("dead-letter.topic").as_deref(), Some("t"));
    assert_eq!(header("dead-letter.partition").as_deref(), Some("1"));
    assert_eq!(header("dead-letter.timestamp").as_deref(), Some("1001"));
    assert_eq!(header("dead-letter.persisted").as_deref(), Some("no"));
    assert!(header("dead-letter.error").is_some_and(|error| error.contains("INVALID_RECORD")));
    assert_eq!(header("h").as_deref(), Some("1"));
}

#[tokio::test]
async fn many_dead_letters_need_no_room_of_the_records_that_failed() {
    let harness = sockets().await;
    let builder = harness.producer().property("buffer.memory", "100000").unwrap();
    let producer = builder.dead_letters(DeadLetters::topic("dead")).build().await.unwrap();
    harness.on(ApiKey::PRODUCE).topic("t").always().error(ErrorCode::INVALID_RECORD);
    for tag in 0..500 {
        drop(producer.enqueue(full(tag).value(vec![b'x'; 1_000])).await.unwrap());
    }
    producer.close().await.unwrap_err();
    assert_eq!(harness.log("dead", 0).len(), 500);
}

#[tokio::test]
async fn failed_records_are_lines_of_json_in_the_file() {
    let harness = harness().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dead.jsonl");
    let producer = harness.producer().dead_letters(DeadLetters::file(&path)).build().await.unwrap();
    reject(&harness);
    producer.send_all((0..3).map(full)).await;
    producer.close().await.unwrap_err();
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[2]["key"], &lines[2]["value"]), (&"key-2".into(), &"value-2".into()));
}

#[tokio::test]
async fn file_that_cannot_be_opened_fails_the_build() {
    let harness = harness().await;
    let folder = tempfile::tempdir().unwrap();
    let error = harness.producer().dead_letters(DeadLetters::file(folder.path())).build().await.unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::Config);
    assert!(error.to_string().contains("dead letters"), "{error}");
}

#[tokio::test]
async fn function_has_each_record_with_its_error() {
    let harness = harness().await;
    let taken = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&taken);
    let take = DeadLetters::call(move |record: Record, error| {
        note.lock().unwrap().push((record, error.kind().name()));
    });
    let producer = harness.producer().dead_letters(take).build().await.unwrap();
    reject(&harness);
    producer.send(full(5)).await.unwrap_err();
    producer.close().await.unwrap_err();
    assert_eq!(*taken.lock().unwrap(), [(full(5), "invalid_record")]);
}

/// The producer of the dead letters has a thread of its own, on which no connection in memory is made.
async fn sockets() -> ClusterHarness {
    ClusterHarness::on_sockets(Cluster::builder().brokers(1).topic("t", 3).topic("dead", 1)).await
}
