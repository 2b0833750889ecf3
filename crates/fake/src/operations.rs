//! The operations of a test on a running cluster.
//!
//! An operation has taken effect when it returns. It panics for a broker, topic or partition that does not exist: this is a
//! mistake in the test, and going on would prove nothing.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use milena_codec::ids::{BrokerId, PartitionId};
use milena_codec::message::ApiKey;

use crate::acl::AclOperation;
use crate::cluster::Cluster;
use crate::core::{Access, Broker, NotFound, Partition, State, TopicConfig};
use crate::mechanism::Mechanism;
use crate::release::{Release, Versions};

/// One broker, or all of them.
///
/// ```
/// use milena_fake::{BrokerId, Brokers};
/// assert_eq!(Brokers::from(BrokerId(2)), Brokers::One(BrokerId(2)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brokers {
    /// All of them.
    All,
    /// This one.
    One(BrokerId),
}

impl From<BrokerId> for Brokers {
    fn from(id: BrokerId) -> Self {
        Self::One(id)
    }
}

impl From<i32> for Brokers {
    fn from(id: i32) -> Self {
        Self::One(BrokerId(id))
    }
}

/// Brokers. Each panics where there is no such broker.
impl Cluster {
    /// Ends a broker as a crash does: its connections and its socket close, its partitions move to other brokers
    /// that live, each with a new leader epoch. Appended records stay; requests that were not served yet are lost.
    pub fn kill(&self, broker: impl Into<BrokerId>) {
        let broker = broker.into();
        self.change(|state| state.set_alive(broker, false));
        self.shared().close(broker);
    }

    /// Starts a broker again where it was, from what a broker has on its disk. Leaders that moved stay where they are.
    ///
    /// Its logs are whole ([`truncate`](Self::truncate) loses some of one). Of each producer it remembers the last batch
    /// before it ended, and up to five that other leaders appended meanwhile: a snapshot holds no more
    /// (`ProducerStateManager.java`).
    ///
    /// # Errors
    /// When its port was taken meanwhile.
    pub fn restart(&self, broker: impl Into<BrokerId>) -> io::Result<()> {
        let broker = broker.into();
        let before = self.change(|state| state.stop(broker));
        self.shared().close(broker);
        self.reopen(broker, &before, before.port)
    }

    /// Adds a broker, which leads nothing yet; gives its id.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn add_broker(&self) -> io::Result<BrokerId> {
        let last = self.shared().core().state.brokers.keys().next_back().copied();
        let id = BrokerId(last.map_or(1, |last| last.0 + 1));
        match self.is_in_memory() {
            true => self.open_in_memory(id)?,
            false => self.open_tcp(id, SocketAddr::from(([127, 0, 0, 1], 0)))?,
        }
        Ok(id)
    }

    /// Takes a broker away for good.
    pub fn remove_broker(&self, broker: impl Into<BrokerId>) {
        let broker = broker.into();
        self.change(|state| state.remove_broker(broker));
        self.shared().close(broker);
    }

    /// Starts a broker again at another address: another port, or another host where there are no sockets.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn change_address(&self, broker: impl Into<BrokerId>) -> io::Result<()> {
        let broker = broker.into();
        let mut before = self.change(|state| state.stop(broker));
        if self.is_in_memory() {
            before.host.push_str("-moved");
        }
        let socket = self.reserve_another_port(&before)?;
        self.shared().close(broker);
        self.reopen(broker, &before, socket)
    }

    /// Advertises another address of a broker, which may lead nowhere; the broker stays where it is.
    pub fn advertise(&self, broker: impl Into<BrokerId>, host: &str, port: u16) {
        let broker = broker.into();
        let auth_bytes = Some((host.to_owned(), port));
        self.change(|state| state.broker_mut(broker).map(|broker| broker.advertised = auth_bytes));
    }

    /// Delays responses; the broker serves on meanwhile.
    pub fn link_delay(&self, brokers: impl Into<Brokers>, delay: Duration) {
        self.each_broker(brokers.into(), |broker| broker.link_delay = delay);
    }

    /// Delays each Produce request; its connection stands still meanwhile.
    pub fn append_delay(&self, brokers: impl Into<Brokers>, delay: Duration) {
        self.each_broker(brokers.into(), |broker| broker.append_delay = delay);
    }

    /// Sets the throttle time of each Produce response; the connection is muted for as long (KIP-219).
    pub fn throttle(&self, brokers: impl Into<Brokers>, pause: Duration) {
        self.each_broker(brokers.into(), |broker| broker.throttle = pause);
    }

    /// Offers the versions of another release from now on, to connections old and new.
    pub fn look_like(&self, release: Release) {
        self.shared().core().state.settings.versions = Versions::of(release);
    }

    /// Offers other versions of one API from now on.
    pub fn clamp_versions(&self, api: ApiKey, versions: std::ops::RangeInclusive<i16>) {
        self.shared().core().state.settings.versions.clamp(api, versions);
    }
}

