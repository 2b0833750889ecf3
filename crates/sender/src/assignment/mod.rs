//! Which broker sender has which partition, and under which producer id the producer writes. No I/O: facts come in, commands go
//! out.
//!
//! A partition has one broker sender at a time: that of its leader, or, without one, the broker sender that has no broker. To move it, the
//! assignment commands the old broker sender to give it back, which releases it once nothing of it is in flight: so nothing goes to a
//! new leader while the old one may still append.
//!
//! A stamp belongs to the partition of a topic, not to a partition sender: a partition that is discarded and comes back begins
//! above every epoch that was used there, and not before the partition sender of the discarded one is released. A topic that is
//! forgotten is discarded like that. All that is kept of discarded partitions is one epoch, the highest.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc as StdArc;

use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId, ProducerId, ProducerIdAndEpoch, TopicId};

use crate::accumulator::{Partition, SenderMailbox, Topic};
use crate::broker_sender::PartitionCommand;
use crate::ids::PartitionSerial;
use crate::partition_sender::{PartitionSender, is_another_topic};
use crate::sync::Arc;

/// A broker sender: that of a broker, or the one where partitions without a leader wait.
pub type SenderId = Option<BrokerId>;

/// Which broker sender a partition belongs to, and the leader's term.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leadership {
    /// The broker sender of the leader.
    pub broker_sender: SenderId,
    /// The leader epoch; -1 where brokers do not return it.
    pub epoch: LeaderEpoch,
}

/// A result of the assignment, which the driver passes on.
#[derive(Debug)]
pub enum Command {
    /// A fact about one partition, for this broker sender.
    Partition(SenderId, PartitionCommand),
    /// All broker senders stamp new runs with this.
    ProducerId(ProducerIdAndEpoch),
    /// The topic has no such partition any more, or is forgotten: everything in it fails.
    Discard(Box<PartitionSender>),
}

/// The facts about one partition.
#[derive(Debug)]
struct Place {
    partition: StdArc<Partition>,
    topic_id: TopicId,
    /// Where it should be, and under which leader epoch.
    wanted: Leadership,
    /// Where it is.
    at: Whereabouts,
    /// The topic has no such partition any more, or is forgotten.
    gone: bool,
    /// The topic became another one while the partition sender was on its way.
    is_of_another_topic: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whereabouts {
    BrokerSender(SenderId),
    /// This broker sender is to give it back, and has not released it yet.
    Leaving(SenderId),
    /// Here, until the partition sender that the same partition had before is released.
    Held,
}

/// For how many commands memory is kept: there are thousands when a broker leaves or topics are forgotten.
const COMMANDS_KEPT: usize = 64;

/// A partition that was discarded while its broker sender had not released it: its name and index.
type Discarded = (StdArc<str>, PartitionId);

/// See the module.
#[derive(Debug, Default)]
pub struct Assignment {
    places: BTreeMap<PartitionSerial, Place>,
    serial: u32,
    /// Discarded partitions whose partition senders are not released, each with the partition sender of its successor, if it has come back.
    leaving: BTreeMap<Discarded, Option<Box<PartitionSender>>>,
    identity: Option<ProducerIdAndEpoch>,
    /// The identity that was given last, even if it is exhausted: partitions go on under it until the next one comes.
    given: Option<ProducerIdAndEpoch>,
    /// The highest epoch of that identity that a discarded partition sender used.
    used: Option<ProducerIdAndEpoch>,
    /// A producer id is needed and was not requested yet.
    wants_identity: bool,
    commands: VecDeque<Command>,
}

impl Assignment {
    /// Knows nothing yet. An idempotent producer wants a producer id.
    #[must_use]
    pub fn new(idempotent: bool) -> Self {
        Self { wants_identity: idempotent, ..Self::default() }
    }

    /// The leaders of all partitions of a topic. Partitions that are new begin behind `mailbox`.
    pub fn topic(
        &mut self,
        topic: &Topic,
        id: TopicId,
        leaders: &[Leadership],
        mailbox: &Arc<SenderMailbox>,
    ) {
        for partition in topic.grow(leaders.len(), mailbox, &mut self.serial) {
            let index = usize::try_from(partition.index().0).unwrap_or(usize::MAX);
            self.begin(partition, id, leaders.get(index).copied().unwrap_or_default());
        }
        for partition in topic.shrink(leaders.len()) {
            self.give_up(partition.serial());
        }
        for (partition, leader) in topic.partitions().iter().zip(leaders) {
            self.settle_place(partition.serial(), *leader, id);
        }
    }

