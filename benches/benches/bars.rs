//! The cost of many callers, and of responses about thousands of partitions, for a whole producer, on a fake cluster in
//! the same process: the least of so many rounds, beside the bar. `just bench-bars`
//!
//! * 40 000 tasks that look up one topic which is not known yet: from the first task to the last response; and the same tasks
//!   without a producer.
//! * The same where the topic is never found: from `max.block.ms` to the last error.
//! * 4 000 leaders that a Produce response moves to another broker: what the producer works from the response to the request
//!   that the other broker gets, its brokers on other threads; and the time until all records are acknowledged, beside the
//!   same without a move.
//! * An awaited record before and after 100 000 flushes that were given up while a batch of another partition is stuck.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use milena::{Producer, Record};
use milena_fake::{ApiKey, Cluster};
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::JoinSet;

const ROUNDS: usize = 5;
const CALLERS: usize = 40_000;
const PARTITIONS: i32 = 4_000;
const FLUSHES: usize = 100_000;
const SENDS: u32 = 2_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn now() -> Instant {
    Instant::now()
}

/// Of this thread.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs());
    Duration::from_secs(seconds) + Duration::from_nanos(nanos)
}

async fn cluster(brokers: usize, partitions: usize) -> std::io::Result<Cluster> {
    Cluster::builder().brokers(brokers).topic("t", partitions).auto_create(false).start().await
}

fn builder(cluster: &Cluster) -> milena::ProducerBuilder {
    Producer::builder().bootstrap_servers(cluster.bootstrap_servers())
}

/// Tasks that wait for topic `name`.
fn callers(producer: &Producer, name: &'static str) -> JoinSet<bool> {
    let mut tasks = JoinSet::new();
    for _ in 0..CALLERS {
        let producer = producer.clone();
        tasks.spawn(async move { producer.topic(name).await.is_ok() });
    }
    tasks
}

async fn all(mut tasks: JoinSet<bool>, expected: bool) {
    while let Some(found) = tasks.join_next().await {
        assert_eq!(found.ok(), Some(expected));
    }
}

async fn look_ups() -> Outcome<Duration> {
    let cluster = cluster(1, 1).await?;
    let producer = builder(&cluster).build().await?;
    let begun = now();
    all(callers(&producer, "t"), true).await;
    Ok(begun.elapsed())
}

/// The same tasks without a producer: what the runtime takes for them.
async fn bare_tasks() -> Duration {
    let (sender, receiver) = watch::channel(false);
    let begun = now();
    let mut tasks = JoinSet::new();
    for _ in 0..CALLERS {
        let mut receiver = receiver.clone();
        tasks.spawn(async move { receiver.wait_for(|is_found| *is_found).await.is_ok() });
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    sender.send_replace(true);
    all(tasks, true).await;
    begun.elapsed()
}

async fn look_ups_in_vain() -> Outcome<Duration> {
    const MAX_BLOCK: Duration = Duration::from_millis(500);
    let cluster = cluster(1, 1).await?;
    let producer = builder(&cluster).max_block(MAX_BLOCK).build().await?;
    let begun = now();
    all(callers(&producer, "unknown"), false).await;
    // The last task has begun to wait by then that much later, which counts as well.
    Ok(begun.elapsed() - MAX_BLOCK)
}

/// Processor time of the producer's thread from the response to the request that comes next, and the time to the last
/// acknowledgement.
async fn leaders(cluster: Cluster, move_them: bool) -> Outcome<[Duration; 2]> {
    (0..PARTITIONS).for_each(|partition| cluster.move_leader("t", partition, 1));
    let producer = builder(&cluster).linger(Duration::from_millis(200)).build().await?;
    producer.send(Record::to("t").partition(0).value("first")).await?;
    let to = if move_them { 2 } else { 1 };
    if move_them {
        (0..PARTITIONS).for_each(|partition| cluster.move_leader("t", partition, 2));
    }
    let first = match move_them {
        true => cluster.on(ApiKey::PRODUCE).node(1).apply_then_hold(),
        false => cluster.on(ApiKey::PRODUCE).node(1).hold(),
    };
    let next = cluster.on(ApiKey::PRODUCE).node(to).hold();
    for partition in 0..PARTITIONS {
        drop(producer.enqueue(Record::to("t").partition(partition).value("value")).await?);
    }
    let mut flush = pin!(producer.flush());
    // Polled once, so that everything is sent.
    let _ = poll_fn(|cx| Poll::Ready(flush.as_mut().poll(cx))).await;
    first.reached(1).await;
    let begun = now();
    first.release();
    let worked = processor_time();
    if move_them {
        next.reached(1).await;
    }
    let reached = processor_time() - worked;
    next.release();
    flush.await?;
    Ok([reached, begun.elapsed()])
}

/// An awaited record, before and after flushes that are given up.
async fn flushes() -> Outcome<[Duration; 2]> {
    let cluster = cluster(2, 2).await?;
    (0..2).for_each(|partition| cluster.move_leader("t", partition, partition + 1));
    let producer = builder(&cluster).build().await?;
    let sends = async || -> Outcome<Duration> {
        let begun = now();
        for _ in 0..SENDS {
            producer.send(Record::to("t").partition(0).value("v")).await?;
        }
        Ok(begun.elapsed() / SENDS)
    };
    sends().await?;
    let before = sends().await?;
    let hold = cluster.on(ApiKey::PRODUCE).node(2).hold();
    let delivery = producer.enqueue(Record::to("t").partition(1).value("stuck")).await?;
    for _ in 0..FLUSHES {
        let mut flush = pin!(producer.flush());
        let waits = poll_fn(|cx| Poll::Ready(flush.as_mut().poll(cx).is_pending())).await;
        assert!(waits, "the batch is stuck");
    }
    let after = sends().await?;
    hold.release();
    delivery.await?;
    Ok([before, after])
}

#[expect(clippy::print_stdout, reason = "the measurements")]
fn main() -> Outcome<()> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let alone = Builder::new_current_thread().enable_all().build()?;
    let mut least = [Duration::MAX; 8];
    for _ in 0..ROUNDS {
        let brokers = || runtime.block_on(cluster(2, PARTITIONS.unsigned_abs() as usize));
        let [_, still] = alone.block_on(leaders(brokers()?, false))?;
        let [work, moved] = alone.block_on(leaders(brokers()?, true))?;
        let [before, after] = runtime.block_on(flushes())?;
        let (found, in_vain) = (runtime.block_on(look_ups())?, runtime.block_on(look_ups_in_vain())?);
        let bare = runtime.block_on(bare_tasks());
        let round = [found, bare, in_vain, work, moved, still, before, after];
        least.iter_mut().zip(round).for_each(|(least, new)| *least = new.min(*least));
    }
    let names = [
        "40 000 look-ups of one topic (bar: 50 ms)",
        "the same tasks awaiting one tokio::sync::watch",
        "40 000 look-ups of a topic that is never found, beyond max.block.ms",
        "4 000 leaders move: processor time until the next request (of which hints and moves: `leaders`)",
        "4 000 leaders move: until all is acknowledged",
        "the same without a move",
        "an awaited record",
        "an awaited record after 100 000 flushes that were given up",
    ];
    names.iter().zip(least).for_each(|(name, least)| println!("{least:>12.1?}  {name}"));
    Ok(())
}
