//! What the assignment orders about single partitions.

use std::sync::Arc as StdArc;

use milena_codec::ids::TopicId;

use super::{BrokerSender, SenderEvent};
use crate::partition_sender::PartitionSender;

impl BrokerSender {
    /// Looks after a partition from now on.
    pub fn adopt(&mut self, mut partition_sender: Box<PartitionSender>) {
        let serial = partition_sender.partition().serial();
        partition_sender.leaving = false;
        self.compresses |= partition_sender.compresses();
        self.partition_senders.insert(serial, partition_sender);
        self.schedule.admit(serial);
    }

    /// Gives a partition away, once nothing of it is in flight.
    pub fn leave(&mut self, serial: u32) {
        if let Some(partition_sender) = self.partition_senders.get_mut(&serial) {
            partition_sender.leaving = true;
            self.release_if_idle(serial);
        }
    }

    /// The topic of a partition has another id. A batch may have been closed for that.
    pub fn set_topic_id(&mut self, serial: u32, topic_id: TopicId) {
        if let Some(partition_sender) = self.partition_senders.get_mut(&serial) {
            partition_sender.set_topic_id(topic_id);
            self.schedule.changed.push(serial);
        }
    }

    /// The topic of a partition is, or may be, another one of its name, and no id tells. A batch may have been closed for that.
    pub fn topic_changed(&mut self, serial: u32) {
        if let Some(partition_sender) = self.partition_senders.get_mut(&serial) {
            partition_sender.topic_changed();
            self.schedule.changed.push(serial);
        }
    }

    /// The leader of a partition was elected anew: the broker here again, which may not know the run.
    pub fn elected(&mut self, serial: u32) {
        if let Some(partition_sender) = self.partition_senders.get_mut(&serial) {
            partition_sender.leader_changed();
            self.schedule.changed.push(serial);
        }
    }

    /// Tells the assignment if nothing of a partition is queued, in flight or in doubt.
    ///
    /// Bytes of the budget alone do not show it. The parts of a batch that was cut share its charge, each for its bytes. Each has
    /// a header of its own and compresses worse than all of them together, so that the charge may end before the last parts: these
    /// are charged nothing. Batches that are queued were not cut, and are charged all of their bytes.
    pub fn report_rest(&mut self, serial: u32) {
        let Some(partition_sender) = self.partition_senders.get(&serial) else { return };
        let partition = partition_sender.partition();
        if partition_sender.is_at_rest() && partition.account().held() == 0 {
            self.events.push(SenderEvent::AtRest(StdArc::clone(partition.topic()), serial));
        }
    }
}
