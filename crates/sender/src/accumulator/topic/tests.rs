//! Where records go.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod adaptive;

use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::accumulator::AccumulatorConfig;
use crate::batch::Batch;
use crate::tests::{At, accumulator, some_time};

/// A topic, and broker senders that take what is worth sending.
struct Stand {
    now: Instant,
    shared: StdArc<Shared>,
    mailbox: Arc<SenderMailbox>,
    topic: Topic,
    serial: u32,
    /// Records that were taken, by partition.
    taken: Vec<u64>,
}

impl Stand {
    fn new(partitioner: Partitioner, partitions: usize) -> Self {
        Self::configured(accumulator(), partitioner, partitions)
    }

    fn configured(config: AccumulatorConfig, partitioner: Partitioner, partitions: usize) -> Self {
        let shared = Shared::new(config, 64 << 20);
        let topic = Topic::new("t".into(), partitioner, StdArc::clone(&shared), 5);
        let mailbox = Arc::new(SenderMailbox::default());
        let mut stand = Self { now: some_time(), shared, mailbox, topic, serial: 0, taken: Vec::new() };
        stand.grow(partitions);
        stand
    }

    /// The topic has so many partitions, and each a leader.
    fn grow(&mut self, partitions: usize) {
        for partition in self.topic.grow(partitions, &self.mailbox, &mut self.serial) {
            partition.set_available(true);
        }
        self.taken.resize(partitions, 0);
    }

    fn leaderless(&self, partition: usize) {
        self.topic.partitions()[partition].set_available(false);
    }

    fn try_send(&self, partition: Option<i32>, key: Option<&[u8]>) -> Result<AcceptedRecord, ChooseError> {
        let record = RecordRef { key, value: Some(&[0; 100]), ..RecordRef::default() };
        self.topic.append::<_, false>(
            partition.map(PartitionId),
            &record,
            &At(self.now),
            AppendOptions::default(),
        )
    }

    fn send(&self) {
        self.try_send(None, None).unwrap();
    }

    /// Takes what is worth sending, or everything.
    fn take(&mut self, everything: bool) {
        self.take_without(&[], everything);
    }

    /// The same from all partitions but those of `stuck`.
    fn take_without(&mut self, stuck: &[usize], everything: bool) {
        let partitions = self.topic.partitions().iter().zip(&mut self.taken).enumerate();
        for (_, (partition, taken)) in partitions.filter(|(index, _)| !stuck.contains(index)) {
            partition.poll(self.now, true, everything, usize::MAX).unwrap();
            while let Some(batch) = partition.take(self.now, true, &mut Vec::new()).unwrap() {
                *taken += u64::from(batch.records);
                give_back(&self.shared, batch, self.now);
            }
        }
    }

    /// What each partition got so far.
    fn shares(mut self) -> Vec<u64> {
        self.take(true);
        self.taken
    }

    /// How many records a partition got, about: those that it holds are told by their bytes.
    fn taken_and_left(&self, partition: usize) -> u64 {
        let held = self.topic.partitions()[partition].account().held() as u64;
        self.taken[partition] + held / 107
    }

    /// Sends `records`, 10 000 a second, while nothing is taken from the partitions of `stuck`.
    fn run_without(&mut self, stuck: &[usize], records: u64) {
        for _ in 0..records / 10 {
            self.now += Duration::from_millis(1);
            (0..10).for_each(|_| self.send());
            self.take_without(stuck, false);
        }
    }

    /// Sends `records` at `rate` a second, to broker senders that look every millisecond.
    fn run(&mut self, rate: u64, records: u64) {
        let started = self.now;
        let mut sent = 0;
        while sent < records {
            self.now += Duration::from_millis(1);
            let due = rate * u64::try_from((self.now - started).as_millis()).unwrap() / 1_000;
            (sent..due.min(records)).for_each(|_| self.send());
            sent = due;
            self.take(false);
        }
    }
}

