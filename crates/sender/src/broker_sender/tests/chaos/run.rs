//! One run of a plan.

use std::collections::BTreeMap;
use std::time::Duration;

use milena_codec::ids::{BrokerId, ProducerIdAndEpoch, Sequence, TopicId};
use milena_codec::record::{RecordBatch, Stamp};

use super::broker::Broker;
use super::callers::Waiter;
use super::cluster::{Cluster, PARTITIONS_MAX};
use super::plan::Plan;
use crate::broker_sender::tests::harness::{SenderHarness, batches};
use crate::broker_sender::{Input, Output, ProduceRequest, SenderEvent};
use crate::sync::{Generation, RecordHandle};
use crate::tests::{identity, values_of};

pub(super) const BROKERS: usize = 2;

pub(super) struct Run {
    pub(super) plan: Plan,
    pub(super) harness: SenderHarness,
    pub(super) cluster: Cluster,
    pub(super) dice: fastrand::Rng,
    /// For everything about compression.
    pub(super) other_dice: fastrand::Rng,
    pub(super) brokers: [Broker; BROKERS],
    /// By partition: each accepted record's number, and where its outcome is told.
    pub(super) record_handles: Vec<Vec<(usize, RecordHandle)>>,
    pub(super) flushes: Vec<Generation>,
    pub(super) waiters: Vec<Waiter>,
    pub(super) next_number: usize,
    /// Callers that did not wait for the outcome of their record.
    pub(super) left: u64,
    /// Connections that were reset because callers waited for room.
    resets: u64,
    /// Records that broker senders say were written, and that failed.
    pub(super) told: (u64, u64),
    /// How many times the client forgot the topic.
    pub(super) forgotten: u64,
    /// Which record was sent under a stamp of a partition: its producer id, epoch and sequence.
    stamps: BTreeMap<(i32, i64, i16, i32), usize>,
    next_id: i64,
    /// An identity was asked for, and has not come.
    awaits_identity: bool,
    /// Whether all is well: nothing is late any more.
    is_calm: bool,
    /// Records from this number on are written without fail.
    pub(super) first_probe: usize,
}

impl Run {
    pub(super) fn new(plan: Plan) -> Self {
        let mut harness = SenderHarness::compressed(
            plan.partitions,
            plan.accumulator.clone(),
            plan.broker_senders.clone(),
            plan.budget,
            plan.compression.clone(),
        );
        harness.defers_jobs = plan.defers_jobs;
        harness.version = plan.version;
        (1..=2).for_each(|broker| harness.ended(broker, Vec::new()));
        if plan.broker_senders.partition_sender.idempotent {
            harness.assignment.identity(ProducerIdAndEpoch { epoch: plan.epoch.into(), ..identity(7) });
        }
        harness.obey();
        if let Some(left) = plan.sequences_left {
            let partition_senders =
                harness.broker(1).partition_senders.values_mut().map(|scheduled| &mut scheduled.sender);
            partition_senders
                .for_each(|partition_sender| partition_sender.begin_at(Sequence(i32::MAX - left)));
        }
        let topic_id = if plan.version == 13 { TopicId([1; 16]) } else { TopicId::ZERO };
        let mut run = Self {
            dice: plan.dice.clone(),
            other_dice: fastrand::Rng::with_seed(plan.broker_senders.seed),
            record_handles: (0..PARTITIONS_MAX).map(|_| Vec::new()).collect(),
            cluster: Cluster::new(topic_id, plan.partitions, plan.message_bytes_max),
            harness,
            plan,
            brokers: Default::default(),
            flushes: Vec::new(),
            waiters: Vec::new(),
            next_number: 0,
            left: 0,
            resets: 0,
            told: (0, 0),
            forgotten: 0,
            stamps: BTreeMap::new(),
            next_id: 8,
            awaits_identity: false,
            is_calm: false,
            first_probe: usize::MAX,
        };
        run.refresh();
        run
    }

