//! The task of one broker: one hand-written future that carries bytes between a broker sender and its connection.
//!
//! Each turn: take commands, read until nothing comes, let the broker sender decide, write until nothing goes, and only then fall
//! asleep, after another look at everything that could have changed meanwhile. After a write the read side is polled
//! again, so that a waker is always registered there.

mod ending;
mod sending;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use milena_codec::ids::ProducerIdAndEpoch;
use milena_codec::message::{ApiKey, ProduceRequest as ProduceMessage};
use milena_connection::Endpoint;
use milena_connection::session::Event;
use milena_connection::transport::Fault;
use milena_sender::broker_sender::{BrokerSender, Input, Output, PartitionCommand};
use milena_sender::ids::{ProduceVersion, ThrottleTime};
use milena_sender::partition_sender::LATE_MIN;
use milena_sender::sync::Mailbox;
use tokio::time::{Sleep, sleep_until};

use super::Alive;
use super::broker_connection::BrokerConnection;
use super::early_end::EarlyEnd;
use super::frame::Frame;
use super::lifo_slot::{LifoSlot, LifoSlotWaker};
use super::log_once::LogOnce;
use super::settings::{PRODUCE_VERSION_MAX, Settings};
use super::throttle::throttle;
use crate::clock;
use crate::metrics::{BrokerGauges, BrokerRecorder};

/// How long one turn may compress in place before the other tasks of the runtime have theirs.
const IN_PLACE_TURN_MAX: Duration = Duration::from_micros(200);

/// A command of the cluster task to the task of a broker.
#[derive(Debug)]
pub(super) enum BrokerCommand {
    /// A fact about a partition, as the assignment has it.
    Partition(PartitionCommand),
    /// The producer id and epoch under which new runs are stamped.
    ProducerId(ProducerIdAndEpoch),
    /// Where the broker listens; none when it is gone.
    Endpoint(Option<Endpoint>),
    /// Everything that is not settled fails, and the task ends. Its connection ends in order, by this time at the
    /// latest.
    End(Instant),
}

/// A broker sender's mail from the cluster task.
pub(super) type BrokerCommands = Mailbox<VecDeque<BrokerCommand>>;

/// See the module.
#[derive(Debug)]
pub(super) struct BrokerTask {
    _early_end: EarlyEnd,
    settings: Arc<Settings>,
    commands: Arc<BrokerCommands>,
    broker_sender: BrokerSender,
    connection: BrokerConnection,
    timer: Pin<Box<Sleep>>,
    /// When the timer rings; an earlier ring than needed does no harm.
    armed: Option<Instant>,
    /// The end of the broker's throttle time (KIP-219).
    paused_until: Option<Instant>,
    lifo_slot_waker: LifoSlotWaker,
    /// The task ends, by then at the latest.
    ends_by: Option<Instant>,
    /// Whether everything that was left has failed.
    aborted: bool,
    /// The connection errors that were logged since the broker was usable.
    log_once: LogOnce,
    recorder: BrokerRecorder,
    gauges: BrokerGauges,
    /// Invariant: the last field.
    _alive: Alive,
}

impl BrokerTask {
    pub(super) fn new(
        early_end: EarlyEnd,
        settings: Arc<Settings>,
        commands: Arc<BrokerCommands>,
        broker_sender: BrokerSender,
        lifo_slot: Option<LifoSlot>,
        seed: u64,
        alive: Alive,
    ) -> Self {
        let broker = broker_sender.mailbox().broker();
        let recorder = settings.core.metrics.recorder(broker);
        let connection = BrokerConnection::new(Arc::clone(&settings), broker, recorder.clone(), seed);
        let timer = Box::pin(sleep_until(tokio::time::Instant::from_std(clock::now())));
        let lifo_slot_waker = LifoSlotWaker::new(lifo_slot);
        Self {
            _early_end: early_end,
            settings,
            commands,
            broker_sender,
            connection,
            timer,
            armed: None,
            paused_until: None,
            lifo_slot_waker,
            ends_by: None,
            aborted: false,
            log_once: LogOnce::default(),
            gauges: BrokerGauges::new(recorder.clone()),
            recorder,
            _alive: alive,
        }
    }

