//! Who looks after which partition, and under which identity the producer writes. No I/O: facts come in, orders go out.
//!
//! A partition has one lane at a time: that of its leader, or, without one, the lane that has no broker. It changes
//! lanes by being asked back from the old one, which releases it once nothing of it is unanswered: so nothing goes to
//! a new leader while the old one may still append.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc as StdArc;

use milena_codec::ids::{BrokerId, Identity, ProducerId, TopicId};

use crate::accumulator::{Partition, Port, Topic};
use crate::stream::{Stream, is_another_topic};
use crate::sync::Arc;

/// A lane: that of a broker, or the one where partitions without a leader wait.
pub type LaneId = Option<BrokerId>;

/// What the driver has to pass on.
#[derive(Debug)]
pub enum Order {
    /// The lane looks after this partition.
    Adopt(LaneId, Box<Stream>),
    /// The lane gives the partition with this serial back.
    Leave(LaneId, u32),
    /// The topic of the partition with this serial has another id.
    TopicId(LaneId, u32, TopicId),
    /// All lanes stamp new runs with this.
    Identity(Identity),
    /// The topic has no such partition any more: what it has fails.
    Discard(Box<Stream>),
}

/// The facts about one partition.
#[derive(Debug)]
struct Place {
    partition: StdArc<Partition>,
    topic_id: TopicId,
    /// Where it should be.
    wanted: LaneId,
    /// Where it is.
    at: Whereabouts,
    /// The topic has no such partition any more.
    gone: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whereabouts {
    Lane(LaneId),
    /// Asked back from this lane, and not released yet.
    Leaving(LaneId),
}

/// See the module.
#[derive(Debug, Default)]
pub struct Coordinator {
    places: BTreeMap<u32, Place>,
    serial: u32,
    identity: Option<Identity>,
    /// An identity is needed and was not asked for yet.
    wants_identity: bool,
    orders: VecDeque<Order>,
}

impl Coordinator {
    /// Knows nothing yet. An idempotent producer wants an identity.
    #[must_use]
    pub fn new(idempotent: bool) -> Self {
        Self { wants_identity: idempotent, ..Self::default() }
    }

    /// Who leads the partitions of a topic now: all that it has. Partitions that are new to it begin behind `port`.
    pub fn topic(&mut self, topic: &Topic, id: TopicId, leaders: &[LaneId], port: &Arc<Port>) {
        for partition in topic.grow(leaders.len(), port, &mut self.serial) {
            let index = usize::try_from(partition.index().0).unwrap_or(usize::MAX);
            let wanted = leaders.get(index).copied().flatten();
            let stream = Box::new(Stream::new(StdArc::clone(&partition), id));
            self.orders.push_back(Order::Adopt(wanted, stream));
            partition.set_available(wanted.is_some());
            let place = Place { topic_id: id, wanted, at: Whereabouts::Lane(wanted), partition, gone: false };
            self.places.insert(place.partition.serial(), place);
        }
        for partition in topic.shrink(leaders.len()) {
            self.give_up(partition.serial());
        }
        for (partition, leader) in topic.partitions().iter().zip(leaders) {
            self.settle_place(partition.serial(), *leader, id);
        }
    }

    /// A broker says who leads a partition now, which concerns this one alone.
    pub fn leader(&mut self, serial: u32, leader: LaneId) {
        if let Some(id) = self.places.get(&serial).map(|place| place.topic_id) {
            self.settle_place(serial, leader, id);
        }
    }

    /// A lane has given a partition back.
    pub fn released(&mut self, mut stream: Box<Stream>) {
        let serial = stream.partition().serial();
        let Some(place) = self.places.get_mut(&serial) else { return };
        if place.gone {
            self.places.remove(&serial);
            return self.orders.push_back(Order::Discard(stream));
        }
        stream.set_topic_id(place.topic_id);
        stream.moved();
        place.at = Whereabouts::Lane(place.wanted);
        self.orders.push_back(Order::Adopt(place.wanted, stream));
    }

    /// A broker does not know a producer id any more.
    pub fn identity_spent(&mut self, spent: ProducerId) {
        if self.identity.is_some_and(|identity| identity.producer_id == spent) {
            self.identity = None;
            self.wants_identity = true;
        }
    }

    /// Whether to ask a broker for an identity; asked once, until it comes or [`ask_again`](Self::ask_again).
    pub fn asks_identity(&mut self) -> bool {
        std::mem::take(&mut self.wants_identity)
    }

    /// The question for an identity failed.
    pub const fn ask_again(&mut self) {
        self.wants_identity = true;
    }

    /// A broker gave the producer an identity.
    pub fn identity(&mut self, identity: Identity) {
        self.identity = Some(identity);
        self.orders.push_back(Order::Identity(identity));
    }

    /// The identity that new lanes begin with.
    #[must_use]
    pub const fn current_identity(&self) -> Option<Identity> {
        self.identity
    }

    /// The next order, until there is none.
    pub fn next_order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// Whether some partition is at a lane, is to be there, or comes back from it.
    #[must_use]
    pub fn needs(&self, lane: LaneId) -> bool {
        let here = [Whereabouts::Lane(lane), Whereabouts::Leaving(lane)];
        self.places.values().any(|place| place.wanted == lane || here.contains(&place.at))
    }

    /// A partition that is no more: its lane is asked for it, and what it has fails.
    fn give_up(&mut self, serial: u32) {
        let Some(place) = self.places.get_mut(&serial) else { return };
        place.gone = true;
        place.partition.set_available(false);
        if let Whereabouts::Lane(lane) = place.at {
            place.at = Whereabouts::Leaving(lane);
            self.orders.push_back(Order::Leave(lane, serial));
        }
    }

    fn settle_place(&mut self, serial: u32, leader: LaneId, id: TopicId) {
        let Some(place) = self.places.get_mut(&serial) else { return };
        place.partition.set_available(leader.is_some());
        place.wanted = leader;
        let before = std::mem::replace(&mut place.topic_id, id);
        if is_another_topic(before, id) {
            place.partition.close_batch();
        }
        match place.at {
            Whereabouts::Lane(lane) if lane != leader => {
                place.at = Whereabouts::Leaving(lane);
                self.orders.push_back(Order::Leave(lane, serial));
            }
            Whereabouts::Lane(lane) if before != id => {
                self.orders.push_back(Order::TopicId(lane, serial, id))
            }
            _ => {}
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
