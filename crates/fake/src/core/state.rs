//! The cluster's state and every way in which a test may change it. No I/O, no clock.

use std::collections::BTreeMap;
use std::time::Duration;

use milena_codec::ids::{BrokerId, PartitionId, TopicId};

use super::codecs::Codecs;
use super::log::Keep;
use super::partition::Partition;
use super::sasl::Access;
use super::telemetry::Telemetry;
use super::topic::Topic;
use super::topic_config::TopicConfig;
use crate::acl::Acl;
use crate::release::Versions;

/// A broker as others see it, and how slow it is.
#[derive(Clone, Debug)]
pub(crate) struct Broker {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Advertised address, if it differs from the real one.
    pub(crate) advertised: Option<(String, u16)>,
    pub(crate) alive: bool,
    /// Delay of responses; the broker goes on meanwhile.
    pub(crate) link_delay: Duration,
    /// An append takes this long; the connection stands still meanwhile.
    pub(crate) append_delay: Duration,
    /// Throttle time of each Produce response; the connection is muted for as long (KIP-219).
    pub(crate) throttle: Duration,
}

impl Broker {
    pub(crate) const fn new(host: String, port: u16) -> Self {
        let none = Duration::ZERO;
        Self {
            host,
            port,
            advertised: None,
            alive: true,
            link_delay: none,
            append_delay: none,
            throttle: none,
        }
    }
}

impl Broker {
    /// The advertised address.
    pub(crate) fn advertised(&self) -> (&str, u16) {
        self.advertised.as_ref().map_or((&self.host, self.port), |(host, port)| (host, *port))
    }
}

/// The settings of the whole cluster.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) keep: Keep,
    pub(crate) versions: Versions,
    pub(crate) auto_create: bool,
    pub(crate) default_partitions: usize,
    /// SASL; none if it is not required.
    pub(crate) access: Option<Access>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) brokers: BTreeMap<BrokerId, Broker>,
    pub(crate) topics: BTreeMap<String, Topic>,
    /// Records that were appended, repeated ones not counted again.
    pub(crate) records: u64,
    pub(crate) codecs: Codecs,
    pub(crate) acl: Acl,
    /// The receiver of metrics, where there is one.
    pub(crate) telemetry: Option<Telemetry>,
    next_producer_id: i64,
    topics_made: u64,
}

/// The object of an operation, which does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotFound {
    Broker(BrokerId),
    Topic(String),
    Partition(String, PartitionId),
    /// An offset before the first that a partition keeps.
    Offset(String, PartitionId, i64),
}

impl std::fmt::Display for NotFound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Broker(id) => {
                write!(f, "the cluster has no broker {id}: see Builder::brokers and add_broker")
            }
            Self::Topic(name) => write!(f, "the cluster has no topic {name}: see create_topic"),
            Self::Partition(topic, number) => {
                write!(f, "topic {topic} has no partition {number}: see grow_topic")
            }
            Self::Offset(topic, number, offset) => {
                write!(
                    f,
                    "partition {number} of topic {topic} does not keep offset {offset}: see Builder::keep"
                )
            }
        }
    }
}

