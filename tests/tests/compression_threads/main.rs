//! The threads on which long batches are compressed: when there are some, and that none is left behind, whatever ends a
//! producer while a batch is inside. The tests run one after the other: threads are counted over the whole process.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use milena::{Compression, ErrorKind, Persisted, Producer, ProducerBuilder, Record};
use milena_fake::{ApiKey, Cluster};
use milena_tests::{ClusterHarness, Load, assert_exactly_once, eventually, within};
use tokio::runtime::{Builder, Runtime};

const MS: Duration = Duration::from_millis(1);
/// As slow as a codec gets: a record of [`LONG`] keeps it busy for far longer than any pause here.
const SLOW: Compression = Compression::Zstd { level: 22 };
const LONG: usize = 2_000_000;

#[test]
fn short_batches_start_no_thread() {
    let _alone = alone();
    runtime().block_on(async {
        let harness = harness().await;
        let producer = harness.producer().compression(Compression::Lz4).build().await.unwrap();
        for number in 0..50 {
            within(producer.send(("t", "key", format!("{number}: {}", "again ".repeat(40))))).await.unwrap();
        }
        assert_eq!((producer.metrics().compressed_batches > 0, threads()), (true, 0));
    });
}

#[test]
fn long_batches_are_compressed_by_threads_that_close_joins() {
    let _alone = alone();
    runtime().block_on(async {
        for driver in [milena::Driver::Task, milena::Driver::Thread] {
            let harness = harness().await;
            let builder = harness.producer().driver(driver).compression(Compression::Gzip { level: 9 });
            let producer = builder.batch_size(200_000).build().await.unwrap();
            let load = Load { bytes: 1_000, burst: 1_000, ..Load::of(5_000) };
            let sent = within(load.send(&producer)).await;
            assert_exactly_once(&harness, "t", &sent);
            assert!((1..=4).contains(&threads()), "{} threads", threads());
            assert!(producer.metrics().compression_time > Duration::ZERO);
            within(producer.close()).await.unwrap();
            assert_eq!(threads(), 0);
        }
    });
}

#[test]
fn close_waits_for_a_batch_inside_and_delivers_it() {
    let _alone = alone();
    runtime().block_on(async {
        let harness = harness().await;
        let producer = slow(&harness).build().await.unwrap();
        let delivery = enqueue_long(&producer).await;
        eventually(|| threads() == 1).await;
        within(producer.close()).await.unwrap();
        assert_eq!(threads(), 0);
        assert!(within(delivery).await.is_ok());
        assert_eq!(harness.record_count(), 1);
    });
}

#[test]
fn close_timeout_with_a_batch_inside_fails_its_record_and_joins_the_thread() {
    let _alone = alone();
    runtime().block_on(async {
        let harness = harness().await;
        let producer = slow(&harness).close_timeout(20 * MS).build().await.unwrap();
        let delivery = enqueue_long(&producer).await;
        eventually(|| threads() == 1).await;
        assert!(within(producer.close()).await.is_err());
        assert_eq!(threads(), 0);
        let error = within(delivery).await.unwrap_err();
        assert_eq!((error.kind(), error.persisted()), (ErrorKind::Closed, Persisted::No));
        assert_eq!(harness.record_count(), 0);
    });
}

#[test]
fn deadline_with_a_batch_inside_fails_its_record_and_the_next_one_goes() {
    let _alone = alone();
    runtime().block_on(async {
        let harness = harness().await;
        let builder =
            slow(&harness).linger(Duration::ZERO).request_timeout(150 * MS).delivery_timeout(150 * MS);
        let producer = builder.build().await.unwrap();
        let error = within(enqueue_long(&producer).await).await.unwrap_err();
        assert_eq!((error.kind(), error.persisted()), (ErrorKind::DeliveryTimeout, Persisted::No));
        // Behind it in its partition, and short: it may have to wait for the job.
        let mut sent = within(producer.send(Record::to("t").partition(0).value("next"))).await;
        while sent.is_err() {
            sent = within(producer.send(Record::to("t").partition(0).value("next"))).await;
        }
        sent.unwrap();
        // A busy machine may have written one of those that failed.
        let values = harness.values("t", 0);
        assert!(values.iter().all(|value| value == "next"), "nothing of the first record was written");
        within(producer.close()).await.unwrap_err();
        assert_eq!(threads(), 0);
    });
}

#[test]
fn end_of_the_runtime_with_a_batch_inside_fails_its_record_and_leaves_no_thread() {
    let _alone = alone();
    let (here, there) = (runtime(), runtime());
    let harness = here.block_on(harness());
    let producer = there.block_on(slow(&harness).build()).unwrap();
    let delivery = here.block_on(enqueue_long(&producer));
    here.block_on(eventually(|| threads() == 1));
    drop(there);
    let error = here.block_on(within(delivery)).unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::Closed, Persisted::No));
    here.block_on(eventually(|| threads() == 0));
    here.block_on(async { drop(harness) });
}

#[test]
fn awaited_record_does_not_wait_for_a_long_batch_of_another_partition() {
    let _alone = alone();
    runtime().block_on(async {
        let harness = harness().await;
        let producer = slow(&harness).build().await.unwrap();
        let long = enqueue_long(&producer).await;
        eventually(|| threads() == 1).await;
        within(producer.send(Record::to("t").partition(1).value("short"))).await.unwrap();
        assert_eq!(harness.log("t", 0).len(), 0, "the long one is still inside");
        within(long).await.unwrap();
        within(producer.close()).await.unwrap();
    });
}

#[test]
fn full_budget_is_emptied_through_the_codec() {
    let _alone = alone();
    runtime().block_on(async {
        let harness = harness().await;
        let hold = harness.on(ApiKey::PRODUCE).always().hold();
        let builder = harness.producer().compression(Compression::Zstd { level: 9 }).buffer_memory(2_000_000);
        let producer = builder.batch_size(100_000).build().await.unwrap();
        producer.topic("t").await.unwrap();
        let value = "a line that comes again, ".repeat(40);
        // Batches that are compressed make room: the budget counts as full after 20 tries in a row that found it full.
        let (mut accepted, mut refused) = (0, 0);
        while refused < 20 {
            match producer.try_enqueue(Record::to("t").value(value.clone())) {
                Ok(_) => (accepted, refused) = (accepted + 1, 0),
                Err(_) => {
                    refused += 1;
                    tokio::time::sleep(5 * MS).await;
                }
            }
        }
        hold.release();
        within(producer.flush()).await.unwrap();
        assert!(accepted > 1_000 && harness.record_count() == accepted, "{accepted}");
        within(producer.close()).await.unwrap();
    });
}

/// Several workers, and so a clock that runs.
fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

async fn harness() -> ClusterHarness {
    let config =
        milena_fake::TopicConfig { max_message_bytes: 10_000_000, ..milena_fake::TopicConfig::default() };
    ClusterHarness::on_sockets(Cluster::builder().topic_with("t", 2, config)).await
}

/// A producer that takes long records and compresses them slowly.
fn slow(harness: &ClusterHarness) -> ProducerBuilder {
    harness.producer().compression(SLOW).max_request_size(2 * LONG)
}

/// Text of no word that comes again soon, so that the codec has to search.
async fn enqueue_long(producer: &Producer) -> milena::Delivery {
    let mut word = 7_u64;
    let mut value = String::with_capacity(LONG);
    while value.len() < LONG - 20 {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        value += &format!("{:x} ", word >> 40);
    }
    producer.enqueue(Record::to("t").partition(0).value(value)).await.unwrap()
}

/// How many threads compress.
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "milena-compress").count()
}

fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
