//! The memory that a producer keeps for idle topics: none for topics without a handle.
//!
//! A counting allocator is looked at before a producer is closed and after that: the difference is what it held. One test,
//! because the allocator counts for the whole process.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

use std::alloc::System;
use std::time::Duration;

use futures_util::future::join_all;
use milena::Producer;
use milena_fake::{Cluster, Keep};
use milena_tests::{ClusterHarness, within};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::time::sleep;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const TOPICS: usize = 2_000;
/// Topics that are written to all the time.
const USED: usize = 5;
const MINUTE: Duration = Duration::from_secs(60);
/// Twice `metadata.max.idle.ms`, as it is unless set, and a minute: by then an idle topic is forgotten.
const IDLE_MINUTES: u64 = 11;
/// What lists that were long once may keep of each topic: their places. A topic that is known takes over a kilobyte.
const PLACES_BYTES: usize = 150;

#[tokio::test(start_paused = true)]
async fn producer_holds_nothing_of_topics_that_are_idle() {
    held(USED, false, 0).await;
    let five = held(USED, false, IDLE_MINUTES).await;
    let all = held(TOPICS, false, 0).await;
    let idle = held(TOPICS, false, IDLE_MINUTES).await;
    let handles = held(TOPICS, true, IDLE_MINUTES).await;
    println!("{five} bytes with {USED} topics, {all} with {TOPICS}, {idle} once they are idle");
    println!("{handles} once they are idle after their handles were dropped");
    assert!(all > five + (TOPICS - USED) * 1_000, "the topics are seen: {all}, {five}");
    assert!(idle < five + (TOPICS - USED) * PLACES_BYTES, "{idle}, {five}");
    assert!(handles < five + (TOPICS - USED) * PLACES_BYTES, "{handles}, {five}");
}

/// What a producer holds after it wrote to so many topics, some of them for so many minutes more. Their handles may be held
/// before that, for as long.
async fn held(topics: usize, by_handles: bool, minutes: u64) -> usize {
    let builder = Cluster::builder().brokers(1).keep(Keep::Nothing).auto_create(false);
    let builder = (0..topics).fold(builder, |builder, topic| builder.topic(&name(topic), 1));
    let harness = ClusterHarness::in_memory(builder).await;
    let producer = harness.connect().await;
    let names: Vec<String> = (0..topics).map(name).collect();
    let handles = within(join_all(names.iter().map(|name| producer.topic(name)))).await;
    for handle in &handles {
        within(handle.as_ref().unwrap().send(None, Some(b"v"))).await.unwrap();
    }
    if by_handles {
        use_some(&producer, minutes).await;
    }
    drop((handles, names));
    use_some(&producer, minutes).await;
    let before = live();
    producer.close().await.unwrap();
    drop(producer);
    before.saturating_sub(live())
}

async fn use_some(producer: &Producer, minutes: u64) {
    for _ in 0..minutes {
        for topic in 0..USED {
            within(producer.send((name(topic), "v"))).await.unwrap();
        }
        sleep(MINUTE).await;
    }
}

fn name(topic: usize) -> String {
    format!("topic-{topic}")
}

/// Bytes that are allocated now.
fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}
