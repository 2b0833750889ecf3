//! Topics that go: known ones that no caller holds.

use std::sync::Arc;

use milena_sender::accumulator::Topic;

use super::slot::State;
use super::{Registry, Slot};

/// The map gives memory back when so few of its places are taken.
const PLACES_BY_TOPIC_MAX: usize = 4;
/// As many places are kept in any case.
const PLACES_MIN: usize = 16;

impl Registry {
    /// Whether callers wait for a topic, or for more partitions of it.
    pub(crate) fn has_waiters(&self, name: &str) -> bool {
        self.lock().topics.get(name).is_some_and(Slot::has_waiters)
    }

    /// Takes out a known topic that no caller holds, and that was not used since there were so many `uses`. A caller that
    /// comes later finds none, and looks it up anew.
    ///
    /// The locks of its partitions are taken under that of the registry, by the driver alone: no caller has one of them.
    pub(crate) fn forget(&self, name: &str, uses: u64) -> Option<Arc<Topic>> {
        let mut inner = self.lock();
        let slot = inner.topics.get_mut(name)?;
        let is_free = matches!(slot.state, State::Known) && !slot.has_waiters();
        // Only now is what callers did with it before they dropped it seen here.
        let is_held = Arc::get_mut(&mut slot.topic).is_none();
        if !is_free || is_held || slot.topic.uses() != uses {
            return None;
        }
        let slot = inner.topics.remove(name)?;
        let topics = inner.topics.len().max(PLACES_MIN);
        if inner.topics.capacity() > topics * PLACES_BY_TOPIC_MAX {
            inner.topics.shrink_to(topics);
        }
        Some(slot.topic)
    }
}
