//! Flush, close, and the last clone that is dropped. The clock is paused.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use milena::{Delivery, ErrorKind, FlushError, Persisted, Record, TryEnqueueErrorKind};
use milena_fake::{ApiKey, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, Stopwatch, Tag, eventually, within};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().topic("t", 3)).await
}

fn failed(outcome: Result<(), FlushError>) -> u64 {
    outcome.err().map_or(0, |error| error.failed())
}

#[tokio::test(start_paused = true)]
async fn close_sends_records_that_linger_at_once() {
    for bytes in [10, 10_000] {
        let harness = harness().await;
        let producer = harness.producer().linger(3_600 * SECOND).build().await.unwrap();
        for partition in 0..3 {
            let value = Tag { sender: 0, number: 0 }.value_of(bytes);
            drop(producer.enqueue(Record::to("t").partition(partition).value(value)).await.unwrap());
        }
        // The lanes have looked at their partitions, and sleep until the linger is over.
        sleep(SECOND).await;
        let watch = Stopwatch::start();
        within(producer.close()).await.unwrap();
        assert!(watch.elapsed() < SECOND / 10, "{:?}", watch.elapsed());
        assert_eq!(harness.record_count(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn flush_completes_all_records_accepted_before() {
    let harness = harness().await;
    let producer = harness.producer().linger(3_600 * SECOND).build().await.unwrap();
    let mut deliveries = Vec::new();
    for number in 0..300 {
        deliveries.push(producer.enqueue(Tag { sender: 0, number }.record("t")).await.unwrap());
    }
    let watch = Stopwatch::start();
    producer.flush().await.unwrap();
    assert!(watch.elapsed() < SECOND / 10, "it does not wait for the linger: {:?}", watch.elapsed());
    assert_eq!(harness.record_count(), 300);
    for delivery in deliveries {
        delivery.now_or_never().expect("settled by the flush").unwrap();
    }
    producer.flush().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn flush_does_not_wait_for_records_accepted_later() {
    let harness = harness().await;
    let producer = harness.connect().await;
    producer.topic("t").await.unwrap();
    let hold = harness.on(ApiKey::PRODUCE).partition(1).always().hold();
    drop(producer.enqueue(Record::to("t").partition(0).value("before")).await.unwrap());
    let flush = producer.flush();
    let mut flush = Box::pin(flush);
    assert!(flush.as_mut().now_or_never().is_none());
    drop(producer.enqueue(Record::to("t").partition(1).value("after")).await.unwrap());
    hold.reached(1).await;
    within(flush).await.unwrap();
    assert_eq!(harness.record_count(), 1);
    hold.release();
}

#[tokio::test(start_paused = true)]
async fn flush_ends_while_other_callers_go_on_sending() {
    let harness = harness().await;
    let producer = harness.connect().await;
    producer.topic("t").await.unwrap();
    let busy = producer.clone();
    let sending = tokio::spawn(async move {
        for number in 0.. {
            drop(busy.enqueue(Tag { sender: 0, number }.record("t")).await?);
            if number % 10 == 0 {
                sleep(Duration::from_millis(1)).await;
            }
        }
        Ok::<(), milena::SendError>(())
    });
    for _ in 0..20 {
        sleep(Duration::from_millis(3)).await;
        let metrics = producer.metrics();
        within(producer.flush()).await.unwrap();
        assert!(producer.metrics().records >= metrics.records);
    }
    producer.close().await.unwrap();
    assert_eq!(sending.await.unwrap().unwrap_err().kind(), ErrorKind::Closed);
    milena_tests::assert_in_order(&harness, "t");
    assert_eq!(harness.record_count(), producer.metrics().records);
}

#[tokio::test(start_paused = true)]
async fn flush_reports_to_each_handle_the_failures_since_its_own_last_flush() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let other = producer.clone();
    let topic = producer.topic("t").await.unwrap();
    harness.on(ApiKey::PRODUCE).topic("t").times(2).error(ErrorCode::INVALID_RECORD);
    for _ in 0..2 {
        topic.enqueue_detached(None, Some(b"v")).await.unwrap();
        let error = producer.flush().await.unwrap_err();
        assert_eq!((error.failed(), error.first().len()), (1, 1));
        assert_eq!(error.first()[0].kind(), ErrorKind::InvalidRecord);
        assert_eq!((error.first()[0].topic(), error.first()[0].persisted()), ("t", Persisted::No));
    }
    producer.flush().await.unwrap();
    assert_eq!(failed(other.flush().await), 2);
    assert_eq!(failed(other.clone().flush().await), 0, "a clone begins where its original stands");
    assert_eq!(failed(producer.close().await), 0);
}

#[tokio::test(start_paused = true)]
async fn close_against_a_silent_cluster_returns_in_time_with_the_records_that_may_be_written() {
    let harness = harness().await;
    let producer = harness.producer().close_timeout(4 * SECOND).build().await.unwrap();
    producer.topic("t").await.unwrap();
    harness.on(ApiKey::PRODUCE).always().silence();
    let record = |number: i32| Record::to("t").partition(number % 3).value(vec![0; 30_000]);
    let mut deliveries = Vec::new();
    for number in 0..30 {
        deliveries.push(producer.enqueue(record(number)).await.unwrap());
    }
    sleep(SECOND).await;
    for number in 0..30 {
        deliveries.push(producer.enqueue(record(number)).await.unwrap());
    }
    let began = Stopwatch::start();
    let error = within(producer.close()).await.unwrap_err();
    assert_eq!(began.elapsed().as_secs(), 4);
    assert_eq!(error.failed(), 60);

    let settled =
        deliveries.into_iter().map(|delivery| delivery.now_or_never().expect("settled").unwrap_err());
    let errors: Vec<_> = settled.collect();
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::Closed), "{errors:?}");
    let (sent, waited) = errors.split_at(30);
    assert!(sent.iter().all(|error| error.persisted() == Persisted::Maybe), "{sent:?}");
    // Nothing follows the first batch of a partition before that is answered.
    assert!(waited.iter().all(|error| error.persisted() == Persisted::No), "{waited:?}");
    assert_eq!(failed(producer.close().await), 0, "told once");
}

#[tokio::test(start_paused = true)]
async fn the_last_clone_dropped_flushes_in_the_background() {
    let harness = harness().await;
    let producer = harness.producer().linger(3_600 * SECOND).build().await.unwrap();
    let topic = producer.topic("t").await.unwrap();
    let clone = producer.clone();
    let delivery = producer.enqueue(("t", "first")).await.unwrap();
    drop((producer, clone));
    sleep(SECOND / 2).await;
    assert_eq!(harness.record_count(), 0, "the topic is a handle, too");
    drop(topic.enqueue(None, Some(b"second")).await.unwrap());
    drop(topic);
    within(delivery).await.unwrap();
    eventually(|| harness.record_count() == 2).await;
}

#[tokio::test(start_paused = true)]
async fn a_producer_dropped_before_a_silent_cluster_gives_up_after_its_close_timeout() {
    let harness = harness().await;
    let producer = harness.producer().close_timeout(4 * SECOND).build().await.unwrap();
    producer.topic("t").await.unwrap();
    harness.on(ApiKey::PRODUCE).always().silence();
    let delivery = producer.enqueue(("t", "v")).await.unwrap();
    let began = Stopwatch::start();
    drop(producer);
    let error = within(delivery).await.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::Closed, Persisted::Maybe));
    assert_eq!(began.elapsed().as_secs(), 4);
}

