//! One run of a plan, and what must hold at its end.

use std::task::{Poll, Waker};
use std::time::Duration;

use milena_codec::ids::{BrokerId, Identity, Sequence, TopicId};

use super::broker::Connection;
use super::plan::Plan;
use crate::accumulator::{ChooseError, Refusal, Waiting};
use crate::lane::tests::world::World;
use crate::lane::{Notice, Output};
use crate::outcome::Persisted;
use crate::sync::{Generation, Seat};
use crate::tests::identity;

const BROKERS: usize = 2;

pub(super) struct Run {
    plan: Plan,
    world: World,
    dice: fastrand::Rng,
    /// For everything about compression.
    other_dice: fastrand::Rng,
    connections: [Connection; BROKERS],
    /// By partition: each accepted record's number, and where its outcome is told.
    seats: Vec<Vec<(usize, Seat)>>,
    flushes: Vec<Generation>,
    /// Records that lanes say were written, and that failed.
    told: (u64, u64),
    next_id: i64,
}

impl Run {
    pub(super) fn new(plan: Plan) -> Self {
        let mut world = World::compressed(
            plan.partitions,
            plan.accumulator.clone(),
            plan.lanes.clone(),
            plan.budget,
            plan.compression.clone(),
        );
        world.defers_jobs = plan.defers_jobs;
        world.version = plan.version;
        (1..=2).for_each(|broker| world.ended(broker, Vec::new()));
        if plan.lanes.stream.idempotent {
            world.coordinator.identity(Identity { epoch: plan.epoch.into(), ..identity(7) });
        }
        world.obey();
        if let Some(left) = plan.sequences_left {
            let streams = world.broker(1).streams.values_mut();
            streams.for_each(|stream| stream.begin_at(Sequence(i32::MAX - left)));
        }
        Self {
            dice: plan.dice.clone(),
            other_dice: fastrand::Rng::with_seed(plan.lanes.seed),
            seats: (0..plan.partitions).map(|_| Vec::new()).collect(),
            world,
            plan,
            connections: Default::default(),
            flushes: Vec::new(),
            told: (0, 0),
            next_id: 8,
        }
    }

    /// Plays the run, and says how many records were written and how many failed.
    pub(super) fn run(mut self) -> (u64, u64) {
        for number in 0..self.plan.records {
            self.call(number);
            self.world.now += Duration::from_millis(self.dice.u64(..20));
            (0..BROKERS).for_each(|broker| self.drive(broker));
            self.world.poll(None, false);
            if self.chance(self.plan.moves) {
                let leaders: Vec<_> = (0..self.plan.partitions).map(|_| self.leader()).collect();
                self.world.lead(&leaders);
            }
            if self.plan.version == 13 && self.chance(10) {
                self.world.topic_id = TopicId([self.dice.u8(1..); 16]);
                self.world.lead(&vec![Some(BrokerId(1)); self.plan.partitions]);
            }
            self.heed();
        }
        if self.plan.aborts {
            self.abort();
        }
        self.calm();
        self.rest();
        let told = self.told;
        self.check();
        told
    }

    fn chance(&mut self, of_a_thousand: u32) -> bool {
        self.dice.u32(..1_000) < of_a_thousand
    }

    fn leader(&mut self) -> Option<BrokerId> {
        (self.dice.u8(..8) > 0).then(|| BrokerId(self.dice.i32(1..=2)))
    }

    /// Callers send, flush, or wait for room.
    fn call(&mut self, number: usize) {
        let partition = self.dice.usize(..self.plan.partitions);
        let mut value = format!("{number} ").into_bytes();
        let bytes = self.dice.usize(..self.plan.value_bytes_max);
        let dice = &mut self.other_dice;
        value.extend((0..bytes).map(|_| if self.plan.noise { dice.u8(..) } else { b' ' }));
        let waiting = Waiting { urgent: self.dice.u8(..8) == 0, ..Waiting::default() };
        match self.world.send_as(i32::try_from(partition).unwrap(), &value, waiting) {
            Ok(seat) => self.seats[partition].push((number, seat)),
            Err(ChooseError::Refused(Refusal::Full { .. } | Refusal::TooLarge { .. }, _)) => {
                self.world.shared.press();
            }
            Err(other) => panic!("{other}"),
        }
        if self.chance(15) {
            self.flushes.push(self.world.shared.outstanding.end_generation());
            self.world.shared.press();
        }
    }

    /// Other threads end some of their jobs.
    fn run_jobs(&mut self) {
        while !self.world.jobs.is_empty() && self.other_dice.u8(..3) > 0 {
            let place = self.other_dice.usize(..self.world.jobs.len());
            self.world.run_job(place);
        }
    }

    /// A lane and its broker go on.
    fn drive(&mut self, broker: usize) {
        self.run_jobs();
        let id = i32::try_from(broker).unwrap() + 1;
        if self.chance(100) {
            self.meet_a_caller(id);
        }
        if self.dice.u8(..4) > 0 {
            while let Some(request) = self.world.request(id) {
                self.connections[broker].sent.push_back(request);
            }
        }
        while self.dice.bool() && !self.connections[broker].sent.is_empty() {
            let logs = &mut self.world.logs;
            self.connections[broker].serve(logs, self.plan.faults, &mut self.dice);
        }
        while self.dice.bool()
            && let Some((request, mut body)) = self.connections[broker].answered.pop_front()
        {
            if self.chance(self.plan.cuts / 4) {
                body.truncate(self.dice.usize(..body.len()));
            }
            let now = self.world.now;
            if self.world.broker(id).answered(now, request, &body).is_err() {
                return self.cut(broker, id);
            }
            self.world.obey();
        }
        if self.chance(self.plan.cuts) {
            self.cut(broker, id);
        }
    }

