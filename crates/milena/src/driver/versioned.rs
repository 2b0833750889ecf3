//! Fields of an answer that do not count in some of its versions.

use milena_codec::ids::LeaderEpoch;
use milena_codec::message::{InitProducerIdResponse, MetadataResponse};

/// The first version of Metadata whose leader epochs count. Before Kafka 2.4 brokers tell stale ones while partitions are
/// reassigned (`MetadataResponse.hasReliableLeaderEpochs`).
const RELIABLE_EPOCHS_SINCE: i16 = 9;

/// An answer of which a version tells what counts.
pub(super) trait Versioned {
    /// Takes what does not count in this version out.
    fn keep_what_counts(&mut self, version: i16);
}

impl Versioned for MetadataResponse {
    fn keep_what_counts(&mut self, version: i16) {
        if version < RELIABLE_EPOCHS_SINCE {
            let partitions = self.topics.iter_mut().flat_map(|topic| &mut topic.partitions);
            partitions.for_each(|partition| partition.leader_epoch = LeaderEpoch(-1));
        }
    }
}

impl Versioned for InitProducerIdResponse {
    fn keep_what_counts(&mut self, _: i16) {}
}

#[cfg(test)]
mod tests {
    use milena_codec::message::{MetadataResponsePartition, MetadataResponseTopic};

    use super::*;

    #[test]
    fn leader_epochs_of_metadata_count_from_version_9_on() {
        for (version, expected) in [(7, -1), (8, -1), (9, 5), (12, 5)] {
            let partition = MetadataResponsePartition { leader_epoch: LeaderEpoch(5), ..Default::default() };
            let topic = MetadataResponseTopic { partitions: vec![partition], ..Default::default() };
            let mut response = MetadataResponse { topics: vec![topic], ..Default::default() };
            response.keep_what_counts(version);
            assert_eq!(response.topics[0].partitions[0].leader_epoch, LeaderEpoch(expected), "{version}");
        }
    }
}
