//! Topic recreation: whether a Metadata response describes the known topic, a recreated one, or a deleted one.
//!
//! Brokers lag behind each other. A topic that was deleted and recreated has another topic id (KIP-516), and one broker
//! may still describe the old topic for a while. So:
//!
//! * a topic id that is new to this client is accepted at once;
//! * a former topic id is accepted if the leader of the present topic does not know the present id, or if two responses
//!   in a row have the former id;
//! * without topic ids (Kafka 2.7 and older), fewer partitions are accepted from two responses in a row, and lower leader
//!   epochs are too, once the known leader rejected a request;
//! * a topic without an id loses its leader epochs when a broker does not know the topic.

use std::collections::VecDeque;

use milena_codec::ErrorCode;
use milena_codec::ids::{LeaderEpoch, TopicId};
use milena_codec::message::MetadataResponseTopic;

use super::topic::TopicMetadata;

/// The maximum number of former topic ids that are kept for a topic name.
const FORMER_IDS_MAX: usize = 8;

/// The responses about a topic name, as far as recreation needs them.
#[derive(Debug, Default)]
pub(super) struct TopicHistory {
    /// Topic ids that were replaced by another one, the oldest first.
    former_ids: VecDeque<TopicId>,
    /// The topic id and partition count of the last response, if that response was not accepted as it is.
    unconfirmed: Option<(TopicId, usize)>,
    /// The error code of the last request that the known leader rejected: it does not know the topic, or does not lead
    /// the partition.
    rejected: Option<ErrorCode>,
}

/// The topic that a response describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TopicMatch {
    /// The known topic.
    Same,
    /// The known topic, or a recreated one without an id: only entries with newer epochs apply, until a second response
    /// confirms the first.
    Suspect,
    /// A recreated topic.
    Recreated,
    /// A deleted topic.
    Deleted,
}

impl TopicHistory {
    /// Stores the error code of a request that the leader of a partition rejected.
    pub(super) const fn rejected(&mut self, code: ErrorCode) {
        self.rejected = Some(code);
    }

    /// Compares a response with the known topic.
    pub(super) fn compare(&mut self, known: &TopicMetadata, response: &MetadataResponseTopic) -> TopicMatch {
        let described = (response.topic_id, response.partitions.len());
        let is_confirmed = self.unconfirmed == Some(described);
        let matched = match (known.id.is_zero(), response.topic_id.is_zero()) {
            (false, false) if known.id == response.topic_id => TopicMatch::Same,
            (false, false) if !self.former_ids.contains(&response.topic_id) => TopicMatch::Recreated,
            (false, false) if is_confirmed || self.is_unknown_to_leader() => TopicMatch::Recreated,
            (false, false) => TopicMatch::Deleted,
            (true, true) => self.compare_without_id(known, response, is_confirmed),
            _ => TopicMatch::Same,
        };
        self.unconfirmed = matches!(matched, TopicMatch::Deleted | TopicMatch::Suspect).then_some(described);
        match matched {
            TopicMatch::Same => self.rejected = None,
            TopicMatch::Recreated => {
                self.rejected = None;
                self.replace_id(known.id, response.topic_id);
            }
            TopicMatch::Suspect | TopicMatch::Deleted => {}
        }
        matched
    }

    fn compare_without_id(
        &self,
        known: &TopicMetadata,
        response: &MetadataResponseTopic,
        is_confirmed: bool,
    ) -> TopicMatch {
        let is_smaller =
            !response.partitions.is_empty() && response.partitions.len() < known.partitions.len();
        let is_older = self.rejected.is_some() && has_lower_epoch(known, response);
        match (is_smaller || is_older, is_confirmed) {
            (false, _) => TopicMatch::Same,
            (true, false) => TopicMatch::Suspect,
            (true, true) => TopicMatch::Recreated,
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

    fn replace_id(&mut self, known: TopicId, next: TopicId) {
        self.former_ids.retain(|id| *id != next && *id != known);
        if known.is_zero() {
            return;
        }
        if self.former_ids.len() == FORMER_IDS_MAX {
            self.former_ids.pop_front();
        }
        self.former_ids.push_back(known);
    }
}

fn has_lower_epoch(known: &TopicMetadata, response: &MetadataResponseTopic) -> bool {
    response.partitions.iter().any(|entry| {
        let before = known.partition(entry.partition_index);
        entry.leader_epoch >= LeaderEpoch(0) && before.is_some_and(|before| entry.leader_epoch < before.epoch)
    })
}
