//! The cluster task: keeps the metadata of the cluster, requests what is missing, and commands the broker senders.
//!
//! ```text
//!  handles ─▶ inbox ─▶ ┌──────────┐ ─▶ commands ─▶ one task a broker, and one for partitions without a leader
//!  broker senders   ─▶          │ cluster task │ ◀─ events ◀─
//!                      └────┬─────┘
//!                           └─ requests, one at a time ─▶ the control connection
//! ```
//!
//! It owns every task of the producer, and ends when all of them have ended.

mod broker_senders;
mod hints;
mod idle;
mod loss;
mod requests;
mod telemetry;
mod topic_interest;
mod unknown;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Instant;

use milena_backoff::Backoff;
use milena_connection::metadata::{Change, Metadata, TopicMetadata};
use milena_sender::assignment::{Assignment, Leadership, SenderId};
use milena_sender::broker_sender::SenderEvent;
use milena_sender::sync::Generation;
use milena_sender::{Ending, Obstacle};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::Alive;
use super::broker::BrokerCommands;
use super::control_client::ControlClient;
use super::early_end::EarlyEnd;
use super::lifo_slot::{LifoSlot, LifoSlotWaker};
use super::log_once::LogOnce;
use super::settings::Settings;
use super::startup::Started;
use crate::clock;
use crate::core::Inbox;
use crate::telemetry::Telemetry;
use broker_senders::BrokerHandle;
use hints::Hints;
use idle::Idleness;
use requests::PendingRequest;
use unknown::UnknownTopics;

/// See the module.
pub(super) struct ClusterTask {
    _early_end: EarlyEnd,
    settings: Arc<Settings>,
    metadata: Metadata,
    assignment: Assignment,
    broker_senders: BTreeMap<SenderId, BrokerHandle>,
    /// The mailboxes of broker senders that are to end.
    leaving: Vec<Weak<BrokerCommands>>,
    tasks: JoinSet<()>,
    /// Where there are several workers.
    lifo_slot: Option<LifoSlot>,
    lifo_slot_waker: LifoSlotWaker,
    pending_request: Option<PendingRequest>,
    /// None while a request is out.
    control: Option<ControlClient>,
    /// No request for a producer id before this.
    identity_not_before: Option<Instant>,
    identity_failures: u32,
    /// The errors that were logged of requests for metadata, and for a producer id.
    log_once: [LogOnce; 2],
    backoff: Backoff,
    idleness: Idleness,
    unknown: UnknownTopics,
    telemetry: Telemetry,
    /// When batches may grow again that brokers found too large.
    relax_at: Instant,
    closing: Option<Closing>,
    /// Invariant: the last field.
    alive: Alive,
}

/// The end has begun.
#[derive(Clone, Copy, Debug)]
struct Closing {
    until: Instant,
    /// Everything up to this is to be settled.
    target: Generation,
}

impl ClusterTask {
    pub(super) fn new(settings: Arc<Settings>, started: Started, early_end: EarlyEnd, alive: Alive) -> Self {
        let config = &settings.core.config;
        settings.core.metrics.note_described(clock::now());
        let mut assignment = Assignment::new(false);
        if let Some(identity) = started.identity {
            assignment.identity(identity);
        }
        let lifo_slot = LifoSlot::of_current_runtime();
        Self {
            _early_end: early_end,
            metadata: started.metadata,
            lifo_slot_waker: LifoSlotWaker::new(lifo_slot.clone()),
            lifo_slot,
            assignment,
            broker_senders: BTreeMap::new(),
            leaving: Vec::new(),
            tasks: JoinSet::new(),
            pending_request: None,
            control: Some(started.control),
            identity_not_before: None,
            identity_failures: 0,
            log_once: Default::default(),
            idleness: Idleness::new(clock::now(), config.metadata_max_idle),
            unknown: UnknownTopics::default(),
            telemetry: telemetry::of(&settings),
            backoff: Backoff::new(config.retry_backoff, config.retry_backoff_max, settings.seed),
            relax_at: clock::now() + config.metadata_max_age,
            closing: None,
            settings,
            alive,
        }
    }

