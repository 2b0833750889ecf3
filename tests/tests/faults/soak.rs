//! All that brokers may do to unanswered batches, by chance: they are killed and start again from their snapshots, take requests
//! up late, lose answers, reject, move leaders, and lose the ends of logs where a seed says so. Each record is in the log once
//! and in order, or failed, and what is reported of it is true.
//!
//! A seed decides on everything, and a failing one prints the line that replays it. More seeds than usual:
//!
//! ```text
//! MILENA_SOAK_SEEDS=10000 cargo test -p milena-tests --release --test faults soak
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use fastrand::Rng;
use futures_util::future::join;
use milena::{Persisted, Producer, Record};
use milena_fake::{Action, ApiKey, Brokers, Cluster, ErrorCode, On};
use milena_tests::{ClusterHarness, Settled, Tag, assert_truly_reported, within};
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);
/// How many seeds are tried.
const SEEDS: u64 = 300;
/// Seeds that failed once, and must not again.
const FAILED_BEFORE: [u64; 0] = [];
/// The longest time after which a request is taken up late.
const LATE_MAX_MS: u64 = 2_000;

#[tokio::test(start_paused = true)]
async fn each_record_is_in_the_log_once_and_in_order_or_failed_as_reported() {
    let seeds: Vec<u64> = match number("MILENA_SOAK_SEED") {
        Some(seed) => vec![seed],
        None => FAILED_BEFORE.into_iter().chain(0..number("MILENA_SOAK_SEEDS").unwrap_or(SEEDS)).collect(),
    };
    let several = seeds.len() > 1;
    let (mut acknowledged, mut failed, mut retries) = (0, 0, 0);
    for seed in seeds {
        let _replay = Replay(seed);
        let soaked = soak(seed).await;
        acknowledged += soaked.settled.iter().filter(|(_, outcome)| outcome.is_ok()).count();
        failed += soaked.settled.iter().filter(|(_, outcome)| outcome.is_err()).count();
        retries += soaked.retries;
    }
    println!("{acknowledged} acknowledged, {failed} failed, {retries} retries");
    assert!(!several || (failed > 0 && retries > 1_000), "chance does too little");
}

/// What a seed decides on beforehand.
#[derive(Debug)]
struct Plan {
    brokers: i32,
    partitions: i32,
    records: u32,
    steps: usize,
    retries: u32,
    in_flight: usize,
    /// Whether logs lose their ends, with what was acknowledged there.
    truncates: bool,
}

impl Plan {
    fn of(dice: &mut Rng) -> Self {
        Self {
            brokers: dice.i32(1..=3),
            partitions: dice.i32(1..=3),
            records: dice.u32(20..120),
            steps: dice.usize(5..40),
            retries: [u32::MAX, u32::MAX, 3, 1][dice.usize(..4)],
            in_flight: dice.usize(1..=5),
            truncates: dice.u8(..5) == 0,
        }
    }
}

struct Soaked {
    settled: Vec<Settled>,
    retries: u64,
}

async fn soak(seed: u64) -> Soaked {
    let mut dice = Rng::with_seed(seed);
    let plan = Plan::of(&mut dice);
    let (brokers, partitions) =
        (usize::try_from(plan.brokers).unwrap(), usize::try_from(plan.partitions).unwrap());
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(brokers).topic("t", partitions)).await;
    let builder = harness.producer().seed(seed).linger(Duration::ZERO).retries(plan.retries);
    let builder = builder.request_timeout(500 * MS).max_in_flight(plan.in_flight);
    let producer = builder.delivery_timeout([2, 120][dice.usize(..2)] * 1_000 * MS).build().await.unwrap();

    let mut other_dice = dice.fork();
    let (settled, ()) =
        within(join(send(&producer, &plan, &mut dice), spoil(&harness, &plan, &mut other_dice))).await;
    let retries = producer.metrics().retries;
    // Whatever failed is reported here once more.
    let _ = within(producer.close()).await;
    sleep(Duration::from_millis(2 * LATE_MAX_MS)).await;
    // What was written may be lost with the end of a log.
    let is_checked = |(_, outcome): &&Settled| {
        !plan.truncates || outcome.as_ref().is_err_and(|error| error.persisted() == Persisted::No)
    };
    let checked: Vec<_> = settled.iter().filter(is_checked).cloned().collect();
    assert_truly_reported(&harness, "t", &checked);
    Soaked { settled, retries }
}

/// Sends the records in bursts, and waits for what becomes of them.
async fn send(producer: &Producer, plan: &Plan, dice: &mut Rng) -> Vec<Settled> {
    let mut deliveries = Vec::new();
    for number in 0..plan.records {
        let tag = Tag { sender: 0, number };
        let record =
            Record::to("t").value(tag.value_of(dice.usize(10..200))).partition(dice.i32(0..plan.partitions));
        deliveries.push((tag, producer.enqueue(record).await.unwrap()));
        if dice.bool() {
            sleep(dice.u32(..40) * MS).await;
        }
    }
    let mut settled = Vec::new();
    for (tag, delivery) in deliveries {
        settled.push((tag, delivery.await));
    }
    settled
}

/// Has things go wrong, and mends all in the end.
async fn spoil(harness: &ClusterHarness, plan: &Plan, dice: &mut Rng) {
    let mut down = BTreeSet::new();
    for _ in 0..plan.steps {
        sleep(dice.u32(0..60) * MS).await;
        let (broker, partition) = (dice.i32(1..=plan.brokers), dice.i32(0..plan.partitions));
        match dice.u8(..10) {
            0 => {
                harness.kill(broker);
                down.insert(broker);
            }
            1 | 2 => {
                harness.restart(broker).unwrap();
                down.remove(&broker);
            }
            3 => harness.move_leader("t", partition, broker),
            4 => harness.link_delay(broker, [1, 20, 50, 400][dice.usize(..4)] * MS),
            5 if plan.truncates => {
                let end = i64::try_from(harness.log("t", partition).len()).unwrap();
                let lost = if dice.bool() { end } else { dice.i64(0..8).min(end) };
                harness.truncate("t", partition, end - lost);
            }
            _ => set_hook(harness.on(ApiKey::PRODUCE).times(dice.usize(1..3)), dice),
        }
    }
    harness.clear_hooks();
    harness.link_delay(Brokers::All, Duration::ZERO);
    // The others still have requests that they serve late.
    down.into_iter().for_each(|broker| harness.restart(broker).unwrap());
}

fn set_hook(on: On<'_>, dice: &mut Rng) {
    // Not appended, for a while or for good; appended or not, and the broker cannot tell.
    const REFUSALS: [i16; 7] = [5, 6, 19, 29, 72, 87, 89];
    const DOUBTS: [i16; 4] = [7, 20, 56, -1];
    let late = Duration::from_millis(dice.u64(..LATE_MAX_MS));
    match dice.u8(..8) {
        0 | 1 => on.disconnect_then_apply(late / [1, 10, 100][dice.usize(..3)]),
        2 => on.apply_then(Action::Disconnect),
        3 => on.apply_then(Action::Silence),
        4 => on.disconnect(),
        5 => on.error(ErrorCode(REFUSALS[dice.usize(..REFUSALS.len())])),
        6 => on.apply_then(Action::error(ErrorCode(DOUBTS[dice.usize(..DOUBTS.len())]))),
        // Served although the client gives the connection up meanwhile.
        _ => on.delay(late),
    }
}

/// Prints how to replay a seed whose run does not come to its end.
struct Replay(u64);

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("replay: MILENA_SOAK_SEED={} cargo test -p milena-tests --test faults soak", self.0);
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