impl State {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            brokers: BTreeMap::new(),
            topics: BTreeMap::new(),
            records: 0,
            codecs: Codecs::default(),
            acl: Acl::default(),
            telemetry: None,
            next_producer_id: 1000,
            topics_made: 0,
        }
    }

    // Brokers.

    /// Ends or starts a broker. One that has ended already keeps the snapshots of its end.
    pub(crate) fn set_alive(&mut self, id: BrokerId, alive: bool) -> Result<(), NotFound> {
        let was_alive = std::mem::replace(&mut self.broker_mut(id)?.alive, alive);
        if was_alive && !alive {
            self.stop_replicas(id);
        }
        self.follow_brokers();
        Ok(())
    }

    /// Stops a broker that is to start again, if it is alive; returns its settings.
    pub(crate) fn stop(&mut self, id: BrokerId) -> Result<Broker, NotFound> {
        let broker = self.broker_mut(id)?.clone();
        if broker.alive {
            self.stop_replicas(id);
        }
        Ok(broker)
    }

    pub(crate) fn remove_broker(&mut self, id: BrokerId) -> Result<(), NotFound> {
        self.set_alive(id, false)?;
        self.brokers.remove(&id);
        Ok(())
    }

    // Topics.

    /// Creates a topic; false where there is one of the name.
    pub(crate) fn create_topic(&mut self, name: &str, partitions: usize, config: TopicConfig) -> bool {
        if self.topics.contains_key(name) {
            return false;
        }
        let topic = Topic::new(self.new_topic_id(), config);
        self.topics.insert(name.to_owned(), topic);
        self.grow_topic(name, partitions).is_ok()
    }

    pub(crate) fn delete_topic(&mut self, name: &str) -> Result<(), NotFound> {
        self.topics.remove(name).map(drop).ok_or_else(|| NotFound::Topic(name.to_owned()))
    }

    /// The same topic anew: nothing in it, and another id.
    pub(crate) fn recreate_topic(&mut self, name: &str) -> Result<(), NotFound> {
        let topic = self.topic_mut(name)?;
        let (partitions, config) = (topic.partitions.len(), topic.config);
        self.delete_topic(name)?;
        self.create_topic(name, partitions, config);
        Ok(())
    }

    pub(crate) fn grow_topic(&mut self, name: &str, partitions: usize) -> Result<(), NotFound> {
        let brokers: Vec<_> = self.brokers.keys().copied().collect();
        let keep = self.settings.keep;
        self.topic_mut(name)?.grow(partitions, &brokers, keep);
        self.follow_brokers();
        Ok(())
    }

    // Partitions.

    pub(crate) fn move_leader(
        &mut self,
        topic: &str,
        partition: PartitionId,
        to: BrokerId,
    ) -> Result<(), NotFound> {
        self.broker_mut(to)?;
        let alive = self.live_ids();
        let partition = self.partition_mut(topic, partition)?;
        if !partition.replicas.contains(&to) {
            partition.replicas.push(to);
        }
        partition.elect(Some(to));
        partition.follow(|id| alive.contains(&id));
        Ok(())
    }

    pub(crate) fn set_isr(
        &mut self,
        topic: &str,
        partition: PartitionId,
        count: usize,
    ) -> Result<(), NotFound> {
        let alive = self.live_ids();
        let partition = self.partition_mut(topic, partition)?;
        partition.isr_max = Some(count);
        partition.follow(|id| alive.contains(&id));
        Ok(())
    }

    pub(crate) fn truncate(&mut self, topic: &str, partition: PartitionId, end: i64) -> Result<(), NotFound> {
        let missing = || NotFound::Offset(topic.to_owned(), partition, end);
        self.partition_mut(topic, partition)?.truncate(end).then_some(()).ok_or_else(missing)
    }

    pub(crate) const fn next_producer_id(&mut self) -> i64 {
        self.next_producer_id += 1;
        self.next_producer_id - 1
    }

    pub(crate) fn broker_mut(&mut self, id: BrokerId) -> Result<&mut Broker, NotFound> {
        self.brokers.get_mut(&id).ok_or(NotFound::Broker(id))
    }

    pub(crate) fn topic_mut(&mut self, name: &str) -> Result<&mut Topic, NotFound> {
        self.topics.get_mut(name).ok_or_else(|| NotFound::Topic(name.to_owned()))
    }

    pub(crate) fn partition_mut(
        &mut self,
        topic: &str,
        partition: PartitionId,
    ) -> Result<&mut Partition, NotFound> {
        let missing = || NotFound::Partition(topic.to_owned(), partition);
        self.topic_mut(topic)?.partition_mut(partition).ok_or_else(missing)
    }

    // Look-ups.

    pub(crate) fn live_brokers(&self) -> impl Iterator<Item = (BrokerId, &Broker)> {
        self.brokers.iter().filter(|(_, broker)| broker.alive).map(|(id, broker)| (*id, broker))
    }

    fn live_ids(&self) -> Vec<BrokerId> {
        self.live_brokers().map(|(id, _)| id).collect()
    }

    pub(crate) fn is_alive(&self, id: BrokerId) -> bool {
        self.brokers.get(&id).is_some_and(|broker| broker.alive)
    }

    pub(crate) fn partition(&self, topic: &str, partition: PartitionId) -> Option<&Partition> {
        self.topics.get(topic)?.partition(partition)
    }

    /// The name of the topic with this id.
    pub(crate) fn topic_of_id(&self, id: TopicId) -> Option<&str> {
        self.topics.iter().find(|(_, topic)| topic.id == id).map(|(name, _)| name.as_str())
    }

    fn stop_replicas(&mut self, of: BrokerId) {
        self.topics.values_mut().flat_map(|topic| &mut topic.partitions).for_each(|one| one.stop(of));
    }

    fn follow_brokers(&mut self) {
        let Self { brokers, topics, .. } = self;
        let is_alive = |id: BrokerId| brokers.get(&id).is_some_and(|broker| broker.alive);
        for partition in topics.values_mut().flat_map(|topic| &mut topic.partitions) {
            partition.follow(is_alive);
        }
    }

    /// Ids in the order of creation, so that a run can be repeated; no two are the same.
    fn new_topic_id(&mut self) -> TopicId {
        self.topics_made += 1;
        let mut id = *b"fake-topic-id\0\0\0";
        id[8..].copy_from_slice(&self.topics_made.to_be_bytes());
        TopicId(id)
    }
}