    /// Plays the run. Counts records that were written, records that failed, resets, and how often the topic was forgotten.
    pub(super) fn run(mut self) -> [u64; 4] {
        for _ in 0..self.plan.records {
            self.call();
            self.harness.now += Duration::from_millis(self.dice.u64(..20));
            if self.chance(self.plan.late_wakeups) {
                self.harness.now += Duration::from_millis(self.dice.u64(..200_000));
            }
            (0..BROKERS).for_each(|broker| self.drive(broker));
            self.harness.poll(None, false);
            self.change();
            self.heed();
        }
        if self.plan.aborts {
            self.abort();
        }
        self.calm();
        if !self.plan.aborts {
            self.probe();
        }
        self.rest();
        let counts = [self.told.0, self.told.1, self.resets, self.forgotten];
        self.check();
        counts
    }

    pub(super) fn chance(&mut self, of_a_thousand: u32) -> bool {
        self.dice.u32(..1_000) < of_a_thousand
    }

    /// Other threads end some of their jobs.
    fn run_jobs(&mut self) {
        while !self.harness.jobs.is_empty() && self.other_dice.u8(..3) > 0 {
            let place = self.other_dice.usize(..self.harness.jobs.len());
            self.harness.run_job(place);
        }
    }

    /// A broker sender and its broker go on.
    fn drive(&mut self, broker: usize) {
        self.run_jobs();
        let id = i32::try_from(broker).unwrap() + 1;
        if self.chance(100) {
            self.meet_a_caller(id);
        }
        if self.dice.u8(..4) > 0 {
            self.send(broker, id);
        }
        let now = self.harness.now;
        if self.brokers[broker].hangs_until.is_some_and(|until| now < until) {
            return;
        }
        if self.dice.u8(..8) == 0 {
            self.brokers[broker].serve_late(id, &mut self.cluster);
        }
        while self.dice.bool() && !self.brokers[broker].sent.is_empty() {
            self.brokers[broker].serve(id, &mut self.cluster, self.plan.faults, &mut self.dice);
        }
        while self.dice.bool()
            && let Some((request, mut body)) = self.brokers[broker].answered.pop_front()
        {
            if self.chance(self.plan.cuts / 4) {
                body.truncate(self.dice.usize(..body.len()));
            }
            let now = self.harness.now;
            if self.harness.broker(id).handle(now, Input::Response { request, body: &body }).is_err() {
                return self.cut(broker, id);
            }
            self.harness.obey();
        }
        if self.chance(self.plan.cuts) {
            self.cut(broker, id);
        }
    }

    /// A broker sender sends what it has to send.
    fn send(&mut self, broker: usize, id: i32) {
        while let Some(request) = self.harness.request(id) {
            self.check_stamps(&request);
            self.brokers[broker].sent.push_back(request);
        }
        if self.harness.reset.take().is_some() {
            self.resets += 1;
            self.cut(broker, id);
        }
    }

    /// A stamp of a partition stands for one record for ever.
    fn check_stamps(&mut self, request: &ProduceRequest) {
        for (partition, bytes) in batches(request) {
            let batch = RecordBatch::parse(&bytes).unwrap();
            let Stamp { identity, base_sequence } = batch.header.stamp;
            if batch.header.stamp == Stamp::NONE {
                continue;
            }
            for (value, place) in values_of(&batch).iter().zip(0..) {
                let (id, epoch) = (identity.producer_id.0, identity.epoch.0);
                let key = (partition, id, epoch, base_sequence.after(place).0);
                let number = super::check::number_of(value);
                let before = *self.stamps.entry(key).or_insert(number);
                assert_eq!(before, number, "{key:?} stands for two records");
            }
        }
    }

    /// A broker sender polls while a caller holds a partition.
    fn meet_a_caller(&mut self, id: i32) {
        let partition = self.dice.usize(..self.harness.topic.partitions().len());
        let partition = std::sync::Arc::clone(&self.harness.topic.partitions()[partition]);
        let held = partition.hold();
        let now = self.harness.now;
        match self.harness.broker(id).poll(now, false) {
            Output::Send(request) => unreachable!("there is no room for {request:?}"),
            Output::Compress(job) => self.harness.jobs.push((Some(BrokerId(id)), job)),
            Output::Again | Output::Idle { .. } | Output::Reset | Output::Done => {}
        }
        drop(held);
        self.harness.obey();
    }

    pub(super) fn cut(&mut self, broker: usize, id: i32) {
        let ended = self.brokers[broker].cut(&mut self.dice);
        if self.dice.bool() {
            self.harness.ended(id, ended);
        } else {
            self.harness.timed_out(id, ended);
        }
    }

