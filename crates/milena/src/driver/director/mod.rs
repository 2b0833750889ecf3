//! The director: keeps what is known of the cluster, asks for what is missing, and tells the lanes.
//!
//! ```text
//!  handles ─▶ inbox ─▶ ┌──────────┐ ─▶ orders ─▶ one task a broker, and one for partitions without a leader
//!  lanes   ─▶          │ director │ ◀─ notices ◀─
//!                      └────┬─────┘
//!                           └─ questions, one at a time ─▶ the control connection
//! ```
//!
//! It owns every task of the producer, and ends when all of them have ended.

mod mail;
mod questions;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use milena_codec::ids::BrokerId;
use milena_connection::Endpoint;
use milena_connection::metadata::{Change, Metadata, TopicMetadata};
use milena_sender::Backoff;
use milena_sender::accumulator::Port;
use milena_sender::coordinator::{Coordinator, LaneId, Order};
use milena_sender::lane::Lane;
use milena_sender::stream::Settler;
use milena_sender::sync::{Generation, Wake};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::broker::{BrokerTask, LaneOrder, Orders};
use super::line::Line;
use super::nudge::Nudge;
use super::settings::Settings;
use super::startup::Started;
use crate::clock;
use crate::core::Inbox;
use questions::Question;

/// See the module.
pub(super) struct Director {
    settings: Arc<Settings>,
    metadata: Metadata,
    coordinator: Coordinator,
    lanes: BTreeMap<LaneId, LaneHandle>,
    tasks: JoinSet<()>,
    /// Beside the tasks of brokers, where there are several workers; ended with the director.
    nudge: Option<Nudge>,
    nudged: JoinSet<()>,
    question: Option<Question>,
    /// None while a question is out.
    line: Option<Line>,
    /// No question for an identity before this.
    identity_not_before: Option<Instant>,
    identity_failures: u32,
    backoff: Backoff,
    /// When batches may grow again that brokers found too large.
    relax_at: Instant,
    closing: Option<Closing>,
}

struct LaneHandle {
    port: Arc<Port>,
    orders: Arc<Orders>,
}

/// The end has begun.
#[derive(Clone, Copy, Debug)]
struct Closing {
    until: Instant,
    /// Everything up to this is to be settled.
    target: Generation,
}

impl Director {
    pub(super) fn new(settings: Arc<Settings>, started: Started) -> Self {
        let config = &settings.core.config;
        let mut coordinator = Coordinator::new(false);
        if let Some(identity) = started.identity {
            coordinator.identity(identity);
        }
        let several = Handle::current().runtime_flavor() != RuntimeFlavor::CurrentThread;
        let nudge = several.then(Nudge::default);
        let mut nudged = JoinSet::new();
        if let Some(nudge) = &nudge {
            nudged.spawn(nudge.task());
        }
        Self {
            metadata: started.metadata,
            nudge,
            nudged,
            coordinator,
            lanes: BTreeMap::new(),
            tasks: JoinSet::new(),
            question: None,
            line: Some(started.line),
            identity_not_before: None,
            identity_failures: 0,
            backoff: Backoff::new(config.retry_backoff, config.retry_backoff_max, settings.seed),
            relax_at: clock::now() + config.metadata_max_age,
            closing: None,
            settings,
        }
    }

    /// Runs until the producer is closed and everything is settled.
    pub(super) async fn run(mut self) {
        loop {
            let inbox = self.settings.core.inbox.look(Inbox::take_all);
            self.heed(inbox);
            self.pass_orders_on();
            self.ask();
            if self.is_over() {
                break;
            }
            self.wait().await;
        }
        for lane in self.lanes.values() {
            lane.tell(LaneOrder::Abort);
        }
        while self.tasks.join_next().await.is_some() {}
        self.nudged.shutdown().await;
    }

    /// What is new about the cluster.
    fn take_in(&mut self, changes: Vec<Change>) {
        let core = Arc::clone(&self.settings.core);
        let asked_after = clock::now().checked_sub(core.config.max_block);
        for change in changes {
            match change {
                Change::Broker { id, endpoint } => self.relocate(id, Some(endpoint)),
                Change::BrokerGone(id) => self.relocate(id, None),
                Change::Topic(topic) => self.place(&topic),
                Change::TopicFailed { name, error } => {
                    if core.registry.failed(&name, error, asked_after) {
                        self.metadata.forget(&name);
                    }
                }
                Change::RebootstrapRequired => {
                    if let Some(line) = &mut self.line {
                        line.hang_up();
                    }
                }
            }
        }
    }

    fn relocate(&self, id: BrokerId, endpoint: Option<Endpoint>) {
        if let Some(lane) = self.lanes.get(&Some(id)) {
            lane.tell(LaneOrder::Endpoint(endpoint));
        }
    }

