//! The facts about single partitions, from the assignment.

use std::sync::Arc as StdArc;

use super::schedule::Scheduled;
use super::{BrokerSender, PartitionCommand, SenderEvent};
use crate::ids::PartitionSerial;
use crate::partition_sender::PartitionSender;

impl BrokerSender {
    /// Takes a fact about a partition.
    pub(super) fn on_command(&mut self, command: PartitionCommand) {
        match command {
            PartitionCommand::Adopt(partition_sender) => self.adopt(partition_sender),
            PartitionCommand::Leave(serial) => self.leave(serial),
            PartitionCommand::TopicId(serial, id) => {
                self.update(serial, |partition_sender| partition_sender.set_topic_id(id));
            }
            PartitionCommand::AnotherTopic(serial) => self.update(serial, PartitionSender::topic_changed),
            PartitionCommand::LeaderElected(serial) => self.update(serial, PartitionSender::leader_changed),
            PartitionCommand::ReportRest(serial) => self.report_rest(serial),
        }
    }

    /// Updates a partition sender, which is polled after that.
    fn update(&mut self, serial: PartitionSerial, update: impl FnOnce(&mut PartitionSender)) {
        if let Some(Scheduled { sender, .. }) = self.partition_senders.get_mut(&serial) {
            update(sender);
            self.schedule.changed.push(serial);
        }
    }

    fn adopt(&mut self, mut partition_sender: Box<PartitionSender>) {
        let serial = partition_sender.partition().serial();
        partition_sender.leaving = false;
        self.compresses |= partition_sender.compresses();
        let marks = self.schedule.admit(serial);
        self.partition_senders.insert(serial, Scheduled { sender: partition_sender, marks });
    }

    fn leave(&mut self, serial: PartitionSerial) {
        if let Some(Scheduled { sender, .. }) = self.partition_senders.get_mut(&serial) {
            sender.leaving = true;
            self.release_if_idle(serial);
        }
    }

    /// Gives a partition back that is to leave, once nothing of it is in flight or in a job.
    pub(super) fn release_if_idle(&mut self, serial: PartitionSerial) {
        if self
            .partition_senders
            .get(&serial)
            .is_some_and(|scheduled| scheduled.sender.leaving && scheduled.sender.may_leave())
            && let Some(Scheduled { sender, marks }) = self.partition_senders.remove(&serial)
        {
            self.schedule.forget(serial, marks);
            self.events.push(SenderEvent::Released(sender));
        }
    }

    /// Reports a partition of which nothing is queued, in flight or in doubt.
    ///
    /// Bytes of the budget alone do not show it. The parts of a batch that was cut share its charge, each for its bytes. Each has
    /// a header of its own and compresses worse than all of them together, so that the charge may end before the last parts: these
    /// are charged nothing. Batches that are queued were not cut, and are charged all of their bytes.
    fn report_rest(&mut self, serial: PartitionSerial) {
        let Some(Scheduled { sender, .. }) = self.partition_senders.get(&serial) else { return };
        let partition = sender.partition();
        if sender.is_at_rest() && partition.account().held() == 0 {
            self.events.push(SenderEvent::AtRest(StdArc::clone(partition.topic()), serial));
        }
    }
}