    /// The topic is, or may be, another one of its name, with this id: nothing that was learned of the logs before counts for
    /// its own. Where both ids are known, they decide, and [`topic`](Self::topic) compares them.
    pub fn another_topic(&mut self, topic: &Topic, id: TopicId) {
        for partition in topic.partitions() {
            let Some(place) = self.places.get_mut(&partition.serial()) else { continue };
            if !place.topic_id.is_zero() && !id.is_zero() {
                continue;
            }
            partition.close_batch();
            match place.at {
                Whereabouts::BrokerSender(broker_sender) => {
                    self.commands.push_back(Command::Partition(
                        broker_sender,
                        PartitionCommand::AnotherTopic(partition.serial()),
                    ));
                }
                Whereabouts::Leaving(_) => place.is_of_another_topic = true,
                // Nothing was sent by it yet.
                Whereabouts::Held => {}
            }
        }
    }

    /// Has the broker senders of a topic's partitions report which of these are at rest
    /// ([`SenderEvent::AtRest`](crate::broker_sender::SenderEvent::AtRest)). False, without any command, while one of them is
    /// between broker senders.
    pub fn request_rest_reports(&mut self, topic: &Topic) -> bool {
        let serials = topic.partitions().iter().map(|partition| partition.serial());
        let commands = serials.map(|serial| match self.places.get(&serial)?.at {
            Whereabouts::BrokerSender(broker_sender) => {
                Some(Command::Partition(broker_sender, PartitionCommand::ReportRest(serial)))
            }
            Whereabouts::Leaving(_) | Whereabouts::Held => None,
        });
        let commands: Option<Vec<_>> = commands.collect();
        let is_possible = commands.is_some();
        self.commands.extend(commands.into_iter().flatten());
        is_possible
    }

    /// Forgets a topic that takes no more records and whose partitions are at rest. Records in it would fail.
    pub fn forget(&mut self, topic: &Topic) {
        topic.partitions().iter().for_each(|partition| self.give_up(partition.serial()));
    }

    /// A broker sender has given a partition back.
    pub fn released(&mut self, mut partition_sender: Box<PartitionSender>) {
        let serial = partition_sender.partition().serial();
        let Some(place) = self.places.get_mut(&serial) else { return };
        if place.gone {
            self.places.remove(&serial);
            return self.discard(partition_sender);
        }
        if std::mem::take(&mut place.is_of_another_topic) {
            partition_sender.topic_changed();
        }
        partition_sender.set_topic_id(place.topic_id);
        partition_sender.moved();
        place.at = Whereabouts::BrokerSender(place.wanted.broker_sender);
        self.commands.push_back(Command::Partition(
            place.wanted.broker_sender,
            PartitionCommand::Adopt(partition_sender),
        ));
    }

    /// A broker does not know a producer id any more.
    pub fn producer_id_exhausted(&mut self, exhausted: ProducerId) {
        if self.identity.is_some_and(|identity| identity.producer_id == exhausted) {
            self.identity = None;
            self.wants_identity = true;
        }
    }

    /// Whether to request a producer id; true once, until it comes or [`request_producer_id_again`](Self::request_producer_id_again).
    pub fn take_producer_id_request(&mut self) -> bool {
        std::mem::take(&mut self.wants_identity)
    }

    /// The request for a producer id failed.
    pub const fn request_producer_id_again(&mut self) {
        self.wants_identity = true;
    }

    /// A broker gave the producer an identity.
    pub fn identity(&mut self, identity: ProducerIdAndEpoch) {
        self.identity = Some(identity);
        self.given = Some(identity);
        self.used = self.used.filter(|used| used.producer_id == identity.producer_id);
        self.commands.push_back(Command::ProducerId(identity));
    }

    /// The identity that new broker senders begin with.
    #[must_use]
    pub const fn current_identity(&self) -> Option<ProducerIdAndEpoch> {
        self.identity
    }

    /// The next command, until there is none.
    pub fn next_command(&mut self) -> Option<Command> {
        let command = self.commands.pop_front();
        if command.is_none() {
            self.commands.shrink_to(COMMANDS_KEPT);
        }
        command
    }