    /// Gives the partitions of a topic to the lanes of their leaders.
    fn place(&mut self, found: &TopicMetadata) {
        let registry = &self.settings.core.registry;
        let Some(topic) = registry.topic(&found.name) else { return };
        let leaders: Vec<LaneId> = found.partitions.iter().map(|partition| partition.leader).collect();
        if leaders.is_empty() {
            return;
        }
        let limbo = Arc::clone(&self.lane(None).port);
        self.coordinator.topic(&topic, found.id, &leaders, &limbo);
        let registry = &self.settings.core.registry;
        if self.closing.is_some() {
            // Its partitions are shut before anybody finds them.
            registry.close();
        }
        registry.found(&found.name);
    }

    /// The lane of a broker; it and its task are made when they are needed first.
    fn lane(&mut self, id: LaneId) -> &LaneHandle {
        let (settings, coordinator, nudge) = (&self.settings, &self.coordinator, &self.nudge);
        let tasks = &mut self.tasks;
        let endpoint = id.and_then(|id| self.metadata.broker(id).cloned());
        self.lanes.entry(id).or_insert_with(|| {
            let core = &settings.core;
            let port = Arc::new(Port::default());
            core.shared.add_port(Arc::clone(&port));
            let mut lane = Lane::new(Arc::clone(&settings.lane), Arc::clone(&core.shared), Arc::clone(&port));
            if let Some(identity) = coordinator.current_identity() {
                lane.set_identity(identity);
            }
            let orders = Arc::new(Orders::default());
            let seed = settings.seed.wrapping_add(id.map_or(0, |id| u64::from(id.0.unsigned_abs()) + 1));
            let task = BrokerTask::new(Arc::clone(settings), Arc::clone(&orders), lane, nudge.clone(), seed);
            tasks.spawn(task);
            let handle = LaneHandle { port, orders };
            handle.tell(LaneOrder::Endpoint(endpoint));
            handle
        })
    }

    fn pass_orders_on(&mut self) {
        while let Some(order) = self.coordinator.next_order() {
            match order {
                Order::Adopt(id, stream) => self.lane(id).tell(LaneOrder::Adopt(stream)),
                Order::Leave(id, serial) => self.lane(id).tell(LaneOrder::Leave(serial)),
                Order::TopicId(id, serial, topic_id) => {
                    self.lane(id).tell(LaneOrder::TopicId(serial, topic_id))
                }
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

    fn begin_to_close(&mut self, until: Instant) {
        if self.closing.is_some() {
            return;
        }
        let core = &self.settings.core;
        core.registry.close();
        let target = core.shared.outstanding.end_generation();
        self.closing = Some(Closing { until, target });
        core.shared.press();
    }

    /// Whether everything is settled, or has to be.
    fn is_over(&self) -> bool {
        let outstanding = &self.settings.core.shared.outstanding;
        self.closing
            .is_some_and(|closing| clock::now() >= closing.until || outstanding.is_settled(closing.target))
    }

    /// Sleeps until there is mail, an answer, something due, or nothing left to settle.
    async fn wait(&mut self) {
        let core = Arc::clone(&self.settings.core);
        let mail = poll_fn(|cx| {
            if core.inbox.sleep(cx.waker(), |inbox| inbox.is_empty()) {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        });
        let closing = self.closing;
        let settled = poll_fn(|cx| match closing {
            Some(closing) => core.shared.outstanding.poll_settled(closing.target, cx.waker()),
            None => Poll::Pending,
        });
        let asks_again = self.identity_not_before.filter(|not_before| *not_before > clock::now());
        let due = if self.question.is_none() { self.metadata.due() } else { None };
        let due = [due, asks_again, closing.map(|closing| closing.until), Some(self.relax_at)];
        let due = due.into_iter().flatten().min().unwrap_or(self.relax_at);
        let question = &mut self.question;
        let answer = poll_fn(|cx| match question {
            Some(question) => question.as_mut().poll(cx),
            None => Poll::Pending,
        });
        let mut reply = None;
        let mut fallen = None;
        tokio::select! {
            biased;
            () = mail => {}
            Some(ended) = self.tasks.join_next(), if !self.tasks.is_empty() => fallen = Some(ended),
            answered = answer => reply = Some(answered),
            () = settled => {}
            () = sleep_until(tokio::time::Instant::from_std(due)) => {}
        }
        if let Some(ended) = fallen {
            // A lane ends by order alone. What it had is lost to us, so nothing more may be promised.
            tracing::error!(?ended, "a broker's task ended by itself: the producer closes");
            self.begin_to_close(clock::now());
        }
        if let Some((line, reply)) = reply {
            self.question = None;
            self.line = Some(line);
            self.answered(reply);
        }
    }
}

impl LaneHandle {
    fn tell(&self, order: LaneOrder) {
        self.orders.put(|orders| {
            orders.push_back(order);
            ((), Wake::Now)
        });
    }
}
