//! The state behind a partition's lock: the open batch, and the closed ones before it.

mod status;

use std::collections::VecDeque;
use std::time::Instant;

use milena_codec::compression::Compression;
use milena_codec::record::{HEADER_BYTES, put_record};

use super::entering::{AppendContext, Wakeups};
use super::entry::{RecordRef, Refusal};
use super::sender_mailbox::SenderMailbox;
use super::settings::{AccumulatorConfig, Clock, Shared};
use crate::batch::Batch;
use crate::sync::{Account, Arc, BatchData, Completion, Generation, Outstanding, RecordHandle, RecordMeta};
use crate::timing::BatchTimes;

/// How many completions a partition keeps for its next batches.
const SPARES_MAX: usize = 8;

/// The records of a partition that no request has taken.
///
/// Invariant: while no batch is open, while callers wait for room in the partition, and while it takes no records, `limit` is
/// 0, so that every append takes the longer way.
#[derive(Debug)]
pub(super) struct Queue {
    /// The chunk that is written to.
    tail: Vec<u8>,
    /// How long it may get before `make_room` has a look.
    pub(super) limit: usize,
    records: u32,
    base_timestamp_ms: i64,
    max_timestamp_ms: i64,
    /// Completes the deliveries of the open batch; none while no batch is open.
    completion: Option<Arc<Completion>>,
    /// Tag and timestamp of each record of the open batch, for reports; none without a reader of reports.
    metas: Option<Vec<RecordMeta>>,
    /// Full chunks of the open batch, and their bytes.
    full: Vec<Vec<u8>>,
    full_bytes: usize,
    account: Arc<Account>,
    charged: usize,
    /// The times of the open batch; none while no batch is open.
    times: Option<BatchTimes>,
    generation: Generation,
    /// The open batch is worth sending.
    offered: bool,
    /// A caller awaits a record of it, and the linger does not apply.
    skip_linger: bool,
    /// How many records of the open batch its broker sender's mailbox counts; none once it is offered.
    counted: u32,
    /// Stands in its broker sender's mailbox as ready.
    pub(super) listed: bool,
    /// From how many bytes on an offered batch is reported again, to be compressed ahead of its turn.
    pub(super) claim_from: usize,
    /// No more records are taken.
    pub(super) shut: bool,
    /// No records are taken while the brokers do not know the topic.
    pub(super) unknown: bool,
    /// How many batches were opened, and how many records rejected because the brokers do not know the topic.
    pub(super) uses: u64,
    pub(super) closed: VecDeque<Batch>,
    pub(super) mailbox: Arc<SenderMailbox>,
    /// How large the last batch was: the next begins with a chunk of that size.
    last_bytes: usize,
    /// How many chunks it had.
    last_chunks: usize,
    spares: Vec<Arc<Completion>>,
}

impl Queue {
    pub(super) fn new(account: &Arc<Account>, mailbox: Arc<SenderMailbox>) -> Self {
        Self {
            account: Arc::clone(account),
            tail: Vec::new(),
            limit: 0,
            records: 0,
            base_timestamp_ms: 0,
            max_timestamp_ms: 0,
            completion: None,
            metas: None,
            full: Vec::new(),
            full_bytes: 0,
            charged: 0,
            times: None,
            generation: Generation::default(),
            offered: false,
            skip_linger: false,
            counted: 0,
            listed: false,
            claim_from: usize::MAX,
            shut: false,
            unknown: false,
            uses: 0,
            closed: VecDeque::new(),
            mailbox,
            last_bytes: 0,
            last_chunks: 0,
            spares: Vec::new(),
        }
    }

    /// Whether a record fits the chunk that is written to: the one comparison of the record's way.
    #[inline]
    pub(super) const fn fits(&self, bytes_max: usize) -> bool {
        self.tail.len() + bytes_max <= self.limit
    }

    /// Encodes a record that fits. Returns how many bytes it took.
    #[inline]
    pub(super) fn put<const HANDLE: bool>(
        &mut self,
        record: &RecordRef<'_>,
        timestamp_ms: i64,
    ) -> (Option<RecordHandle>, u32) {
        if self.metas.is_some() {
            self.note_meta(RecordMeta { tag: record.tag, timestamp_ms });
        }
        let before = self.tail.len();
        let delta = timestamp_ms.wrapping_sub(self.base_timestamp_ms);
        put_record(&mut self.tail, self.records, delta, record.key, record.value, record.headers);
        let record_handle = match &self.completion {
            Some(completion) if HANDLE => Some(RecordHandle::new(completion, self.records, timestamp_ms)),
            _ => None,
        };
        self.records += 1;
        self.max_timestamp_ms = self.max_timestamp_ms.max(timestamp_ms);
        (record_handle, u32::try_from(self.tail.len() - before).unwrap_or(u32::MAX))
    }

