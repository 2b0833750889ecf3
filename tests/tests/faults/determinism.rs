//! A run can be repeated: the same seed leads to the same requests, at the same times, byte by byte.

use std::time::Duration;

use futures_util::future::join;
use milena::Record;
use milena_fake::{Action, ApiKey, Brokers, Cluster, ErrorCode, JournalEntry};
use milena_tests::{ClusterHarness, Tag, within};
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);

/// A cluster in which all sorts of things go wrong, and what it saw.
async fn run(seed: u64) -> Vec<JournalEntry> {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().topic("t", 6).wall_clock_ms(1_700_000_000_000)).await;
    harness.link_delay(Brokers::All, 3 * MS);
    let producer = harness.producer().seed(seed).request_timeout(500 * MS).build().await.unwrap();
    let trouble = async {
        for turn in 0..14 {
            sleep(70 * MS).await;
            match turn % 7 {
                0 => harness.kill(1 + turn / 7),
                1 => harness.restart(1 + turn / 7).unwrap(),
                2 => harness.on(ApiKey::PRODUCE).apply_then(Action::Disconnect),
                3 => {
                    harness.on(ApiKey::PRODUCE).topic("t").partition(2).error(ErrorCode::NOT_ENOUGH_REPLICAS)
                }
                4 => harness.on(ApiKey::PRODUCE).times(2).disconnect_then_apply(90 * MS),
                5 => harness.move_leader("t", 4, 1 + turn % 3),
                _ => harness.on(ApiKey::PRODUCE).silence(),
            }
        }
    };
    let send = async {
        let mut deliveries = Vec::new();
        for number in 0..3_000 {
            // The machine's clock is none of a run's business.
            let value = Tag { sender: 0, number }.value_of(100);
            let record = Record::to("t").value(value).timestamp_ms(i64::from(number));
            deliveries.push(producer.enqueue(record).await.unwrap());
            if number % 30 == 0 {
                sleep(10 * MS).await;
            }
        }
        for delivery in deliveries {
            delivery.await.unwrap();
        }
    };
    within(join(send, trouble)).await;
    within(producer.close()).await.unwrap();
    harness.journal()
}

/// What has to be the same, readable.
fn facts(entry: &JournalEntry) -> (Duration, i32, u64, String, i32) {
    (
        entry.at,
        entry.broker.0,
        entry.connection,
        format!("{} {}", entry.api, entry.version),
        entry.correlation_id,
    )
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_leads_to_the_same_requests() {
    for seed in 0..4 {
        let (first, second) = (run(seed).await, run(seed).await);
        assert!(first.len() > 100, "{} requests", first.len());
        for (place, (one, other)) in first.iter().zip(&second).enumerate() {
            assert_eq!(facts(one), facts(other), "seed {seed}, request {place}");
            assert_eq!(one.bytes, other.bytes, "seed {seed}, request {place}");
        }
        assert_eq!(first.len(), second.len(), "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_seed_leads_to_another_run() {
    let times = |journal: &[JournalEntry]| journal.iter().map(|entry| entry.at).collect::<Vec<_>>();
    assert_ne!(times(&run(1).await), times(&run(2).await));
}