fn give_back(shared: &Shared, batch: Batch, now: Instant) {
    let mut wakers = Vec::new();
    shared.outstanding.settle(batch.claim().generation, &mut wakers);
    let mut chunks = Vec::new();
    let released = batch.dismantle(&mut chunks).unwrap().release(true);
    shared.memory.give_back(&mut chunks, [released], Some(now), &mut wakers);
}

/// Checks that all shares but those of `none` are equal, give or take so many of a hundred.
#[track_caller]
fn check_even(shares: &[u64], none: &[usize], percent: u64) {
    let takers = shares.len() - none.len();
    let even = shares.iter().sum::<u64>() / takers as u64;
    for (partition, share) in shares.iter().enumerate() {
        let expected = if none.contains(&partition) { 0 } else { even };
        assert!(share.abs_diff(expected) * 100 <= even * percent, "partition {partition}: {shares:?}");
    }
}

#[test]
fn records_without_a_key_spread_evenly_at_any_rate() {
    for (rate, records) in [(1_000, 60_000), (30_000, 300_000), (1_000_000, 600_000)] {
        let mut stand = Stand::new(Partitioner::Java, 6);
        stand.run(rate, records);
        check_even(&stand.shares(), &[], 10);
    }
}

#[test]
fn records_without_a_key_stay_with_a_partition_for_a_batch() {
    let mut stand = Stand::new(Partitioner::Java, 6);
    (0..140).for_each(|_| stand.send());
    stand.take(true);
    assert_eq!(stand.taken, [140, 0, 0, 0, 0, 0]);
    // Also when the batch was taken meanwhile.
    (0..140).for_each(|_| stand.send());
    let shares = stand.shares();
    assert!(shares[0] < 160 && shares[1] > 100, "{shares:?}");
}

#[test]
fn whoever_holds_the_topic_shares_one_cell_until_they_get_in_each_others_way() {
    let stand = Stand::new(Partitioner::Java, 6);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| (0..30).for_each(|_| stand.send())).join().unwrap();
        }
    });
    assert_eq!(stand.shares(), [90, 0, 0, 0, 0, 0]);

    let mut stand = Stand::new(Partitioner::Java, 6);
    (0..170).for_each(|_| stand.send());
    stand.take(true);
    assert!(stand.taken[0] > 140 && stand.taken[1] > 0, "{:?}", stand.taken);
    stand.taken.fill(0);
    thread::scope(|scope| {
        let meets_another = || {
            let held = stand.topic.partitions()[1].hold();
            (0..10).for_each(|_| stand.send());
            drop(held);
            (0..20).for_each(|_| stand.send());
        };
        scope.spawn(meets_another).join().unwrap();
    });
    // Who was in nobody's way stays with the shared cell.
    (0..40).for_each(|_| stand.send());
    stand.take(true);
    assert_eq!((stand.taken[1], stand.taken.iter().sum::<u64>()), (40, 70));
    assert!(stand.taken.contains(&30), "{:?}", stand.taken);
}

#[test]
fn callers_on_several_threads_spread_evenly_too() {
    let stand = Stand::new(Partitioner::Java, 6);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..40_000).for_each(|_| stand.send()));
        }
    });
    check_even(&stand.shares(), &[], 10);
}

#[test]
fn round_robin_gives_each_partition_its_turn() {
    let stand = Stand::new(Partitioner::RoundRobin, 6);
    (0..600).for_each(|_| stand.send());
    assert_eq!(stand.shares(), [100; 6]);
}

#[test]
fn random_is_uniform() {
    let stand = Stand::new(Partitioner::Random, 6);
    (0..60_000).for_each(|_| stand.send());
    check_even(&stand.shares(), &[], 4);
}

#[test]
fn a_partition_without_a_leader_gets_no_record_without_a_key_and_its_neighbour_no_more_for_it() {
    for (partitioner, percent) in
        [(Partitioner::Java, 10), (Partitioner::RoundRobin, 0), (Partitioner::Random, 4)]
    {
        let mut stand = Stand::new(partitioner, 6);
        stand.leaderless(2);
        stand.run(30_000, 100_000);
        check_even(&stand.shares(), &[2], percent);
    }
}