    /// Keeps tag and timestamp of the newest record, for its report.
    #[cold]
    #[inline(never)]
    fn note_meta(&mut self, meta: RecordMeta) {
        if let Some(metas) = &mut self.metas {
            metas.push(meta);
        }
    }

    /// Makes the next record fit: by another chunk, or by a new batch. Nothing has changed when it is refused but
    /// that a full batch may have been closed.
    pub(super) fn make_room<C: Clock>(
        &mut self,
        shared: &Shared,
        bytes_max: usize,
        batch_bytes_max: usize,
        clock: &C,
        entering: &mut AppendContext<'_>,
        wakeups: &mut Wakeups,
    ) -> Result<(), Refusal> {
        if self.is_open() && self.open_bytes() + bytes_max > batch_bytes_max {
            self.close();
            wakeups.ready |= !std::mem::replace(&mut self.listed, true);
        }
        if self.is_open() {
            if self.tail.len() + bytes_max > self.tail.capacity() {
                self.step_aside(entering)?;
                self.add_chunk(shared, bytes_max, entering)?;
            }
        } else {
            self.step_aside(entering)?;
            self.open(shared, bytes_max, clock.now(), entering, wakeups)?;
        }
        if self.is_due_at(self.open_bytes() + bytes_max, shared) {
            self.offer();
            wakeups.ready |= !std::mem::replace(&mut self.listed, true);
        }
        if self.offered && self.open_bytes() > self.claim_from {
            self.claim_from = usize::MAX;
            self.listed = true;
            wakeups.grown = true;
        }
        self.set_limit(&shared.config, batch_bytes_max);
        Ok(())
    }

    /// A caller that wants the next chunk may have to let the broker sender run first.
    fn step_aside(&self, entering: &AppendContext<'_>) -> Result<(), Refusal> {
        match entering.may_yield && self.mailbox.runs_ahead(self.next_chunk_bytes()) {
            true => Err(Refusal::Yield),
            false => Ok(()),
        }
    }

    fn open(
        &mut self,
        shared: &Shared,
        bytes_max: usize,
        now: Instant,
        entering: &mut AppendContext<'_>,
        wakeups: &mut Wakeups,
    ) -> Result<(), Refusal> {
        self.tail = entering.chunk(
            shared,
            &self.account,
            HEADER_BYTES + bytes_max,
            self.next_chunk_bytes(),
            Some(now),
        )?;
        self.tail.resize(HEADER_BYTES, 0);
        self.charged = self.tail.capacity();
        self.records = 0;
        self.base_timestamp_ms = i64::MIN;
        self.max_timestamp_ms = i64::MIN;
        self.full_bytes = 0;
        if let Some(closed) = self.closed.back_mut() {
            // The one that was just closed because it is full, without another look at the clock.
            closed.times.note_ready(now);
        }
        self.times = Some(BatchTimes::opened(now));
        self.uses += 1;
        self.generation = shared.outstanding.open(now);
        self.offered = false;
        self.skip_linger = false;
        self.completion = Some(self.next_completion());
        self.metas = shared.reports.is_on().then(Vec::new);
        wakeups.opened = Some(now + shared.config.linger);
        Ok(())
    }

    /// The base timestamp is that of the first record.
    pub(super) const fn begin_at(&mut self, timestamp_ms: i64) {
        if self.records == 0 {
            self.base_timestamp_ms = timestamp_ms;
        }
    }

    fn next_completion(&mut self) -> Arc<Completion> {
        while let Some(mut spare) = self.spares.pop() {
            if Completion::reset(&mut spare) {
                return spare;
            }
        }
        let (topic, partition) = self.account.place();
        Arc::new(Completion::of(topic, *partition))
    }

