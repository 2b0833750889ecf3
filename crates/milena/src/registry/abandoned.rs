//! Look-ups without a waiting caller, as after a `max.block.ms` that is shorter than a round trip: each goes on until the
//! response to its Metadata request, so that the next caller finds the topic. A topic that the response does not describe is
//! forgotten with it.

use std::collections::HashMap;
use std::sync::Arc;

use milena_sender::sync::wake_all;

use super::Registry;
use super::slot::{Seen, Slot, State};

/// The most look-ups that go on without a caller. One more ends with its last caller.
const ABANDONED_MAX: usize = 1_024;
/// The most topics whose last error is kept for the text of an error. When there are more, all of them are forgotten.
const ERRORS_MAX: usize = 1_024;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Abandoned {
    /// By name, how many Metadata requests had been sent when the last caller left.
    look_ups: HashMap<Arc<str>, u64>,
    /// The errors that brokers returned for topics that were forgotten with the response.
    errors: HashMap<Arc<str>, Seen>,
}

impl Abandoned {
    /// The last caller leaves a look-up after so many Metadata requests. False when it ends with that caller.
    pub(super) fn keep(&mut self, name: &Arc<str>, requests: u64) -> bool {
        let has_room = self.look_ups.len() < ABANDONED_MAX || self.look_ups.contains_key(name);
        if has_room {
            self.look_ups.insert(Arc::clone(name), requests);
        }
        has_room
    }

    /// A caller looks the topic up.
    pub(super) fn reclaim(&mut self, name: &str) {
        self.look_ups.remove(name);
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.look_ups.contains_key(name)
    }

    /// Brokers returned an error for a topic that no caller waits for.
    pub(super) fn note(&mut self, name: &Arc<str>, seen: Seen) {
        self.look_ups.remove(name);
        if self.errors.len() >= ERRORS_MAX {
            self.errors.clear();
        }
        self.errors.insert(Arc::clone(name), seen);
    }

    /// The topic is known.
    pub(super) fn found(&mut self, name: &str) {
        self.look_ups.remove(name);
        self.errors.remove(name);
    }
}

impl Registry {
    /// The topics that are not known and that callers have wanted.
    pub(crate) fn wanted(&self) -> Vec<Arc<str>> {
        let inner = self.lock();
        let wanted = inner.topics.iter().filter(|(_, slot)| matches!(slot.state, State::Wanted(_)));
        wanted.map(|(name, _)| Arc::clone(name)).collect()
    }

    /// A Metadata request is sent.
    pub(crate) fn metadata_request_sent(&self) {
        self.lock().requests += 1;
    }

    /// The Metadata request that was sent last has its response, or failed. Returns the topics whose metadata need not be requested any more:
    /// they were in it, no caller waits for them, and they were not found.
    pub(crate) fn metadata_request_over(&self, has_response: bool) -> Vec<Arc<str>> {
        let mut inner = self.lock();
        let requests = inner.requests;
        let mut wakers = Vec::new();
        if has_response {
            inner.answered = requests;
            // Callers that wait for a response, whether it describes their partition or not.
            wakers.extend(inner.topics.values().filter(|slot| slot.in_vain.is_some()).flat_map(Slot::wakers));
        }
        // One that was left while this request was in flight may have begun after it.
        let over = inner.abandoned.look_ups.extract_if(|_, left_after| *left_after < requests);
        let over: Vec<_> = over.map(|(name, _)| name).collect();
        over.iter().for_each(|name| drop(inner.topics.remove(name)));
        drop(inner);
        wake_all(&mut wakers);
        over
    }

    /// The error that brokers returned last for a topic that was forgotten with that response.
    pub(crate) fn last_response(&self, name: &str) -> Option<Seen> {
        self.lock().abandoned.errors.get(name).copied()
    }
}
