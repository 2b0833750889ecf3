//! The way in: a record waits for room and for its turn, and then is in its batch.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use milena_codec::ids::PartitionId;
use milena_sender::accumulator::{AcceptedRecord, AppendOptions, ChooseError, RecordRef, Refusal, Topic};
use milena_sender::sync::Ticket;

use super::growth::Growth;
use super::{Delivery, no_room};
use crate::clock;
use crate::core::Core;
use crate::deadlines::Deadline;
use crate::error::{ErrorKind, SendError};
use crate::outcome::{self, InVain};
use crate::record::Record;
use crate::reports::Report;

/// The deadline of a caller that waits for metadata or for room (`max.block.ms`, from its first wait on), and its ticket in
/// the queue for room. Created by the first wait: a record that does not wait pays nothing for it.
#[derive(Debug, Default)]
pub(super) struct BlockTimeout(Option<Box<Wait>>);

#[derive(Debug)]
struct Wait {
    deadline: Deadline,
    ticket: Option<Ticket>,
}

impl BlockTimeout {
    /// Ready when `max.block.ms` is over.
    pub(super) fn poll(&mut self, core: &Core, cx: &Context<'_>) -> Poll<()> {
        self.wait(core).deadline.poll(clock::now(), cx.waker())
    }

    fn wait(&mut self, core: &Core) -> &mut Wait {
        self.0.get_or_insert_with(|| {
            let until = clock::now() + core.config.max_block;
            Box::new(Wait { deadline: Deadline::new(Arc::clone(&core.deadlines), until), ticket: None })
        })
    }

    /// Gives up the place in the queue for room.
    fn leave_line(&mut self) {
        if let Some(wait) = &mut self.0 {
            wait.ticket = None;
        }
    }

    #[inline]
    fn ticket(&mut self) -> Option<&mut Ticket> {
        self.0.as_mut().and_then(|wait| wait.ticket.as_mut())
    }
}

/// A record on its way into its batch. Written by hand: an `async fn` costs 5 ns a record more.
#[derive(Debug)]
pub(super) struct Enter<'a, const HANDLE: bool> {
    pub(super) core: &'a Core,
    pub(super) topic: &'a Topic,
    pub(super) partition: Option<PartitionId>,
    pub(super) record: RecordRef<'a>,
    /// The record in its place, where interceptors may have changed it.
    pub(super) intercepted: Option<Box<Record>>,
    /// A caller awaits the record: its batch skips the linger.
    pub(super) skip_linger: bool,
    pub(super) block_timeout: BlockTimeout,
    yielded: bool,
    /// Its partition was gone, and another was looked for.
    moved_on: bool,
    /// It waits for a partition that the topic does not have yet.
    growth: Option<Box<Growth<'a>>>,
}

impl<'a, const HANDLE: bool> Enter<'a, HANDLE> {
    #[inline]
    pub(super) const fn new(core: &'a Core, topic: &'a Topic, record: RecordRef<'a>) -> Self {
        Self {
            core,
            topic,
            partition: None,
            record,
            intercepted: None,
            skip_linger: false,
            block_timeout: BlockTimeout(None),
            yielded: false,
            moved_on: false,
            growth: None,
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
        let Some(record) = &self.intercepted else {
            return self.topic.append::<_, HANDLE>(self.partition, &self.record, &self.core.clock, waiting);
        };
        self.topic.append::<_, HANDLE>(self.partition, &record.borrowed(), &self.core.clock, waiting)
    }

    /// Has the interceptors see the record, if there are some.
    #[inline]
    pub(super) fn intercept(mut self) -> Self {
        if !self.core.interceptors.is_empty() {
            let record = Record::of_refused(self.topic.name(), self.partition, &self.record);
            let record = self.core.interceptors.before_send(record);
            self.partition = record.partition.map(PartitionId);
            self.intercepted = Some(Box::new(record));
        }
        self
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
                    // The driver has its turn first, and the runtime looks at its sockets: polled once, this future
                    // has the task woken after that. Outside of a runtime it wakes the task at once.
                    self.yielded = true;
                    let _ = pin!(tokio::task::yield_now()).poll(cx);
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
                            self.growth.iter().for_each(|growth| growth.give_up());
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
        let Some(ticket) = self.block_timeout.ticket() else { return Poll::Ready(()) };
        if ticket.poll(cx.waker()).is_ready() {
            return Poll::Ready(());
        }
        let partition = self.partition;
        let key = self.intercepted.as_ref().map_or(self.record.key, |record| record.key.as_deref());
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
        let growth = || Box::new(Growth::new(core, topic, partition.unsigned_abs()));
        self.growth.get_or_insert_with(growth).poll(cx)
    }

    #[cold]
    fn no_room(&self) -> SendError {
        let bytes = self
            .intercepted
            .as_ref()
            .map_or_else(|| self.record.bytes_max(), |record| record.borrowed().bytes_max());
        no_room::error(self.core, self.topic.name(), bytes)
    }

    #[inline]
    pub(super) fn poll_enter(&mut self, cx: &mut Context<'_>) -> Poll<Result<AcceptedRecord, SendError>> {
        if self.block_timeout.0.is_some() && self.poll_ticket(cx).is_pending() {
            return self.block_timeout.poll(self.core, cx).map(|()| Err(self.with_record(self.no_room())));
        }
        match self.try_enter() {
            Ok(appended) => Poll::Ready(Ok(appended)),
            Err(refused) => self.wait(refused, cx).map_err(|error| self.with_record(error)),
        }
    }

    /// The error, with the record that was refused. Interceptors that saw the record see that as well.
    #[cold]
    fn with_record(&self, error: SendError) -> SendError {
        let record = match &self.intercepted {
            Some(record) => Record::clone(record),
            None => Record::of_refused(self.topic.name(), self.partition, &self.record),
        };
        let error = error.with_record(Some(record));
        if self.intercepted.is_some() {
            self.core.interceptors.on_settled(&Report::of_refused(&error));
        }
        error
    }
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
