//! A broker sender: everything that goes to one broker, decided without I/O.
//!
//! ```text
//!   assignment ── commands ──▶ ┌───────────────┐ ◀── responses, ends of connections ── the connection
//!                    handle()  │ broker sender │  poll()
//!   assignment ◀── events ──── └───────────────┘ ─── requests ──▶ the connection
//!                                                ─── jobs ──────▶ the codecs
//! ```
//!
//! There is one way in, [`handle`](BrokerSender::handle) with an [`Input`], and one way out, [`poll`](BrokerSender::poll) with an
//! [`Output`]. The driver polls after everything that it handed in, until the broker sender is idle. Then it sleeps until the time
//! of [`Output::Idle`], or until the broker sender's mailbox wakes it. A broker sender without a connection keeps the deadlines of
//! its partitions; so does the one broker sender that has no broker at all, where partitions without a leader wait.
//!
//! A request takes each partition at most once: a partition that has more is listed again only after the request is
//! built, because a broker silently keeps the last of two entries.

mod commands;
mod compressing;
mod giving_way;
mod input;
mod obstacle;
mod output;
mod request;
mod response;
mod schedule;

pub use input::{Input, PartitionCommand};
pub use output::{LeaderHint, Output, SenderEvent};
pub use request::{ProduceRequest, RequestConfig};
pub use response::ResponseError;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc as StdArc;
use std::time::{Duration, Instant};

use milena_backoff::Backoff;
use milena_codec::ids::ProducerIdAndEpoch;

use crate::accumulator::{ReadyPartitions, SenderMailbox, Shared};
use crate::compression::CompressionJob;
use crate::ids::{PartitionSerial, ProduceVersion, ThrottleTime};
use crate::outcome::Obstacle;
use crate::partition_sender::{Completer, Counters, PartitionSenderConfig};
use crate::sync::Arc;
use obstacle::Connecting;
use response::ReturnedBatch;
use schedule::{PollReason, Schedule, Scheduled};

/// How a broker sender sends.
#[derive(Clone, Debug)]
pub struct BrokerSenderConfig {
    /// How its partition senders send.
    pub partition_sender: PartitionSenderConfig,
    /// `max.in.flight.requests.per.connection`.
    pub in_flight_max: usize,
    /// The most that a request takes, unless one batch alone is larger.
    pub request_bytes_max: usize,
    /// Whether brokers respond (`acks` other than 0).
    pub awaits_responses: bool,
    /// `request.timeout.ms`: how long batches that were never sent have for one attempt after a late wake-up.
    pub request_timeout: Duration,
    /// `retry.backoff.ms`.
    pub retry_backoff: Duration,
    /// `retry.backoff.max.ms`.
    pub retry_backoff_max: Duration,
    /// Seed of the jitter.
    pub seed: u64,
}

/// The broker sender of one broker.
#[derive(Debug)]
pub struct BrokerSender {
    config: StdArc<BrokerSenderConfig>,
    mailbox: Arc<SenderMailbox>,
    partition_senders: BTreeMap<PartitionSerial, Scheduled>,
    schedule: Schedule,
    ready_partitions: ReadyPartitions,
    /// Jobs that the shell has not taken yet.
    jobs: VecDeque<CompressionJob>,
    /// Whether batches of any of its partitions are compressed.
    compresses: bool,
    /// Produce's version on the connection; none without a connection.
    version: Option<ProduceVersion>,
    identity: Option<ProducerIdAndEpoch>,
    in_flight: usize,
    /// Since when the broker has owed a response without sending one.
    silent_since: Option<Instant>,
    /// Requests that came back, empty: the next ones take their memory. At most as many as may be in flight.
    spares: Vec<ProduceRequest>,
    /// The batches of the response that is read; empty between two responses.
    responses: Vec<ReturnedBatch>,
    /// Halved after a time-out, grown by responses.
    request_bytes_max: usize,
    completer: Completer,
    events: Vec<SenderEvent>,
    backoff: Backoff,
    /// The trouble with the broker; none while its connection works.
    trouble: Option<Obstacle>,
    /// The first attempt to connect since the connection could be used last.
    connecting: Option<Connecting>,
    /// The connection ended with requests without a response, and no response has come since.
    left_unanswered: bool,
    /// The producer ends, and not everything has failed yet.
    is_aborting: bool,
    /// How often it polled a partition.
    #[cfg(test)]
    polls: usize,
}

impl BrokerSender {
    /// A broker sender without partitions and without a connection.
    #[must_use]
    pub fn new(
        config: StdArc<BrokerSenderConfig>,
        shared: StdArc<Shared>,
        mailbox: Arc<SenderMailbox>,
    ) -> Self {
        Self {
            mailbox,
            partition_senders: BTreeMap::new(),
            schedule: Schedule::default(),
            ready_partitions: ReadyPartitions::default(),
            jobs: VecDeque::new(),
            compresses: false,
            version: None,
            identity: None,
            in_flight: 0,
            silent_since: None,
            spares: Vec::new(),
            responses: Vec::new(),
            request_bytes_max: config.request_bytes_max,
            completer: Completer::new(shared),
            events: Vec::new(),
            backoff: Backoff::new(config.retry_backoff, config.retry_backoff_max, config.seed),
            trouble: None,
            connecting: None,
            left_unanswered: false,
            is_aborting: false,
            #[cfg(test)]
            polls: 0,
            config,
        }
    }

