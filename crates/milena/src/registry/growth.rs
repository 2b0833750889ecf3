//! Callers that wait until a known topic has more partitions.

use std::task::{Poll, Waker};
use std::time::Instant;

use super::slot::Slot;
use super::{Place, Registry, Tell};

impl Registry {
    /// Waits until a known topic has more than `partition` partitions, which the brokers are asked about meanwhile; false
    /// without a wait where another caller has just waited in vain. `place` is as in [`poll`](Self::poll).
    pub(crate) fn poll_partition(
        &self,
        name: &str,
        partition: u32,
        place: &mut Option<Place>,
        now: Instant,
        waker: &Waker,
    ) -> (Poll<bool>, Tell) {
        let mut inner = self.lock();
        let (is_closed, mut places) = (inner.closed, inner.places);
        let Some(slot) = inner.topics.get_mut(name).filter(|_| !is_closed) else {
            return (Poll::Ready(true), Tell::Nobody);
        };
        if slot.topic.partitions().len() > partition as usize {
            return (Poll::Ready(true), Tell::Nobody);
        }
        if place.is_none() && slot.in_vain_until.is_some_and(|until| now < until) {
            return (Poll::Ready(false), Tell::Driver);
        }
        slot.asked = now;
        let is_new = slot.wait(place, &mut places, waker, partition.saturating_add(1));
        inner.places = places;
        (Poll::Pending, if is_new { Tell::Driver } else { Tell::Nobody })
    }

    /// A caller waited in vain for a further partition of a topic: others do not wait before `until`.
    pub(crate) fn waited_in_vain(&self, name: &str, until: Instant) {
        if let Some(slot) = self.lock().topics.get_mut(name) {
            slot.in_vain_until = Some(until);
        }
    }

    /// How many partitions callers wait for in a topic.
    pub(crate) fn partitions_wanted(&self, name: &str) -> u32 {
        self.lock().topics.get(name).map_or(0, Slot::partitions_wanted)
    }
}
