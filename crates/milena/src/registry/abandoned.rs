//! Look-ups that no caller waits for any more, as after a `max.block.ms` that is shorter than a round trip: each goes on until its
//! answer, so that the next caller finds the topic. A topic that the answer does not describe is forgotten with it.

use std::collections::HashMap;
use std::sync::Arc;

use milena_sender::sync::wake_all;

use super::Registry;
use super::slot::{Seen, Slot};

/// The most look-ups that go on without a caller. One more ends with its last caller.
const ABANDONED_MAX: usize = 1_024;
/// The most topics of which the last answer is kept for the text of an error. When there are more, all of them go.
const ANSWERS_MAX: usize = 1_024;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Abandoned {
    /// By name, how many questions about the cluster had gone out when the last caller left.
    questions: HashMap<Arc<str>, u64>,
    /// What brokers returned for topics that were forgotten with the answer.
    answers: HashMap<Arc<str>, Seen>,
}

impl Abandoned {
    /// The last caller leaves a look-up after so many questions. False when it ends with that caller.
    pub(super) fn keep(&mut self, name: &Arc<str>, questions: u64) -> bool {
        let has_room = self.questions.len() < ABANDONED_MAX || self.questions.contains_key(name);
        if has_room {
            self.questions.insert(Arc::clone(name), questions);
        }
        has_room
    }

    /// A caller looks the topic up.
    pub(super) fn reclaim(&mut self, name: &str) {
        self.questions.remove(name);
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.questions.contains_key(name)
    }

    /// Brokers returned an error for a topic that no caller waits for.
    pub(super) fn note(&mut self, name: &Arc<str>, seen: Seen) {
        self.questions.remove(name);
        if self.answers.len() >= ANSWERS_MAX {
            self.answers.clear();
        }
        self.answers.insert(Arc::clone(name), seen);
    }

    /// The topic is known.
    pub(super) fn found(&mut self, name: &str) {
        self.questions.remove(name);
        self.answers.remove(name);
    }
}

impl Registry {
    /// A question about the cluster goes out.
    pub(crate) fn question_goes_out(&self) {
        self.lock().questions += 1;
    }

    /// The question that is out has been answered, or failed. Returns the topics that need not be asked for any more: they were
    /// in it, no caller waits for them, and they were not found.
    pub(crate) fn question_is_over(&self, is_answered: bool) -> Vec<Arc<str>> {
        let mut inner = self.lock();
        let questions = inner.questions;
        let mut wakers = Vec::new();
        if is_answered {
            inner.answered = questions;
            // Callers that wait for an answer, whether it describes their partition or not.
            wakers.extend(inner.topics.values().filter(|slot| slot.in_vain.is_some()).flat_map(Slot::wakers));
        }
        // One that was left while this question was out may have begun after it.
        let over = inner.abandoned.questions.extract_if(|_, left_after| *left_after < questions);
        let over: Vec<_> = over.map(|(name, _)| name).collect();
        over.iter().for_each(|name| drop(inner.topics.remove(name)));
        drop(inner);
        wake_all(&mut wakers);
        over
    }

    /// What brokers returned last for a topic that was forgotten with that answer.
    pub(crate) fn last_answer(&self, name: &str) -> Option<Seen> {
        self.lock().abandoned.answers.get(name).copied()
    }
}