    fn add_chunk(
        &mut self,
        shared: &Shared,
        bytes_max: usize,
        entering: &mut AppendContext<'_>,
    ) -> Result<(), Refusal> {
        // Also when it waits: the batch may have gone by then, and the record begins another.
        let chunk =
            entering.chunk(shared, &self.account, HEADER_BYTES + bytes_max, self.next_chunk_bytes(), None)?;
        self.charged += chunk.capacity();
        let full = std::mem::replace(&mut self.tail, chunk);
        self.full_bytes += full.len();
        if self.full.is_empty() {
            self.full.reserve(self.last_chunks);
        }
        self.full.push(full);
        Ok(())
    }

    fn set_limit(&mut self, config: &AccumulatorConfig, batch_bytes_max: usize) {
        let offered_from = if self.offered { batch_bytes_max } else { config.offered_from() };
        let left = offered_from.min(batch_bytes_max).saturating_sub(self.full_bytes);
        // Counting records, too, happens in `make_room`: it has to see every one of them.
        // Nor does any record pass the callers that wait for room.
        let sees_all = config.flush_records.is_some() || self.account.has_waiters();
        self.limit = if sees_all { 0 } else { left.min(self.tail.capacity()) };
    }

    pub(super) const fn is_open(&self) -> bool {
        self.completion.is_some()
    }

    fn open_bytes(&self) -> usize {
        self.full_bytes + self.tail.len()
    }

    /// Closes the open batch, if there is one: it goes behind the others.
    pub(super) fn close(&mut self) {
        let (Some(completion), Some(times)) = (self.completion.take(), self.times.take()) else { return };
        if let Some(metas) = self.metas.take() {
            completion.set_metas(metas);
        }
        self.uncount();
        self.last_bytes = self.open_bytes();
        self.limit = 0;
        let mut chunks = std::mem::take(&mut self.full);
        chunks.push(std::mem::take(&mut self.tail));
        self.last_chunks = chunks.len();
        self.closed.push_back(Batch {
            data: BatchData::new(chunks, None),
            records: self.records,
            base_timestamp_ms: self.base_timestamp_ms,
            max_timestamp_ms: self.max_timestamp_ms,
            account: Arc::clone(&self.account),
            charged: std::mem::take(&mut self.charged),
            times,
            generation: self.generation,
            completion,
            record_handles: (0, self.records),
            codec: Compression::None,
            plain_bytes: 0,
        });
    }

    /// Puts a batch that was made elsewhere behind the others.
    pub(super) fn push(&mut self, batch: Batch) {
        self.close();
        self.uses += 1;
        self.closed.push_back(batch);
    }

    /// A caller awaits the newest record. Returns whether the broker sender has to be woken.
    pub(super) fn request_now(&mut self) -> bool {
        !std::mem::replace(&mut self.skip_linger, true) && !std::mem::replace(&mut self.listed, true)
    }

    /// Counts the newest record. Returns how many wait behind the same broker sender and are not offered.
    pub(super) fn count(&mut self) -> u32 {
        if self.offered || !self.is_open() {
            return 0;
        }
        self.counted += 1;
        self.mailbox.count(1)
    }

    fn uncount(&mut self) {
        if self.counted > 0 {
            self.mailbox.uncount(std::mem::take(&mut self.counted));
        }
    }

    /// Makes the open batch worth sending. Returns whether the broker sender has to be notified.
    pub(super) fn offer_now(&mut self) -> bool {
        self.offer();
        !std::mem::replace(&mut self.listed, true)
    }

    /// Makes the open batch worth sending.
    fn offer(&mut self) {
        self.offered = true;
        self.uncount();
    }

    /// Everything shall go. A batch that a flush waits for takes no more records: none that came after it.
    pub(super) fn request_flush(&mut self, outstanding: &Outstanding) {
        if self.is_open() && outstanding.has_ended(self.generation) {
            self.close();
        } else {
            self.offer();
        }
    }

    /// The next records take the longer way.
    pub(super) const fn look_at_each(&mut self) {
        self.limit = 0;
    }

    /// Another broker sender looks after it.
    pub(super) fn ring_at(&mut self, mailbox: &Arc<SenderMailbox>) {
        let counted = self.counted;
        self.uncount();
        self.mailbox = Arc::clone(mailbox);
        if counted > 0 {
            self.counted = counted;
            self.mailbox.count(counted);
        }
    }

    /// Takes completions back for later batches.
    pub(super) fn keep_spares(&mut self, spares: &mut Vec<Arc<Completion>>) {
        let room = SPARES_MAX.saturating_sub(self.spares.len());
        self.spares.extend(spares.drain(..).take(room));
    }
}