    /// Runs until the producer is closed and everything is settled.
    pub(super) async fn run(mut self) {
        self.note_cluster();
        self.note_telemetry_support();
        loop {
            let inbox = self.settings.core.inbox.read(Inbox::take_all);
            self.apply(inbox);
            self.find_idle_topics();
            self.pass_commands_on();
            self.end_needless_broker_senders();
            self.send_next_request();
            if self.is_over() {
                break;
            }
            self.wait().await;
        }
        // Before the cluster task is dropped, see `early_end.rs`.
        self.settings.core.shared.set_ending(Ending::Closed);
        self.end_broker_senders(self.closing.map_or_else(clock::now, |closing| closing.until));
        while self.tasks.join_next().await.is_some() {}
        self.push_last(self.closing.map_or_else(clock::now, |closing| closing.until)).await;
        self.settings.compression.close().await;
    }

    /// Applies the inbox.
    fn apply(&mut self, inbox: Inbox) {
        let now = clock::now();
        let registry = &self.settings.core.registry;
        for known in topic_interest::apply(&mut self.metadata, registry, inbox.wanted, &inbox.given_up, now) {
            self.place(&known, false);
        }
        if let (Some(silent), Some(control)) = (inbox.silent, &mut self.control) {
            control.avoid(silent);
        }
        if inbox.broker_lost {
            self.metadata.refresh(now);
        }
        self.apply_events(inbox.events, now);
        if let Some(until) = inbox.close_until {
            self.begin_to_close(until);
        }
    }

    /// Applies the events of broker senders: leaders come first, so that a partition that was released goes to its leader.
    fn apply_events(&mut self, events: Vec<SenderEvent>, now: Instant) {
        let mut hints = Hints::default();
        let mut at_rest = Vec::new();
        let others: Vec<SenderEvent> = events.into_iter().filter_map(|event| hints.take(event)).collect();
        self.apply_hints(hints, now);
        for event in others {
            match event {
                SenderEvent::Released(partition_sender) => self.assignment.released(partition_sender),
                SenderEvent::ProducerIdExhausted(exhausted) => {
                    self.assignment.producer_id_exhausted(exhausted)
                }
                SenderEvent::TopicHasRecords(topic) => self.make_active(&topic, now),
                SenderEvent::Loss { broker, topic, partition, loss } => {
                    self.report_loss(broker, &topic, partition, loss);
                }
                SenderEvent::AtRest(topic, serial) => at_rest.push((topic, serial)),
                SenderEvent::Endpoints(_) | SenderEvent::Stale { .. } => {}
            }
        }
        self.note_at_rest(&at_rest);
    }

    /// Applies the changes of the metadata.
    fn take_in(&mut self, changes: Vec<Change>) {
        let core = Arc::clone(&self.settings.core);
        let asked_after = clock::now().checked_sub(core.config.max_block);
        for change in changes {
            match change {
                Change::Broker { id, endpoint } => self.relocate(id, Some(endpoint)),
                Change::BrokerGone(id) => self.relocate(id, None),
                Change::Topic { topic, is_new } => self.place(&topic, is_new),
                Change::TopicFailed { name, error } => {
                    self.note_unknown(&name, error, clock::now());
                    if core.registry.failed(&name, error, asked_after, clock::now()) {
                        self.metadata.forget(&name);
                    }
                }
                Change::Rebootstrap => {
                    tracing::warn!("metadata: rebootstrapping from bootstrap.servers");
                    if let Some(control) = &mut self.control {
                        control.disconnect();
                    }
                }
            }
        }
        self.note_described();
    }

