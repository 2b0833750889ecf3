//! The way in: a record waits for room and for its turn, and then is in its batch.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use milena_codec::ids::PartitionId;
use milena_sender::accumulator::{AcceptedRecord, AppendOptions, ChooseError, RecordRef, Refusal, Topic};
use milena_sender::sync::Ticket;

use super::block_timeout::BlockTimeout;
use super::growth::Growth;
use super::{Delivery, no_room};
use crate::core::Core;
use crate::error::{ErrorKind, SendError};
use crate::outcome::{self, InVain};
use crate::park::yield_once;
use crate::record::Record;
use crate::reports::Report;

/// Fields that few records need, in one box, so that the others pay for one comparison.
#[derive(Debug, Default)]
struct Rare<'a> {
    /// The record in its place, where interceptors may have changed it.
    intercepted: Option<Record>,
    /// It waits for a partition that the topic does not have yet.
    growth: Option<Growth<'a>>,
}

/// A record on its way into its batch. Written by hand: an `async fn` costs 5 ns a record more.
#[derive(Debug)]
pub(super) struct Enter<'a, const HANDLE: bool> {
    pub(super) core: &'a Core,
    pub(super) topic: &'a Topic,
    pub(super) partition: Option<PartitionId>,
    pub(super) record: RecordRef<'a>,
    /// A caller awaits the record: its batch skips the linger.
    pub(super) skip_linger: bool,
    pub(super) block_timeout: BlockTimeout,
    yielded: bool,
    /// Its partition was gone, and another was looked for.
    moved_on: bool,
    /// The fields that few records need.
    rare: Option<Box<Rare<'a>>>,
}

impl<'a, const HANDLE: bool> Enter<'a, HANDLE> {
    #[inline]
    pub(super) const fn new(core: &'a Core, topic: &'a Topic, record: RecordRef<'a>) -> Self {
        Self::of(core, topic, record, None)
    }

    #[inline]
    const fn of(
        core: &'a Core,
        topic: &'a Topic,
        record: RecordRef<'a>,
        rare: Option<Box<Rare<'a>>>,
    ) -> Self {
        Self {
            core,
            topic,
            partition: None,
            record,
            skip_linger: false,
            block_timeout: BlockTimeout::unused(),
            yielded: false,
            moved_on: false,
            rare,
        }
    }

    #[inline]
    pub(super) fn try_enter(&mut self) -> Result<AcceptedRecord, ChooseError> {
        let waiting = AppendOptions {
            ticket: self.block_timeout.ticket(),
            may_yield: !self.yielded,
            skip_linger: self.skip_linger,
            try_only: false,
        };
        // One call: of two, none would be inlined.
        let intercepted;
        let (partition, record) = match self.rare.as_ref().and_then(|rare| rare.intercepted.as_ref()) {
            None => (self.partition, &self.record),
            Some(record) => {
                intercepted = record.borrowed();
                (record.partition.map(PartitionId), &intercepted)
            }
        };
        self.topic.append::<_, HANDLE>(partition, record, &self.core.clock, waiting)
    }

    /// As [`new`](Self::new), with the record that the interceptors make of it, where there are some. The check comes first, so that
    /// the future is made where it is returned.
    #[inline]
    pub(super) fn intercepted(core: &'a Core, topic: &'a Topic, record: RecordRef<'a>) -> Self {
        let is_free = core.interceptors.is_empty();
        let rare = if is_free { None } else { Some(intercept(core, topic, &record)) };
        Self::of(core, topic, record, rare)
    }

    /// For a record that cannot be borrowed. `borrowed` stands for it where nothing depends on it.
    pub(super) fn of_record(
        core: &'a Core,
        topic: &'a Topic,
        borrowed: RecordRef<'a>,
        record: Record,
    ) -> Self {
        let rare = Rare { intercepted: Some(record), growth: None };
        Self::of(core, topic, borrowed, Some(Box::new(rare)))
    }

    /// The record as the interceptors left it.
    fn intercepted_record(&self) -> Option<&Record> {
        self.rare.as_ref().and_then(|rare| rare.intercepted.as_ref())
    }

