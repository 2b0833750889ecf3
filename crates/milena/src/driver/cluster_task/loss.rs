//! Acknowledged records that a broker lost: they are logged for the operator, because no client can bring them back.

use milena_codec::ids::{BrokerId, PartitionId};
use milena_codec::printable;
use milena_sender::partition_sender::Loss;

use super::ClusterTask;

impl ClusterTask {
    /// Logs and counts a loss.
    pub(super) fn report_loss(
        &self,
        broker: Option<BrokerId>,
        topic: &str,
        partition: PartitionId,
        loss: Loss,
    ) {
        let (broker, topic) = (broker.map(|broker| broker.0), printable(topic));
        if loss.is_first_sign {
            self.settings.core.metrics.add_data_loss();
        }
        let Loss { last_offset, appended_at, .. } = loss;
        match appended_at {
            None => tracing::error!(
                broker,
                %topic,
                %partition,
                last_offset,
                "produce: the broker lost acknowledged records: it rejects the sequence behind the last of them with \
                 OUT_OF_ORDER_SEQUENCE_NUMBER, so that at least the last acknowledged record (at last_offset, where that \
                 is known) is missing in its log; records go on under the next epoch; see \
                 unclean.leader.election.enable, min.insync.replicas, and the disks of the broker"
            ),
            Some(first_offset) => tracing::error!(
                broker,
                %topic,
                %partition,
                first_offset,
                last_offset,
                "produce: the broker lost acknowledged records: it appended a new batch at first_offset, and had acknowledged \
                 records up to last_offset before; or the topic was created anew, on brokers without topic ids; see \
                 unclean.leader.election.enable, min.insync.replicas, and the disks of the broker"
            ),
        }
    }
}