    fn take_commands(&mut self, now: Instant) {
        let commands = self.commands.read(std::mem::take);
        for command in commands {
            match command {
                BrokerCommand::Partition(command) => self.hand_in(now, Input::Partition(command)),
                BrokerCommand::ProducerId(identity) => self.hand_in(now, Input::ProducerId(identity)),
                BrokerCommand::Endpoint(endpoint) => {
                    if let Some(ended) = self.connection.set_endpoint(now, endpoint) {
                        self.ended(now, ended);
                    }
                }
                BrokerCommand::End(until) => {
                    self.ends_by = Some(self.ends_by.map_or(until, |before| before.min(until)));
                }
            }
        }
    }

    /// Reads and handles everything from the connection. Dials if there is no connection and one is needed.
    fn listen(&mut self, now: Instant, cx: &mut Context<'_>) {
        if !self.needs_connection() {
            return;
        }
        if self.connection.session().is_none()
            && let Some(endpoint) = self.connection.endpoint()
        {
            let connecting = Input::Connecting(format_args!("{endpoint}"));
            hand_in(&mut self.broker_sender, now, connecting);
        }
        match self.connection.poll_open(now, cx) {
            Poll::Pending => return,
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return self.unreachable(now, &error, true),
        }
        let outcome = loop {
            let handled = match self.connection.poll_event(now, cx) {
                Poll::Ready(Ok(event)) => self.handle(now, event),
                Poll::Ready(Err(fault)) => Err(fault),
                // A response that lies in the socket is in time, however late this task is.
                Poll::Pending => break self.connection.check(now),
            };
            if handled.is_err() {
                break handled;
            }
        };
        if let Err(fault) = outcome
            && let Some(ended) = self.connection.failed(now, fault)
        {
            self.ended(now, ended);
        }
        self.go_on_ending(now, cx);
    }

    /// Hands in a wake-up that comes late.
    fn event_lateness(&mut self, now: Instant) {
        if let Some(armed) = self.armed.take_if(|armed| now > *armed + LATE_MIN) {
            self.hand_in(now, Input::WokeLate { since: armed });
        }
    }

    fn handle(&mut self, now: Instant, event: Event<Frame>) -> Result<(), Fault> {
        let Some(session) = self.connection.session() else { return Ok(()) };
        match event {
            Event::Ready => {
                let versions = session.versions().cloned().unwrap_or_default();
                let version = versions.require::<ProduceMessage>().map_err(Fault::Version)?;
                let version = ProduceVersion(version.min(PRODUCE_VERSION_MAX));
                hand_in(&mut self.broker_sender, now, Input::Connected(version));
                self.connection.note_ready();
                if self.log_once.is_over() {
                    tracing::info!(endpoint = ?self.connection.endpoint(), "connection: broker can be used again");
                }
            }
            Event::Response { payload, body, .. } => {
                let Frame { request, sent } = payload;
                // Counted before the deliveries of its batches complete.
                self.recorder.add_response(now.saturating_duration_since(sent));
                let response = Input::Response { request, body: session.bytes(body) };
                let ThrottleTime(pause_ms) = self.broker_sender.handle(now, response).map_err(|error| {
                    Fault::InvalidResponse { api: ApiKey::PRODUCE, version: None, error: error.into() }
                })?;
                self.connection.note_response();
                if let Some(pause) = throttle(pause_ms) {
                    self.paused_until = Some(now + pause);
                    self.recorder.add_throttle(pause);
                }
            }
            Event::Written { payload } => self.hand_in(now, Input::Written(payload.request)),
            Event::Reauthenticated => self.settings.core.metrics.add_reauthentication(),
            // The connection runs it.
            Event::Work(_) => {}
        }
        Ok(())
    }

    /// Whether the connection is to be kept, or to be opened.
    fn needs_connection(&mut self) -> bool {
        if self.ends_by.is_some() {
            return self.connection.session().is_some();
        }
        let wanted = self.broker_sender.has_partitions()
            && (!self.connection.is_dormant() || self.broker_sender.has_ready());
        wanted || self.connection.session().is_some()
    }

