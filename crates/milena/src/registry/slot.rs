//! [`Slot`]: a topic by its name, and the callers that wait for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use milena_codec::ErrorCode;
use milena_sender::accumulator::Topic;

/// A topic by its name.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) topic: Arc<Topic>,
    pub(super) state: State,
    /// The callers that wait, by their places: one task may wait twice.
    waiters: BTreeMap<u64, Waiter>,
    /// How many of them need so many partitions: the most is looked at whenever a caller leaves.
    needs: BTreeMap<u32, usize>,
    /// When a caller used the topic last.
    pub(super) used: Instant,
    /// The driver made its partitions, or is about to: the slot stays.
    pub(super) is_placed: bool,
    /// How many times metadata was requested again after a refusal.
    round: u64,
    /// A caller waited in vain for a further partition: until then, and while the topic has so many, others
    /// wait for the next response alone.
    pub(super) in_vain: Option<(Instant, usize)>,
    /// The last refusal, and its round.
    refused: Option<(u64, ErrorCode)>,
}

#[derive(Debug)]
struct Waiter {
    waker: Waker,
    /// How many partitions the caller needs.
    partitions: u32,
}

/// The state of a topic's metadata.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// Its metadata is requested; the last response, if it did not describe the topic.
    Wanted(Option<Seen>),
    /// Its partitions are known.
    Known,
    /// The brokers refuse to describe it.
    Refused(ErrorCode),
}

/// The last response about a topic that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// An error code.
    Failed(ErrorCode),
    /// The topic has no partitions yet.
    Empty,
}

impl Seen {
    /// The code, if it was an error.
    pub(crate) const fn code(self) -> Option<ErrorCode> {
        match self {
            Self::Failed(code) => Some(code),
            Self::Empty => None,
        }
    }
}

/// A caller's place among those that wait for a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    id: u64,
    round: u64,
    /// For a partition: the caller waits for the response to the next Metadata request after so many.
    pub(super) settles_after: Option<u64>,
}

impl Slot {
    pub(super) const fn new(topic: Arc<Topic>, now: Instant) -> Self {
        Self {
            topic,
            state: State::Wanted(None),
            waiters: BTreeMap::new(),
            needs: BTreeMap::new(),
            used: now,
            is_placed: false,
            round: 0,
            in_vain: None,
            refused: None,
        }
    }

    /// The refusal for a caller that waited when it arrived, also if metadata was requested again since.
    pub(super) fn refusal_for(&self, place: Option<Place>) -> Option<ErrorCode> {
        let (round, code) = self.refused?;
        place.is_some_and(|place| place.round <= round).then_some(code)
    }

    /// The brokers refused.
    pub(super) fn refuse(&mut self, code: ErrorCode) {
        self.state = State::Refused(code);
        self.refused = Some((self.round, code));
    }

    /// Metadata is requested again.
    pub(super) fn ask_again(&mut self) {
        self.state = State::Wanted(None);
        self.round += 1;
    }

    /// A caller waits, at its place or at a new one, for so many partitions. True if it is new.
    pub(super) fn wait(
        &mut self,
        place: &mut Option<Place>,
        fresh: &mut u64,
        waker: &Waker,
        partitions: u32,
    ) -> bool {
        let is_new = place.is_none();
        let place = *place.get_or_insert_with(|| {
            *fresh += 1;
            Place { id: *fresh, round: self.round, settles_after: None }
        });
        let before = self.waiters.insert(place.id, Waiter { waker: waker.clone(), partitions });
        *self.needs.entry(partitions).or_default() += 1;
        before.iter().for_each(|before| self.needs_no_more(before.partitions));
        is_new
    }

    pub(super) fn leave(&mut self, place: Place) {
        if let Some(waiter) = self.waiters.remove(&place.id) {
            self.needs_no_more(waiter.partitions);
        }
    }

    /// One caller less needs so many partitions.
    fn needs_no_more(&mut self, partitions: u32) {
        if let Some(callers) = self.needs.get_mut(&partitions) {
            *callers -= 1;
            if *callers == 0 {
                self.needs.remove(&partitions);
            }
        }
    }

    pub(super) fn has_waiters(&self) -> bool {
        !self.waiters.is_empty()
    }

    /// How many partitions the callers need that wait.
    pub(super) fn partitions_wanted(&self) -> u32 {
        self.needs.last_key_value().map_or(0, |(partitions, _)| *partitions)
    }

    /// The wakers of all that wait, which keep their places.
    pub(super) fn wakers(&self) -> Vec<Waker> {
        self.waiters.values().map(|waiter| waiter.waker.clone()).collect()
    }

    /// The wakers of all that wait. Those whose partition the topic has wait no longer.
    pub(super) fn release(&mut self) -> Vec<Waker> {
        let wakers = self.wakers();
        let count = self.topic.partitions().len();
        self.waiters.retain(|_, waiter| waiter.partitions as usize > count);
        self.needs.retain(|partitions, _| *partitions as usize > count);
        wakers
    }
}
