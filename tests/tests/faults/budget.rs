//! A topic, a partition or a broker that makes no progress takes nothing from the others: they keep their rate, however long it
//! lasts and whichever was first.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::{join_all, join3};
use milena::{ErrorKind, Producer, Record, SendError};
use milena_fake::{ApiKey, Cluster};
use milena_tests::{ClusterHarness, Stopwatch, eventually};
use tokio::time::{sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);
/// How long a story lasts.
const STORY: Duration = Duration::from_secs(400);
/// Each of the healthy tasks sends a record so often.
const PACE: Duration = Duration::from_millis(40);
/// What a healthy topic alone gets in within ten seconds.
const ALONE: u32 = 500;

#[tokio::test(start_paused = true)]
async fn partition_without_a_leader_takes_nothing_from_its_neighbour() {
    for sick_begins in [false, true] {
        let harness = ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 2)).await;
        let producer = producer(&harness).await;
        harness.no_leader("t", 0);
        let errors = side_by_side(&producer, ("t", 1), ("t", 0), sick_begins).await;
        check_names(&errors, "topic t, partition 0 holds the most", "no leader");
    }
}

#[tokio::test(start_paused = true)]
async fn broker_that_hangs_takes_nothing_from_the_others() {
    for sick_begins in [false, true] {
        let harness = ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 2)).await;
        let producer = producer(&harness).await;
        let sick = (0..2)
            .find(|partition| harness.leader("t", *partition).is_some_and(|leader| leader.0 == 1))
            .unwrap();
        harness.on(ApiKey::PRODUCE).node(1).always().silence();
        let errors = side_by_side(&producer, ("t", 1 - sick), ("t", sick), sick_begins).await;
        check_names(
            &errors,
            &format!("topic t, partition {sick} holds the most"),
            "broker 1 cannot be used: broker-1:9092: Produce",
        );
    }
}

#[tokio::test(start_paused = true)]
async fn deleted_topic_takes_nothing_from_another_and_is_refused_until_it_is_back() {
    for sick_begins in [false, true] {
        let cluster = Cluster::builder().brokers(2).topic("t", 1).topic("gone", 1).auto_create(false);
        let harness = ClusterHarness::in_memory(cluster).await;
        let producer = producer(&harness).await;
        harness.delete_topic("gone");
        let errors = side_by_side(&producer, ("t", 0), ("gone", 0), sick_begins).await;
        let unknown = errors.iter().find(|error| error.kind() == ErrorKind::UnknownTopic).unwrap();
        assert!(unknown.is_retriable(), "{unknown}");

        harness.create_topic("gone", 1);
        sleep(10 * SECOND).await;
        producer.send(Record::to("gone").value("again")).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn callers_that_wait_for_room_of_a_topic_fail_when_it_becomes_unknown() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1).auto_create(false)).await;
    let builder = harness.producer().buffer_memory(200_000).max_block(500 * SECOND);
    let producer = builder.delivery_timeout(400 * SECOND).build().await.unwrap();
    producer.send(("t", "v")).await.unwrap();
    harness.delete_topic("t");
    let watch = Stopwatch::start();
    // The first records hold the budget; the others wait for room of the one partition, some by its name.
    let outcomes = join_all((0..1_000).map(|number| {
        let record = Record::to("t").value(vec![0; 5_000]);
        producer.enqueue(if number % 2 == 0 { record.partition(0) } else { record })
    }))
    .await;
    let (accepted, told): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    let (accepted, told) = (accepted.len(), told.into_iter().filter_map(Result::err));
    let told = told.inspect(|error| assert_eq!(error.kind(), ErrorKind::UnknownTopic, "{error}")).count();
    assert!(told > 900 && accepted > 10, "{told} told, {accepted} accepted");
    assert!(watch.elapsed() > 30 * SECOND && watch.elapsed() < 40 * SECOND, "{:?}", watch.elapsed());
}

#[tokio::test(start_paused = true)]
async fn topic_that_is_unknown_for_less_than_thirty_seconds_takes_records() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1).auto_create(false)).await;
    let producer = producer(&harness).await;
    producer.send(Record::to("t").value("before")).await.unwrap();
    harness.delete_topic("t");
    let mut deliveries = Vec::new();
    for _ in 0..20 {
        deliveries.push(producer.enqueue(Record::to("t").value("meanwhile")).await.unwrap());
        sleep(SECOND).await;
    }
    harness.create_topic("t", 1);
    for delivery in deliveries {
        delivery.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn records_without_a_key_go_on_beside_a_broker_that_hangs() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 6)).await;
    let producer = producer(&harness).await;
    for partition in 0..6 {
        producer.send(Record::to("t").partition(partition)).await.unwrap();
    }
    harness.on(ApiKey::PRODUCE).node(1).always().silence();
    let counts = feed(&producer, || Record::to("t").value(vec![b'x'; 1_000])).await;
    assert!(counts.iter().all(|count| *count >= ALONE / 10 * 9), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn callers_that_wait_for_a_partition_that_stalls_take_another_unless_they_name_it() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 2)).await;
    let producer = producer(&harness).await;
    let sick =
        (0..2).find(|partition| harness.leader("t", *partition).is_some_and(|leader| leader.0 == 1)).unwrap();
    producer.send(Record::to("t").partition(1 - sick)).await.unwrap();
    harness.on(ApiKey::PRODUCE).node(1).always().silence();
    // More than there may be.
    let waiting: Vec<_> = (0..30)
        .map(|_| {
            let producer = producer.clone();
            tokio::spawn(async move {
                producer.enqueue(Record::to("t").partition(sick).value(vec![0; 100_000])).await
            })
        })
        .collect();
    sleep(SECOND).await;
    let started = Stopwatch::start();
    let keyless = (0..30).map(|_| producer.send(Record::to("t").value(vec![0; 100_000])));
    let acks = join_all(keyless).await;
    assert!(started.elapsed() < 10 * SECOND, "{:?}", started.elapsed());
    assert!(acks.iter().flatten().any(|ack| ack.partition == 1 - sick), "{acks:?}");
    eventually(|| waiting.iter().all(tokio::task::JoinHandle::is_finished)).await;
}

