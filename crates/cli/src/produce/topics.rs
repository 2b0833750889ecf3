//! The topics that the input names: known, being looked up, or refused.
//!
//! Where records name topics of their own, a topic is looked up beside the others: its records wait, in order, and records of
//! other topics pass them. So a topic that does not exist holds nothing up but the reports, which keep the order of the input.

use std::collections::HashMap;
use std::sync::Arc;

use milena::{Producer, SendError};
use tokio::task::JoinSet;

/// The topics of a run.
#[derive(Debug, Default)]
pub(super) struct Topics {
    states: HashMap<Arc<str>, State>,
    look_ups: JoinSet<Found>,
    refused: usize,
}

/// State of a topic.
#[derive(Debug)]
pub(super) enum State {
    /// Records can be sent to it.
    Known,
    /// It is being looked up; the numbers of the records that wait for it.
    Waiting(Vec<u64>),
    /// No record can be sent to it.
    Refused(SendError),
}

/// A topic, and why no record can be sent to it.
pub(super) type Found = (Arc<str>, Result<(), SendError>);

impl Topics {
    /// State of a topic; none before it was looked up.
    pub(super) fn state(&mut self, topic: &str) -> Option<&mut State> {
        self.states.get_mut(topic)
    }

    /// Looks a topic up, for the record with this number.
    pub(super) fn look_up(&mut self, producer: &Producer, topic: &Arc<str>, record: u64) {
        self.states.insert(Arc::clone(topic), State::Waiting(vec![record]));
        let (producer, topic) = (producer.clone(), Arc::clone(topic));
        self.look_ups.spawn(async move {
            let found = producer.topic(&topic).await.map(drop);
            (topic, found)
        });
    }

    /// The next topic that was looked up. None when there is none to wait for.
    ///
    /// # Cancel safety
    /// Nothing gets lost.
    pub(super) async fn next(&mut self) -> Option<Found> {
        // A look-up neither panics nor is aborted.
        self.look_ups.join_next().await?.ok()
    }

    /// Whether any is being looked up.
    pub(super) fn is_waiting(&self) -> bool {
        !self.look_ups.is_empty()
    }

    /// The topic is known. The records that waited for it.
    pub(super) fn know(&mut self, topic: &Arc<str>) -> Vec<u64> {
        self.replace(topic, State::Known)
    }

    /// No record can be sent to the topic. The records that waited for it.
    pub(super) fn refuse(&mut self, topic: &Arc<str>, error: SendError) -> Vec<u64> {
        self.refused += 1;
        self.replace(topic, State::Refused(error))
    }

    /// How many topics are refused.
    pub(super) const fn refused(&self) -> usize {
        self.refused
    }

    fn replace(&mut self, topic: &Arc<str>, state: State) -> Vec<u64> {
        match self.states.insert(Arc::clone(topic), state) {
            Some(State::Waiting(records)) => records,
            _ => Vec::new(),
        }
    }
}