    /// The partition that the record names.
    fn named(&self) -> Option<PartitionId> {
        let intercepted = self.intercepted_record();
        intercepted.map_or(self.partition, |record| record.partition.map(PartitionId))
    }

    /// Enters now or not at all.
    pub(super) fn try_enter_now(mut self) -> Result<AcceptedRecord, ChooseError> {
        self.yielded = true;
        self.try_enter()
    }

    /// Everything but being accepted at once.
    #[cold]
    fn wait(
        &mut self,
        refused: ChooseError,
        cx: &mut Context<'_>,
    ) -> Poll<Result<AcceptedRecord, SendError>> {
        let mut refused = refused;
        loop {
            match refused {
                ChooseError::Refused(Refusal::Yield, _) => {
                    // The driver has its turn first, and the runtime looks at its sockets.
                    self.yielded = true;
                    yield_once(cx);
                    return Poll::Pending;
                }
                ChooseError::Refused(Refusal::Full { bytes }, partition) => {
                    let wait = self.block_timeout.wait(self.core);
                    // Room that is set aside for another partition does not admit the record here.
                    let is_elsewhere = |ticket: &Ticket| ticket.partition() != partition;
                    if wait.ticket.as_ref().is_none_or(is_elsewhere) {
                        // None where the partition went away: the next attempt finds another, or returns an error.
                        wait.ticket = self.topic.wait_for_room(partition, bytes, cx.waker());
                        self.core.shared.request_flush();
                    }
                    if self.poll_ticket(cx).is_pending() {
                        return self.block_timeout.poll(self.core, cx).map(|()| Err(self.no_room()));
                    }
                }
                // The partition went away after it was chosen, as those do of a topic created anew with fewer.
                ChooseError::Refused(Refusal::Closed, _)
                    if !self.moved_on && !self.core.registry.is_closed() =>
                {
                    self.moved_on = true;
                }
                // The partition may have been added since the last metadata.
                ChooseError::NoSuchPartition { partition: 0.., .. } => {
                    match self.poll_growth(refused, cx) {
                        Poll::Ready(true) => {}
                        Poll::Ready(false) => {
                            return Poll::Ready(Err(self.no_partition(refused, InVain::Before)));
                        }
                        Poll::Pending => {
                            ready!(self.block_timeout.poll(self.core, cx));
                            self.rare.iter().flat_map(|rare| &rare.growth).for_each(Growth::give_up);
                            return Poll::Ready(Err(self.no_partition(refused, InVain::Here)));
                        }
                    }
                    if self.core.registry.is_closed() {
                        return Poll::Ready(Err(outcome::closed(
                            Arc::clone(self.topic.name()),
                            self.core.shared.ending(),
                        )));
                    }
                }
                refused => {
                    return Poll::Ready(Err(outcome::of_refusal(refused, self.topic.name(), self.core)));
                }
            }
            match self.try_enter() {
                Ok(appended) => return Poll::Ready(Ok(appended)),
                Err(again) => refused = again,
            }
        }
    }

    fn poll_ticket(&mut self, cx: &Context<'_>) -> Poll<()> {
        let partition = self.named();
        let Some(ticket) = self.block_timeout.ticket() else { return Poll::Ready(()) };
        if ticket.poll(cx.waker()).is_ready() {
            return Poll::Ready(());
        }
        let intercepted = self.rare.as_ref().and_then(|rare| rare.intercepted.as_ref());
        let key = intercepted.map_or(self.record.key, |record| record.key.as_deref());
        let leaves = |stalled| partition.is_none() && self.topic.may_leave(stalled, key);
        // The topic became unknown meanwhile: the next attempt returns the error.
        if ticket.stalled().is_some_and(leaves) || self.topic.is_unknown(ticket.partition()) {
            self.block_timeout.leave_line();
            return Poll::Ready(());
        }
        Poll::Pending
    }

    fn no_partition(&self, refused: ChooseError, in_vain: InVain) -> SendError {
        let refused = match refused {
            ChooseError::NoSuchPartition { partition, .. } => {
                let partitions = u32::try_from(self.topic.partitions().len()).unwrap_or(u32::MAX);
                ChooseError::NoSuchPartition { partition, partitions }
            }
            other => other,
        };
        outcome::of_missing_partition(refused, self.topic.name(), self.core.config.max_block, in_vain)
    }

