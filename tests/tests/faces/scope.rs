//! A producer that lives as long as a closure. The clock is paused.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use milena::{Config, ConnectErrorKind, Error, Producer, Record, ScopeError, SendError};
use milena_fake::{ApiKey, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, Log, eventually, within};
use tokio::runtime::Handle;
use tokio::time::timeout;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn scope_returns_the_value_of_its_closure_and_leaves_nothing_open() {
    let harness = harness().await;
    let tasks = Handle::current().metrics().num_alive_tasks();
    let mut clone = None;
    let value = Producer::scope(harness.producer().linger(600 * SECOND), async |producer| {
        drop(producer.enqueue(("t", "v")).await?);
        clone = Some(producer.clone());
        Ok::<_, SendError>(7)
    });
    assert_eq!(within(value).await.unwrap(), 7);
    assert_eq!(harness.record_count(), 1);
    assert!(clone.unwrap().send(("t", "v")).await.is_err(), "all clones are closed");
    eventually(|| Handle::current().metrics().num_alive_tasks() == tasks).await;
}

#[tokio::test(start_paused = true)]
async fn scope_whose_closure_fails_sends_the_accepted_records_and_names_those_that_failed() {
    let harness = harness().await;
    harness.on(ApiKey::PRODUCE).topic("bad").always().error(ErrorCode::POLICY_VIOLATION);
    for (topic, failed) in [("t", 0), ("bad", 1)] {
        let outcome = Producer::scope(harness.producer(), async |producer| {
            drop(producer.enqueue((topic, "v")).await.unwrap());
            Err::<(), _>(producer.send(Record::to("t").partition(99)).await.unwrap_err())
        });
        let error = within(outcome).await.unwrap_err();
        assert_eq!(error.body().unwrap().topic(), "t");
        assert_eq!(error.close().map_or(0, milena::FlushError::failed), failed);
        let text = Error::from(error).to_string();
        assert_eq!(
            text.contains("; and when the producer was closed: flush: 1 record failed: topic bad"),
            failed > 0
        );
    }
    assert_eq!(harness.values("t", 0).len() + harness.values("t", 1).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn scope_whose_records_fail_in_the_close_is_an_error() {
    let harness = harness().await;
    harness.on(ApiKey::PRODUCE).topic("bad").always().error(ErrorCode::POLICY_VIOLATION);
    let outcome =
        Producer::scope(harness.producer(), async |producer| producer.enqueue(("bad", "v")).await.map(drop));
    assert!(matches!(within(outcome).await.unwrap_err(), ScopeError::Close(error) if error.failed() == 1));
}

#[tokio::test(start_paused = true)]
async fn scope_without_a_cluster_does_not_run_its_closure() {
    let mut runs = 0;
    let outcome = Producer::scope(Producer::builder(), async |_| {
        runs += 1;
        Ok::<_, SendError>(())
    });
    let error = outcome.await.unwrap_err();
    assert!(matches!(&error, ScopeError::Connect(error) if error.kind() == ConnectErrorKind::Config));
    let config = Config { brokers: vec!["a:1".into(), "not an address".into()], ..Config::default() };
    let outcome = Producer::scope(&config, async |_| {
        runs += 1;
        Ok::<_, SendError>(())
    });
    assert!(matches!(outcome.await.unwrap_err(), ScopeError::Connect(_)));
    assert_eq!(runs, 0);
}

#[tokio::test(start_paused = true)]
async fn scope_whose_closure_panics_closes_in_the_background_and_logs() {
    let (log, harness) = (Log::default(), harness().await);
    let _listening = log.listen();
    let tasks = Handle::current().metrics().num_alive_tasks();
    let mut clone = None;
    let outcome = Producer::scope(harness.producer().linger(600 * SECOND), async |producer| {
        drop(producer.enqueue(("t", "v")).await.unwrap());
        clone = Some(producer.clone());
        panic!("as the test has it");
        #[expect(unreachable_code, reason = "the type of the closure")]
        Ok::<_, SendError>(())
    });
    assert!(within(AssertUnwindSafe(outcome).catch_unwind()).await.is_err());
    let lines = log.lines("ERROR", "produce: the closure of a scope panicked");
    assert!(lines.len() == 1 && lines[0].contains("batches=1"), "{lines:?}");
    eventually(|| Handle::current().metrics().num_alive_tasks() == tasks).await;
    assert_eq!(harness.record_count(), 1);
    assert!(clone.unwrap().status().is_closed);
}

#[tokio::test(start_paused = true)]
async fn scope_that_is_dropped_with_records_under_way_closes_in_the_background_and_warns() {
    let (log, harness) = (Log::default(), harness().await);
    let _listening = log.listen();
    let scope = Producer::scope(harness.producer().linger(600 * SECOND), async |producer| {
        drop(producer.enqueue(("t", "v")).await?);
        std::future::pending::<Result<(), SendError>>().await
    });
    assert!(timeout(SECOND, scope).await.is_err());
    let lines = log.lines("WARN", "produce: a scope was dropped before its end");
    assert!(lines.len() == 1 && lines[0].contains("batches=1"), "{lines:?}");
    eventually(|| harness.record_count() == 1).await;
}

/// The future of a scope can be spawned.
#[tokio::test(start_paused = true)]
async fn scope_runs_as_a_task() {
    let harness = harness().await;
    let builder = harness.producer();
    let task = tokio::spawn(async move {
        Producer::scope(builder, async |producer| producer.send(("t", "v")).await).await
    });
    within(task).await.unwrap().unwrap();
}

async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 2).topic("bad", 1)).await
}
