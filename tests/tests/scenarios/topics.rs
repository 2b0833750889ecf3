//! Topics that cannot be sent to yet.

use std::time::Duration;

use futures_util::future::join;
use milena_fake::Cluster;
use milena_tests::{ClusterHarness, within};
use tokio::time::sleep;

#[tokio::test(start_paused = true)]
async fn record_of_a_topic_without_partitions_waits_until_there_is_one() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 0)).await;
    let producer = harness.connect().await;
    let growing = async {
        sleep(Duration::from_secs(20)).await;
        harness.grow_topic("t", 1);
    };
    let (sent, ()) = within(join(producer.send(("t", "k", "v")), growing)).await;
    assert_eq!(sent.unwrap().offset, 0);
}
