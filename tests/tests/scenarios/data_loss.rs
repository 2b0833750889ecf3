//! Brokers that lose acknowledged records (S12): log and metrics report the loss, and later records are delivered.

use milena::Producer;
use milena_fake::Cluster;
use milena_tests::{ClusterHarness, Log, within};

const REJECTED: &str = "it rejects the sequence behind the last of them";
const OVERWRITTEN: &str = "it appended a new batch at first_offset";

#[tokio::test(start_paused = true)]
async fn broker_that_lost_the_last_records_is_an_error_in_the_log_and_later_records_are_written() {
    let log = Log::default();
    let _guard = log.listen();
    let (harness, producer) = three_written().await;
    harness.truncate("t", 0, 1);
    let ack = within(producer.send(("t", "after"))).await.unwrap();
    assert_eq!(ack.offset, 1);
    within(producer.send(("t", "last"))).await.unwrap();
    assert_eq!(harness.values("t", 0), ["0", "after", "last"]);

    let rejected = log.lines("ERROR", REJECTED);
    assert_eq!(rejected.len(), 1, "{rejected:?}");
    for field in ["broker=1", "topic=t", "partition=0", "last_offset=2", "OUT_OF_ORDER_SEQUENCE_NUMBER"] {
        assert!(rejected[0].contains(field), "{field}: {}", rejected[0]);
    }
    let overwritten = log.lines("ERROR", OVERWRITTEN);
    assert_eq!(overwritten.len(), 1, "{overwritten:?}");
    assert!(overwritten[0].contains("first_offset=1 last_offset=2"), "{}", overwritten[0]);
    assert_eq!(producer.metrics().data_losses, 1, "both lines are about one loss");
    within(producer.close()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn broker_that_lost_all_records_and_its_producers_is_an_error_in_the_log() {
    let log = Log::default();
    let _guard = log.listen();
    let (harness, producer) = three_written().await;
    harness.truncate("t", 0, 0);
    for value in ["after", "last"] {
        within(producer.send(("t", value))).await.unwrap();
    }
    assert_eq!(harness.values("t", 0), ["after", "last"]);
    assert_eq!((log.count("ERROR", REJECTED), log.count("ERROR", OVERWRITTEN)), (0, 1));
    assert_eq!(producer.metrics().data_losses, 1);
    within(producer.close()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn topic_that_is_created_anew_is_no_loss() {
    let log = Log::default();
    let _guard = log.listen();
    let (harness, producer) = three_written().await;
    harness.recreate_topic("t");
    within(producer.send(("t", "after"))).await.unwrap();
    assert_eq!(harness.values("t", 0), ["after"]);
    assert_eq!((log.count("ERROR", ""), producer.metrics().data_losses), (0, 0));
    within(producer.close()).await.unwrap();
}

/// A producer whose first three records were acknowledged.
async fn three_written() -> (ClusterHarness, Producer) {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer = harness.connect().await;
    for value in ["0", "1", "2"] {
        within(producer.send(("t", value))).await.unwrap();
    }
    (harness, producer)
}