#[tokio::test(start_paused = true)]
async fn dropped_close_goes_on_in_the_background() {
    let harness = harness().await;
    let producer = harness.producer().linger(3_600 * SECOND).build().await.unwrap();
    let delivery = producer.enqueue(("t", "v")).await.unwrap();
    assert!(producer.close().now_or_never().is_none());
    within(delivery).await.unwrap();
    producer.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn several_closes_and_flushes_at_once_all_end() {
    let harness = harness().await;
    let producer = harness.producer().linger(3_600 * SECOND).build().await.unwrap();
    let hold = harness.on(ApiKey::PRODUCE).always().hold();
    drop(producer.enqueue(("t", "v")).await.unwrap());
    let ends = join_all((0..3).map(|_| producer.close()));
    let flushes = join_all((0..3).map(|_| producer.flush()));
    let release = async {
        hold.reached(1).await;
        hold.release();
    };
    let (ends, flushes, ()) = within(async { tokio::join!(ends, flushes, release) }).await;
    assert!(ends.iter().chain(&flushes).all(Result::is_ok));
    assert_eq!(harness.record_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_close_in_the_middle_of_retries_ends_when_they_do() {
    let harness = harness().await;
    let producer = harness.connect().await;
    producer.topic("t").await.unwrap();
    harness.on(ApiKey::PRODUCE).times(5).error(ErrorCode::NOT_ENOUGH_REPLICAS);
    let delivery = producer.enqueue(("t", "v")).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    within(producer.close()).await.unwrap();
    delivery.await.unwrap();
    assert_eq!(producer.metrics().retries, 5);
}

#[tokio::test(start_paused = true)]
async fn a_close_without_any_record_ends_at_once() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let began = Stopwatch::start();
    producer.close().await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn close_without_a_broker_reports_the_accepted_records() {
    let harness = harness().await;
    let producer = harness.producer().close_timeout(10 * SECOND).build().await.unwrap();
    producer.topic("t").await.unwrap();
    for broker in 1..=3 {
        harness.kill(broker);
    }
    let mut deliveries: Vec<Delivery> = Vec::new();
    for _ in 0..10 {
        deliveries.push(producer.enqueue(("t", "v")).await.unwrap());
        sleep(SECOND).await;
    }
    let error = within(producer.close()).await.unwrap_err();
    assert_eq!(error.failed(), 10);
    for delivery in deliveries {
        assert_eq!(delivery.now_or_never().expect("settled").unwrap_err().persisted(), Persisted::No);
    }
}

#[tokio::test(start_paused = true)]
async fn close_completes_all_records_and_rejects_further_ones() {
    let harness = harness().await;
    let producer = harness.producer().linger(3_600 * SECOND).build().await.unwrap();
    let clone = producer.clone();
    let topic = producer.topic("t").await.unwrap();
    let mut deliveries = Vec::new();
    for number in 0..100 {
        deliveries.push(producer.enqueue(Tag { sender: 0, number }.record("t")).await.unwrap());
    }
    producer.close().await.unwrap();
    assert_eq!(harness.record_count(), 100);
    for delivery in deliveries {
        delivery.now_or_never().expect("settled by the close").unwrap();
    }

    let began = Stopwatch::start();
    for producer in [&producer, &clone] {
        for topic in ["t", "never heard of"] {
            let record = || Record::to(topic).value("v");
            assert_eq!(producer.enqueue(record()).await.unwrap_err().kind(), ErrorKind::Closed, "{topic}");
            assert_eq!(producer.send(record()).await.unwrap_err().kind(), ErrorKind::Closed, "{topic}");
            let all = producer.send_all([record(), record()]).await;
            assert!(
                all.into_iter().all(|outcome| outcome.unwrap_err().kind() == ErrorKind::Closed),
                "{topic}"
            );
            let error = producer.try_enqueue(record()).unwrap_err();
            assert_eq!(error.kind(), TryEnqueueErrorKind::Refused, "{topic}");
            assert_eq!(error.error().unwrap().kind(), ErrorKind::Closed, "{topic}");
            assert_eq!(producer.topic(topic).await.unwrap_err().kind(), ErrorKind::Closed, "{topic}");
        }
        producer.flush().await.unwrap();
        producer.close().await.unwrap();
    }
    assert_eq!(topic.enqueue(None, None).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(topic.enqueue_detached(None, None).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(topic.send(None, None).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(began.elapsed(), Duration::ZERO, "nobody waited");
    assert_eq!(harness.record_count(), 100);
}

#[tokio::test(start_paused = true)]
async fn callers_that_wait_fail_at_once_when_the_producer_closes() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1).auto_create(false)).await;
    let builder = harness.producer().buffer_memory(40_000).close_timeout(4 * SECOND);
    let producer = builder.build().await.unwrap();
    producer.topic("t").await.unwrap();
    harness.on(ApiKey::PRODUCE).always().silence();
    while producer.try_enqueue(("t", vec![0; 5_000])).is_ok() {}
    let began = Stopwatch::start();
    let for_room = async {
        let error = producer.enqueue(("t", vec![0; 20_000])).await.unwrap_err();
        (error.kind(), began.elapsed())
    };
    let for_topic = async {
        let error = producer.enqueue(("nope", "v")).await.unwrap_err();
        (error.kind(), began.elapsed())
    };
    let close = async {
        sleep(SECOND).await;
        assert!(producer.close().await.is_err());
    };
    let (for_room, for_topic, ()) = within(async { tokio::join!(for_room, for_topic, close) }).await;
    assert_eq!(for_room, (ErrorKind::Closed, SECOND));
    assert_eq!(for_topic, (ErrorKind::Closed, SECOND));
}
