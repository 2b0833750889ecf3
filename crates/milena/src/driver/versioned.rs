//! Fields of a response that are unreliable in some of its versions.

use milena_codec::ids::LeaderEpoch;
use milena_codec::message::{
    GetTelemetrySubscriptionsResponse, InitProducerIdResponse, MetadataResponse, PushTelemetryResponse,
};

/// The first version of Metadata with reliable leader epochs. Brokers before Kafka 2.4 return stale ones while partitions are
/// reassigned (`MetadataResponse.hasReliableLeaderEpochs`).
const RELIABLE_EPOCHS_SINCE: i16 = 9;

/// A response whose version decides which fields are reliable.
pub(super) trait Versioned {
    /// Removes the fields that are unreliable in this version.
    fn keep_reliable(&mut self, version: i16);
}

impl Versioned for MetadataResponse {
    fn keep_reliable(&mut self, version: i16) {
        if version < RELIABLE_EPOCHS_SINCE {
            let partitions = self.topics.iter_mut().flat_map(|topic| &mut topic.partitions);
            partitions.for_each(|partition| partition.leader_epoch = LeaderEpoch(-1));
        }
    }
}

impl Versioned for InitProducerIdResponse {
    fn keep_reliable(&mut self, _: i16) {}
}

impl Versioned for GetTelemetrySubscriptionsResponse {
    fn keep_reliable(&mut self, _: i16) {}
}

impl Versioned for PushTelemetryResponse {
    fn keep_reliable(&mut self, _: i16) {}
}

#[cfg(test)]
mod tests {
    use milena_codec::message::{MetadataResponsePartition, MetadataResponseTopic};

    use super::*;

    #[test]
    fn leader_epochs_before_metadata_9_are_removed() {
        for (version, expected) in [(7, -1), (8, -1), (9, 5), (12, 5)] {
            let partition = MetadataResponsePartition { leader_epoch: LeaderEpoch(5), ..Default::default() };
            let topic = MetadataResponseTopic { partitions: vec![partition], ..Default::default() };
            let mut response = MetadataResponse { topics: vec![topic], ..Default::default() };
            response.keep_reliable(version);
            assert_eq!(response.topics[0].partitions[0].leader_epoch, LeaderEpoch(expected), "{version}");
        }
    }
}
