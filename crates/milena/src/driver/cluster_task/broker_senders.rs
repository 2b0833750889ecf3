//! The broker senders under the cluster task: made when they are needed first. The commands of the assignment are passed on to them as they are.

use std::sync::Arc;
use std::time::Instant;

use milena_codec::ids::BrokerId;
use milena_connection::Endpoint;
use milena_sender::accumulator::SenderMailbox;
use milena_sender::assignment::{Command, SenderId};
use milena_sender::broker_sender::BrokerSender;
use milena_sender::partition_sender::Completer;
use milena_sender::sync::Wake;

use super::ClusterTask;
use crate::clock;
use crate::driver::broker::{BrokerCommand, BrokerCommands, BrokerTask};
use crate::driver::early_end::{EarlyEnd, Watch};

/// How a broker sender is reached.
pub(super) struct BrokerHandle {
    pub(super) mailbox: Arc<SenderMailbox>,
    commands: Arc<BrokerCommands>,
}

impl BrokerHandle {
    pub(super) fn send(&self, command: BrokerCommand) {
        put(&self.commands, command);
    }
}

fn put(commands: &BrokerCommands, command: BrokerCommand) {
    commands.put(|commands| {
        commands.push_back(command);
        ((), Wake::Now)
    });
}

impl ClusterTask {
    /// The broker sender of a broker; it and its task are made when they are needed first.
    pub(super) fn broker_sender(&mut self, id: SenderId) -> &BrokerHandle {
        let (settings, assignment, lifo_slot) = (&self.settings, &self.assignment, &self.lifo_slot);
        let alive = &self.alive;
        let tasks = &mut self.tasks;
        let endpoint = id.and_then(|id| self.metadata.broker(id).cloned());
        self.broker_senders.entry(id).or_insert_with(|| {
            let core = &settings.core;
            let mailbox = Arc::new(SenderMailbox::of(id));
            core.shared.add_mailbox(Arc::clone(&mailbox));
            let broker_sender = BrokerSender::new(
                Arc::clone(&settings.broker_sender),
                Arc::clone(&core.shared),
                Arc::clone(&mailbox),
            );
            let commands = Arc::new(BrokerCommands::default());
            let seed = settings.seed.wrapping_add(id.map_or(0, |id| u64::from(id.0.unsigned_abs()) + 1));
            let watch = Watch::new(core);
            let task = BrokerTask::new(
                EarlyEnd(Arc::clone(&watch)),
                Arc::clone(settings),
                Arc::clone(&commands),
                broker_sender,
                lifo_slot.clone(),
                seed,
                alive.clone(),
            );
            tasks.spawn(watch.run(task));
            let handle = BrokerHandle { mailbox, commands };
            if let Some(identity) = assignment.current_identity() {
                handle.send(BrokerCommand::ProducerId(identity));
            }
            handle.send(BrokerCommand::Endpoint(endpoint));
            handle
        })
    }

    /// Carries out what the assignment commands.
    pub(super) fn pass_commands_on(&mut self) {
        while let Some(command) = self.assignment.next_command() {
            match command {
                Command::Partition(id, command) => {
                    self.broker_sender(id).send(BrokerCommand::Partition(command));
                }
                Command::Discard(partition_sender) => {
                    let mut completer = Completer::new(Arc::clone(&self.settings.core.shared));
                    completer.at(clock::now());
                    partition_sender.discard(&mut completer);
                    completer.finish();
                    self.settings.core.metrics.add(&completer.counters);
                }
                Command::ProducerId(identity) => {
                    self.broker_senders
                        .values()
                        .for_each(|broker_sender| broker_sender.send(BrokerCommand::ProducerId(identity)));
                }
            }
        }
    }

    /// Ends the broker senders of brokers that are not part of the cluster any more, and their connections, once no partition
    /// needs them: nothing is queued or in flight there then. A broker that comes back gets a new one.
    pub(super) fn end_needless_broker_senders(&mut self) {
        let until = clock::now() + self.settings.core.config.request_timeout;
        let is_needless = |id: &SenderId| {
            id.is_some_and(|broker| self.metadata.broker(broker).is_none()) && !self.assignment.needs(*id)
        };
        let needless: Vec<SenderId> = self.broker_senders.keys().copied().filter(is_needless).collect();
        for id in needless.iter().copied().flatten() {
            self.settings.core.metrics.forget_broker(id);
        }
        for broker_sender in needless.iter().filter_map(|id| self.broker_senders.remove(id)) {
            self.settings.core.shared.remove_mailbox(&broker_sender.mailbox);
            broker_sender.send(BrokerCommand::End(until));
            self.leaving.retain(|commands| commands.strong_count() > 0);
            self.leaving.push(Arc::downgrade(&broker_sender.commands));
        }
    }

    /// Ends all broker senders and their connections, those first that end already, by `until` at the latest.
    pub(super) fn end_broker_senders(&mut self, until: Instant) {
        let leaving = self.leaving.drain(..).filter_map(|commands| commands.upgrade());
        let broker_senders =
            self.broker_senders.values().map(|broker_sender| Arc::clone(&broker_sender.commands));
        leaving.chain(broker_senders).for_each(|commands| put(&commands, BrokerCommand::End(until)));
    }

    /// A broker listens elsewhere, or is gone.
    pub(super) fn relocate(&self, id: BrokerId, endpoint: Option<Endpoint>) {
        if let Some(broker_sender) = self.broker_senders.get(&Some(id)) {
            broker_sender.send(BrokerCommand::Endpoint(endpoint));
        }
    }
}
