//! Records that cannot be taken at once: for the topic, for room, for their turn. The clock is paused.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join;
use milena::{ErrorKind, Persisted, Producer, ProducerBuilder, Record, TryEnqueueErrorKind};
use milena_fake::{ApiKey, Cluster, ErrorCode, Hold};
use milena_tests::{ClusterHarness, Stopwatch, Tag, assert_in_order, within};
use tokio::time::sleep;

const KIB: usize = 1 << 10;
const SECOND: Duration = Duration::from_secs(1);

/// A broker that stands still with the first Produce request, and a producer with a budget of 64 KiB.
struct Narrow {
    harness: ClusterHarness,
    producer: Producer,
    hold: Hold,
}

impl Narrow {
    async fn with(change: impl FnOnce(ProducerBuilder) -> ProducerBuilder) -> Self {
        let harness = ClusterHarness::in_memory(
            Cluster::builder().brokers(1).topic("t", 1).topic("u", 1).auto_create(false),
        )
        .await;
        let hold = harness.on(ApiKey::PRODUCE).always().hold();
        let builder = harness.producer().buffer_memory(64 * KIB).batch_size(16 * KIB);
        let producer = change(builder).build().await.unwrap();
        producer.topic("t").await.unwrap();
        producer.topic("u").await.unwrap();
        Self { harness, producer, hold }
    }

    /// Accepts records of 1 KiB until there is no more room; how many.
    fn fill(&self) -> u32 {
        for number in 0.. {
            let record = Record::to("t").value(Tag { sender: 0, number }.value_of(KIB));
            if self.producer.try_enqueue(record).is_err() {
                return number;
            }
        }
        unreachable!()
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_for_a_topic_that_is_not_known_yet_comes_back_and_is_taken_later() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1)).await;
    let producer = harness.connect().await;
    let record = Record::to("t").key("k").value("v");
    let error = producer.try_enqueue(record.clone()).unwrap_err();
    assert_eq!(error.kind(), TryEnqueueErrorKind::NotReady);
    assert_eq!(error.into_record(), record);
    let mut tries = 0;
    let delivery = loop {
        tries += 1;
        match producer.try_enqueue(record.clone()) {
            Ok(delivery) => break delivery,
            Err(error) => assert_eq!(error.kind(), TryEnqueueErrorKind::NotReady),
        }
        assert!(tries < 1_000, "the look-up was started by the first try");
        sleep(Duration::from_millis(1)).await;
    };
    assert_eq!(delivery.await.unwrap().offset, 0);
}

#[tokio::test(start_paused = true)]
async fn unsettled_records_never_exceed_the_budget() {
    for record_bytes in [100, 1_000, 5_000, 17_000, 40_000] {
        let narrow = Narrow::with(|builder| builder).await;
        let mut accepted = 0;
        for topic in ["t", "u"].into_iter().cycle().take(2_000) {
            if narrow.producer.try_enqueue((topic, vec![0; record_bytes])).is_ok() {
                accepted += record_bytes;
            }
        }
        assert!(accepted <= 64 * KIB, "{accepted} bytes in records of {record_bytes}");
        assert!(accepted >= record_bytes.max(20 * KIB), "{accepted} bytes in records of {record_bytes}");
        narrow.hold.release();
    }
}

#[tokio::test(start_paused = true)]
async fn a_waiter_is_not_overtaken_within_its_partition_and_holds_up_no_other() {
    let narrow = Narrow::with(|builder| builder).await;
    narrow.fill();
    let small = |number| Record::to("t").value(Tag { sender: 1, number }.value());
    drop(narrow.producer.try_enqueue(small(0)).expect("room for a small one is left"));
    let large = narrow.producer.enqueue(Record::to("t").value(Tag { sender: 1, number: 1 }.value_of(12_000)));
    let mut large = Box::pin(large);
    assert!(large.as_mut().now_or_never().is_none());
    let error = narrow.producer.try_enqueue(small(2)).unwrap_err();
    assert_eq!(error.kind(), TryEnqueueErrorKind::Full, "though it would fit");
    let mut small = Box::pin(narrow.producer.enqueue(small(2)));
    for _ in 0..3 {
        assert!(small.as_mut().now_or_never().is_none());
        sleep(SECOND).await;
    }
    let other = narrow.producer.enqueue(Record::to("u").value("v")).await.unwrap();

    narrow.hold.release();
    let (large, small) = (large.await.unwrap(), small.await.unwrap());
    assert!(large.await.unwrap().offset < small.await.unwrap().offset);
    other.await.unwrap();
    assert_in_order(&narrow.harness, "t");
}