    /// Gives the partitions of a topic to the broker senders of their leaders.
    fn place(&mut self, found: &TopicMetadata, is_new: bool) {
        let registry = &self.settings.core.registry;
        let leaders = found.partitions.iter();
        let leaders: Vec<Leadership> = leaders
            .map(|partition| Leadership { broker_sender: partition.leader, epoch: partition.epoch })
            .collect();
        if leaders.is_empty() {
            return registry.is_empty(&found.name);
        }
        let Some(topic) = registry.place(&found.name) else { return };
        let leaderless = Arc::clone(&self.broker_sender(None).mailbox);
        if is_new {
            self.assignment.another_topic(&topic, found.id);
        }
        self.assignment.topic(&topic, found.id, &leaders, &leaderless);
        for (partition, known) in topic.partitions().iter().zip(&found.partitions) {
            let why =
                || Obstacle { message: known.leaderless.to_string().into(), code: known.leaderless.code() };
            partition.set_leaderless(known.leader.is_none().then(why));
        }
        let registry = &self.settings.core.registry;
        if self.closing.is_some() {
            // Its partitions are shut before a caller finds them.
            registry.close();
        }
        registry.found(&found.name);
        self.idleness.arm();
    }

    fn begin_to_close(&mut self, until: Instant) {
        if self.closing.is_some() {
            return;
        }
        let core = &self.settings.core;
        core.registry.close();
        let target = core.shared.outstanding.end_generation();
        self.closing = Some(Closing { until, target });
        core.shared.request_flush();
    }

    /// Whether everything is settled, or has to be.
    fn is_over(&self) -> bool {
        let outstanding = &self.settings.core.shared.outstanding;
        self.closing
            .is_some_and(|closing| clock::now() >= closing.until || outstanding.is_settled(closing.target))
    }

    /// Sleeps until there is mail, a response, something due, or nothing left to complete.
    async fn wait(&mut self) {
        let core = Arc::clone(&self.settings.core);
        let lifo_slot_waker = &mut self.lifo_slot_waker;
        let mail = poll_fn(|cx| {
            let waker = lifo_slot_waker.waker(cx.waker());
            if core.inbox.sleep(&waker, |inbox| inbox.is_empty()) && core.deadlines.sleep(&waker) {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        });
        let closing = self.closing;
        let mut outstanding = closing.map(|closing| core.shared.outstanding.settled(closing.target));
        let settled =
            poll_fn(|cx| outstanding.as_mut().map_or(Poll::Pending, |settled| settled.poll(cx.waker())));
        let asks_again = self.identity_not_before.filter(|not_before| *not_before > clock::now());
        let due = if self.pending_request.is_none() { self.metadata.due() } else { None };
        let push = if self.pending_request.is_none() { self.telemetry.due() } else { None };
        let callers = core.deadlines.expire(clock::now());
        let closes = closing.map(|closing| closing.until);
        let due = [due, push, callers, asks_again, closes, self.idleness.due(), Some(self.relax_at)];
        let due = due.into_iter().flatten().min().unwrap_or(self.relax_at);
        let pending_request = &mut self.pending_request;
        let answer = poll_fn(|cx| match pending_request {
            Some(pending_request) => pending_request.as_mut().poll(cx),
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
        if let Some(Err(error)) = fallen {
            // A broker sender ends well by `BrokerCommand::End` alone. Its batches are lost with it, so the producer accepts no more.
            let ending = if error.is_panic() { Ending::DriverFailed } else { Ending::RuntimeEnded };
            match ending {
                Ending::DriverFailed => {
                    tracing::error!(%error, "driver: the task of a broker panicked: the producer ends")
                }
                _ => tracing::debug!(%error, "driver: the runtime ends: the producer ends"),
            }
            self.settings.core.shared.set_ending(ending);
            self.begin_to_close(clock::now());
        }
        if let Some((control, reply)) = reply {
            self.pending_request = None;
            self.control = Some(control);
            self.on_reply(reply);
            self.note_telemetry_support();
        }
    }
}