    /// Whether some partition is at a broker sender, is to be there, or comes back from it.
    #[must_use]
    pub fn needs(&self, broker_sender: SenderId) -> bool {
        let here = [Whereabouts::BrokerSender(broker_sender), Whereabouts::Leaving(broker_sender)];
        self.places
            .values()
            .any(|place| place.wanted.broker_sender == broker_sender || here.contains(&place.at))
    }

    /// A new partition gets its partition sender, and a broker sender, unless the partition sender that the same partition had before is still at one.
    fn begin(&mut self, partition: StdArc<Partition>, id: TopicId, wanted: Leadership) {
        let mut partition_sender = Box::new(PartitionSender::new(StdArc::clone(&partition), id));
        partition.set_available(wanted.broker_sender.is_some());
        let at = match self.leaving.get_mut(&key_of(&partition)) {
            Some(successor) => {
                *successor = Some(partition_sender);
                Whereabouts::Held
            }
            None => {
                partition_sender.begin_above(self.used);
                self.commands.push_back(Command::Partition(
                    wanted.broker_sender,
                    PartitionCommand::Adopt(partition_sender),
                ));
                Whereabouts::BrokerSender(wanted.broker_sender)
            }
        };
        let serial = partition.serial();
        let place = Place { topic_id: id, wanted, at, partition, gone: false, is_of_another_topic: false };
        self.places.insert(serial, place);
    }

    /// A partition that is no more: its broker sender gives it back, and its records fail.
    fn give_up(&mut self, serial: PartitionSerial) {
        let Some(place) = self.places.get_mut(&serial) else { return };
        place.gone = true;
        place.partition.set_available(false);
        let key = key_of(&place.partition);
        match place.at {
            Whereabouts::Held => {
                self.places.remove(&serial);
                let held = self.leaving.get_mut(&key).and_then(Option::take);
                self.commands.extend(held.map(Command::Discard));
            }
            Whereabouts::BrokerSender(broker_sender) => {
                place.at = Whereabouts::Leaving(broker_sender);
                self.leaving.insert(key, None);
                self.commands.push_back(Command::Partition(broker_sender, PartitionCommand::Leave(serial)));
            }
            Whereabouts::Leaving(_) => {
                self.leaving.insert(key, None);
            }
        }
    }

    /// A partition sender whose partition is no more. The same partition may have come back meanwhile.
    fn discard(&mut self, partition_sender: Box<PartitionSender>) {
        if let Some(used) = partition_sender.used_identity()
            && self.given.is_some_and(|given| given.producer_id == used.producer_id)
            && self.used.is_none_or(|before| before.epoch < used.epoch)
        {
            self.used = Some(used);
            if used.bumped().is_none() {
                // Nothing could be stamped above it.
                self.producer_id_exhausted(used.producer_id);
            }
        }
        let successor = self.leaving.remove(&key_of(partition_sender.partition())).flatten();
        self.commands.push_back(Command::Discard(partition_sender));
        let Some(mut successor) = successor else { return };
        let Some(place) = self.places.get_mut(&successor.partition().serial()) else { return };
        successor.begin_above(self.used);
        successor.set_topic_id(place.topic_id);
        place.at = Whereabouts::BrokerSender(place.wanted.broker_sender);
        self.commands
            .push_back(Command::Partition(place.wanted.broker_sender, PartitionCommand::Adopt(successor)));
    }

    fn settle_place(&mut self, serial: PartitionSerial, leader: Leadership, id: TopicId) {
        let Some(place) = self.places.get_mut(&serial) else { return };
        place.partition.set_available(leader.broker_sender.is_some());
        let led_before = std::mem::replace(&mut place.wanted, leader);
        let id_before = std::mem::replace(&mut place.topic_id, id);
        if is_another_topic(id_before, id) {
            place.partition.close_batch();
        }
        let Whereabouts::BrokerSender(broker_sender) = place.at else { return };
        if broker_sender != leader.broker_sender {
            place.at = Whereabouts::Leaving(broker_sender);
            return self
                .commands
                .push_back(Command::Partition(broker_sender, PartitionCommand::Leave(serial)));
        }
        if id_before != id {
            self.commands.push_back(Command::Partition(broker_sender, PartitionCommand::TopicId(serial, id)));
        }
        if led_before.epoch != leader.epoch {
            self.commands
                .push_back(Command::Partition(broker_sender, PartitionCommand::LeaderElected(serial)));
        }
    }
}

fn key_of(partition: &Partition) -> Discarded {
    (StdArc::clone(partition.topic()), partition.index())
}

#[cfg(all(test, not(loom)))]
mod tests;