    /// A lane looks while a caller holds a partition.
    fn meet_a_caller(&mut self, id: i32) {
        let partition = self.dice.usize(..self.plan.partitions);
        let partition = std::sync::Arc::clone(&self.world.topic.partitions()[partition]);
        let held = partition.hold();
        let now = self.world.now;
        match self.world.broker(id).poll(now, false) {
            Output::Send(request) => unreachable!("there is no room for {request:?}"),
            Output::Compress(job) => self.world.jobs.push((Some(BrokerId(id)), job)),
            Output::Again | Output::Idle { .. } => {}
        }
        drop(held);
        self.world.obey();
    }

    fn cut(&mut self, broker: usize, id: i32) {
        let ended = self.connections[broker].cut(&mut self.dice);
        if self.dice.bool() {
            self.world.ended(id, ended);
        } else {
            self.world.timed_out(id, ended);
        }
    }

    /// Does what the coordinator's shell does, and keeps count of what lanes say.
    fn heed(&mut self) {
        for lane in self.world.lanes.values_mut() {
            let counters = lane.counters();
            self.told = (self.told.0 + counters.records, self.told.1 + counters.failed);
        }
        for notice in std::mem::take(&mut self.world.notices) {
            if let Notice::IdentitySpent(spent) = notice {
                self.world.coordinator.identity_spent(spent);
            }
        }
        if self.world.coordinator.asks_identity() {
            self.world.coordinator.identity(identity(self.next_id));
            self.next_id += 1;
            self.world.obey();
        }
    }

    /// The producer is closed at once, and what is in flight comes back later.
    fn abort(&mut self) {
        for lane in self.world.lanes.values_mut() {
            lane.abort();
            assert!(!lane.is_aborting());
        }
    }

    /// Everything is well again: what is left goes out.
    fn calm(&mut self) {
        self.world.lead(&vec![Some(BrokerId(1)); self.plan.partitions]);
        self.world.shared.press();
        let target = self.world.shared.outstanding.end_generation();
        for _ in 0..5_000 {
            if self.world.shared.outstanding.is_settled(target) && self.is_still() {
                break;
            }
            self.world.now += Duration::from_millis(60);
            while !self.world.jobs.is_empty() {
                self.world.run_job(0);
            }
            for (broker, id) in [(0, 1), (1, 2)] {
                while let Some(request) = self.world.request(id) {
                    self.connections[broker].sent.push_back(request);
                }
                while !self.connections[broker].sent.is_empty() {
                    self.connections[broker].serve(&mut self.world.logs, 0, &mut self.dice);
                }
                while let Some((request, body)) = self.connections[broker].answered.pop_front() {
                    self.world.answered(id, request, &body);
                }
            }
            self.world.poll(None, false);
            self.heed();
        }
    }

    /// Has every lane give back what it holds.
    fn rest(&mut self) {
        let lanes: Vec<_> = self.world.lanes.keys().copied().collect();
        lanes.into_iter().for_each(|lane| drop(self.world.poll(lane, false)));
        self.heed();
    }

    /// Whether nothing is under way, nor waits to go again.
    fn is_still(&self) -> bool {
        let mut streams = self.world.lanes.values().flat_map(|lane| lane.streams.values());
        self.connections.iter().all(Connection::is_empty)
            && self.world.jobs.is_empty()
            && self.world.lanes.values().all(|lane| lane.in_flight() == 0)
            && streams.all(|stream| !stream.has_waiting())
    }

    fn check(mut self) {
        assert!(self.is_still());
        self.world.shared.check_at_rest();
        let outstanding = &self.world.shared.outstanding;
        assert!(self.flushes.iter().all(|flush| outstanding.is_settled(*flush)));
        let mut outcomes = (0, 0);
        for partition in 0..self.plan.partitions {
            let (written, failed) = self.check_partition(partition);
            outcomes = (outcomes.0 + written, outcomes.1 + failed);
        }
        assert_eq!(self.told, outcomes, "each record was settled once");
    }

    /// Compares what callers were told with what is there, and counts both kinds of outcome.
    fn check_partition(&mut self, partition: usize) -> (u64, u64) {
        let idempotent = self.plan.lanes.stream.idempotent;
        let texts = self.world.log(partition);
        let mut log: Vec<(usize, usize)> =
            texts.iter().enumerate().map(|(offset, text)| (number_of(text), offset)).collect();
        if !idempotent {
            // A retry may repeat a batch, and says where the last copy is.
            log.sort_by_key(|(number, offset)| (*number, std::cmp::Reverse(*offset)));
            log.dedup_by_key(|(number, _)| *number);
        }
        assert!(log.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1), "doubled or out of order: {log:?}");
        let (mut written, mut failed) = (0, 0);
        for (number, seat) in &mut self.seats[partition] {
            let found = log.binary_search_by_key(number, |(number, _)| *number);
            let place = found.ok().map(|index| i64::try_from(log[index].1).unwrap());
            match seat.poll(Waker::noop()) {
                Poll::Ready(Ok(receipt)) => {
                    assert_eq!((receipt.offset, place.is_some()), (place, true), "record {number}");
                    written += 1;
                }
                Poll::Ready(Err(failure)) => {
                    let told = failure.persisted;
                    assert!(
                        place.is_none() || told != Persisted::No,
                        "record {number} is there: {failure:?}"
                    );
                    failed += 1;
                }
                Poll::Pending => panic!("record {number} was never settled"),
            }
        }
        (written, failed)
    }
}

/// The number of the record that a value belongs to.
fn number_of(text: &str) -> usize {
    text.split(' ').next().unwrap().parse().unwrap()
}
