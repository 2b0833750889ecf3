//! Which partitions of a broker sender have something to do, and when the others will: lists, never a scan over all of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use crate::ids::PartitionSerial;
use crate::partition_sender::PartitionSender;
use crate::sync::mutant::{self, Blind};

/// The lists of a broker sender. Partitions stand in them by their serial.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// With something to send, in turn.
    pub(super) ready: VecDeque<PartitionSerial>,
    /// New here; their callers do not wake this broker sender yet.
    pub(super) arriving: Vec<PartitionSerial>,
    /// To be polled again.
    pub(super) changed: Vec<PartitionSerial>,
    /// The next batch of these is compressed ahead of its turn.
    pub(super) claiming: Vec<PartitionSerial>,
    /// To be polled again for a flush: everything in them is sent.
    pub(super) flushing: Vec<PartitionSerial>,
    /// That had an open batch when they were last polled: those that a requested flush concerns.
    open: Vec<PartitionSerial>,
    /// That keep batches whose deliveries failed: those that give way when a caller waits for room.
    keeping: Vec<PartitionSerial>,
    /// That went away, and may stand in the lists still: they leave all of them together, before the lists are read.
    gone: BTreeSet<PartitionSerial>,
    /// How often that happened.
    #[cfg(test)]
    pub(super) clears: usize,
    /// When to poll which. Invariant: one entry for each partition sender that is armed, at its time.
    timers: BTreeSet<(Instant, PartitionSerial)>,
}

/// A partition sender, with the marks that the schedule has for it.
#[derive(Debug)]
pub(super) struct Scheduled {
    pub(super) sender: Box<PartitionSender>,
    pub(super) marks: Marks,
}

/// The lists of the schedule in which a partition stands, and its timer. The marks lie beside the partition sender, so that no
/// list is searched, and the schedule alone reads and writes them.
#[derive(Debug, Default)]
pub(super) struct Marks {
    is_ready: bool,
    is_open: bool,
    is_keeping: bool,
    armed: Option<Instant>,
}

impl Marks {
    /// The partition was taken from the ready ones.
    pub(super) const fn note_unlisted(&mut self) {
        self.is_ready = false;
    }
}

/// Why a partition is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PollReason {
    /// It has come, and its callers are to wake this broker sender.
    Arrival,
    /// A flush was requested: it sends what it has.
    FlushRequested,
    /// Its state may have changed.
    StateChanged,
}

impl Schedule {
    /// Lists a partition sender as ready, once.
    pub(super) fn list(&mut self, serial: PartitionSerial, marks: &mut Marks) {
        if !std::mem::replace(&mut marks.is_ready, true) {
            self.ready.push_back(serial);
        }
    }

    /// Lists a partition sender before the others: its turn had come.
    pub(super) fn list_first(&mut self, serial: PartitionSerial, marks: &mut Marks) {
        if !std::mem::replace(&mut marks.is_ready, true) {
            self.ready.push_front(serial);
        }
    }

    /// A caller holds the partition: the broker sender comes back to it.
    pub(super) fn poll_later(&mut self, serial: PartitionSerial, reason: PollReason) {
        if mutant::is(Blind::SenderAfterBusy) {
            return;
        }
        match reason {
            PollReason::Arrival => self.arriving.push(serial),
            PollReason::FlushRequested => self.flushing.push(serial),
            PollReason::StateChanged => self.changed.push(serial),
        }
    }

    /// A partition sender has an open batch.
    pub(super) fn note_open(&mut self, serial: PartitionSerial, marks: &mut Marks) {
        if !std::mem::replace(&mut marks.is_open, true) {
            self.open.push(serial);
        }
    }

    /// A partition sender keeps batches whose deliveries failed.
    pub(super) fn note_keeping(&mut self, serial: PartitionSerial, marks: &mut Marks) {
        if !std::mem::replace(&mut marks.is_keeping, true) {
            self.keeping.push(serial);
        }
    }

    /// Whether a partition sender may keep such batches.
    pub(super) const fn has_keeping(&self) -> bool {
        !self.keeping.is_empty()
    }

    /// Takes the partition senders that may keep such batches off their list.
    pub(super) fn take_keeping(
        &mut self,
        partition_senders: &mut BTreeMap<PartitionSerial, Scheduled>,
    ) -> Vec<PartitionSerial> {
        for serial in &self.keeping {
            if let Some(Scheduled { marks, .. }) = partition_senders.get_mut(serial) {
                marks.is_keeping = false;
            }
        }
        std::mem::take(&mut self.keeping)
    }

    /// Everything is to be sent: of those with an open batch, and of those that were not polled yet.
    pub(super) fn request_flush(&mut self, partition_senders: &mut BTreeMap<PartitionSerial, Scheduled>) {
        for serial in self.open.drain(..) {
            if let Some(Scheduled { marks, .. }) = partition_senders.get_mut(&serial) {
                marks.is_open = false;
            }
            self.flushing.push(serial);
        }
        self.flushing.append(&mut self.changed);
    }

    /// A partition sender goes away. It may come back, and must not be found twice then: see [`clear`](Self::clear).
    pub(super) fn forget(&mut self, serial: PartitionSerial, mut marks: Marks) {
        self.gone.insert(serial);
        self.arm(serial, None, &mut marks);
    }

    /// A partition sender comes. Returns its marks.
    pub(super) fn admit(&mut self, serial: PartitionSerial) -> Marks {
        if self.gone.contains(&serial) {
            self.clear();
        }
        self.arriving.push(serial);
        Marks::default()
    }

    /// The partition senders that went away leave the lists, in one go: thousands go at once when a broker leaves.
    pub(super) fn clear(&mut self) {
        if self.gone.is_empty() {
            return;
        }
        #[cfg(test)]
        {
            self.clears += 1;
        }
        let gone = std::mem::take(&mut self.gone);
        let lists = [
            &mut self.arriving,
            &mut self.changed,
            &mut self.claiming,
            &mut self.flushing,
            &mut self.open,
            &mut self.keeping,
        ];
        for list in lists {
            list.retain(|serial| !gone.contains(serial));
        }
        self.ready.retain(|serial| !gone.contains(serial));
    }

    /// Has a partition sender polled again at `at`, and at no other time.
    pub(super) fn arm(&mut self, serial: PartitionSerial, at: Option<Instant>, marks: &mut Marks) {
        if marks.armed == at {
            return;
        }
        if let Some(armed) = std::mem::replace(&mut marks.armed, at) {
            self.timers.remove(&(armed, serial));
        }
        self.timers.extend(at.map(|at| (at, serial)));
    }

    /// Takes the next timer that is due.
    pub(super) fn pop_due(
        &mut self,
        now: Instant,
        partition_senders: &mut BTreeMap<PartitionSerial, Scheduled>,
    ) -> Option<PartitionSerial> {
        let (_, serial) = *self.timers.first().filter(|(at, _)| *at <= now)?;
        self.timers.pop_first();
        if let Some(Scheduled { marks, .. }) = partition_senders.get_mut(&serial) {
            marks.armed = None;
        }
        Some(serial)
    }

    /// When the next timer is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// How many timers are set.
    #[cfg(all(test, not(loom)))]
    pub(super) fn timers(&self) -> usize {
        self.timers.len()
    }

    /// Whether a partition was held by a caller, or waits to be polled.
    pub(super) fn has_busy(&self) -> bool {
        !(self.arriving.is_empty() && self.changed.is_empty() && self.flushing.is_empty())
    }
}
