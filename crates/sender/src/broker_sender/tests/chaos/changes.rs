//! The cluster changes: leaders, brokers that start anew, the topic itself.

use std::time::Duration;

use milena_codec::ids::BrokerId;

use super::broker::Broker;
use super::cluster::PARTITIONS_MAX;
use super::run::{BROKERS, Run};

impl Run {
    /// The cluster changes, and the client learns of it now or later.
    pub(super) fn change(&mut self) {
        if self.chance(self.plan.moves) {
            let dice = &mut self.dice;
            self.cluster.elect(|| (dice.u8(..8) > 0).then(|| BrokerId(dice.i32(1..=2))));
        }
        if self.chance(self.plan.restarts) {
            let broker = self.dice.usize(..BROKERS);
            let id = i32::try_from(broker).unwrap() + 1;
            self.brokers[broker].stop();
            self.cut(broker, id);
            self.cluster.restart(id);
        }
        if self.plan.losses > 0 && self.chance(self.plan.losses) {
            let broker = self.dice.usize(..BROKERS);
            let id = i32::try_from(broker).unwrap() + 1;
            self.cut(broker, id);
            // A try that reaches a leader that lost the run after one that knew it would have rejected the same try is appended,
            // and nothing shows it.
            self.brokers.iter_mut().for_each(Broker::stop);
            self.cluster.elect_uncleanly(id, &mut self.dice);
        }
        if self.chance(self.plan.hangs) {
            let broker = self.dice.usize(..BROKERS);
            let until = self.harness.now + Duration::from_millis(self.dice.u64(..60_000));
            self.brokers[broker].hangs_until = Some(until);
        }
        if self.chance(self.plan.others) {
            let partition = self.dice.usize(..PARTITIONS_MAX);
            self.cluster.append_others(partition, self.dice.usize(1..4));
        }
        if self.chance(self.plan.topic_changes) {
            match self.dice.u8(..3) {
                0 => self.cluster.grow(),
                1 => self.seem_smaller(),
                _ if self.plan.version == 13 => {
                    let id = self.cluster.next_id();
                    self.cluster.recreate(id, self.dice.usize(1..=PARTITIONS_MAX));
                }
                _ => {}
            }
        }
        if self.chance(self.plan.forgets) && self.harness.forget() {
            self.forgotten += 1;
            self.refresh();
        }
        if self.dice.u32(..100) < self.plan.refreshes {
            self.refresh();
        }
    }

    /// The client learns of the cluster as it is.
    pub(super) fn refresh(&mut self) {
        self.harness.topic_id = self.cluster.topic_id;
        let leaders = self.cluster.leaders.clone();
        self.harness.elect(&leaders);
    }

    /// The client believes for a while that the topic has one partition.
    fn seem_smaller(&mut self) {
        let leaders = self.cluster.leaders.clone();
        self.harness.elect(&leaders[..1]);
    }
}