#[tokio::test(start_paused = true)]
async fn record_of_a_cancelled_waiter_is_not_sent_and_the_next_waiter_proceeds() {
    let narrow = Narrow::with(|builder| builder).await;
    let accepted = narrow.fill();
    let mut first = Box::pin(narrow.producer.enqueue(Record::to("t").value(vec![b'x'; 40_000])));
    let mut second = Box::pin(narrow.producer.enqueue(Record::to("t").value("second")));
    assert!(first.as_mut().now_or_never().is_none());
    assert!(second.as_mut().now_or_never().is_none());
    drop(first);
    narrow.hold.release();
    second.await.unwrap().await.unwrap();
    narrow.producer.flush().await.unwrap();
    let values = narrow.harness.values("t", 0);
    assert_eq!(values.len(), accepted as usize + 1);
    assert_eq!(values.last().map(String::as_str), Some("second"));
}

#[tokio::test(start_paused = true)]
async fn record_without_room_fails_after_max_block_with_the_reason() {
    let narrow = Narrow::with(|builder| builder.max_block(7 * SECOND)).await;
    narrow.fill();
    let began = Stopwatch::start();
    let error = narrow.producer.send(("t", vec![0; KIB])).await.unwrap_err();
    assert_eq!(began.elapsed().as_secs(), 7);
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::BufferFull, Persisted::No));
    assert!(error.is_retriable() && error.to_string().contains("buffer.memory"), "{error}");
    narrow.hold.release();
}

#[tokio::test(start_paused = true)]
async fn missing_topic_fails_after_max_block_with_the_remedy() {
    let harness = ClusterHarness::in_memory(Cluster::builder().auto_create(false).topic("t", 1)).await;
    let producer = harness.producer().max_block(5 * SECOND).build().await.unwrap();
    let began = Stopwatch::start();
    let error = producer.send(("nope", "v")).await.unwrap_err();
    assert_eq!(began.elapsed().as_secs(), 5);
    assert_eq!((error.kind(), error.topic()), (ErrorKind::UnknownTopic, "nope"));
    assert_eq!(error.code(), Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
    assert!(error.to_string().contains("create the topic"), "{error}");
    producer.send(("t", "v")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn denied_topic_fails_at_once_and_can_be_allowed_later() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1)).await;
    let producer = harness.connect().await;
    harness.on(ApiKey::METADATA).topic("t").error(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    let began = Stopwatch::start();
    let error = producer.send(("t", "v")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TopicAuthorizationFailed);
    assert!(error.to_string().contains("WRITE"), "{error}");
    assert!(began.elapsed() < SECOND);
    // A refusal is kept for a backoff.
    sleep(SECOND).await;
    producer.send(("t", "v")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_short_budget_goes_on_however_long_the_linger() {
    let narrow = Narrow::with(|builder| builder.linger(600 * SECOND)).await;
    narrow.hold.release();
    let began = Stopwatch::start();
    for number in 0..500 {
        let record = Record::to("t").value(Tag { sender: 0, number }.value_of(KIB));
        drop(narrow.producer.enqueue(record).await.unwrap());
    }
    assert!(began.elapsed() < SECOND, "{:?} for 500 KiB through 64 KiB", began.elapsed());
    narrow.producer.flush().await.unwrap();
    assert_eq!(narrow.harness.record_count(), 500);
}

#[tokio::test(start_paused = true)]
async fn awaited_send_skips_the_linger_and_an_enqueued_record_waits_for_it() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1)).await;
    let producer = harness.producer().linger(Duration::from_millis(500)).build().await.unwrap();
    producer.topic("t").await.unwrap();
    let began = Stopwatch::start();
    producer.send(("t", "v")).await.unwrap();
    assert!(began.elapsed() < Duration::from_millis(50), "{:?}", began.elapsed());
    let began = Stopwatch::start();
    producer.enqueue(("t", "v")).await.unwrap().await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(500), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_number_of_waiting_records_is_worth_a_request_too() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1)).await;
    let producer = harness.producer().linger(60 * SECOND).flush_messages(10).build().await.unwrap();
    producer.topic("t").await.unwrap();
    let began = Stopwatch::start();
    let mut last = None;
    for _ in 0..10 {
        last = Some(producer.enqueue(("t", "v")).await.unwrap());
    }
    last.unwrap().await.unwrap();
    assert!(began.elapsed() < Duration::from_millis(50), "{:?}", began.elapsed());
    assert_eq!(producer.metrics().requests, 1);
}

#[tokio::test(start_paused = true)]
async fn a_full_budget_gives_the_record_back_and_takes_it_when_there_is_room() {
    let narrow = Narrow::with(|builder| builder).await;
    let accepted = narrow.fill();
    assert!((40..64).contains(&accepted), "{accepted} records of 1 KiB in 64 KiB");
    let record = Record::to("t").value(vec![b'.'; KIB]);
    let error = narrow.producer.try_enqueue(record.clone()).unwrap_err();
    assert_eq!(error.kind(), TryEnqueueErrorKind::Full);
    assert_eq!(error.into_record(), record);

    narrow.hold.release();
    narrow.producer.flush().await.unwrap();
    narrow.producer.try_enqueue(record).unwrap().await.unwrap();
    assert_eq!(narrow.harness.record_count(), u64::from(accepted) + 1);
}

