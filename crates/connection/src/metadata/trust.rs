//! Whether an answer describes the topic that is known, a new one of the same name, or one that was deleted.
//!
//! Answers come from brokers that lag behind each other. A topic that was deleted and created anew has another id
//! (KIP-516), and one broker may describe the old one for a while. So:
//!
//! * an id that was never seen is believed at once;
//! * an id that was left is believed again when the leader of the present topic does not know it, or when two answers in a
//!   row tell it;
//! * where brokers tell no ids (Kafka 2.7 and older), fewer partitions are believed when two answers in a row tell them,
//!   and lower leader epochs when the known leader rejected a request before;
//! * a topic without an id that brokers do not know has no leader epochs any more.

use std::collections::VecDeque;

use milena_codec::ErrorCode;
use milena_codec::ids::{LeaderEpoch, TopicId};
use milena_codec::message::MetadataResponseTopic;

use super::topic::TopicMetadata;

/// How many ids that a topic of one name had are remembered.
const LEFT_MAX: usize = 8;

/// What is known of the answers about a topic.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// Ids that were left for another one, the oldest first.
    left: VecDeque<TopicId>,
    /// The last answer was not believed: the id and the number of partitions that it told.
    doubted: Option<(TopicId, usize)>,
    /// The leader does not know the topic, or does not lead the partition.
    rejected: Option<ErrorCode>,
}

/// The topic that an answer describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Belief {
    /// The one that is known.
    Same,
    /// The one that is known, as far as the answer fits it: it is to be asked again.
    Partly,
    /// Another one of the same name.
    Another,
    /// One that was deleted.
    Stale,
}

impl Trust {
    /// The leader of a partition rejected a request with this code.
    pub(super) const fn rejected(&mut self, code: ErrorCode) {
        self.rejected = Some(code);
    }

    /// The topic that an answer describes, where `known` is known.
    pub(super) fn judge(&mut self, known: &TopicMetadata, answer: &MetadataResponseTopic) -> Belief {
        let told = (answer.topic_id, answer.partitions.len());
        let is_told_again = self.doubted == Some(told);
        let belief = match (known.id.is_zero(), answer.topic_id.is_zero()) {
            (false, false) if known.id == answer.topic_id => Belief::Same,
            (false, false) if !self.left.contains(&answer.topic_id) => Belief::Another,
            (false, false) if is_told_again || self.is_unknown_to_leader() => Belief::Another,
            (false, false) => Belief::Stale,
            (true, true) => self.judge_without_id(known, answer, is_told_again),
            _ => Belief::Same,
        };
        self.doubted = matches!(belief, Belief::Stale | Belief::Partly).then_some(told);
        match belief {
            Belief::Same => self.rejected = None,
            Belief::Another => {
                self.rejected = None;
                self.leave(known.id, answer.topic_id);
            }
            Belief::Partly | Belief::Stale => {}
        }
        belief
    }

    fn judge_without_id(
        &self,
        known: &TopicMetadata,
        answer: &MetadataResponseTopic,
        is_told_again: bool,
    ) -> Belief {
        let is_smaller = !answer.partitions.is_empty() && answer.partitions.len() < known.partitions.len();
        let is_older = self.rejected.is_some() && tells_lower_epoch(known, answer);
        match (is_smaller || is_older, is_told_again) {
            (false, _) => Belief::Same,
            (true, false) => Belief::Partly,
            (true, true) => Belief::Another,
        }
    }

    fn is_unknown_to_leader(&self) -> bool {
        let unknown = [
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            ErrorCode::UNKNOWN_TOPIC_ID,
            ErrorCode::INCONSISTENT_TOPIC_ID,
        ];
        self.rejected.is_some_and(|code| unknown.contains(&code))
    }

    fn leave(&mut self, known: TopicId, next: TopicId) {
        self.left.retain(|id| *id != next && *id != known);
        if known.is_zero() {
            return;
        }
        if self.left.len() == LEFT_MAX {
            self.left.pop_front();
        }
        self.left.push_back(known);
    }
}

fn tells_lower_epoch(known: &TopicMetadata, answer: &MetadataResponseTopic) -> bool {
    answer.partitions.iter().any(|entry| {
        let before = known.partition(entry.partition_index);
        entry.leader_epoch >= LeaderEpoch(0) && before.is_some_and(|before| entry.leader_epoch < before.epoch)
    })
}