/// Users. All but `expire_sessions` hold for the following authentications.
impl Cluster {
    /// Adds a user, or changes the password of one. New connections then require SASL.
    pub fn set_user(&self, name: &str, password: &str) {
        self.change_access(|access| drop(access.users.insert(name.to_owned(), password.to_owned())));
    }

    /// Removes a user.
    pub fn remove_user(&self, name: &str) {
        self.change_access(|access| drop(access.users.remove(name)));
    }

    /// Supports these mechanisms, and no others.
    pub fn set_mechanisms(&self, mechanisms: &[Mechanism]) {
        self.change_access(|access| access.mechanisms = mechanisms.to_vec());
    }

    /// Ends every session: a request other than a re-authentication closes its connection.
    pub fn expire_sessions(&self) {
        self.shared().core().expire_sessions();
    }

    fn change_access(&self, change: impl FnOnce(&mut Access)) {
        self.change(|state| {
            change(state.settings.access.get_or_insert_default());
            Ok(())
        });
    }
}

/// Permissions, which all users share. Each call replaces the one before.
impl Cluster {
    /// Denies these operations on a topic, and no others.
    pub fn deny_topic(&self, topic: &str, operations: &[AclOperation]) {
        self.change(|state| {
            state.acl.topics.insert(topic.to_owned(), operations.iter().copied().collect());
            Ok(())
        });
    }

    /// Denies these operations on the cluster, and no others.
    pub fn deny_cluster(&self, operations: &[AclOperation]) {
        self.change(|state| {
            state.acl.cluster = operations.iter().copied().collect();
            Ok(())
        });
    }
}

/// Topics. Each but `create_topic` panics where there is no such topic.
impl Cluster {
    /// Creates a topic; false where there is one of the name already.
    pub fn create_topic(&self, name: &str, partitions: usize) -> bool {
        self.create_topic_with(name, partitions, TopicConfig::default())
    }

    /// Creates a topic with settings of its own; false where there is one of the name already.
    pub fn create_topic_with(&self, name: &str, partitions: usize, config: TopicConfig) -> bool {
        self.change(|state| Ok(state.create_topic(name, partitions, config)))
    }

    /// Changes a topic's settings.
    pub fn configure_topic(&self, name: &str, config: TopicConfig) {
        self.change(|state| state.topic_mut(name).map(|topic| topic.config = config));
    }

    /// Deletes a topic with all that is in it.
    pub fn delete_topic(&self, name: &str) {
        self.change(|state| state.delete_topic(name));
    }

    /// Deletes a topic and creates it again: empty, with another id.
    pub fn recreate_topic(&self, name: &str) {
        self.change(|state| state.recreate_topic(name));
    }

    /// Adds partitions until there are so many.
    pub fn grow_topic(&self, name: &str, partitions: usize) {
        self.change(|state| state.grow_topic(name, partitions));
    }
}

