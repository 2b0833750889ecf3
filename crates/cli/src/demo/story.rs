//! The faults while records are sent: a response is lost, a leader moves, a broker dies, comes back, and leads again.

use std::io;

use milena_fake::{Action, ApiKey, Cluster, PartitionId};

/// The topic of the demo.
pub(super) const TOPIC: &str = "demo";
/// Its partitions.
pub(super) const PARTITIONS: i32 = 6;
/// How many brokers there are; their ids begin at 1.
pub(super) const BROKERS: i32 = 3;

/// The faults that are left.
#[derive(Debug)]
pub(super) struct Story {
    /// In order, with the record before which it happens.
    events: Vec<(u64, Event)>,
    next: usize,
}

/// A fault, or its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// The records of a request are appended, and its response is lost with the connection.
    LoseAnswer,
    /// The partition gets another leader.
    MoveLeader(i32),
    /// The broker dies; what it led moves to the others.
    Kill(i32),
    /// The broker comes back, and leads nothing.
    Restart(i32),
    /// The broker leads the partition from now on.
    Lead(i32, i32),
}

impl Story {
    /// No faults.
    pub(super) const fn calm() -> Self {
        Self { events: Vec::new(), next: 0 }
    }

    /// The same seed makes the same faults for as many records.
    pub(super) fn of(records: u64, seed: u64) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        let victim = dice.i32(1..=BROKERS);
        let mut partition = || dice.i32(0..PARTITIONS);
        let events = [
            (20, Event::LoseAnswer),
            (35, Event::MoveLeader(partition())),
            (50, Event::Kill(victim)),
            (60, Event::LoseAnswer),
            (75, Event::Restart(victim)),
            (85, Event::Lead(victim, partition())),
        ];
        let at = |percent: u64| records / 100 * percent + records % 100 * percent / 100;
        Self { events: events.into_iter().map(|(percent, event)| (at(percent), event)).collect(), next: 0 }
    }

    /// The record before which the next fault is due; none if no fault is left.
    pub(super) fn next_at(&self) -> Option<u64> {
        self.events.get(self.next).map(|(at, _)| *at)
    }

    /// Injects the next fault; returns its description.
    ///
    /// # Errors
    /// When a broker cannot come back because its port was taken meanwhile.
    pub(super) fn go_on(&mut self, cluster: &Cluster) -> io::Result<Option<String>> {
        let Some((at, event)) = self.events.get(self.next).copied() else { return Ok(None) };
        self.next += 1;
        Ok(Some(format!("record {at}: {}", event.happen(cluster)?)))
    }
}

impl Event {
    fn happen(self, cluster: &Cluster) -> io::Result<String> {
        Ok(match self {
            Self::LoseAnswer => {
                cluster.on(ApiKey::PRODUCE).topic(TOPIC).apply_then(Action::Disconnect);
                "the response to the next Produce request is lost, after its records were appended".to_owned()
            }
            Self::MoveLeader(partition) => {
                let leader = cluster.leader(TOPIC, partition).map_or(BROKERS, |leader| leader.0);
                let other = leader % BROKERS + 1;
                cluster.move_leader(TOPIC, partition, other);
                format!("partition {partition} moves from broker {leader} to broker {other}")
            }
            Self::Kill(broker) => {
                let led = (0..PARTITIONS).filter(|partition| leads(cluster, broker, *partition));
                let led: Vec<_> = led.map(|partition| partition.to_string()).collect();
                cluster.kill(broker);
                format!("broker {broker} dies; the others take over partitions {}", led.join(", "))
            }
            Self::Restart(broker) => {
                cluster.restart(broker)?;
                format!("broker {broker} comes back")
            }
            Self::Lead(broker, partition) => {
                cluster.move_leader(TOPIC, partition, broker);
                format!("partition {partition} moves to broker {broker}")
            }
        })
    }
}

fn leads(cluster: &Cluster, broker: i32, partition: i32) -> bool {
    cluster.leader(TOPIC, PartitionId(partition)).is_some_and(|leader| leader.0 == broker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broker_dies_in_the_middle_and_comes_back_before_the_end() {
        let story = Story::of(1_000_000, 7);
        let at = |wanted: fn(&Event) -> bool| {
            story.events.iter().find(|(_, event)| wanted(event)).map(|(at, _)| *at)
        };
        assert_eq!(at(|event| matches!(event, Event::Kill(_))), Some(500_000));
        assert_eq!(at(|event| matches!(event, Event::Restart(_))), Some(750_000));
        assert!(story.events.is_sorted_by_key(|(at, _)| *at));
    }

    #[test]
    fn same_seed_makes_the_same_faults() {
        assert_eq!(Story::of(10, 7).events, Story::of(10, 7).events);
        let stories = (0..20).map(|seed| Story::of(10, seed).events);
        assert!(stories.skip(1).any(|events| events != Story::of(10, 0).events));
    }

    #[test]
    fn all_faults_precede_a_single_record() {
        assert!(Story::of(1, 7).events.iter().all(|(at, _)| *at == 0));
    }
}