#[test]
fn a_cell_leaves_a_partition_as_soon_as_it_has_no_leader() {
    let mut stand = Stand::new(Partitioner::Java, 6);
    (0..10).for_each(|_| stand.send());
    stand.leaderless(0);
    (0..10).for_each(|_| stand.send());
    stand.take(true);
    assert_eq!(stand.taken, [10, 10, 0, 0, 0, 0]);
}

#[test]
fn without_any_leader_records_are_taken_and_spread_all_the_same() {
    for partitioner in [Partitioner::Java, Partitioner::RoundRobin, Partitioner::Random] {
        let mut stand = Stand::new(partitioner, 6);
        (0..6).for_each(|partition| stand.leaderless(partition));
        stand.run(30_000, 60_000);
        check_even(&stand.shares(), &[], 10);
    }
}

#[test]
fn a_key_goes_to_its_partition_whether_that_has_a_leader_or_not() {
    let stand = Stand::new(Partitioner::Java, 6);
    // `user-123` belongs to partition 2 of six.
    stand.leaderless(2);
    (0..10).for_each(|_| drop(stand.try_send(None, Some(b"user-123")).unwrap()));
    assert_eq!(stand.shares(), [0, 0, 10, 0, 0, 0]);
}

#[test]
fn a_record_that_names_its_partition_goes_there() {
    for partitioner in Partitioner::ALL {
        let stand = Stand::new(partitioner, 6);
        stand.leaderless(4);
        stand.try_send(Some(4), Some(b"key")).unwrap();
        for partition in [-1, 6] {
            let expected = ChooseError::NoSuchPartition { partition, partitions: 6 };
            assert_eq!(stand.try_send(Some(partition), None).unwrap_err(), expected);
        }
        assert_eq!(stand.shares(), [0, 0, 0, 0, 1, 0], "{partitioner}");
    }
}

#[test]
fn the_manual_partitioner_refuses_a_record_that_does_not_say() {
    let stand = Stand::new(Partitioner::Manual, 6);
    assert_eq!(stand.try_send(None, Some(b"key")).unwrap_err(), ChooseError::Missing);
    assert_eq!(stand.shares(), [0; 6]);
}

#[test]
fn a_topic_without_partitions_takes_nothing() {
    let stand = Stand::new(Partitioner::Java, 0);
    let expected = ChooseError::NoSuchPartition { partition: 0, partitions: 0 };
    assert_eq!(stand.try_send(None, None).unwrap_err(), expected);
}

#[test]
fn a_topic_that_grows_spreads_over_its_new_partitions_and_maps_keys_anew() {
    let mut stand = Stand::new(Partitioner::Java, 3);
    stand.run(30_000, 30_000);
    stand.take(true);
    check_even(&stand.taken, &[], 10);

    stand.grow(6);
    assert_eq!(stand.topic.partitions().len(), 6);
    stand.taken.fill(0);
    stand.run(30_000, 60_000);
    stand.take(true);
    check_even(&stand.taken, &[], 10);

    stand.taken.fill(0);
    stand.try_send(None, Some(b"user-123")).unwrap();
    stand.grow(2);
    assert_eq!(stand.topic.partitions().len(), 6, "it never shrinks");
    let serials: Vec<u32> = stand.topic.partitions().iter().map(|partition| partition.serial().0).collect();
    assert_eq!(serials, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_learned_limit_doubles_back_to_where_it_began() {
    let stand = Stand::new(Partitioner::Java, 2);
    let limit = || stand.topic.of_topic.limit.wire_bytes_max();
    stand.topic.partitions()[1].limit().rejected(crate::batch::Lengths { wire: 600_000, plain: 600_000 });
    assert_eq!(limit(), 400_000, "it is the topic's");
    let relaxed = [(); 3].map(|()| {
        stand.topic.relax_limit();
        limit()
    });
    assert_eq!(relaxed, [800_000, 1_000_000, 1_000_000]);
}