    /// Does what the assignment's shell does, and keeps count of what broker senders say.
    fn heed(&mut self) {
        for broker_sender in self.harness.broker_senders.values_mut() {
            let counters = broker_sender.counters();
            self.told = (self.told.0 + counters.records, self.told.1 + counters.failed);
        }
        self.told.1 += std::mem::take(&mut self.harness.failed_by_discards);
        for event in std::mem::take(&mut self.harness.events) {
            match event {
                SenderEvent::ProducerIdExhausted(exhausted) => {
                    self.harness.assignment.producer_id_exhausted(exhausted)
                }
                SenderEvent::Loss { loss, .. } if self.plan.losses == 0 => {
                    panic!("the brokers lose nothing: {loss:?}")
                }
                _ => {}
            }
        }
        self.awaits_identity |= self.harness.assignment.take_producer_id_request();
        if self.awaits_identity && (self.is_calm || self.other_dice.u8(..8) == 0) {
            self.awaits_identity = false;
            self.harness.assignment.identity(identity(self.next_id));
            self.next_id += 1;
            self.harness.obey();
        }
    }

    /// The producer is closed at once, and what is in flight comes back later.
    fn abort(&mut self) {
        for broker_sender in self.harness.broker_senders.values_mut() {
            broker_sender.handle(self.harness.now, Input::Abort).unwrap();
            assert!(matches!(broker_sender.poll(self.harness.now, false), Output::Done));
        }
    }

    /// Everything is well again: what is left goes out.
    fn calm(&mut self) {
        self.is_calm = true;
        self.waiters.clear();
        self.cluster.elect(|| Some(BrokerId(1)));
        self.refresh();
        self.harness.shared.request_flush();
        let target = self.harness.shared.outstanding.end_generation();
        for _ in 0..5_000 {
            if self.harness.shared.outstanding.is_settled(target) && self.is_still() {
                break;
            }
            self.harness.now += Duration::from_millis(60);
            while !self.harness.jobs.is_empty() {
                self.harness.run_job(0);
            }
            for (broker, id) in [(0, 1), (1, 2)] {
                self.send(broker, id);
                self.brokers[broker].serve_late(id, &mut self.cluster);
                while !self.brokers[broker].sent.is_empty() {
                    self.brokers[broker].serve(id, &mut self.cluster, 0, &mut self.dice);
                }
                while let Some((request, body)) = self.brokers[broker].answered.pop_front() {
                    self.harness.answered(id, request, &body);
                }
            }
            self.harness.poll(None, false);
            self.heed();
        }
    }

    /// A partition that was in whatever trouble takes records again.
    fn probe(&mut self) {
        if self.plan.broker_senders.partition_sender.delivery_timeout < Duration::from_secs(2) {
            return;
        }
        self.rest();
        self.first_probe = self.next_number;
        for partition in 0..self.harness.topic.partitions().len() {
            let number = self.first_probe + partition;
            let value = format!("{number} ").into_bytes();
            let record_handle = self.harness.send(i32::try_from(partition).unwrap(), &value).unwrap();
            self.record_handles[partition].push((number, record_handle));
            self.calm();
            self.rest();
        }
    }

    /// Has every broker sender give back what it holds.
    fn rest(&mut self) {
        let broker_senders: Vec<_> = self.harness.broker_senders.keys().copied().collect();
        broker_senders.into_iter().for_each(|broker_sender| drop(self.harness.poll(broker_sender, false)));
        // A batch that came back just before may have been given to a job.
        while !self.harness.jobs.is_empty() {
            self.harness.run_job(0);
        }
        let broker_senders: Vec<_> = self.harness.broker_senders.keys().copied().collect();
        broker_senders.into_iter().for_each(|broker_sender| drop(self.harness.poll(broker_sender, false)));
        self.heed();
    }

    /// Whether nothing is under way, nor waits to go again.
    pub(super) fn is_still(&self) -> bool {
        let mut partition_senders = self
            .harness
            .broker_senders
            .values()
            .flat_map(|broker_sender| broker_sender.partition_senders.values())
            .map(|scheduled| &scheduled.sender);
        self.brokers.iter().all(Broker::is_empty)
            && self.harness.jobs.is_empty()
            && self.harness.broker_senders.values().all(|broker_sender| broker_sender.in_flight() == 0)
            && partition_senders.all(|partition_sender| !partition_sender.has_waiting())
    }
}
