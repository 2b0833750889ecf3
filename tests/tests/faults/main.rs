//! What goes wrong between a producer and its brokers, and that every record stands in the log exactly once, in order,
//! all the same. The clock is paused: hours pass in seconds, and a run can be repeated.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod acks_0;
mod answers;
mod brokers;
mod budget;
mod codes;
mod deadlines;
mod determinism;
mod doubt;
mod error_codes;
mod giving_way;
mod late;
mod late_take_up;
mod lies;
mod links;
mod look_ups;
mod obstacles;
mod recovery;
mod restarts;
mod short_patience;
mod slow;
mod soak;
mod stale_topics;
mod texts;
mod throttling;
mod topics;
mod versions;
mod windows;

use std::time::Duration;

use futures_util::future::join;
use milena::Producer;
use milena_fake::Cluster;
use milena_tests::{ClusterHarness, Load, assert_exactly_once, within};

/// Three brokers, each of which leads one partition of topic `t`.
async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().topic("t", 3)).await
}

/// A load with something done to every so manieth Produce request.
async fn under_load(harness: &ClusterHarness, producer: &Producer, spoil: impl Fn(&ClusterHarness)) {
    let spoiling = async {
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(90)).await;
            spoil(harness);
        }
    };
    let (sent, ()) = within(join(Load::of(20_000).send(producer), spoiling)).await;
    assert_exactly_once(harness, "t", &sent);
    assert!(producer.metrics().retries > 0, "{:?}", producer.metrics());
}
