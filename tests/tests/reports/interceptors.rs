//! Interceptors: once a record, before it is accepted and once it is settled.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use milena::{ErrorKind, Interceptor, Record, Report, TryEnqueueErrorKind};
use milena_fake::{ApiKey, ErrorCode};

use super::{full, harness, with};

/// The tag of a record, and why it failed.
type Settled = (u64, Option<ErrorKind>);

#[derive(Clone, Default)]
struct Seen {
    before: Arc<AtomicU64>,
    settled: Arc<Mutex<Vec<Settled>>>,
}

impl Interceptor for Seen {
    fn before_send(&self, record: Record) -> Record {
        self.before.fetch_add(1, Ordering::Relaxed);
        record.header("seen", "1")
    }

    fn on_settled(&self, report: &Report) {
        self.settled.lock().unwrap().push((report.tag, report.error().map(|error| error.kind())));
    }
}

#[tokio::test]
async fn interceptor_sees_each_record_once_however_often_it_is_sent() {
    let harness = harness().await;
    let seen = Seen::default();
    let producer = harness.producer().interceptor(seen.clone()).build().await.unwrap();
    harness.on(ApiKey::PRODUCE).times(3).error(ErrorCode::NOT_LEADER_OR_FOLLOWER);
    for tag in 0..100 {
        drop(producer.enqueue(full(tag)).await.unwrap());
    }
    producer.topic("t").await.unwrap().send(None, Some(b"borrowed")).await.unwrap();
    producer.close().await.unwrap();
    assert_eq!(seen.before.load(Ordering::Relaxed), 101);
    let mut settled = std::mem::take(&mut *seen.settled.lock().unwrap());
    settled.retain(|(_, error)| error.is_none());
    assert_eq!(settled.len(), 101);
    let logged: Vec<_> = (0..3).flat_map(|partition| harness.log("t", partition)).collect();
    let with_header =
        logged.iter().filter(|record| record.headers.iter().any(|header| header.name == "seen"));
    assert_eq!(with_header.count(), 101);
}

#[tokio::test]
async fn refused_record_is_settled_at_once() {
    let harness = harness().await;
    let seen = Seen::default();
    let producer = with(&harness, &[("max.block.ms", "10")]).interceptor(seen.clone()).build().await.unwrap();
    producer.enqueue(Record::to("missing").value("v").tag(1)).await.unwrap_err();
    let topic = producer.topic("t").await.unwrap();
    topic.enqueue(None, Some(&vec![0; 2_000_000])).await.unwrap_err();
    let error = producer.try_enqueue(Record::to("t").value(vec![0; 2_000_000]).tag(3)).unwrap_err();
    assert_eq!(error.kind(), TryEnqueueErrorKind::Refused);
    topic.record().value("v").partition(9).tag(4).try_enqueue().unwrap_err();
    let expected = [
        (1, ErrorKind::UnknownTopic),
        (0, ErrorKind::MessageTooLarge),
        (3, ErrorKind::MessageTooLarge),
        (4, ErrorKind::InvalidPartition),
    ];
    assert_eq!(*seen.settled.lock().unwrap(), expected.map(|(tag, kind)| (tag, Some(kind))));
}

#[tokio::test]
async fn interceptor_that_panics_leaves_the_record_as_it_was() {
    struct Panics;
    impl Interceptor for Panics {
        fn before_send(&self, _: Record) -> Record {
            panic!("the panic of an interceptor, as it should be")
        }

        fn on_settled(&self, _: &Report) {
            panic!("the panic of an interceptor, as it should be")
        }
    }
    let harness = harness().await;
    let seen = Seen::default();
    let builder = harness.producer().interceptor(Panics).interceptor(seen.clone());
    let producer = builder.build().await.unwrap();
    producer.send(full(1)).await.unwrap();
    producer.close().await.unwrap();
    assert_eq!(*seen.settled.lock().unwrap(), [(1, None)]);
    assert_eq!(harness.values("t", 1), ["value-1"]);
}

#[tokio::test]
async fn interceptor_may_send_the_record_elsewhere() {
    struct Elsewhere;
    impl Interceptor for Elsewhere {
        fn before_send(&self, record: Record) -> Record {
            Record { topic: "dead".into(), partition: None, ..record }
        }
    }
    let harness = harness().await;
    let producer = harness.producer().interceptor(Elsewhere).build().await.unwrap();
    producer.send(full(1)).await.unwrap();
    assert_eq!(harness.values("dead", 0), ["value-1"]);
    producer.close().await.unwrap();
}
