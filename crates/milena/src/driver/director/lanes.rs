//! The lanes under the director: made when they are needed first, and told what the coordinator orders.

use std::sync::Arc;
use std::time::Instant;

use milena_codec::ids::BrokerId;
use milena_connection::Endpoint;
use milena_sender::accumulator::Port;
use milena_sender::coordinator::{LaneId, Order};
use milena_sender::lane::Lane;
use milena_sender::stream::Settler;
use milena_sender::sync::Wake;

use super::Director;
use crate::clock;
use crate::driver::broker::{BrokerTask, LaneOrder, Orders};
use crate::driver::early_end::{EarlyEnd, Watch};

/// How a lane is reached.
pub(super) struct LaneHandle {
    pub(super) port: Arc<Port>,
    orders: Arc<Orders>,
}

impl LaneHandle {
    pub(super) fn tell(&self, order: LaneOrder) {
        tell(&self.orders, order);
    }
}

fn tell(orders: &Orders, order: LaneOrder) {
    orders.put(|orders| {
        orders.push_back(order);
        ((), Wake::Now)
    });
}

impl Director {
    /// The lane of a broker; it and its task are made when they are needed first.
    pub(super) fn lane(&mut self, id: LaneId) -> &LaneHandle {
        let (settings, coordinator, nudge) = (&self.settings, &self.coordinator, &self.nudge);
        let alive = &self.alive;
        let tasks = &mut self.tasks;
        let endpoint = id.and_then(|id| self.metadata.broker(id).cloned());
        self.lanes.entry(id).or_insert_with(|| {
            let core = &settings.core;
            let port = Arc::new(Port::of(id));
            core.shared.add_port(Arc::clone(&port));
            let mut lane = Lane::new(Arc::clone(&settings.lane), Arc::clone(&core.shared), Arc::clone(&port));
            if let Some(identity) = coordinator.current_identity() {
                lane.set_identity(identity);
            }
            let orders = Arc::new(Orders::default());
            let seed = settings.seed.wrapping_add(id.map_or(0, |id| u64::from(id.0.unsigned_abs()) + 1));
            let watch = Watch::new(core);
            let task = BrokerTask::new(
                EarlyEnd(Arc::clone(&watch)),
                Arc::clone(settings),
                Arc::clone(&orders),
                lane,
                nudge.clone(),
                seed,
                alive.clone(),
            );
            tasks.spawn(watch.run(task));
            let handle = LaneHandle { port, orders };
            handle.tell(LaneOrder::Endpoint(endpoint));
            handle
        })
    }

    /// Carries out what the coordinator orders.
    pub(super) fn pass_orders_on(&mut self) {
        while let Some(order) = self.coordinator.next_order() {
            match order {
                Order::Adopt(id, stream) => self.lane(id).tell(LaneOrder::Adopt(stream)),
                Order::Leave(id, serial) => self.lane(id).tell(LaneOrder::Leave(serial)),
                Order::TopicId(id, serial, topic_id) => {
                    self.lane(id).tell(LaneOrder::TopicId(serial, topic_id))
                }
                Order::AnotherTopic(id, serial) => {
                    self.lane(id).tell(LaneOrder::AnotherTopic(serial));
                }
                Order::AskRest(id, serial) => self.lane(id).tell(LaneOrder::AskRest(serial)),
                Order::Elected(id, serial) => self.lane(id).tell(LaneOrder::Elected(serial)),
                Order::Discard(stream) => {
                    let mut settler = Settler::new(Arc::clone(&self.settings.core.shared));
                    stream.discard(&mut settler);
                    settler.finish();
                    self.settings.core.metrics.add(settler.counters);
                }
                Order::Identity(identity) => {
                    self.lanes.values().for_each(|lane| lane.tell(LaneOrder::Identity(identity)));
                }
            }
        }
    }

    /// Ends the lanes of brokers that are not part of the cluster any more, and their connections, once no partition
    /// needs them: nothing is queued or in flight there then. A broker that comes back gets a new one.
    pub(super) fn end_needless_lanes(&mut self) {
        let until = clock::now() + self.settings.core.config.request_timeout;
        let is_needless = |id: &LaneId| {
            id.is_some_and(|broker| self.metadata.broker(broker).is_none()) && !self.coordinator.needs(*id)
        };
        let needless: Vec<LaneId> = self.lanes.keys().copied().filter(is_needless).collect();
        for lane in needless.iter().filter_map(|id| self.lanes.remove(id)) {
            self.settings.core.shared.remove_port(&lane.port);
            lane.tell(LaneOrder::End(until));
            self.leaving.retain(|orders| orders.strong_count() > 0);
            self.leaving.push(Arc::downgrade(&lane.orders));
        }
    }

    /// Ends all lanes and their connections, those first that end already, by `until` at the latest.
    pub(super) fn end_lanes(&mut self, until: Instant) {
        let leaving = self.leaving.drain(..).filter_map(|orders| orders.upgrade());
        let lanes = self.lanes.values().map(|lane| Arc::clone(&lane.orders));
        leaving.chain(lanes).for_each(|orders| tell(&orders, LaneOrder::End(until)));
    }

    /// A broker listens elsewhere, or is gone.
    pub(super) fn relocate(&self, id: BrokerId, endpoint: Option<Endpoint>) {
        if let Some(lane) = self.lanes.get(&Some(id)) {
            lane.tell(LaneOrder::Endpoint(endpoint));
        }
    }
}