/// Partitions. Each panics where there is no such partition or broker.
impl Cluster {
    /// Makes a broker the leader of a partition, in a new term.
    pub fn move_leader(&self, topic: &str, partition: impl Into<PartitionId>, to: impl Into<BrokerId>) {
        let (partition, to) = (partition.into(), to.into());
        self.change(|state| state.move_leader(topic, partition, to));
    }

    /// Begins a new term of the same leader.
    pub fn bump_epoch(&self, topic: &str, partition: impl Into<PartitionId>) {
        self.change_partition(topic, partition.into(), |partition| partition.elect(partition.leader));
    }

    /// Takes the leader away until [`move_leader`](Self::move_leader) names one, or any broker dies or comes back.
    pub fn no_leader(&self, topic: &str, partition: impl Into<PartitionId>) {
        self.change_partition(topic, partition.into(), |partition| partition.elect(None));
    }

    /// Loses the batches that end behind an offset, acknowledged or not, in a new term: as when a replica is elected that
    /// had not fetched them, or a machine lost power before they were on its disk. The producers of the partition are
    /// read from the rest of the log, up to five batches of each. Panics where the log does not reach back so
    /// far ([`Builder::keep`](crate::Builder::keep)).
    pub fn truncate(&self, topic: &str, partition: impl Into<PartitionId>, end_offset: i64) {
        let partition = partition.into();
        self.change(|state| state.truncate(topic, partition, end_offset));
    }

    /// Forgets the producers of a partition, as after `producer.id.expiration.ms`: it takes any first sequence of each.
    pub fn forget_producers(&self, topic: &str, partition: impl Into<PartitionId>) {
        self.change_partition(topic, partition.into(), Partition::forget_producers);
    }

    /// Lets at most so many replicas of a partition be in sync, the leader among them.
    pub fn set_isr(&self, topic: &str, partition: impl Into<PartitionId>, count: usize) {
        let partition = partition.into();
        self.change(|state| state.set_isr(topic, partition, count));
    }
}

impl Cluster {
    /// Opens a broker's listener again, with its delays.
    fn reopen(&self, id: BrokerId, before: &Broker, port: u16) -> io::Result<()> {
        match self.is_in_memory() {
            true => self.open_in_memory(id)?,
            false => {
                let ip = before.host.parse().map_err(io::Error::other)?;
                self.open_tcp(id, SocketAddr::new(ip, port))?;
            }
        }
        self.change(|state| {
            let broker = state.broker_mut(id)?;
            let port = broker.port;
            *broker = Broker { alive: true, port, ..before.clone() };
            state.set_alive(id, true)
        });
        Ok(())
    }

    /// A port that the broker does not have now; none is needed where there are no sockets.
    fn reserve_another_port(&self, before: &Broker) -> io::Result<u16> {
        if self.is_in_memory() {
            return Ok(before.port);
        }
        let socket = std::net::TcpListener::bind((before.host.as_str(), 0))?;
        Ok(socket.local_addr()?.port())
    }

    fn each_broker(&self, which: Brokers, change: impl Fn(&mut Broker)) {
        self.change(|state| {
            match which {
                Brokers::All => state.brokers.values_mut().for_each(change),
                Brokers::One(id) => change(state.broker_mut(id)?),
            }
            Ok(())
        });
    }

    fn change_partition(&self, topic: &str, number: PartitionId, change: impl FnOnce(&mut Partition)) {
        self.change(|state| state.partition_mut(topic, number).map(change));
    }

    /// Changes the state, and wakes the requests that wait for changes.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> Result<T, NotFound>) -> T {
        let changed = change(&mut self.shared().core().state);
        self.shared().changed();
        changed.unwrap_or_else(|missing| misuse(&missing))
    }
}

#[expect(clippy::panic, reason = "an operation on a missing object is a mistake in the test, as documented")]
fn misuse(missing: &NotFound) -> ! {
    panic!("{missing}")
}
