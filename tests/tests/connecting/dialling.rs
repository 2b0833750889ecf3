//! When brokers are dialled, and for how long: never in a hot loop, and never all at once.

use std::sync::Arc;
use std::time::Duration;

use milena::{Producer, Record};
use milena_fake::{ApiKey, Cluster};
use milena_tests::{ClusterHarness, Dialled, Name, Network, within};
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
/// Until a record is on its way, and its connection breaks.
const LINGER: Duration = Duration::from_millis(8);

async fn two_brokers() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 2)).await
}

/// A producer with a record for broker 1, whose host died a moment ago; the cluster has not noticed.
struct Bereft {
    network: Network,
    died_at: Duration,
    producer: Producer,
}

impl Bereft {
    /// Some of them, each from another seed.
    async fn some(harness: &ClusterHarness, count: u64) -> Vec<Self> {
        let mut some = Vec::new();
        for seed in 0..count {
            let network = harness.network().clone().with_own_dials();
            let builder = harness.producer().seed(seed).connector(Arc::new(network.clone()));
            let builder = builder.delivery_timeout(3_600 * SECOND).close_timeout(SECOND);
            let producer = builder.build().await.unwrap();
            within(producer.send(Record::to("t").partition(0))).await.unwrap();
            some.push(Self { network, died_at: Duration::ZERO, producer });
        }
        harness.network().name("broker-1", Name::Nobody);
        harness.on(ApiKey::PRODUCE).node(1).always().disconnect();
        for one in &mut some {
            one.died_at = one.network.age();
            let record = Record::to("t").partition(0);
            drop(one.producer.enqueue(record).await.unwrap());
        }
        some
    }

    /// The dials for records; questions to the cluster are in more of a hurry.
    fn dials(&self) -> Vec<Dialled> {
        let dials = self.network.dials().into_iter();
        dials.filter(|dialled| dialled.at > self.died_at && dialled.within > 5 * SECOND).collect()
    }
}

/// The host of broker 1 is there again.
fn come_back(harness: &ClusterHarness) {
    harness.clear_hooks();
    harness.network().name("broker-1", Name::AnyBroker);
}

/// Of the waits of `reconnect.backoff.ms` and its doubles up to `reconnect.backoff.max.ms`, the sum of so many.
fn nominal(waits: u32) -> Duration {
    (0..waits).map(|wait| (50 * MS * (1 << wait.min(10))).min(SECOND)).sum()
}

#[tokio::test(start_paused = true)]
async fn a_hundred_producers_come_back_to_a_broker_one_after_the_other() {
    let harness = two_brokers().await;
    let bereft = Bereft::some(&harness, 100).await;
    sleep(20 * SECOND).await;
    for attempt in 0..15 {
        let of_one = |one: &Bereft| one.dials()[attempt as usize].at - one.died_at;
        let mut times: Vec<_> = bereft.iter().map(of_one).collect();
        times.sort_unstable();
        let nominal = nominal(attempt + 1);
        assert!(
            times[0] >= nominal * 8 / 10 && times[99] <= nominal * 12 / 10 + LINGER,
            "{attempt}: {times:?}"
        );
        assert!(times[99] - times[0] >= (nominal / 10).max(10 * MS), "{attempt}: they stay apart: {times:?}");
        let at_once = times.iter().map(|time| times.iter().filter(|other| *other == time).count()).max();
        assert!(at_once <= Some(15), "{attempt}: {at_once:?} at one instant");
    }
    // After some failures they are all over the second: whenever the broker comes back, few are there at once.
    come_back(&harness);
    let before: Vec<_> = bereft.iter().map(|one| one.dials().len()).collect();
    sleep(SECOND * 13 / 10).await;
    let back = |(one, before): (&Bereft, &usize)| {
        one.dials().split_off(*before).into_iter().map(|dialled| dialled.at)
    };
    let mut back: Vec<_> = bereft.iter().zip(&before).flat_map(back).collect();
    back.sort_unstable();
    assert_eq!(back.len(), 100, "once each");
    let most =
        back.iter().map(|at| back.iter().filter(|other| **other >= *at && **other < *at + 20 * MS).count());
    assert!(most.max() <= Some(12), "{back:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dial_has_more_time_after_each_failure_up_to_a_bound() {
    let harness = two_brokers().await;
    let bereft = Bereft::some(&harness, 1).await;
    harness.network().name("broker-1", Name::Silence);
    sleep(300 * SECOND).await;
    let dials = bereft[0].dials();
    let nominal = [10, 20, 30, 30, 30, 30].map(|seconds| SECOND * seconds);
    assert!(dials.len() >= nominal.len(), "{dials:?}");
    for (dialled, nominal) in dials.iter().zip(nominal) {
        assert!(dialled.within >= nominal * 8 / 10 && dialled.within <= nominal * 12 / 10, "{dials:?}");
    }
    for pair in dials.windows(2) {
        assert!(pair[1].at >= pair[0].at + pair[0].within, "one at a time, and each has its time: {dials:?}");
    }
    // What it is reached by, it is reached by within its first time again.
    come_back(&harness);
    sleep(60 * SECOND).await;
    let settled = bereft[0].dials().len();
    sleep(60 * SECOND).await;
    assert_eq!(bereft[0].dials().len(), settled, "a connection that stands is not dialled");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_nobody_knows_yet_is_waited_for() {
    let harness = two_brokers().await;
    harness.network().name("late", Name::Unknown);
    let build = tokio::spawn(harness.producer().bootstrap_servers("late:9092").build());
    sleep(8 * SECOND).await;
    let dials = harness.network().dials().len();
    assert!((8..20).contains(&dials), "{dials}: with a backoff");
    harness.network().name("late", Name::AnyBroker);
    within(build.await.unwrap().unwrap().send(("t", "v"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_broker_whose_name_is_lost_for_a_while_is_dialled_with_a_backoff_and_gets_its_records() {
    let harness = two_brokers().await;
    let bereft = Bereft::some(&harness, 1).await;
    harness.network().name("broker-1", Name::Unknown);
    sleep(60 * SECOND).await;
    let dials = bereft[0].dials().len();
    assert!((45..90).contains(&dials), "{dials} in a minute");
    come_back(&harness);
    let record = Record::to("t").partition(0);
    within(bereft[0].producer.send(record)).await.unwrap();
}