/// With a budget that a sick partition fills in seconds.
async fn producer(harness: &ClusterHarness) -> Producer {
    let producer = harness.producer().buffer_memory(2 << 20).build().await.unwrap();
    for topic in ["t", "gone"].into_iter().filter(|topic| harness.topic_id(topic).is_some()) {
        producer.topic(topic).await.unwrap();
    }
    producer
}

/// Feeds a healthy partition, which has to keep its rate, and a sick one. Returns the errors of the sick one's callers.
async fn side_by_side(
    producer: &Producer,
    healthy: (&str, i32),
    sick: (&str, i32),
    sick_begins: bool,
) -> Vec<SendError> {
    let record =
        |(topic, partition): (&str, i32)| Record::to(topic).partition(partition).value(vec![b'x'; 1_000]);
    let over = AtomicU32::new(0);
    let sick_task = || async {
        let mut errors = Vec::new();
        while over.load(Ordering::Relaxed) == 0 {
            if let Ok(Err(error)) = timeout(STORY, producer.enqueue(record(sick))).await {
                errors.push(error);
                sleep(SECOND).await;
            }
            sleep(PACE).await;
        }
        errors
    };
    let healthy_tasks = async {
        // Until the sick one holds what it may.
        sleep(if sick_begins { 25 * SECOND } else { Duration::ZERO }).await;
        let counts = feed(producer, || record(healthy)).await;
        over.store(1, Ordering::Relaxed);
        counts
    };
    let (counts, errors, more) =
        join3(healthy_tasks, join_all((0..4).map(|_| sick_task())), sick_task()).await;
    assert!(counts.iter().all(|count| *count >= ALONE / 10 * 9), "first: {sick_begins}, {counts:?}");
    errors.into_iter().flatten().chain(more).collect()
}

/// Two tasks that send as long as the story lasts. Returns how many records got in within each ten seconds.
async fn feed(producer: &Producer, record: impl Fn() -> Record) -> Vec<u32> {
    let start = Stopwatch::start();
    let counts: Vec<AtomicU32> = (0..STORY.as_secs() / 10).map(|_| AtomicU32::new(0)).collect();
    let task = || async {
        for tick in 0.. {
            // A task that is late sends at once what it missed.
            sleep((PACE * tick).saturating_sub(start.elapsed())).await;
            let slot = usize::try_from(start.elapsed().as_secs() / 10).unwrap();
            let Some(count) = counts.get(slot) else { break };
            if matches!(timeout(STORY, producer.enqueue(record())).await, Ok(Ok(_))) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    join_all([task(), task()]).await;
    counts.into_iter().map(AtomicU32::into_inner).collect()
}

#[track_caller]
fn check_names(errors: &[SendError], holder: &str, reason: &str) {
    let full = errors.iter().find(|error| error.kind() == ErrorKind::BufferFull).unwrap();
    let text = full.to_string();
    assert!(text.contains(holder) && text.contains(reason), "{text}");
}

#[tokio::test(start_paused = true)]
async fn record_whose_key_goes_to_another_partition_meanwhile_waits_there() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 2)).await;
    (0..2).for_each(|partition| harness.move_leader("t", partition, partition + 1));
    let builder =
        harness.producer().buffer_memory(400_000).max_block(60 * SECOND).metadata_max_age(SECOND / 5);
    let producer = builder.build().await.unwrap();
    let _stuck = harness.on(ApiKey::PRODUCE).node(2).always().hold();
    let held = harness.on(ApiKey::PRODUCE).node(1).always().hold();
    producer.topic("t").await.unwrap();
    [1, 0].into_iter().for_each(|partition| fill(&producer, partition));
    // Of two partitions this key has the first, and of three the second.
    let record = Record::to("t").key("a").value(vec![0; 60_000]);
    let waiting = tokio::spawn({
        let producer = producer.clone();
        async move { producer.enqueue(record).await }
    });
    // Sooner than the first partition counts as one that makes no progress, which would wake the caller.
    sleep(SECOND / 10).await;
    harness.grow_topic("t", 3);
    sleep(SECOND / 2).await;

    // The first has room again, and the second holds all that it may.
    held.release();
    let error = timeout(200 * SECOND, waiting).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BufferFull, "{error}");
    producer.send(Record::to("t").partition(0).value("the first has room")).await.unwrap();
}

/// Records of a partition until there is no room for more.
fn fill(producer: &Producer, partition: i32) {
    let record = || Record::to("t").partition(partition).value(vec![0; 10_000]);
    while let Ok(delivery) = producer.try_enqueue(record()) {
        drop(delivery);
    }
}