    /// Takes a fact, on which the next [`poll`](Self::poll) acts. Returns the throttle time of the broker; only a
    /// response has one.
    ///
    /// # Errors
    /// [`ResponseError`] when a response is malformed, or names a partition that was not in the request. The batches that it did not
    /// reach count as unanswered; the connection is to be closed. No other input has an error.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) -> Result<ThrottleTime, ResponseError> {
        self.completer.at(now);
        match input {
            Input::Response { request, body } => return self.on_response(now, request, body),
            Input::Written(request) => self.on_written(now, request),
            Input::Disconnected { requests, timed_out } => self.on_disconnected(now, requests, timed_out),
            Input::Compressed(result) => self.on_compressed(result),
            Input::Partition(command) => self.on_command(command),
            Input::ProducerId(identity) => {
                self.identity = Some(identity);
                self.poll_all_later();
            }
            Input::Connecting(address) => self.on_connecting(now, address),
            Input::Connected(version) => self.on_connected(version),
            Input::Unusable(trouble) => self.on_unusable(trouble),
            Input::WokeLate { since } => self.on_late_wake_up(since, now),
            Input::Abort => self.is_aborting = true,
        }
        Ok(ThrottleTime::default())
    }

    fn on_connected(&mut self, version: ProduceVersion) {
        self.version = Some(version);
        self.connecting = None;
        // The broker may have started anew, and not know the runs of partitions that had nothing in flight either.
        self.partition_senders.values_mut().for_each(|scheduled| scheduled.sender.leader_changed());
        self.poll_all_later();
        // A broker that takes connections and breaks them over every request is in trouble all the same.
        if !self.left_unanswered {
            self.trouble = None;
            self.mailbox.set_trouble(None);
        }
    }

    fn on_late_wake_up(&mut self, since: Instant, now: Instant) {
        let until = now + self.config.request_timeout;
        self.partition_senders.values_mut().for_each(|scheduled| scheduled.sender.grant(since, until));
        self.poll_all_later();
    }

    fn poll_all_later(&mut self) {
        self.schedule.changed.extend(self.partition_senders.keys());
    }

    /// Fails everything that is not complete, here and in the queues. A partition that a caller holds is tried again.
    fn abort(&mut self) -> Output {
        self.is_aborting = false;
        for Scheduled { sender, .. } in self.partition_senders.values_mut() {
            self.is_aborting |= sender.abort(&mut self.completer).is_none();
        }
        self.completer.finish();
        if self.is_aborting { Output::Again } else { Output::Done }
    }

    /// The next step. `room`: the connection takes a request now.
    pub fn poll(&mut self, now: Instant, room: bool) -> Output {
        if self.is_aborting {
            return self.abort();
        }
        self.completer.at(now);
        self.poll_partitions(now);
        if self.gives_way(now) {
            self.completer.finish();
            return Output::Reset;
        }
        let may_send = room && self.version.is_some() && self.in_flight < self.config.in_flight_max;
        if let Some(job) = self.next_job(now, may_send) {
            self.completer.finish();
            return Output::Compress(job);
        }
        let request = if may_send { self.build(now) } else { None };
        self.completer.finish();
        if let Some(request) = request {
            self.silent_since.get_or_insert(now);
            self.in_flight += 1;
            self.completer.counters.requests += 1;
            return Output::Send(request);
        }
        if self.schedule.has_busy() {
            return Output::Again;
        }
        let until =
            [self.schedule.next(), self.completer.shared().memory.update(now)].into_iter().flatten().min();
        Output::Idle { until, ignores_offers: self.version.is_some() && !may_send }
    }

    /// Takes the events, and their memory: they are few but when thousands of partitions leave.
    pub fn events(&mut self) -> std::vec::IntoIter<SenderEvent> {
        std::mem::take(&mut self.events).into_iter()
    }

    /// Takes the counts since the last call.
    pub fn counters(&mut self) -> Counters {
        std::mem::take(&mut self.completer.counters)
    }

    /// Its mailbox.
    pub const fn mailbox(&self) -> &Arc<SenderMailbox> {
        &self.mailbox
    }

    /// Whether it has any partition.
    #[must_use]
    pub fn has_partitions(&self) -> bool {
        !self.partition_senders.is_empty()
    }

    /// Whether something would be sent if there were a connection, as of the last [`poll`](Self::poll).
    #[must_use]
    pub fn has_ready(&self) -> bool {
        !self.schedule.ready.is_empty()
    }

    /// How many requests have no response yet.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Polls every partition whose state may have changed.
    fn poll_partitions(&mut self, now: Instant) {
        self.schedule.clear();
        self.mailbox.read(&mut self.ready_partitions);
        let flush_requested = std::mem::take(&mut self.ready_partitions.flush_requested);
        let mut results = std::mem::take(&mut self.ready_partitions.results);
        results.drain(..).for_each(|result| self.on_compressed(result));
        self.ready_partitions.results = results;
        while let Some(serial) = self.ready_partitions.partitions.pop_front() {
            self.poll_partition(PartitionSerial(serial), now, PollReason::StateChanged);
        }
        if flush_requested {
            self.schedule.request_flush(&mut self.partition_senders);
        }
        self.poll_each(
            |schedule| &mut schedule.arriving,
            |broker_sender, serial| broker_sender.arrive(serial, now),
        );
        self.poll_each(
            |schedule| &mut schedule.flushing,
            |broker_sender, serial| broker_sender.poll_partition(serial, now, PollReason::FlushRequested),
        );
        self.poll_each(
            |schedule| &mut schedule.changed,
            |broker_sender, serial| broker_sender.poll_partition(serial, now, PollReason::StateChanged),
        );
        while let Some(serial) = self.schedule.pop_due(now, &mut self.partition_senders) {
            self.poll_partition(serial, now, PollReason::StateChanged);
        }
    }

    /// Polls the partitions of a list. Those that are listed meanwhile stay for the next time.
    fn poll_each(
        &mut self,
        list: fn(&mut Schedule) -> &mut Vec<PartitionSerial>,
        mut poll: impl FnMut(&mut Self, PartitionSerial),
    ) {
        let mut serials = std::mem::take(list(&mut self.schedule));
        serials.drain(..).for_each(|serial| poll(self, serial));
        // The memory of the list is kept.
        serials.append(list(&mut self.schedule));
        *list(&mut self.schedule) = serials;
    }

    /// A partition that has come: its callers wake this broker sender from now on. A flush may have been requested on its way.
    fn arrive(&mut self, serial: PartitionSerial, now: Instant) {
        let Some(Scheduled { sender, .. }) = self.partition_senders.get(&serial) else { return };
        match sender.partition().assign(&self.mailbox) {
            Some(()) if self.completer.shared().is_flush_requested() => {
                self.poll_partition(serial, now, PollReason::FlushRequested)
            }
            Some(()) => self.poll_partition(serial, now, PollReason::StateChanged),
            None => self.schedule.poll_later(serial, PollReason::Arrival),
        }
    }

    /// Polls a partition: lists it if it has something to send, and sets its timer.
    fn poll_partition(&mut self, serial: PartitionSerial, now: Instant, reason: PollReason) {
        let Some(Scheduled { sender: partition_sender, marks }) = self.partition_senders.get_mut(&serial)
        else {
            return;
        };
        #[cfg(test)]
        {
            self.polls += 1;
        }
        let exhausted = partition_sender.bump_epoch(self.identity, &mut self.completer);
        self.events.extend(exhausted.map(SenderEvent::ProducerIdExhausted));
        let config = &self.config.partition_sender;
        let claim_from = if self.compresses { partition_sender.claim_from() } else { usize::MAX };
        let flush_requested = reason == PollReason::FlushRequested;
        let Some(status) =
            partition_sender.partition().poll(now, partition_sender.is_idle(), flush_requested, claim_from)
        else {
            return self.schedule.poll_later(serial, reason);
        };
        if (status.expires.is_some() || partition_sender.has_waiting())
            && partition_sender.partition().wakes()
        {
            self.events
                .push(SenderEvent::TopicHasRecords(StdArc::clone(partition_sender.partition().topic())));
        }
        if partition_sender.keeps_completed() {
            self.schedule.note_keeping(serial, marks);
        }
        let unsent =
            status.expires.map(|due| partition_sender.unsent_due(due, now, self.config.request_timeout));
        let expires = partition_sender.deadline(config).into_iter().chain(unsent).min();
        if expires.is_some_and(|expires| expires <= now) {
            self.expire(serial, now);
            // The next poll, which follows at once, lists it by the state after that.
            return self.schedule.changed.push(serial);
        }
        let has_next = match partition_sender.compresses() {
            true => partition_sender.has_prepared() || (status.ready && partition_sender.may_claim()),
            false => status.ready,
        };
        if partition_sender.may_send(now, self.identity, config)
            && (has_next || partition_sender.has_waiting())
        {
            self.schedule.list(serial, marks);
        }
        if status.ready && status.bytes > claim_from {
            self.schedule.claiming.push(serial);
        }
        if status.ages.is_some() {
            self.schedule.note_open(serial, marks);
        }
        let later = [expires, status.ages, partition_sender.not_before()].into_iter().flatten();
        self.schedule.arm(serial, later.filter(|at| *at > now).min(), marks);
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
