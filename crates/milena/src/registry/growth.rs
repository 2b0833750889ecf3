//! Callers that wait until a known topic has more partitions.

use std::task::{Poll, Waker};
use std::time::Instant;

use super::slot::Slot;
use super::{Inner, Place, Registry, Tell};

impl Registry {
    /// Waits until a known topic has more than `partition` partitions, while its metadata is requested. A caller that
    /// comes after another has waited in vain waits for the next response alone: false when that describes no such partition.
    /// `place` is as in [`poll`](Self::poll).
    pub(crate) fn poll_partition(
        &self,
        name: &str,
        partition: u32,
        place: &mut Option<Place>,
        now: Instant,
        waker: &Waker,
    ) -> (Poll<bool>, Tell) {
        let mut inner = self.lock();
        let Inner { topics, places, closed, requests, answered, .. } = &mut *inner;
        let Some(slot) = topics.get_mut(name).filter(|_| !*closed) else {
            return (Poll::Ready(true), Tell::Nothing);
        };
        if slot.topic.partitions().len() > partition as usize {
            return (Poll::Ready(true), Tell::Nothing);
        }
        if place.and_then(|place| place.settles_after).is_some_and(|request| *answered > request) {
            return (Poll::Ready(false), Tell::Nothing);
        }
        slot.used = now;
        let is_new = slot.wait(place, places, waker, partition.saturating_add(1));
        if let Some(place) = place.as_mut().filter(|_| is_new) {
            let is_in_vain = slot
                .in_vain
                .is_some_and(|(until, count)| now < until && count == slot.topic.partitions().len());
            // The request that is in flight may be older than the partition.
            place.settles_after = is_in_vain.then_some(*requests);
        }
        (Poll::Pending, if is_new { Tell::Driver } else { Tell::Nothing })
    }

    /// A caller waited in vain for a further partition of a topic: until then others wait for the next response alone.
    pub(crate) fn waited_in_vain(&self, name: &str, until: Instant) {
        if let Some(slot) = self.lock().topics.get_mut(name) {
            slot.in_vain = Some((until, slot.topic.partitions().len()));
        }
    }

    /// How many partitions callers wait for in a topic.
    pub(crate) fn partitions_wanted(&self, name: &str) -> u32 {
        self.lock().topics.get(name).map_or(0, Slot::partitions_wanted)
    }
}