    /// Hands a fact that is no response to the broker sender.
    fn hand_in(&mut self, now: Instant, input: Input<'_>) {
        hand_in(&mut self.broker_sender, now, input);
    }

    /// Whether a request may be handed to the session now: one at a time is written, so that batches grow meanwhile.
    fn has_room(&mut self, now: Instant) -> bool {
        let paused = self.paused_until.is_some_and(|until| now < until) || self.connection.is_ending();
        let Some(session) = self.connection.session() else { return false };
        !paused && !session.holds() && !session.unwritten() && session.room() > 0
    }

    /// Sets the timer. True when it has rung already.
    fn arm(&mut self, now: Instant, until: Option<Instant>, cx: &mut Context<'_>) -> bool {
        let paused = self.paused_until.filter(|paused| *paused > now);
        // A connection that is not needed is not opened when its backoff is over.
        let connection = if self.needs_connection() { self.connection.deadline() } else { None };
        let Some(until) = [until, connection, paused].into_iter().flatten().min() else {
            self.armed = None;
            return false;
        };
        if self.armed.is_none_or(|armed| until < armed || armed <= now) {
            self.timer.as_mut().reset(tokio::time::Instant::from_std(until));
            self.armed = Some(until);
        }
        let rung = self.timer.as_mut().poll(cx).is_ready();
        if rung {
            self.armed = None;
        }
        rung
    }
}

/// Hands a fact that is no response to a broker sender: responses alone have errors.
fn hand_in(broker_sender: &mut BrokerSender, now: Instant, input: Input<'_>) {
    let handled = broker_sender.handle(now, input);
    debug_assert!(handled.is_ok(), "{handled:?}");
}

impl Future for BrokerTask {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut in_place = Duration::ZERO;
        let woken = clock::now();
        this.event_lateness(woken);
        let mut first = Some(woken);
        loop {
            let now = first.take().unwrap_or_else(clock::now);
            this.take_commands(now);
            if let Some(until) = this.ends_by {
                match this.leave(now, until, cx) {
                    Some(poll) => return poll,
                    None => continue,
                }
            }
            this.listen(now, cx);
            let room = this.has_room(now);
            match this.broker_sender.poll(now, room) {
                Output::Send(request) => {
                    // Counted before the response can come.
                    this.report();
                    this.send(now, request);
                    if let Err(fault) = this.connection.write(now, cx)
                        && let Some(ended) = this.connection.failed(now, fault)
                    {
                        this.ended(now, ended);
                    }
                }
                Output::Compress(job) => {
                    if let Some(result) = this.settings.compression.run(job, this.broker_sender.mailbox()) {
                        in_place += result.elapsed();
                        this.hand_in(now, Input::Compressed(result));
                    }
                    if in_place > IN_PLACE_TURN_MAX {
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
                Output::Reset => match this.connection.failed(now, Fault::GaveWay) {
                    Some(ended) => this.ended(now, ended),
                    None => this.hand_in(now, Input::Disconnected { requests: Vec::new(), timed_out: false }),
                },
                Output::Again | Output::Done => {
                    this.report();
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Output::Idle { until, ignores_offers } => {
                    if let Err(fault) = this.connection.write(now, cx)
                        && let Some(ended) = this.connection.failed(now, fault)
                    {
                        this.ended(now, ended);
                        continue;
                    }
                    this.report();
                    let rung = this.arm(now, until, cx);
                    let has_mail = !this.commands.sleep(cx.waker(), |commands| commands.is_empty());
                    let waker = this.lifo_slot_waker.waker(cx.waker());
                    let has_work = !this.broker_sender.mailbox().sleep(&waker, this.armed, ignores_offers);
                    let may_send = !room && this.has_room(now);
                    let may_dial = this.connection.is_dormant() && this.needs_connection();
                    if !(rung || has_mail || has_work || may_send || may_dial) {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}