    fn poll_growth(&mut self, refused: ChooseError, cx: &Context<'_>) -> Poll<bool> {
        let ChooseError::NoSuchPartition { partition, .. } = refused else { return Poll::Ready(true) };
        let (core, topic) = (self.core, self.topic.name());
        let growth = || Growth::new(core, topic, partition.unsigned_abs());
        self.rare.get_or_insert_default().growth.get_or_insert_with(growth).poll(cx)
    }

    #[cold]
    fn no_room(&self) -> SendError {
        let bytes = self
            .intercepted_record()
            .map_or_else(|| self.record.bytes_max(), |record| record.borrowed().bytes_max());
        no_room::error(self.core, self.topic.name(), bytes)
    }

    #[inline]
    pub(super) fn poll_enter(&mut self, cx: &mut Context<'_>) -> Poll<Result<AcceptedRecord, SendError>> {
        if self.block_timeout.is_used() && self.poll_ticket(cx).is_pending() {
            return self.still_waits(cx);
        }
        match self.try_enter() {
            Ok(appended) => Poll::Ready(Ok(appended)),
            Err(refused) => self.refused(refused, cx),
        }
    }

    /// Waits for room, as before.
    #[cold]
    #[inline(never)]
    fn still_waits(&mut self, cx: &Context<'_>) -> Poll<Result<AcceptedRecord, SendError>> {
        self.block_timeout.poll(self.core, cx).map(|()| Err(self.with_record(self.no_room())))
    }

    /// Waits, or returns the error with the record. Apart from the straight way, whose result would go through memory otherwise.
    #[cold]
    #[inline(never)]
    fn refused(
        &mut self,
        refused: ChooseError,
        cx: &mut Context<'_>,
    ) -> Poll<Result<AcceptedRecord, SendError>> {
        self.wait(refused, cx).map_err(|error| self.with_record(error))
    }

    /// The error, with the record that was refused. Interceptors that saw the record see that as well.
    #[cold]
    fn with_record(&self, error: SendError) -> SendError {
        let record = match self.intercepted_record() {
            Some(record) => Record::clone(record),
            None => Record::of_refused(self.topic.name(), self.partition, &self.record),
        };
        let error = error.with_record(Some(record));
        if self.intercepted_record().is_some() {
            self.core.interceptors.on_settled(&Report::of_refused(&error));
        }
        error
    }
}

/// A borrowed record as the interceptors leave it.
#[cold]
#[inline(never)]
fn intercept<'a>(core: &Core, topic: &Topic, record: &RecordRef<'_>) -> Box<Rare<'a>> {
    let record = core.interceptors.before_send(Record::of_refused(topic.name(), None, record));
    Box::new(Rare { intercepted: Some(record), growth: None })
}

/// The future of [`Topic::enqueue`](super::Topic::enqueue).
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Enqueue<'a>(pub(super) Enter<'a, true>);

impl Future for Enqueue<'_> {
    type Output = Result<Delivery, SendError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0
            .poll_enter(cx)
            .map(|entered| entered.and_then(|appended| delivery_of(appended, self.0.topic.name())))
    }
}

/// The future of [`Topic::enqueue_detached`](super::Topic::enqueue_detached).
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct EnqueueDetached<'a>(pub(super) Enter<'a, false>);

impl Future for EnqueueDetached<'_> {
    type Output = Result<(), SendError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_enter(cx).map(|entered| entered.map(drop))
    }
}

/// The delivery of a record that was appended with a record handle.
#[inline]
pub(super) fn delivery_of(appended: AcceptedRecord, topic: &Arc<str>) -> Result<Delivery, SendError> {
    match appended.record_handle {
        Some(record_handle) => Ok(Delivery::new(record_handle)),
        None => Err(SendError::new(
            ErrorKind::Internal,
            Arc::clone(topic),
            "internal error: the accepted record has no record handle: report this",
        )),
    }
}
