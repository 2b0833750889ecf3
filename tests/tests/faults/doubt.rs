//! The reported outcome of records without a response.

use milena::{ErrorKind, Persisted, Record};
use milena_fake::{Action, ApiKey, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, within};

#[tokio::test(start_paused = true)]
async fn record_with_an_unknown_outcome_fails_as_possibly_written_and_later_ones_are_written() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer = harness.connect().await;
    within(producer.send(("t", "before"))).await.unwrap();
    harness.on(ApiKey::PRODUCE).apply_then(Action::Disconnect);
    harness.on(ApiKey::PRODUCE).topic("t").error(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    let error = within(producer.send(("t", "unanswered"))).await.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::OutcomeUnknown, Persisted::Maybe));
    assert!(error.message().contains("OUT_OF_ORDER_SEQUENCE_NUMBER"), "{error}");
    within(producer.send(Record::to("t").value("after"))).await.unwrap();
    assert_eq!(harness.values("t", 0), ["before", "unanswered", "after"]);
    within(producer.close()).await.unwrap_err();
}