#[tokio::test(start_paused = true)]
async fn a_record_as_large_as_the_budget_allows_is_taken_and_a_larger_one_refused_at_once() {
    for budget in [2 * KIB, 20 * KIB, 40 * KIB, 100 * KIB] {
        let narrow = Narrow::with(|builder| builder.buffer_memory(budget).batch_size(KIB)).await;
        narrow.hold.release();
        let began = Stopwatch::start();
        let mut largest = 0;
        for record_bytes in (budget - 300)..=budget {
            match within(narrow.producer.send(("t", vec![0; record_bytes]))).await {
                Ok(_) => largest = record_bytes,
                Err(error) => assert_eq!(error.kind(), ErrorKind::MessageTooLarge, "{error}"),
            }
        }
        assert!(largest >= budget - 200, "{largest} of {budget}");
        assert!(began.elapsed() < SECOND, "nobody waited: {:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn max_block_covers_the_wait_for_the_topic_and_for_room_together() {
    let narrow = Narrow::with(|builder| builder.max_block(60 * SECOND)).await;
    narrow.fill();
    let began = Stopwatch::start();
    let send = narrow.producer.send(("late", vec![0; 30_000]));
    let create = async {
        sleep(40 * SECOND).await;
        narrow.harness.create_topic("late", 1);
    };
    let (outcome, ()) = join(send, create).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::BufferFull);
    assert_eq!(began.elapsed().as_secs(), 60);
    narrow.hold.release();
}

#[tokio::test(start_paused = true)]
async fn many_waiters_over_many_partitions_are_all_served_however_long_the_linger() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 100)).await;
    let builder = harness.producer().buffer_memory(32 * KIB).batch_size(16 * KIB).linger(600 * SECOND);
    let producer = builder.build().await.unwrap();
    producer.topic("t").await.unwrap();
    let began = Stopwatch::start();
    let enqueue = async |partition: i32| {
        let record = Record::to("t").value(vec![0; 3_000]).partition(partition);
        drop(producer.enqueue(record).await.unwrap());
    };
    futures_util::future::join_all((0..100).map(enqueue)).await;
    assert!(began.elapsed() < SECOND, "{:?} for 300 kB through 32 KiB", began.elapsed());
    producer.flush().await.unwrap();
    assert_eq!(harness.record_count(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_the_brokers_refuse_is_refused_without_waiting_too() {
    let harness = ClusterHarness::in_memory(Cluster::builder()).await;
    let producer = harness.connect().await;
    let record = Record::to("no such name!").value("v");
    let mut kinds = Vec::new();
    for _ in 0..50 {
        kinds.push(producer.try_enqueue(record.clone()).unwrap_err().kind());
        sleep(Duration::from_millis(10)).await;
    }
    assert!(kinds.contains(&TryEnqueueErrorKind::Refused), "{kinds:?}");
}

#[tokio::test(start_paused = true)]
async fn the_records_of_one_call_wait_for_a_missing_topic_once() {
    let harness = ClusterHarness::in_memory(Cluster::builder().auto_create(false).topic("t", 1)).await;
    let producer = harness.producer().max_block(5 * SECOND).build().await.unwrap();
    let began = Stopwatch::start();
    let outcomes = producer.send_all([("nope", "a"), ("t", "b"), ("nope", "c"), ("nope", "d")]).await;
    assert_eq!(began.elapsed().as_secs(), 5);
    let went: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(went, [false, true, false, false]);
}

#[tokio::test(start_paused = true)]
async fn topic_without_a_waiting_caller_is_not_requested() {
    let harness = ClusterHarness::in_memory(Cluster::builder().auto_create(false)).await;
    let producer = harness.producer().max_block(5 * SECOND).build().await.unwrap();
    let questions = || harness.journal().iter().filter(|entry| entry.api == ApiKey::METADATA).count();
    let give_up = tokio::time::timeout(SECOND, producer.topic("nope"));
    assert!(give_up.await.is_err());
    assert!(producer.try_enqueue(("nope-either", "v")).is_err());
    sleep(10 * SECOND).await;
    let before = questions();
    sleep(60 * SECOND).await;
    assert!(questions() <= before + 1, "{} questions in a minute", questions() - before);
}

#[tokio::test(start_paused = true)]
async fn a_topic_is_found_though_an_earlier_waiter_gave_up() {
    let harness = ClusterHarness::in_memory(Cluster::builder().auto_create(false)).await;
    let producer = harness.producer().max_block(5 * SECOND).build().await.unwrap();
    let mut first = Box::pin(producer.topic("late"));
    assert!(first.as_mut().now_or_never().is_none());
    sleep(Duration::from_millis(100)).await;
    drop(first);
    // Before the driver could hear of it.
    let second = producer.topic("late");
    harness.create_topic("late", 1);
    within(second).await.unwrap();
}
